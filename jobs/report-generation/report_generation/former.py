"""The last report before this one, to say what has changed.

A report that is absent or of another format is no fault of tonight's run: then there is nothing to compare with.
"""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batch_runtime.documents import SuccessMarker
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.layout import RunLayout, S3Uri
from batch_runtime.main import Job
from batch_runtime.storage import MissingObjectError

FORMAT = 2
"""Of the report for programs; raised when a reader of the former format would be misled."""
LOOK_BACK_DAYS = 7
"""How far back a report may lie: over a week-end and holidays."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Exposure(_Part):
    gross: float


class _Measure(_Part):
    level: float
    value_at_risk: float
    expected_shortfall: float


class _Portfolio(_Part):
    trades: int = Field(ge=1, le=10**12)
    exposure: _Exposure
    measures: tuple[_Measure, ...]


class _Group(_Part):
    dimension: str
    name: str
    component_expected_shortfall: float


class _Missing(_Part):
    trades: int = Field(default=0, ge=0, le=10**12)


class Former(_Part):
    """What is read of a report; US dollars."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    business_date: date
    model: dict[str, object]
    portfolio: _Portfolio
    groups: tuple[_Group, ...]
    missing: _Missing = _Missing()

    def measure(self, level: float) -> _Measure | None:
        """Its measures at a level."""
        return next((measure for measure in self.portfolio.measures if abs(measure.level - level) < 1e-9), None)

    def components(self, dimension: str) -> dict[str, float]:
        """Component expected shortfall by name."""
        return {group.name: group.component_expected_shortfall for group in self.groups if group.dimension == dimension}


def last_report(job: Job[JobEnvironment]) -> Former | None:
    """The report of the nearest of the last days that has one."""
    days = (job.environment.business_date - timedelta(days=days) for days in range(1, LOOK_BACK_DAYS + 1))
    return next((former for day in days if (former := report_of(job, day)) is not None), None)


def report_of(job: Job[JobEnvironment], day: date) -> Former | None:
    """The finished report of a day, or None; one that cannot be read is logged."""
    environment = job.environment
    layout = RunLayout(bucket=environment.output_bucket, run_id=environment.run_id, business_date=day)
    try:
        marker = SuccessMarker.read(job.storage.read(layout.success_marker), str(layout.success_marker))
        uri = S3Uri.parse(marker.json_uri)
        if (uri.bucket, marker.business_date) != (environment.output_bucket, day):
            return None
        former = Former.model_validate_json(job.storage.read(uri))
    except MissingObjectError:
        return None
    except (BadInputError, ValidationError, ValueError) as error:
        job.log.warning("former_report_left_out", business_date=day.isoformat(), reason=str(error)[:300])
        return None
    return former if former.business_date == day else None
