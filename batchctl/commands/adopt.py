"""`import`: what another tool runs, as settings of this platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

import settings
from batchctl.errors import OK, PROBLEM, OperatorError

from .terminal import JsonOption, print_json

app = typer.Typer()
import_app = typer.Typer(
    name="import", help="Settings from another tool's configuration (docs/adopt.md).", no_args_is_help=True
)
app.add_typer(import_app)


@import_app.callback()
def import_() -> None:
    """Settings from another tool's configuration (docs/adopt.md)."""


@import_app.command()
def copilot(
    manifests: Annotated[list[Path], typer.Argument(help="Manifests, for example copilot/*/manifest.yml.")],
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="Copilot environment whose overrides count.")
    ] = None,
    application: Annotated[
        str | None, typer.Option("--app", "-a", help="Copilot application, for secrets' names.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account of the secrets, for example 123456789012.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="Region of the secrets, for example us-east-1.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print AWS Copilot's Scheduled Jobs and Worker Services as a stack file's settings.

    Jobs that start once on each weekday become the nightly run, in the order of their times. Fields without a
    counterpart are named on standard error, with the way out of each. Exit code 1 when there is one.
    """
    from batchctl.adopt import copilot as converter

    copilot = converter.CopilotEnvironment(app=application, environment=environment, account=account, region=region)
    conversion = converter.convert(manifests, copilot)
    try:
        settings.parse(conversion.sections, stack="import")
    except settings.SettingsError as error:
        raise OperatorError(str(error)) from error
    config = {f"{settings.PROJECT}:{name}": section for name, section in conversion.sections.items()}
    if as_json:
        refused = [vars(one) for one in conversion.refused]
        print_json({"config": config, "refused": refused, "next": conversion.next_steps})
    else:
        print(_stack_file(config), end="")
        for one in conversion.refused:
            typer.echo(f"{one.manifest}: {one.path} = {one.value!r} is not converted.\n    {one.way_out}", err=True)
        steps = ["put this into Pulumi.<stack>.yaml, then `batchctl preview --stack <stack>`", *conversion.next_steps]
        typer.echo("\nNext:\n" + "\n".join(f"  - {step}" for step in steps), err=True)
    raise typer.Exit(PROBLEM if conversion.refused else OK)


class _Dumper(yaml.SafeDumper):
    """Quotes texts that begin with a digit: which of them YAML reads as a number depends on its version."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if value[:1].isdigit() else None)


_Dumper.add_representer(str, _text)


def _stack_file(config: dict[str, Any]) -> str:
    return str(yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=110))
