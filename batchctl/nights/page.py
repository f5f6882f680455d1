"""The page of nights: bars in percent of an axis, so that it fits any screen, and every bar's meaning as text too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from batchctl import html
from batchctl.nights.attempts import Attempt
from batchctl.nights.gathering import Night, NightRun, Nights

STAGES_SHOWN: Final = 60
AFTER_DEADLINE: Final = timedelta(minutes=45)
GOOD, BAD, BUSY = "", "bad", "busy"
_STEPS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360))
MOST_TICKS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something at one place of the axis."""

    left: float
    words: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar(Mark):
    """Something that took a while."""

    width: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a chart."""

    name: str
    words: str
    bars: Sequence[Bar]
    marks: Sequence[Mark] = field(default=())


@dataclass(frozen=True)
class Axis:
    """A span of time as percent."""

    start: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        """Percent from the left, within the axis."""
        share = (moment - self.start) / (self.end - self.start)
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    def bar(self, start: datetime, end: datetime, kind: str, words: str) -> Bar:
        """A bar between two moments."""
        left = self.at(start)
        return Bar(left=left, width=round(self.at(end) - left, 2), kind=kind, words=words)

    def ticks(self, zone: datetime) -> list[Mark]:
        """Round clock times in the zone of `zone`, at most `MOST_TICKS`."""
        step = next((step for step in _STEPS if (self.end - self.start) / step <= MOST_TICKS), _STEPS[-1])
        midnight = self.start.astimezone(zone.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
        first = -((midnight - self.start) // step)
        marks: list[Mark] = []
        for number in range(first, first + MOST_TICKS + 2):
            moment = midnight + number * step
            if self.start <= moment <= self.end:
                left = self.at(moment)
                kind = "start" if left < 4 else "edge" if left > 96 else ""
                narrow = " minor" if len(marks) % 2 else ""  # left out on a narrow screen
                marks.append(Mark(left=left, words=f"{moment:%H:%M}", kind=f"{kind}{narrow}".strip()))
        return marks


def page(nights: Nights, *, priced_at: str) -> str:
    """The page as one HTML document."""
    zone = nights.asked_at.astimezone(nights.timezone)
    lines, night_ticks = _nights(nights, zone)
    detailed = next((night for night in nights.nights if any(run.attempts for run in night.runs)), None)
    stages, stage_ticks, left = _stages(detailed, nights.asked_at, zone) if detailed else ([], [], 0)
    return html.render(
        "nights.html",
        environment=nights.environment,
        asked_at=f"{zone:%Y-%m-%d %H:%M}",
        timezone=nights.timezone.key,
        headline=_headline(nights, zone),
        held=nights.waiting.held,
        nights=lines,
        night_ticks=night_ticks,
        stages=stages,
        stages_of=detailed.business_date if detailed else "",
        stage_ticks=stage_ticks,
        stages_left=left,
        numbers=[_numbers(night, nights.asked_at) for night in nights.nights],
        priced_at=priced_at,
    )


def _headline(nights: Nights, zone: datetime) -> dict[str, str]:
    """The night that comes next, or goes on, in two lines."""
    waiting = nights.waiting
    night = next((night for night in nights.nights if night.business_date == waiting.business_date), None)
    title = f"Report for {waiting.business_date}, due {datetime.fromisoformat(waiting.deadline):%H:%M}"
    if night is None:
        left = waiting.minutes_left
        return {"kind": BUSY, "title": title, "words": f"no run yet, {left // 60} h {left % 60:02} min left"}
    kind = GOOD if night.report_at else BUSY if night.runs[-1].run.status == "RUNNING" else BAD
    return {"kind": kind, "title": title, "words": night.verdict(nights.asked_at)}


def _nights(nights: Nights, zone: datetime) -> tuple[list[Line], list[Mark]]:
    """A row for each night; the axis is hours before and after its own deadline, shown as the newest night's times."""
    if not nights.nights:
        return [], []
    spans = [
        moment - night.deadline
        for night in nights.nights
        for run in night.runs
        for moment in (run.started_at, run.ended_at or nights.asked_at)
    ]
    first = max(min([-nights.window, *spans]), -2 * nights.window)
    last = min(max([AFTER_DEADLINE, *spans]), nights.window)
    lines = []
    for night in nights.nights:
        axis = Axis(night.deadline + first, night.deadline + last)
        lines.append(
            Line(
                name=f"{datetime.fromisoformat(night.business_date):%a} {night.business_date}",
                words=night.verdict(nights.asked_at),
                bars=[_run_bar(axis, run, nights.asked_at, zone) for run in night.runs],
                marks=[Mark(left=axis.at(night.deadline), words=f"deadline {night.deadline:%H:%M}")],
            )
        )
    newest = nights.nights[0].deadline
    return lines, Axis(newest + first, newest + last).ticks(zone)


def _run_bar(axis: Axis, run: NightRun, now: datetime, zone: datetime) -> Bar:
    kind = {"RUNNING": BUSY, "SUCCEEDED": GOOD}.get(run.run.status, BAD)
    start, end = (moment.astimezone(zone.tzinfo) for moment in (run.started_at, run.ended_at or now))
    words = f"{run.run.status}, {start:%H:%M} to {end:%H:%M}, {run.retries} retries: {run.run.run_id}"
    return axis.bar(run.started_at, run.ended_at or now, kind, words)


def _stages(night: Night, now: datetime, zone: datetime) -> tuple[list[Line], list[Mark], int]:
    """A row for each stage or shard of a night's last run, its ticks, and how many rows are left out."""
    run = next(run for run in reversed(night.runs) if run.attempts)
    axis = Axis(run.started_at, max(run.ended_at or now, run.started_at + timedelta(minutes=1)))
    by_label: dict[str, list[Attempt]] = {}
    for attempt in run.attempts:
        by_label.setdefault(attempt.label, []).append(attempt)
    lines = [_stage(axis, label, tried, now, zone) for label, tried in by_label.items()]
    smooth = [line for line in lines if all(bar.kind == GOOD for bar in line.bars) and len(line.bars) == 1]
    left = set(map(id, smooth[: max(len(lines) - STAGES_SHOWN, 0)]))
    return [line for line in lines if id(line) not in left], axis.ticks(zone), len(left)


def _stage(axis: Axis, label: str, tried: Iterable[Attempt], now: datetime, zone: datetime) -> Line:
    bars, words = [], []
    for number, attempt in enumerate(tried, 1):
        kind = BAD if attempt.failure else GOOD if attempt.ended_at else BUSY
        end = attempt.ended_at or now
        took = f"{(end - attempt.started_at).total_seconds() / 60:.1f} min"
        outcome = attempt.failure or ("ended well" if attempt.ended_at else "running")
        bars.append(axis.bar(attempt.started_at, end, kind, f"attempt {number}, {took}: {outcome}"))
        words.append(took if kind == GOOD else f"{took} {outcome}")
    return Line(name=label, words=", then ".join(words), bars=bars)


def _numbers(night: Night, now: datetime) -> dict[str, str]:
    minutes = sum(((run.ended_at or now) - run.started_at).total_seconds() for run in night.runs) / 60
    priced = all(run.usd is not None for run in night.runs)
    return {
        "business_date": night.business_date,
        "verdict": night.verdict(now),
        "runs": str(len(night.runs)),
        "tasks": str(sum(len(run.attempts) for run in night.runs)) if priced else "–",
        "retries": str(night.retries) if priced else "–",
        "minutes": f"{minutes:.1f}",
        "usd": f"{night.usd:.2f}" if priced else "–",
    }
