"""What a deployment owes a run under way: waiting for it, and the task definition revisions that it began with.

Names are taken from the settings, not from a stack's outputs: a stack that was never deployed has none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from batchctl.errors import PROBLEM, OperatorError
from batchctl.operate.stack import CLIENT_CONFIG, refusals_as_error
from conventions.naming import NIGHTLY, Names
from settings import Settings

POLL_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class RunUnderWay:
    """An execution of the nightly state machine that has not ended."""

    name: str
    started: str


def names_of(settings: Settings) -> Names:
    """The stack's names in the account and region of the credentials."""
    with refusals_as_error("asking for the account"):
        session = boto3.session.Session()
        account = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()["Account"]
    if session.region_name is None:
        raise OperatorError("which region? Set AWS_REGION, for example AWS_REGION=us-east-1.")
    return Names(suffix=settings.platform.environment, account=account, region=session.region_name)


def runs_under_way(names: Names) -> list[RunUnderWay]:
    """The nightly runs that have not ended; none where the stack was never deployed."""
    states = boto3.client("stepfunctions", region_name=names.region, config=CLIENT_CONFIG)
    machine = names.state_machine(NIGHTLY).arn
    with refusals_as_error("asking for runs under way"):
        try:
            pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
            running = [execution for page in pages for execution in page["executions"]]
        except states.exceptions.StateMachineDoesNotExist:
            return []
    return [RunUnderWay(name=one["name"], started=one["startDate"].isoformat(timespec="minutes")) for one in running]


def wait_for_run(
    names: Names, *, minutes: int, sleep: Callable[[float], None] = time.sleep, report: Callable[[str], None] = print
) -> None:
    """Returns when no run is under way; raises OperatorError when one still is after `minutes` (0: at once)."""
    left = minutes * 60
    while running := runs_under_way(names):
        described = ", ".join(f"{run.name} (started {run.started})" for run in running)
        if left <= 0:
            raise OperatorError(
                f"a nightly run of {names.suffix} is under way: {described}. Deploy when it has ended "
                f"(`batchctl wait-for-run --stack {names.suffix}` waits for it), or, if the deployment must not wait, "
                "run `pulumi up` by hand: docs/operations.md, Deploying during a run.",
                PROBLEM,
            )
        report(f"waiting for {described}")
        sleep(min(POLL_SECONDS, left))
        left -= POLL_SECONDS


def retire_revisions(names: Names, jobs: Sequence[str]) -> list[str]:
    """Deregisters every active revision of the jobs' families but the newest; the revisions' ARNs.

    Raises OperatorError while a run is under way: it may hold one of them.
    """
    wait_for_run(names, minutes=0)
    ecs: Any = boto3.client("ecs", region_name=names.region, config=CLIENT_CONFIG)
    retired: list[str] = []
    with refusals_as_error("deregistering old task definition revisions"):
        for job in jobs:
            family = names.task_family(job).name
            pages = ecs.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, status="ACTIVE", sort="DESC"
            )
            # the prefix also finds families that only begin alike
            arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
            revisions = sorted(
                (arn for arn in arns if f"/{family}:" in arn), key=lambda arn: int(arn.rpartition(":")[2])
            )
            for arn in revisions[:-1]:
                ecs.deregister_task_definition(taskDefinition=arn)
                retired.append(arn)
    return retired
