"""What a stack file may say, section by section, with defaults and the checks within one section.

Checks across sections are in `settings/rules.py`. A secret never becomes part of a model, only the ARN of where it is
kept.
"""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from conventions import address_ranges, endpoint_services, market_calendar, naming, tagging
from conventions.market_calendar import MarketCalendar

from .base import Section
from .jobs import Capacity, Job

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
JobName = Annotated[
    str,
    StringConstraints(pattern=rf"^{naming.JOB_PATTERN}$", max_length=naming.JOB_LENGTH),
]


TagValue = Annotated[
    str, StringConstraints(pattern=tagging.VALUE_PATTERN, min_length=1, max_length=tagging.VALUE_LENGTH)
]
"""What every service takes as a tag's value: letters, digits, spaces and `_ . : / = + - @`."""


class Platform(Section):
    """What the whole stack is."""

    environment: str = Field(pattern=rf"^{naming.SUFFIX_PATTERN}$", examples=["dev"])
    """Suffix of every name, unique in the account; by default the stack's name."""
    teardown: bool = Field(default=False, examples=[True])
    """Whether `pulumi destroy` may delete buckets and repositories that still hold something."""
    capacity: Capacity = Field(default="on-demand", examples=["on-demand"])
    """Default capacity of the cluster and of every job."""
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/.+$",
        examples=["arn:aws:iam::123456789012:policy/platform-boundary"],
    )
    """ARN of the permissions boundary of every role that the program makes; a deploying role may then be allowed to
    create roles with it only (`delivery.permissionsBoundary`)."""
    acknowledge: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(), examples=[["data-output"]]
    )
    """Logical names or URNs of resources whose data a change may delete; `batchctl diff` refuses the change without
    them, and refuses a name of which the change deletes nothing."""
    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ] = Field(default=30, examples=[30])
    """Days that every log group keeps its events; a value CloudWatch Logs accepts."""


class Tags(Section):
    """Values of the required tags; what is not set comes from the CI system's environment variables."""

    repository: TagValue | None = Field(default=None, examples=["our-team/batch-platform"])
    """Default: `GITHUB_REPOSITORY`, `CI_PROJECT_PATH` or `BATCH_REPOSITORY`."""
    commit_author: TagValue | None = Field(default=None, examples=["jane"])
    """Default: `BATCH_COMMIT_AUTHOR`, `GITHUB_ACTOR` or `GITLAB_USER_LOGIN`."""
    pr_number: TagValue | None = Field(default=None, examples=["42"])
    """Default: `BATCH_PR_NUMBER`, `CI_MERGE_REQUEST_IID` or the number in `GITHUB_REF`."""
    team: TagValue = Field(default="batch", examples=["market-risk"])
    """Who owns the stack."""
    created_at: TagValue | None = Field(default=None, examples=["2026-11-20T00:00:00Z"])
    """Default: when a resource is first created; it keeps that value."""

    def by_tag(self) -> dict[str, str | None]:
        """The values by tag; None where the CI system is to say."""
        return {
            "Repository": self.repository,
            "CommitAuthor": self.commit_author,
            "PRNumber": self.pr_number,
            "Team": self.team,
            "CreatedAt": self.created_at,
        }


