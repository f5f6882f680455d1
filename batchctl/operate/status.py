"""How tonight's run is going: its states, its shards, the time that is left, and manifests that started none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batchctl.operate.stack import Stack, refusals_as_error
from settings import Settings

RECENT = timedelta(hours=12)
"""How long a run that has ended is still tonight's."""
NEWEST = 20
"""Executions that are looked at."""
HELD_SHOWN = timedelta(days=1)
"""How long a held manifest is named after it arrived."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A manifest that started no run, because its business date is too far from today."""

    business_date: str
    manifest: str
    """Its key in the input bucket."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """Tonight's run, as far as it has come."""

    business_date: str
    deadline: str
    minutes_left: int
    run_id: str = ""
    """What its jobs' logs and results carry: of a resumed run, the id of the run that it goes on with."""
    execution: str = ""
    """Name of the execution; another one than the run id after `batchctl resume`."""
    state: str = "NOT STARTED"
    running_states: tuple[str, ...] = ()
    done_states: int = 0
    shards_done: int | None = None
    shards: int | None = None
    held: tuple[Held, ...] = ()


def status(stack: Stack, config: Settings, now: datetime | None = None) -> Status:
    """The newest execution of the nightly run, the time that is left to the deadline, and what was held."""
    moment = now or datetime.now(UTC)
    due = next_deadline(config, moment)
    left = int((due - moment).total_seconds() // 60)
    waiting = Status(
        business_date=due.date().isoformat(), deadline=due.isoformat(timespec="minutes"), minutes_left=left
    )
    with refusals_as_error("asking for tonight's run"):
        states = stack.client("stepfunctions")
        machine = stack.outputs.text("stateMachineArn")
        newest = states.list_executions(stateMachineArn=machine, maxResults=NEWEST)["executions"]
        held = {execution["executionArn"]: one for execution in newest if (one := _held(states, execution, moment))}
        runs = [execution for execution in newest if execution["executionArn"] not in held]
        waiting = replace(waiting, held=tuple(held.values()))
        if not runs or not _tonights(runs[0], config, due, moment):
            return waiting
        return _progress(states, runs[0], waiting)


def _held(states: Any, execution: Mapping[str, Any], now: datetime) -> Held | None:
    """The manifest that an execution held, if that is all it did, and recently."""
    if execution["status"] != "SUCCEEDED" or now - execution["startDate"] > HELD_SHOWN:
        return None
    output = json.loads(states.describe_execution(executionArn=execution["executionArn"]).get("output") or "{}")
    if not isinstance(output, dict) or output.get("outcome") != "HELD":
        return None
    day, key = str(output["run"].get("business_date", "")), str(output["run"].get("key", ""))
    return Held(
        business_date=day,
        manifest=key,
        reason=f"{day} is further from today than workflow.start.maxAgeDays or maxAheadDays lets a run start by itself",
    )


def _progress(states: Any, execution: Mapping[str, Any], waiting: Status) -> Status:
    """How far an execution has come, by its history."""
    arn = execution["executionArn"]
    entered: list[str] = []
    left: list[str] = []
    done = started = 0
    for event in _events(states, arn):
        if "stateEnteredEventDetails" in event:
            entered.append(event["stateEnteredEventDetails"]["name"])
        elif "stateExitedEventDetails" in event:
            left.append(event["stateExitedEventDetails"]["name"])
        started += event["type"] == "MapIterationStarted"
        done += event["type"] == "MapIterationSucceeded"
    for run in states.list_map_runs(executionArn=arn).get("mapRuns", []) if started == 0 else []:
        counts = states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
        started, done = counts["total"], counts["succeeded"]
    for name in left:
        if name in entered:
            entered.remove(name)
    return replace(
        waiting,
        run_id=_run_id(states.describe_execution(executionArn=arn), execution["name"]),
        execution=execution["name"],
        state=execution["status"],
        running_states=tuple(dict.fromkeys(entered)),
        done_states=len(left),
        shards_done=done if started else None,
        shards=started or None,
    )


def _run_id(described: Mapping[str, Any], name: str) -> str:
    """The run that an execution works on; its own name unless it resumes another one's run."""
    run_input = json.loads(described.get("input") or "{}")
    resumed = run_input.get("resume") if isinstance(run_input, dict) else None
    return str(resumed["run_id"]) if isinstance(resumed, dict) and resumed.get("run_id") else name


def _events(states: Any, arn: str) -> Iterator[Mapping[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=False)
    for page in pages:
        yield from page["events"]


def _tonights(execution: Mapping[str, Any], config: Settings, due: datetime, now: datetime) -> bool:
    """Whether an execution is the one to show: still running, within the window before `due`, or of today."""
    started: datetime = execution["startDate"]
    opens = due - timedelta(seconds=config.workflow.deadline.window_seconds)
    return execution["status"] == "RUNNING" or started >= opens or now - started < RECENT


def next_deadline(config: Settings, moment: datetime) -> datetime:
    """The next time a report is due, weekends and holidays skipped."""
    due = config.workflow.deadline
    zone = ZoneInfo(due.timezone)
    local = moment.astimezone(zone)
    day, closed = local.date(), set(due.closed_days(local.year))
    while True:
        at = datetime(day.year, day.month, day.day, int(due.time[:2]), int(due.time[3:]), tzinfo=zone)
        if at > local and day.weekday() < 5 and day not in closed:
            return at
        day += timedelta(days=1)


def as_json(status: Status) -> dict[str, Any]:
    """A plain mapping."""
    return asdict(status)
