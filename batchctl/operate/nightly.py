"""Nightly runs: starting one, how it is going, how earlier ones went, taking a failed one up again.

Owns: calls on the state machine, the ledger and ECS for that. Refuses: showing anything (`commands.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from boto3.dynamodb.types import TypeDeserializer

from batchctl.errors import FOUND, OperatorError
from batchctl.operate.stack import Stack, asking
from settings import Settings

RECENT = timedelta(hours=12)
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
    error: str = ""


def runs(stack: Stack, limit: int) -> list[Run]:
    """The newest runs in the ledger, newest first."""
    plain = TypeDeserializer().deserialize
    items: list[dict[str, Any]] = []
    with asking("reading the run ledger"):
        pages = stack.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=stack.outputs.text("ledgerTableName")):
            items += [{key: plain(value) for key, value in item.items()} for item in page["Items"]]
    return sorted(map(_run, items), key=lambda run: run.started_at, reverse=True)[:limit]


@dataclass(frozen=True, kw_only=True)
class Status:
    """Tonight's run, as far as it has come."""

    business_date: str
    deadline: str
    minutes_left: int
    run_id: str = ""
    state: str = "NOT STARTED"
    running_states: tuple[str, ...] = ()
    done_states: int = 0
    shards_done: int | None = None
    shards: int | None = None


def status(stack: Stack, config: Settings, now: datetime | None = None) -> Status:
    """The newest execution of the nightly run and the time that is left to the deadline."""
    moment = now or datetime.now(UTC)
    due = next_deadline(config, moment)
    left = int((due - moment).total_seconds() // 60)
    waiting = Status(
        business_date=due.date().isoformat(), deadline=due.isoformat(timespec="minutes"), minutes_left=left
    )
    with asking("asking for tonight's run"):
        states = stack.client("stepfunctions")
        newest = states.list_executions(stateMachineArn=stack.outputs.text("stateMachineArn"), maxResults=1)[
            "executions"
        ]
        if not newest or not _tonights(newest[0], config, due, moment):
            return waiting
        arn = newest[0]["executionArn"]
        entered: list[str] = []
        left_states: list[str] = []
        done = started = 0
        for page in states.get_paginator("get_execution_history").paginate(
            executionArn=arn, includeExecutionData=False
        ):
            for event in page["events"]:
                if "stateEnteredEventDetails" in event:
                    entered.append(event["stateEnteredEventDetails"]["name"])
                elif "stateExitedEventDetails" in event:
                    left_states.append(event["stateExitedEventDetails"]["name"])
                started += event["type"] == "MapIterationStarted"
                done += event["type"] == "MapIterationSucceeded"
        for run in states.list_map_runs(executionArn=arn).get("mapRuns", []) if started == 0 else []:
            counts = states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
            started, done = counts["total"], counts["succeeded"]
    for name in left_states:
        if name in entered:
            entered.remove(name)
    return replace(
        waiting,
        run_id=newest[0]["name"],
        state=newest[0]["status"],
        running_states=tuple(dict.fromkeys(entered)),
        done_states=len(left_states),
        shards_done=done if started else None,
        shards=started or None,
    )


def _tonights(execution: dict[str, Any], config: Settings, due: datetime, now: datetime) -> bool:
    """Whether an execution is the one to show: still running, within the window before `due`, or of today."""
    started: datetime = execution["startDate"]
    opens = due - timedelta(seconds=config.workflow.deadline.window_seconds)
    return execution["status"] == "RUNNING" or started >= opens or now - started < RECENT


def next_deadline(config: Settings, moment: datetime) -> datetime:
    """The next time a report is due, weekends and holidays skipped."""
    due = config.workflow.deadline
    zone = ZoneInfo(due.timezone)
    local = moment.astimezone(zone)
    day = local.date()
    while True:
        at = datetime(day.year, day.month, day.day, int(due.time[:2]), int(due.time[3:]), tzinfo=zone)
        if at > local and day.weekday() < 5 and day not in due.holidays:
            return at
        day += timedelta(days=1)


def start(stack: Stack, business_date: str | None, manifest: str | None, *, rerun: bool) -> str:
    """Starts the nightly run by hand; the execution's ARN. The ledger still refuses a duplicate."""
    given: dict[str, Any] = {"origin": "operator"}
    if manifest:
        given["manifest"] = {"key": _key_of(stack, manifest)}
    if business_date:
        given["business_date"] = _date(business_date)
    if not manifest and not business_date:
        raise OperatorError(
            "which run? Pass --date 2026-11-20, or --input s3://BUCKET/incoming/2026-11-20/manifest.json."
        )
    if rerun:
        given["rerun"] = True
    with asking("starting the nightly run"):
        machine = stack.outputs.text("stateMachineArn")
        return str(
            stack.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given))[
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
        "BATCH_RUN_ID": task.run_id or f"operator-{datetime.now(UTC):%Y%m%dT%H%M%S}",
        "BATCH_BUSINESS_DATE": day,
        "BATCH_MANIFEST_URI": f"s3://{bucket}/{key}",
        "BATCH_MANIFEST_VERSION": "",
        **({"BATCH_SHARDS": task.shards} if task.shards else {}),
    }
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    provider = "FARGATE" if config.jobs[job].capacity == "on-demand" else "FARGATE_SPOT"
    with asking(f"starting {job}"):
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
    # RunTask answers 200 with failures in it (facts-aws.md 9)
    if answer.get("failures") or not answer["tasks"]:
        reasons = "; ".join(f.get("reason", "?") for f in answer.get("failures", [])) or "no reason given"
        raise OperatorError(f"{job} was not started: {reasons}. `batchctl doctor` may say what is missing.", FOUND)
    return str(answer["tasks"][0]["taskArn"])


