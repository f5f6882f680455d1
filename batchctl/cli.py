"""`batchctl`: the command line for people and for the pipeline's steps.

The commands are in `batchctl/commands/`; here they are put together, and an error becomes one message and an exit code.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer
from rich.console import Console

from batchctl.commands import (
    adopt,
    deployments,
    diff,
    health,
    images,
    nightly,
    nights,
    preview,
    release,
    repository,
    size,
    terminal,
)
from batchctl.errors import DATA_LOSS, NOT_SCANNED, OK, PROBLEM, UNREACHABLE, USAGE, OperatorError
from batchctl.policy import commands as policy

app = typer.Typer(
    name="batchctl",
    help="Preview, operate and verify the nightly batch platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=f"Exit codes: {OK} all is well; {PROBLEM} a check failed (a rule, a run, a finding above the limit); "
    f"{USAGE} wrong use or setting, nothing was changed; {DATA_LOSS} data would be deleted that platform.acknowledge "
    f"does not name; {NOT_SCANNED} an image that ECR did not scan; {UNREACHABLE} AWS, Docker, git or the Pulumi CLI "
    f"cannot be reached, or refuses. For `diff`, {PROBLEM} means that something differs.",
)
_COMMANDS = (preview, diff, size, health, nightly, nights, deployments, images, release, repository, adopt)
for commands in _COMMANDS:
    app.add_typer(commands.app)
app.add_typer(policy.app)
for extension in entry_points(group="batchctl.commands"):  # of packages above this one, as pyproject.toml names them
    app.add_typer(extension.load())


@app.callback()
def batchctl() -> None:
    """Preview, operate and verify the nightly batch platform."""


def main() -> None:
    """Runs the command line; an operator's mistake ends in one message, never a traceback."""
    try:
        app()
    except OperatorError as error:
        width = None if sys.stderr.isatty() else terminal.WIDTH_WHEN_PIPED
        Console(stderr=True, width=width).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.code)


if __name__ == "__main__":
    main()
