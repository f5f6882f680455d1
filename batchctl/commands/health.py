"""`doctor` and `verify`: what would keep a run from working, and what is really deployed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from batchctl import project as projects
from batchctl.errors import OK, PROBLEM, OperatorError

from .terminal import JsonOption, OutputsOption, ProjectOption, StackOption, console, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchctl.operate.diagnosis import Diagnosis

app = typer.Typer()

_MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]", "unknown": "[yellow]?[/]"}


@app.command()
def doctor(
    preflight: Annotated[
        bool,
        typer.Option("--preflight", help="Before the first `up`: from the committed settings alone."),
    ] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check for whatever would keep tonight's run from working, and say what to do about it.

    Looks at the account, the Fargate quota, the ECS role, every job's image, the endpoints and the source connection;
    with --preflight at what `pulumi up` needs: credentials, region, quotas, service-linked roles, zones, endpoint
    services, bucket names and Docker. Exit code 1 when something fails; what AWS does not answer is shown as "?",
    never as ok.
    """
    if preflight:
        from batchctl.operate import preflight as checks

        if outputs:
            raise OperatorError("--preflight looks at the settings, before there are outputs: leave --outputs away.")
        diagnoses = checks.examine(stack, projects.find())
    else:
        from batchctl.operate import doctor as doctors
        from batchctl.operate.stack import with_settings

        diagnoses = doctors.examine(*with_settings(stack, outputs))
    if as_json:
        print_json([asdict(one) for one in diagnoses])
    else:
        console().print(_table(diagnoses))
    if any(one.outcome == "fail" for one in diagnoses):
        raise typer.Exit(PROBLEM)


def _table(diagnoses: Sequence[Diagnosis]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("", "what", "state", "what to do"):
        table.add_column(column, overflow="fold")
    for one in diagnoses:
        table.add_row(_MARKS[one.outcome], one.what, one.observed, one.to_do)
    return table


@app.command("verify")
def verify_deployed(
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Stack; default: the only committed one.")] = None,
    outputs: OutputsOption = None,
    by_property: Annotated[
        bool,
        typer.Option("--by-property", help="Also compare every property with the program: `pulumi preview --refresh`."),
    ] = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Check what is really deployed against the twelve test areas, read-only, by asking AWS and not Pulumi.

    Exit code 1 when something is not as it must be; "not checkable" says why there was no answer, and is not a pass.
    """
    from batchctl.verify import Outcome
    from batchctl.verify import command as verifying

    here = projects.load(project) if project else projects.find()
    with progress() as step:
        report = verifying.verify(stack, outputs, here, step, by_property=by_property)
    if as_json:
        print_json(report.as_json())
    else:
        verifying.to_terminal(console(), report)
    raise typer.Exit(PROBLEM if report.of(Outcome.FAIL) else OK)
