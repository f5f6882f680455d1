"""What the page of nights shows, read from the run ledger and the executions' histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from batchctl.costs.prices import Prices
from batchctl.nights.attempts import Attempt, attempts
from batchctl.operate import nightly, status
from batchctl.operate.stack import Stack, refusals_as_error
from conventions import fargate
from settings import Settings

FREE_STORAGE_GB: Final = 20
SHORTEST_BILL: Final = timedelta(minutes=1)
"""Fargate bills at least a minute: https://aws.amazon.com/fargate/pricing/"""


@dataclass(frozen=True, kw_only=True)
class NightRun:
    """One run of a business date."""

    run: nightly.Run
    started_at: datetime
    ended_at: datetime | None
    """None while it runs."""
    attempts: Sequence[Attempt]
    usd: float | None
    """What its tasks cost by the price table; None when Step Functions no longer keeps its history."""

    @property
    def retries(self) -> int:
        """Tasks that did not end well and were followed by another attempt for the same shards."""
        labels = [attempt.label for attempt in self.attempts]
        return len(labels) - len(set(labels))


@dataclass(frozen=True, kw_only=True)
class Night:
    """A business date: its deadline, and its runs, oldest first."""

    business_date: str
    deadline: datetime
    runs: Sequence[NightRun]

    @property
    def report_at(self) -> datetime | None:
        """When the first report was there."""
        ends = [run.ended_at for run in self.runs if run.run.status == "SUCCEEDED" and run.ended_at]
        return min(ends) if ends else None

    @property
    def usd(self) -> float:
        """What its runs cost, as far as that is known."""
        return sum(run.usd or 0 for run in self.runs)

    @property
    def retries(self) -> int:
        """Of all its runs."""
        return sum(run.retries for run in self.runs)

    def verdict(self, now: datetime) -> str:
        """In time, late by how much and why, or what is going on."""
        error = next((run.run.error for run in reversed(self.runs) if run.run.error), "")
        began = f"began {min(run.started_at for run in self.runs).astimezone(self.deadline.tzinfo):%H:%M}"
        why = "; ".join(part for part in (began, f"{self.retries} retries" if self.retries else "", error) if part)
        if self.report_at:
            margin = self.deadline - self.report_at
            return (
                f"in time, {_minutes(margin)} before"
                if margin >= timedelta()
                else f"LATE by {_minutes(-margin)}: {why}"
            )
        left = self.deadline - now
        if any(run.run.status == "RUNNING" for run in self.runs):
            return (
                f"running, {_minutes(left)} left"
                if left >= timedelta()
                else f"running, LATE by {_minutes(-left)}: {why}"
            )
        missing = f"NO REPORT: {error or self.runs[-1].run.status}"
        return f"{missing}, {_minutes(left)} left" if left >= timedelta() else missing


@dataclass(frozen=True, kw_only=True)
class Nights:
    """What the page shows."""

    environment: str
    asked_at: datetime
    timezone: ZoneInfo
    window: timedelta
    """From the earliest usual start to the deadline."""
    nights: Sequence[Night]
    """Newest first."""
    waiting: status.Status
    """Tonight, as `batchctl status` has it."""


def gather(stack: Stack, config: Settings, prices: Prices, *, limit: int, now: datetime | None = None) -> Nights:
    """The last `limit` nights of a deployed stack; raises OperatorError when AWS cannot be reached."""
    moment = now or datetime.now(UTC)
    by_date: dict[str, list[nightly.Run]] = {}
    for run in nightly.runs(stack, None):
        by_date.setdefault(run.business_date, []).append(run)
    newest = sorted(by_date, reverse=True)[:limit]
    nights = [
        Night(
            business_date=day,
            deadline=deadline(config, day),
            runs=[_night_run(stack, config, prices, run, moment) for run in reversed(by_date[day])],
        )
        for day in newest
    ]
    return Nights(
        environment=stack.outputs.stack,
        asked_at=moment,
        timezone=ZoneInfo(config.workflow.deadline.timezone),
        window=timedelta(seconds=config.workflow.deadline.window_seconds),
        nights=nights,
        waiting=status.status(stack, config, moment),
    )


def deadline(config: Settings, day: str) -> datetime:
    """When the report of a business date is due."""
    due = config.workflow.deadline
    hour, minute = map(int, due.time.split(":"))
    on = date.fromisoformat(day)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZoneInfo(due.timezone))


def cost(done: Iterable[Attempt], config: Settings, prices: Prices, now: datetime) -> float:
    """USD of the attempts' tasks: vCPU, memory and scratch space for as long as each ran; Spot where the job asks for
    it, as if it was never interrupted."""
    total = 0.0
    for attempt in done:
        job = config.jobs[attempt.job]
        chip = "arm" if job.architecture == "ARM64" else "x86"
        share = 1.0 if job.capacity == "on-demand" else prices["fargate.spot"].usd
        hours = max((attempt.ended_at or now) - attempt.started_at, SHORTEST_BILL).total_seconds() / 3600
        a_task = fargate.vcpus(job.cpu) * prices[f"fargate.{chip}.vcpu"].usd
        a_task += fargate.gigabytes(job.memory) * prices[f"fargate.{chip}.memory"].usd
        storage = max(job.ephemeral_storage - FREE_STORAGE_GB, 0) * prices["fargate.storage"].usd
        total += hours * (a_task * share + storage)
    return total


def _night_run(stack: Stack, config: Settings, prices: Prices, run: nightly.Run, now: datetime) -> NightRun:
    events = _history(stack, run.run_id)
    tried = attempts(events, config) if events is not None else []
    return NightRun(
        run=run,
        started_at=_moment(run.started_at),
        ended_at=_moment(run.ended_at) if run.ended_at else None,
        attempts=tried,
        usd=None if events is None else cost(tried, config, prices, now),
    )


def _history(stack: Stack, run_id: str) -> list[Mapping[str, Any]] | None:
    """The run's history with that of its Distributed Map's children; None when it is kept no longer (90 days)."""
    machine = stack.outputs.text("stateMachineArn")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{run_id}"
    states = stack.client("stepfunctions")
    with refusals_as_error(f"reading the history of {run_id}"):
        try:
            events = _events(states, arn)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
        for map_run in states.list_map_runs(executionArn=arn).get("mapRuns", []):
            pages = states.get_paginator("list_executions").paginate(mapRunArn=map_run["mapRunArn"])
            for child in (child for page in pages for child in page["executions"]):
                first = max(int(event["id"]) for event in events)
                events += [_renumbered(event, first) for event in _events(states, child["executionArn"])]
    return events


def _events(states: Any, arn: str) -> list[Mapping[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=True)
    return [event for page in pages for event in page["events"]]


def _renumbered(event: Mapping[str, Any], first: int) -> Mapping[str, Any]:
    """A child's event under a number of its own; its end is not the whole run's."""
    kind = str(event["type"]).replace("Execution", "Child")
    previous = int(event.get("previousEventId", 0))
    return {**event, "id": event["id"] + first, "type": kind, "previousEventId": previous + first if previous else 0}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02} min"
