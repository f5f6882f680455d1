"""A fortnight made up for the page: in time, late, failed, rerun, and one that goes on, with a retried shard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import settings
from batchctl.costs.prices import load_prices
from batchctl.nights.attempts import Attempt
from batchctl.nights.gathering import Night, NightRun, Nights, cost, deadline
from batchctl.operate.nightly import Run
from batchctl.operate.status import Held, Status

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 8, 50, tzinfo=NEW_YORK)
CONFIG = settings.parse({}, stack="dev")
ERROR = "Batch.TaskFailed: risk-calculation ended with exit code 65 (BadInput), <script>alert(1)</script>"


def attempts(start: datetime, minutes: float, *, shards: int = 8, retried: tuple[int, ...] = ()) -> list[Attempt]:
    """A run's tasks, a third of the time for each stage; `retried` shards fail once on the way."""
    third = timedelta(minutes=minutes / 3)
    tried = [Attempt(job="data-ingestion", shards=(), started_at=start, ended_at=start + third)]
    for shard in range(shards):
        first = start + third
        if shard in retried:
            half = first + third / 2
            failure = "failed: exit code 137"
            tried.append(
                Attempt(job="risk-calculation", shards=(shard,), started_at=first, ended_at=half, failure=failure)
            )
            first = half + timedelta(seconds=20)
        end = start + 2 * third
        tried.append(Attempt(job="risk-calculation", shards=(shard,), started_at=first, ended_at=end))
    last = start + 2 * third
    return [*tried, Attempt(job="report-generation", shards=(), started_at=last, ended_at=last + third)]


def night_run(
    day: str, start: datetime, minutes: float | None, *, status: str = "SUCCEEDED", error: str = "", **more: Any
) -> NightRun:
    """One run; `minutes` None: it goes on."""
    end = None if minutes is None else start + timedelta(minutes=minutes)
    tried = attempts(start, minutes or 150, **more)
    if end is None:
        tried = [
            replace(one, ended_at=None, failure="") if one.ended_at and one.ended_at > NOW else one
            for one in tried
            if one.started_at <= NOW
        ]
    run = Run(
        business_date=day,
        manifest=f"incoming/{day}/manifest.json#v1",
        status=status,
        run_id=f"run-{day}-{start:%H%M}",
        started_at=start.astimezone(UTC).isoformat(),
        ended_at=end.astimezone(UTC).isoformat() if end else "",
        duration_seconds=None if minutes is None else int(minutes * 60),
        error=error,
    )
    usd = cost(tried, CONFIG, load_prices(None), NOW)
    return NightRun(run=run, started_at=start, ended_at=end, attempts=tried, usd=usd)


def at(day: str, hour: float, *, before: int = 0) -> datetime:
    """A New York time on a date, or `before` days earlier."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK) - timedelta(days=before)
    return midnight + timedelta(hours=hour)


def fortnight() -> Nights:
    """Newest first."""
    days = [f"2026-11-{day:02}" for day in (20, 19, 18, 17, 16, 13, 12, 11, 10, 9)]
    runs: dict[str, list[NightRun]] = {
        days[0]: [night_run(days[0], at(days[0], 7.2), None, status="RUNNING", shards=12, retried=(3, 7))],
        days[1]: [
            night_run(days[1], at(days[1], 4), 40, status="FAILED", error=ERROR, retried=(1,)),
            night_run(days[1], at(days[1], 5.5), 95),
        ],
        days[2]: [night_run(days[2], at(days[2], 8.1), 120, retried=(0, 1, 2))],
        days[3]: [night_run(days[3], at(days[3], 3), 60, status="TIMED_OUT", error="States.Timeout")],
    }
    for number, day in enumerate(days[4:]):
        runs[day] = [night_run(day, at(day, 21 + number / 5, before=1), 80 + 9 * number)]
    nights = [Night(business_date=day, deadline=deadline(CONFIG, day), runs=runs[day]) for day in days]
    held = Held(business_date="2026-11-02", manifest="incoming/2026-11-02/manifest.json", reason="too far from today")
    due = nights[0].deadline
    waiting = Status(business_date=days[0], deadline=due.isoformat(), minutes_left=40, state="RUNNING", held=(held,))
    return Nights(
        environment="dev",
        asked_at=NOW,
        timezone=NEW_YORK,
        window=timedelta(hours=13.5),
        nights=nights,
        waiting=waiting,
    )