def redrive(stack: Stack, run_id: str | None) -> str:
    """Takes a failed run up where it failed; the execution's ARN. By default the newest failed one."""
    with asking("looking for the failed run"):
        states = stack.client("stepfunctions")
        machine = stack.outputs.text("stateMachineArn")
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        ended = [e for page in pages for e in page["executions"] if e["status"] in RETRYABLE]
    chosen = next((e for e in ended if run_id in (None, e["name"])), None)
    if chosen is None:
        named = f"run {run_id!r} has not failed" if run_id else "no run has failed"
        raise OperatorError(f"{named}: nothing to redrive. `batchctl runs` lists what there is.")
    with asking(f"redriving {chosen['name']}"):
        states.redrive_execution(executionArn=chosen["executionArn"])
    return str(chosen["executionArn"])


def redrive_dead_letters(stack: Stack, purpose: str) -> str:
    """Sends what lies in a job queue's dead-letter queue back to the queue; the move task's handle."""
    queue_urls = stack.outputs.by_key("jobDeadLetterQueueUrls")
    if purpose in stack.outputs.by_key("deadLetterQueueUrls"):
        raise OperatorError(
            f"the dead letters of {purpose!r} are events that EventBridge could not deliver; SQS cannot send them "
            "back. Read the key in the message and start by hand: `batchctl run all --input s3://…`."
        )
    if purpose not in queue_urls:
        raise OperatorError(
            f"no dead-letter queue of a job queue called {purpose!r}. There are: {', '.join(queue_urls) or 'none'}."
        )
    with asking(f"redriving the dead letters of {purpose}"):
        sqs = stack.client("sqs")
        answer = sqs.get_queue_attributes(QueueUrl=queue_urls[purpose], AttributeNames=["QueueArn"])
        return str(sqs.start_message_move_task(SourceArn=answer["Attributes"]["QueueArn"])["TaskHandle"])


def _run(item: dict[str, Any]) -> Run:
    seconds = item.get("duration_seconds")
    texts = ("business_date", "manifest", "status", "run_id", "started_at", "ended_at", "report_uri", "error")
    return Run(
        **{name: str(item.get(name, "")) for name in texts},
        duration_seconds=None if seconds is None else int(seconds),
    )


def as_json(found: Run | Status) -> dict[str, Any]:
    """A plain mapping."""
    return asdict(found)


def _date(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise OperatorError(f"--date {given!r} is no date; valid: --date 2026-11-20.") from error


def _key_of(stack: Stack, uri: str) -> str:
    bucket = stack.outputs.text("inputBucketName")
    scheme, _, rest = uri.partition("://")
    owner, _, key = rest.partition("/")
    if scheme != "s3" or owner != bucket or not key:
        raise OperatorError(
            f"--input {uri!r} is not in the input bucket; valid: --input s3://{bucket}/incoming/2026-11-20/manifest.json."
        )
    return key
