"""`wait-for-run` and `retire-revisions`: a deployment and the nightly run."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import JsonOption, print_json

app = typer.Typer()
RequiredStack = Annotated[str, typer.Option("--stack", "-s", help="Committed stack.")]


@app.command("wait-for-run")
def wait_for_run(
    stack: RequiredStack,
    refuse: Annotated[bool, typer.Option("--refuse", help="Do not wait: end with exit code 1.")] = False,
    minutes: Annotated[int, typer.Option(help="Longest wait.", min=1)] = 840,
) -> None:
    """Wait until no nightly run is under way, so that a deployment does not interrupt it."""
    from batchctl.operate import deployments
    from batchctl.program import settings_of_stack

    names = deployments.names_of(settings_of_stack(stack))
    deployments.wait_for_run(names, minutes=0 if refuse else minutes)
    print(f"no nightly run of {names.suffix} is under way")


@app.command("retire-revisions")
def retire_revisions(
    stack: RequiredStack,
    if_idle: Annotated[
        bool, typer.Option("--if-idle", help="While a run is under way, leave them and end with 0 instead of 1.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Deregister the task definition revisions that earlier deployments kept for runs under way."""
    from batchctl.operate import deployments
    from batchctl.program import settings_of_stack

    config = settings_of_stack(stack)
    names = deployments.names_of(config)
    if if_idle and deployments.runs_under_way(names):
        print_json({"retired": []}) if as_json else print("a run is under way: its revisions stay for now")
        return
    retired = deployments.retire_revisions(names, tuple(config.jobs))
    if as_json:
        print_json({"retired": retired})
    else:
        print("\n".join(f"deregistered {arn}" for arn in retired) or "nothing to deregister")
