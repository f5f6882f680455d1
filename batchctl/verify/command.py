"""`batchctl verify`: from the command line's arguments to a report.

Before any check: whether AWS answers, whether it is the right account, and whether the deployment is there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from batchctl.errors import UNREACHABLE, OperatorError
from batchctl.outputs import Outputs, load_outputs
from batchctl.program import stack_settings
from batchctl.project import Project
from settings.models import Settings

from . import AREAS, Deployment, Outcome, Report, drift, run
from .clients import Clients

_STYLES = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.NOT_CHECKABLE: "yellow"}
_FOUND_LENGTH = 300


def verify(
    stack: str | None,
    file: Path | None,
    project: Project,
    progress: Callable[[str], None] = lambda _: None,
    *,
    by_property: bool = False,
) -> Report:
    """The report on a deployed stack; raises OperatorError when AWS cannot be reached.

    `by_property` also compares every property with the program, which takes the Pulumi CLI and about a minute.
    """
    outputs = load_outputs(stack, file, project)
    clients = Clients(outputs.region)
    _right_account(clients, outputs)
    _is_deployed(clients, outputs)
    report = run(Deployment(clients, outputs, _settings(project, stack, outputs)), progress)
    if not by_property:
        return report
    progress(f"{drift.AREA} {drift.TITLE}")
    return replace(report, checks=(*report.checks, *drift.checks(stack or (None if file else _only(project)), project)))


def _only(project: Project) -> str | None:
    """The one committed stack, which `--stack` may leave out."""
    names = project.stacks()
    return names[0] if len(names) == 1 else None


def _right_account(clients: Clients, outputs: Outputs) -> None:
    try:
        account = clients("sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        raise OperatorError(
            f"AWS does not answer: {error}\nSign in (`aws sso login`) or set AWS_PROFILE, until "
            "`aws sts get-caller-identity` works.",
            UNREACHABLE,
        ) from error
    if account != outputs.account:
        profile = boto3.Session().profile_name
        raise OperatorError(
            f"stack {outputs.stack!r} is in account {outputs.account}, but you are signed in to {account} (profile "
            f"{profile!r}): set AWS_PROFILE to one of the stack's account."
        )


def _is_deployed(clients: Clients, outputs: Outputs) -> None:
    """Raises OperatorError when neither network nor cluster of the outputs exist: every check would fail."""
    try:
        networks = clients("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [outputs.text("vpcId")]}])["Vpcs"]
        clusters = clients("ecs").describe_clusters(clusters=[outputs.text("clusterArn")])["clusters"]
    except (ClientError, BotoCoreError):
        return  # the checks say of each question why it has no answer
    if not networks and not any(cluster["status"] == "ACTIVE" for cluster in clusters):
        raise OperatorError(
            f"stack {outputs.stack!r}, as {outputs.origin} describes it, is not deployed in {outputs.account}, "
            f"{outputs.region}: neither its network {outputs.text('vpcId')} nor its cluster exist. Were the outputs "
            f"written before a `pulumi destroy`? Run `pulumi up --stack {outputs.stack}`, or write them again."
        )


def _settings(project: Project, stack: str | None, outputs: Outputs) -> Settings | None:
    """The committed settings of the stack, when the project has a file that is about this very stack."""
    name = stack or outputs.stack
    if name not in project.stacks():
        return None
    config = stack_settings(project.stack(name))
    return config if config.platform.environment == outputs.stack else None


def to_terminal(console: Console, report: Report) -> None:
    """An area a line, then everything that did not pass, with what is there instead."""
    areas = Table(box=None, pad_edge=False)
    for column in ("area", "", *(outcome.value for outcome in Outcome)):
        areas.add_column(column, justify="left" if column in ("area", "") else "right", no_wrap=True)
    areas_asked = {**AREAS, **({drift.AREA: drift.TITLE} if any(c.area == drift.AREA for c in report.checks) else {})}
    for area, title in areas_asked.items():
        counts = [sum(check.area == area for check in report.of(outcome)) for outcome in Outcome]
        worst = next((o for o in (Outcome.FAIL, Outcome.NOT_CHECKABLE) if counts[list(Outcome).index(o)]), Outcome.PASS)
        areas.add_row(area, title, *map(str, counts), style=_STYLES[worst])
    console.print(
        f"Stack {report.stack} in {report.account}, {report.region}, as deployed", style="bold", highlight=False
    )
    console.print(areas)
    for outcome in (Outcome.FAIL, Outcome.NOT_CHECKABLE):
        for check in report.of(outcome):
            evidence = (
                check.observed if len(check.observed) <= _FOUND_LENGTH else check.observed[:_FOUND_LENGTH] + " ..."
            )
            console.print(
                f"{outcome.value}: {check.area} {check.resource}: {check.says}; {evidence}",
                style=_STYLES[outcome],
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    console.print(", ".join(f"{len(report.of(outcome))} {outcome.value}" for outcome in Outcome), highlight=False)
