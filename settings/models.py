"""What a stack file may say, with defaults: the whole, and the sections `workflow` and `alerts`.

Checks across sections are in `settings/rules.py`. A secret never becomes part of a model, only the ARN of where it is
kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from conventions import market_calendar, naming
from conventions.market_calendar import MarketCalendar

from .base import Section, refused
from .jobs import Job
from .network import Network
from .platform import Platform, Tags
from .storage import Data, Registry

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
JobName = Annotated[
    str,
    StringConstraints(pattern=rf"^{naming.JOB_PATTERN}$", max_length=naming.JOB_LENGTH),
]


class Start(Section):
    """What starts the nightly run."""

    prefix: str = Field(default="incoming/", pattern=r"^([A-Za-z0-9_.-]+/)+$", examples=["incoming/"])
    """Key prefix in the input bucket; the business date is the next path segment."""
    suffix: str = Field(
        default="manifest.json",
        pattern=r"^[A-Za-z0-9_.-]+$",
        examples=["manifest.json"],
    )
    """Name of the object that is written last and starts the run."""
    schedule: ClockTime | None = Field(default=None, examples=["04:00"])
    """Local time (`deadline.timezone`), Monday to Friday, at which the day's manifest is run beside its event."""
    max_age_days: int = Field(default=0, ge=0, le=366, examples=[0])
    """Days (UTC) that a manifest's business date may lie back; an older one is held until an operator starts it."""
    max_ahead_days: int = Field(default=7, ge=1, le=366, examples=[7])
    """Days (UTC) that a manifest's business date may lie ahead; long weekends need a few."""
    max_event_age_minutes: int = Field(default=120, ge=1, le=1440, examples=[120])
    """Minutes that EventBridge tries to deliver the start before it goes to the dead-letter queue."""

    @model_validator(mode="after")
    def _schedule_exists_every_day(self) -> Self:
        if self.schedule and "02:00" <= self.schedule <= "03:00":
            raise refused("schedule", "between 02:00 and 03:00 a day in March has no such time", 'schedule: "04:00"')
        return self


class Deadline(Section):
    """When the report must be there, and who hears of it when it is not."""

    time: ClockTime = Field(default="09:30", examples=["09:30"])
    """When the report must be there."""
    warn: ClockTime = Field(default="08:30", examples=["08:30"])
    """When the first notification goes out if the report is missing."""
    escalate: ClockTime = Field(default="09:15", examples=["09:15"])
    """When the last one does."""
    forecast_minutes: tuple[Annotated[int, Field(ge=1, le=720)], ...] = Field(
        default=(270, 180, 105), max_length=12, examples=[[180, 105]]
    )
    """Minutes before `time` at which the end of the run is estimated; people are notified when it will be later.
    Moments of the day before, and between 02:00 and 03:00, are left out. Empty: never."""
    window_opens: ClockTime = Field(default="20:00", examples=["20:00"])
    """Earliest usual start, the evening before or the same morning; from here to `time` is the run's own timeout."""
    timezone: str = Field(default="America/New_York", examples=["America/New_York"])
    """IANA name; daylight saving is followed."""
    calendar: MarketCalendar = Field(default="XNYS", examples=["XNYS"])
    """Exchange, by its code (ISO 10383), on whose holidays no run is expected; looked up when the stack is deployed,
    for that year and the next two. `none`: every weekday counts."""
    holidays: tuple[date, ...] = Field(default=(), examples=[["2026-12-31"]])
    """Further weekdays on which no run is expected."""

    @model_validator(mode="after")
    def _stages_in_order(self) -> Self:
        if not self.warn < self.escalate < self.time:
            raise refused(
                "warn",
                "warn, escalate and time must follow each other on the same day",
                'warn: "08:30"',
            )
        if any("02:00" <= stage <= "03:00" for stage in (self.warn, self.escalate)):
            raise refused(
                "warn",
                "between 02:00 and 03:00 a day in March has no such time",
                'warn: "08:30"',
            )
        return self

    @property
    def forecasts(self) -> list[str]:
        """Local times of the forecasts, "05:00", on the day of the deadline."""
        due = int(self.time[:2]) * 60 + int(self.time[3:])
        moments = sorted({due - minutes for minutes in self.forecast_minutes if minutes <= due})
        times = [f"{moment // 60:02}:{moment % 60:02}" for moment in moments]
        return [time for time in times if not "02:00" <= time <= "03:00"]

    def closed_days(self, year: int) -> list[date]:
        """Weekdays without a run: the calendar's, from `year` on for three years, and the further ones."""
        return sorted({*market_calendar.closed_weekdays(self.calendar, year), *self.holidays})

    @property
    def window_seconds(self) -> int:
        """Seconds from `window_opens` to `time`, over midnight where need be."""
        opens, closes = (int(t[:2]) * 60 + int(t[3:]) for t in (self.window_opens, self.time))
        return ((closes - opens) % (24 * 60) or 24 * 60) * 60


class Workflow(Section):
    """The nightly run."""

    order: tuple[str, ...] = Field(
        default=("data-ingestion", "risk-calculation", "report-generation"),
        min_length=1,
        examples=[["data-ingestion", "risk-calculation", "report-generation"]],
    )
    """Jobs, one after the other; a job with `fanOut` runs once for each shard."""
    start: Start = Field(default=Start(), examples=["{prefix: incoming/}"])
    deadline: Deadline = Field(default=Deadline(), examples=['{time: "09:30"}'])
    on_newer_manifest: Literal["supersede", "wait", "refuse"] = Field(default="supersede", examples=["wait"])
    """What a manifest does that arrives while another run of its business date is under way: stop that run and take its
    place, begin when it has ended, or not begin and say so."""
    fargate_vcpu_quota: int = Field(default=6, ge=1, le=100_000, examples=[6])
    """The account's Fargate vCPU quota in the region; 6 in a new account, shared by all stacks in it. Queue workers are
    counted with all of their `scaling.maxTasks`; the nightly run has what they leave.

    Source: docs/aws-facts.md#fargate-quotas
    """

    def vcpus_of_run(self, jobs: Mapping[str, Job]) -> float:
        """What of the quota the queue workers among `jobs` leave to the nightly run."""
        return self.fargate_vcpu_quota - sum(job.queue_worker_vcpus for job in jobs.values())


class Alerts(Section):
    """When somebody is notified, and who."""

    failure_percent: float = Field(default=5, ge=0, lt=100, examples=[5])
    """Percent of stopped tasks that may have failed within the period."""
    failure_period: Literal[60, 300, 600, 900, 3600] = Field(default=600, examples=[600])
    """Seconds over which task failures are counted."""
    long_run_minutes: int = Field(default=180, ge=1, le=1440, examples=[180])
    """Minutes after which a run is longer than usual."""
    log_errors: int = Field(default=10, ge=1, le=1_000_000, examples=[10])
    """Error lines within the period that raise an alarm."""
    emails: tuple[Email, ...] = Field(default=(), examples=[["batch-team@example.com"]])
    """Subscribed to the topic; each must confirm once."""


class Settings(Section):
    """Everything a stack file may say."""

    platform: Platform
    tags: Tags = Tags()
    network: Network = Network()
    data: Data = Data()
    registry: Registry = Registry()
    jobs: dict[JobName, Job]
    workflow: Workflow = Workflow()
    alerts: Alerts = Alerts()

    @property
    def debug(self) -> bool:
        """Whether people may open sessions in tasks of any job."""
        return any(job.debug for job in self.jobs.values())
