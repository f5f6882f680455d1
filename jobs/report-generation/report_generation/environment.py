"""What the report's surroundings say."""

from typing import Annotated

from pydantic import Field, PlainValidator

from batch_runtime.environment import JobEnvironment
from batch_runtime.layout import S3Uri


def _s3_uri(value: object) -> S3Uri:
    return S3Uri.parse(str(value))


class ReportEnvironment(JobEnvironment):
    """The contract's variables and those of this job."""

    tolerated_failure_percent: int = Field(
        default=0, ge=0, le=100, alias="BATCH_TOLERATED_FAILURE_PERCENT", examples=["5"]
    )
    """Percent of shards that may have no result. The platform sets it from the fan-out's `toleratedFailurePercent`."""
    realised_uri: Annotated[S3Uri, PlainValidator(_s3_uri)] | None = Field(
        default=None, alias="BATCH_REALISED_URI", examples=["s3://input-batch-dev-123456789012/realised/profit.csv"]
    )
    """CSV of what was really gained, by day, for the backtest; none by default."""
