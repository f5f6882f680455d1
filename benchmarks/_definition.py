"""A stack's own state machine, run on the local interpreter to count what its histories hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

import settings
from batchctl import project as projects
from batchctl.preview.recording import record
from sandbox.furnishing import Blueprint, furnish
from sandbox.workflow.executions import Execution, RunTaskRequest, TaskResult
from sandbox.workflow.local_workflow import LocalWorkflow

ROOT = Path(__file__).resolve().parent.parent


JOB = "risk-calculation"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Out of the histories of real executions of the definition."""

    events_of_run: float
    """Of a run, without its shards."""
    events_of_shard: float
    events_of_failure: float
    """Of one failed attempt and its wait."""
    transitions_of_run: float
    transitions_of_shard: float
    inline_limit: int


def measure(blueprint: Blueprint) -> Measured:
    """Runs the definition with few shards, more shards, a failing shard and many shards, and compares histories."""
    few, more = _execute(blueprint, 2), _execute(blueprint, 6)
    failing, many = _execute(blueprint, 2, fail_first=True), _execute(blueprint, 41)
    assert "risk-calculation: distributed" in many.states, "41 shards no longer go to the Distributed Map"
    return Measured(
        events_of_run=len(many.history),
        events_of_shard=(len(more.history) - len(few.history)) / 4,
        events_of_failure=len(failing.history) - len(few.history),
        transitions_of_run=len(many.states),
        transitions_of_shard=(len(more.states) - len(few.states)) / 4,
        inline_limit=_inline_limit(blueprint.definition()),
    )


def _inline_limit(definition: dict[str, Any]) -> int:
    """The number in the condition that chooses the inline map."""
    work = definition["States"]["Run"]["Branches"][0]["States"]
    for rule in work[f"{JOB}: how many shards"]["Choices"]:
        if rule["Next"] == f"{JOB}: inline":
            return int(rule["Condition"].removesuffix("%}").rpartition("<=")[2])
    return 0


def _execute(blueprint: Blueprint, shards: int, *, fail_first: bool = False) -> Execution:
    """One execution in an emulated account of its own; the first shard's first attempt fails when asked."""
    failed: list[int] = []
    with mock_aws():
        s3, date = boto3.client("s3", region_name="us-east-1"), datetime.now(UTC).date().isoformat()
        furnish(blueprint, partial(boto3.client, region_name="us-east-1"))
        s3.put_object(Bucket=blueprint.input_bucket, Key=f"incoming/{date}/manifest.json", Body=b"{}")

        def put(key: str, body: Any) -> None:
            s3.put_object(Bucket=blueprint.output_bucket, Key=key, Body=json.dumps(body).encode())

        def run_task(request: RunTaskRequest) -> TaskResult:
            run = request.environment["BATCH_RUN_ID"]
            if request.shards == [0] and fail_first and not failed:
                failed.append(0)
                return TaskResult(exit_code=75)
            put(f"shards/{run}/shards.json", [{"shard": n} for n in range(shards)])
            put(f"shards/{run}/summary.json", {"shards": shards, "numbers": list(range(shards))})
            put(f"reports/{date}/_SUCCESS", {"run_id": run, "report_uri": "s3://x/report.pdf"})
            return TaskResult()

        execution = LocalWorkflow(definition=blueprint.definition(), run_task=run_task).start({"business_date": date})
    assert execution.status == "SUCCEEDED", f"the local run failed: {execution.error}: {execution.cause}"
    return execution


def deployed(stack: str) -> tuple[Blueprint, settings.Settings]:
    """What the stack deploys, and its settings."""
    project = projects.load(ROOT)
    config = project.stack(stack).config
    graph = record(ROOT, project=project.name, stack=stack, config=config, mode="resolved").graph(project.name)
    prefix = f"{settings.PROJECT}:"
    raw = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    return Blueprint(graph), settings.parse(raw, stack=stack)
