"""Nightly runs: starting one, how earlier ones went, taking a failed one up again.

How tonight's goes is in `status.py`; how all this is shown, in `batchctl/commands/nightly.py`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from batchctl.errors import PROBLEM, OperatorError
from batchctl.operate.stack import Stack, refusals_as_error
from settings import Settings
from workflow.run_ledger import DATE_ITEM

OPERATOR_RUN = "operator-"
"""Start of the run id of a single job's task; it has no entry in the ledger unless --run names one."""
RETRYABLE = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True, kw_only=True)
class Run:
    """An entry of the run ledger."""

    business_date: str
    manifest: str
    status: str
    run_id: str
    started_at: str
    ended_at: str = ""
    duration_seconds: int | None = None
    report_uri: str = ""
    missing_shards: int = 0
    """Shards without a result, where `fanOut.toleratedFailurePercent` let the run go on."""
    error: str = ""


def runs(stack: Stack, limit: int | None) -> list[Run]:
    """The newest runs in the ledger, newest first; without `limit` all of them."""
    plain = TypeDeserializer().deserialize
    items: list[dict[str, Any]] = []
    with refusals_as_error("reading the run ledger"):
        pages = stack.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=stack.outputs.text("ledgerTableName")):
            items += [{key: plain(value) for key, value in item.items()} for item in page["Items"]]
    entries = [item for item in items if item["manifest"] != DATE_ITEM]
    return sorted(map(_run, entries), key=lambda run: run.started_at, reverse=True)[:limit]


def start(stack: Stack, business_date: str | None, manifest: str | None, *, rerun: bool) -> str:
    """Starts the nightly run by hand; the execution's ARN. The ledger still refuses a duplicate."""
    execution_input: dict[str, Any] = {"origin": "operator"}
    if manifest:
        execution_input["manifest"] = {"key": _key_of(stack, manifest)}
    if business_date:
        execution_input["business_date"] = _date(business_date)
    if not manifest and not business_date:
        raise OperatorError(
            "which run? Pass --date 2026-11-20, or --input s3://BUCKET/incoming/2026-11-20/manifest.json."
        )
    if rerun:
        execution_input["rerun"] = True
    with refusals_as_error("starting the nightly run"):
        machine = stack.outputs.text("stateMachineArn")
        return str(
            stack.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(execution_input))[
                "executionArn"
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one job's task is to do, outside the workflow."""

    job: str
    business_date: str | None
    manifest: str | None = None
    """S3 URI; by default the business date's manifest."""
    run_id: str | None = None
    shards: str | None = None
    """JSON array, for a fan-out job."""


def start_job(stack: Stack, config: Settings, task: Task) -> str:
    """Starts one job's task outside the workflow, with the environment of docs/jobs.md; the task's ARN."""
    job = task.job
    if job not in config.jobs:
        raise OperatorError(f"no job {job!r}. Jobs: {', '.join(config.jobs)}, or `all` for the whole night.")
    if not task.business_date:
        raise OperatorError(f"{job} needs --date, for example --date 2026-11-20.")
    day = _date(task.business_date)
    start_at = config.workflow.start
    bucket = stack.outputs.text("inputBucketName")
    key = _key_of(stack, task.manifest) if task.manifest else f"{start_at.prefix}{day}/{start_at.suffix}"
    variables = {
        "BATCH_RUN_ID": task.run_id or f"{OPERATOR_RUN}{datetime.now(UTC):%Y%m%dT%H%M%S}",
        "BATCH_BUSINESS_DATE": day,
        "BATCH_MANIFEST_URI": f"s3://{bucket}/{key}",
        "BATCH_MANIFEST_VERSION": "",
        **({"BATCH_SHARDS": task.shards} if task.shards else {}),
    }
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    provider = "FARGATE" if config.jobs[job].capacity == "on-demand" else "FARGATE_SPOT"
    with refusals_as_error(f"starting {job}"):
        answer = stack.client("ecs").run_task(
            cluster=stack.outputs.text("clusterArn"),
            taskDefinition=stack.outputs.by_key("taskDefinitionArns")[job],
            capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}],
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": stack.outputs.texts("privateSubnetIds"),
                    "securityGroups": [stack.outputs.text("taskSecurityGroupId")],
                    "assignPublicIp": "DISABLED",
                }
            },
            overrides={"containerOverrides": [{"name": job, "environment": environment}]},
        )
    # RunTask answers 200 with failures in it: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    if answer.get("failures") or not answer["tasks"]:
        reasons = "; ".join(f.get("reason", "?") for f in answer.get("failures", [])) or "no reason given"
        raise OperatorError(f"{job} was not started: {reasons}. `batchctl doctor` may say what is missing.", PROBLEM)
    return str(answer["tasks"][0]["taskArn"])