class Network(Section):
    """The VPC. There is no NAT, no internet gateway and no public address, and no setting that adds one."""

    cidr: IPv4Network = Field(default=IPv4Network("10.0.0.0/16"), examples=["10.0.0.0/16"])
    """The VPC's range, /16 to /28; stacks that are ever to be connected need different ones."""
    zones: int = Field(default=3, ge=2, le=6, examples=[3])
    """Private subnets, one a zone."""
    zone_ids: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+[0-9]-az[0-9]+$")], ...] = Field(
        default=(), examples=[["use1-az1", "use1-az2", "use1-az4"]]
    )
    """Ids of the zones, which mean the same place in every account; empty: the first that have Fargate and the
    endpoint services. Set it before AWS adds a zone that would come first."""
    subnets: tuple[IPv4Network, ...] = Field(default=(), examples=[["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]])
    """Ranges of the subnets, one a zone; empty: split from `cidr`."""
    endpoint_zones: int = Field(default=1, ge=1, le=6, examples=[1])
    """Zones the interface endpoints live in; each costs about 7.30 USD a month for each endpoint.

    Source: docs/aws-facts.md#endpoint-cost
    """
    extra_endpoints: tuple[Literal[tuple(sorted(endpoint_services.OPTIONAL))], ...] = Field(  # type: ignore[valid-type]
        default=(), examples=[["secretsmanager"]]
    )
    """Interface endpoints beside the required `ecr.api`, `ecr.dkr` and `logs`."""
    flow_logs: bool = Field(default=True, examples=[True])
    """Whether the VPC's traffic is logged, in aggregates of ten minutes."""

    @model_validator(mode="after")
    def _subnets_fit(self) -> Self:
        if not address_ranges.LARGEST_PREFIX <= self.cidr.prefixlen <= address_ranges.SMALLEST_PREFIX:
            raise _refused("cidr", "a VPC's range is between /16 and /28", "cidr: 10.0.0.0/16")
        if self.endpoint_zones > self.zones:
            raise _refused(
                "endpointZones",
                f"more than zones ({self.zones})",
                f"endpointZones: {self.zones}",
            )
        if self.zone_ids and (len(self.zone_ids) != self.zones or len(set(self.zone_ids)) < self.zones):
            raise _refused(
                "zoneIds", f"needs {self.zones} different ids, one for each of zones", "zoneIds: [use1-az1, use1-az2]"
            )
        if len(set(self.extra_endpoints)) < len(self.extra_endpoints):
            raise _refused("extraEndpoints", "an endpoint is named twice", "extraEndpoints: [secretsmanager, sqs]")
        if self.subnets and len(self.subnets) != self.zones:
            raise _refused(
                "subnets",
                f"{len(self.subnets)} ranges for {self.zones} zones",
                "one range a zone",
            )
        try:
            ranges = self.subnets or tuple(address_ranges.split(self.cidr, self.zones))
        except ValueError as error:
            raise _refused("cidr", str(error), "cidr: 10.0.0.0/16") from error
        if problem := address_ranges.problem_with(self.cidr, ranges):
            raise _refused("subnets", problem, "subnets: [10.0.0.0/20, 10.0.16.0/20, 10.0.32.0/20]")
        return self

    @property
    def subnet_ranges(self) -> tuple[IPv4Network, ...]:
        """One range a zone, in order."""
        return self.subnets or tuple(address_ranges.split(self.cidr, self.zones))


class Data(Section):
    """How long data is kept."""

    input_days: int = Field(default=90, ge=1, le=3650, examples=[90])
    """Days until an object of the input bucket expires."""
    output_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days until an object of the output bucket, reports included, expires."""
    previous_version_days: int = Field(default=30, ge=1, le=3650, examples=[30])
    """Days that an overwritten or deleted object can still be brought back."""
    audit_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days that access logs are kept."""
    ledger_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days that the run ledger remembers a run; a manifest older than that is no duplicate any more."""


class Registry(Section):
    """The image repositories."""

    keep_images: int = Field(default=10, ge=2, le=1000, examples=[10])
    """Release images a repository keeps; the ones tagged as deployed are kept besides."""
    untagged_days: int = Field(default=7, ge=1, le=365, examples=[7])
    """Days until an image without a tag expires."""
    build: bool = Field(default=False, examples=[False])
    """Whether `pulumi up` builds and pushes each job's image from `jobs/<name>/`; needs Docker."""


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
            raise _refused("schedule", "between 02:00 and 03:00 a day in March has no such time", 'schedule: "04:00"')
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
    """Minutes before `time` at which the end of the run is estimated; people are told when it will be later. Moments of
    the day before, and between 02:00 and 03:00, are left out. Empty: never."""
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
            raise _refused(
                "warn",
                "warn, escalate and time must follow each other on the same day",
                'warn: "08:30"',
            )
        if any("02:00" <= stage <= "03:00" for stage in (self.warn, self.escalate)):
            raise _refused(
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
    """The account's Fargate vCPU quota in the region; 6 in a new account, shared by all stacks in it.

    Source: docs/aws-facts.md#fargate-quotas
    """


class Alerts(Section):
    """When somebody is told, and who."""

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


def _refused(field: str, reason: str, example: str) -> PydanticCustomError:
    context: dict[str, Any] = {"field": field, "reason": reason, "example": example}
    return PydanticCustomError("refused", "{reason}", context)
