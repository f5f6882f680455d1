"""`push`: one job's image, from the build to a stack."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .scan_options import Exemptions, FixableOnly, Severity, Timeout, Tolerated, gate_rules
from .terminal import JobArgument, JsonOption, OutputsOption, StackOption, print_json

app = typer.Typer()


@app.command()
def push(
    job: JobArgument,
    tolerated: Tolerated = Severity.MEDIUM,
    fixable_only: FixableOnly = True,
    timeout: Timeout = 900,
    exemptions: Exemptions = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a job's image, push it, wait for its scan, and deploy it by digest; needs Docker and the Pulumi CLI.

    The digest goes into the stack's settings; `pulumi up` then makes the task definition take it.
    """
    from batchctl.operate import push as pushing
    from batchctl.operate.stack import with_settings

    deployment, config = with_settings(stack, outputs)
    name = stack or deployment.outputs.stack
    pushed = pushing.push(
        deployment,
        config,
        job,
        stack_name=name,
        rules=gate_rules(tolerated, fixable_only, "", exemptions),
        timeout=timeout,
        say=(lambda text: None) if as_json else print,
    )
    if as_json:
        print_json(asdict(pushed))
    else:
        print(f"{job} is {pushed.digest}, tagged {pushed.tag}. Now: pulumi up --stack {name} --policy-pack policy")