def resume(stack: Stack, run_id: str | None) -> str:
    """Takes a failed run up with the stage that failed, on the same run id; the new execution's ARN.

    By default the newest run that can be resumed.
    """
    every = runs(stack, None)
    ended = [run for run in every if run.status in RETRYABLE]
    chosen = next((run for run in ended if run_id in (None, run.run_id)), None)
    if chosen is None and run_id is None:
        raise OperatorError("no run has failed, been stopped or timed out: there is nothing to resume.")
    if chosen is None:
        state = next((run.status for run in every if run.run_id == run_id), None)
        failed = ", ".join(run.run_id for run in ended[:5])
        raise OperatorError(
            (f"run {run_id!r} is {state}" if state else f"there is no run {run_id!r}")
            + "; only a run that failed, was stopped or timed out can be resumed"
            + (f": {failed}." if failed else ", and there is none. `batchctl runs` lists every run.")
        )
    run_input = {"origin": "operator", "business_date": chosen.business_date, "resume": {"run_id": chosen.run_id}}
    with refusals_as_error(f"resuming {chosen.run_id}"):
        machine = stack.outputs.text("stateMachineArn")
        started = stack.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(run_input))
    return str(started["executionArn"])


def redrive_dead_letters(stack: Stack, purpose: str) -> str:
    """Sends what lies in a job queue's dead-letter queue back to the queue; the move task's handle."""
    queues = stack.outputs.by_key("jobDeadLetterQueueUrls")
    if purpose in stack.outputs.by_key("deadLetterQueueUrls"):
        raise OperatorError(
            f"the dead letters of {purpose!r} are events that EventBridge could not deliver; SQS cannot send them "
            "back. Read the key in the message and start by hand: `batchctl run all --input s3://…`."
        )
    if purpose not in queues:
        raise OperatorError(
            f"no dead-letter queue of a job queue called {purpose!r}. There are: {', '.join(queues) or 'none'}."
        )
    with refusals_as_error(f"redriving the dead letters of {purpose}"):
        sqs = stack.client("sqs")
        arn = sqs.get_queue_attributes(QueueUrl=queues[purpose], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return str(sqs.start_message_move_task(SourceArn=arn)["TaskHandle"])


def _run(item: dict[str, Any]) -> Run:
    seconds = item.get("duration_seconds")
    texts = ("business_date", "manifest", "status", "run_id", "started_at", "ended_at", "report_uri", "error")
    return Run(
        **{name: str(item.get(name, "")) for name in texts},
        duration_seconds=None if seconds is None else int(seconds),
        missing_shards=int(item.get("missing_shards") or 0),
    )


def as_json(run: Run) -> dict[str, Any]:
    """A plain mapping."""
    return asdict(run)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise OperatorError(f"--date {text!r} is not a date; valid: --date 2026-11-20.") from error


def _key_of(stack: Stack, uri: str) -> str:
    bucket = stack.outputs.text("inputBucketName")
    scheme, _, rest = uri.partition("://")
    owner, _, key = rest.partition("/")
    if scheme != "s3" or owner != bucket or not key:
        raise OperatorError(
            f"--input {uri!r} is not in the input bucket; valid: --input s3://{bucket}/incoming/2026-11-20/manifest.json."
        )
    return key
