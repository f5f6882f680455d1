"""The environment contract: the variables of docs/jobs.md as one typed, frozen model.

The only reader of the process environment. A missing or malformed variable ends the job with exit code 64 and one
message that names every variable at fault, its value and a valid one; nothing has been read or written by then.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, Json, PlainValidator, ValidationError

from batch_runtime.documents import IsoDate, ShardNumber
from batch_runtime.errors import UsageError
from batch_runtime.layout import RunLayout, S3Uri


def _s3_uri(value: object) -> S3Uri:
    return value if isinstance(value, S3Uri) else S3Uri.parse(str(value))


Bucket = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class TaskEnvironment(BaseModel):
    """The variables that the task definition gives every job, whoever starts it."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_alias=True, validate_by_name=False)

    job: str = Field(alias="BATCH_JOB", pattern=r"^[a-z][a-z0-9-]{0,62}$", examples=["data-ingestion"])
    environment: str = Field(alias="BATCH_ENVIRONMENT", pattern=r"^[a-z][a-z0-9-]{0,31}$", examples=["dev"])
    input_bucket: Bucket = Field(alias="BATCH_INPUT_BUCKET", examples=["input-batch-dev-123456789012"])
    output_bucket: Bucket = Field(alias="BATCH_OUTPUT_BUCKET", examples=["output-batch-dev-123456789012"])
    scratch: Path = Field(alias="BATCH_SCRATCH", examples=["/scratch"])
    stop_grace: float = Field(default=90.0, ge=0, le=100, alias="BATCH_STOP_GRACE", examples=["90"])
    """Seconds after SIGTERM in which a step may still finish; under the 120 s of `stopTimeout` with room to exit."""
    hang: float = Field(default=600.0, ge=0, le=86_400, alias="BATCH_HANG_SECONDS", examples=["600"])
    """Seconds without progress after which the job ends itself with 75; 0 for never. Longer than all of boto3's retries
    of a request together."""

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read `variables`; raises `UsageError` naming all that are missing or malformed."""
        try:
            environment = cls.model_validate({name: value for name, value in variables.items() if value != ""})
        except ValidationError as error:
            raise UsageError(f"the job's environment is not as docs/jobs.md has it: {_explain(error, cls)}") from None
        if not environment.scratch.is_dir():
            raise UsageError(
                f"BATCH_SCRATCH={environment.scratch} is not a directory: mount a writable volume there, "
                "for example BATCH_SCRATCH=/scratch"
            )
        return environment


class JobEnvironment(TaskEnvironment):
    """The variables that every job of a run gets. A job with variables of its own derives a model and adds them."""

    run_id: str = Field(alias="BATCH_RUN_ID", pattern=r"^[A-Za-z0-9_-]{1,80}$", examples=["nightly-2026-11-20-1"])
    business_date: IsoDate = Field(alias="BATCH_BUSINESS_DATE", examples=["2026-11-20"])
    manifest_uri: Annotated[S3Uri, PlainValidator(_s3_uri)] = Field(
        alias="BATCH_MANIFEST_URI", examples=["s3://input-batch-dev-123456789012/incoming/2026-11-20/manifest.json"]
    )
    manifest_version: str = Field(
        default="", alias="BATCH_MANIFEST_VERSION", max_length=1024, examples=["3sL4kqtJlcpX"]
    )
    shards: Json[Annotated[tuple[ShardNumber, ...], Field(min_length=1)]] | None = Field(
        default=None, alias="BATCH_SHARDS", examples=["[12,13,14]"]
    )

    @property
    def layout(self) -> RunLayout:
        """Where this run's objects lie."""
        return RunLayout(bucket=self.output_bucket, run_id=self.run_id, business_date=self.business_date)

    def required_shards(self) -> tuple[int, ...]:
        """The shards of this task, each once, in order; raises `UsageError` when the workflow gave none."""
        if self.shards is None:
            raise UsageError(
                "BATCH_SHARDS is missing: the workflow gives a fan-out job its shards, "
                "for example BATCH_SHARDS=[12,13,14]"
            )
        return tuple(sorted(set(self.shards)))


def _explain(error: ValidationError, model: type[TaskEnvironment]) -> str:
    examples: dict[Any, Any] = {
        field.alias: field.examples[0] for field in model.model_fields.values() if field.alias and field.examples
    }
    problems = []
    for item in error.errors(include_url=False):
        variable = str(item["loc"][0])
        got = (
            "is missing" if item["type"] == "missing" else f"is wrong ({item['msg']}), got {str(item['input'])[:120]!r}"
        )
        problems.append(f"{variable} {got}; write for example {variable}={examples.get(variable, '…')}")
    return "; ".join(problems)
