"""What one entry of `batch-platform:jobs` may say, and the three jobs that exist by default.

The order in which jobs run is `models.Workflow`'s.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from conventions import fargate

from .base import Section

Capacity = Literal["on-demand", "spot-with-fallback"]
"""`spot-with-fallback`: FARGATE_SPOT first, plain FARGATE after an interruption or a lack of capacity."""


class DataAccess(Section):
    """One prefix of one of the platform's buckets."""

    bucket: Literal["input", "output"] = Field(examples=["input"])
    prefix: str = Field(pattern=r"^[A-Za-z0-9_./=-]+/$", examples=["incoming/"])
    """Ends with a slash; a job reaches nothing outside its prefixes."""


class Scaling(Section):
    """How far the job's service scales out as a queue worker."""

    max_tasks: int = Field(default=10, ge=1, le=500, examples=[10])
    """Tasks; the service starts, and rests, at 0."""
    cpu_target: int = Field(default=70, ge=10, le=95, examples=[70])
    """Percent of the task's CPU that target tracking aims at."""
    cooldown: int = Field(default=300, ge=0, le=3600, examples=[300])
    """Seconds between scaling actions, both ways."""


class Queue(Section):
    """Queue-worker mode: the service scales from zero by the backlog of a queue of its own."""

    acceptable_latency: int = Field(default=600, ge=60, le=43_200, examples=[600])
    """Seconds that a message may wait before it is worked on; decides how many tasks work at once."""
    seconds_per_message: float = Field(default=60, ge=0.01, le=43_200, examples=[60])
    """Seconds that one task works on one message."""
    visibility_timeout: int = Field(default=900, ge=30, le=43_200, examples=[900])
    """Seconds a message stays hidden while a task works on it."""
    max_receives: int = Field(default=3, ge=1, le=100, examples=[3])
    """Attempts before a message goes to the dead-letter queue."""


class FanOut(Section):
    """Running the job once for each shard that the stage before it wrote."""

    inline_limit: int = Field(default=40, ge=0, le=40, examples=[40])
    """Shards up to which an inline map is used; above it a Distributed Map. AWS's own limit is 40.

    Source: docs/aws-facts.md#fargate-quotas
    """
    batch: int = Field(default=1, ge=1, le=100, examples=[1])
    """Shards that one task of a Distributed Map works on."""
    concurrency: int | None = Field(default=None, ge=1, le=10_000, examples=[3])
    """Tasks at once; by default as many as fit `workflow.fargateVcpuQuota`."""
    tolerated_failure_percent: int = Field(default=0, ge=0, le=100, examples=[0])
    """Percent of shards that may fail without failing the run."""


class Retry(Section):
    """How often a failed task is tried again before the run fails."""

    attempts: int = Field(default=2, ge=0, le=10, examples=[2])
    """Further attempts after an exit code that a retry can help (docs/jobs.md)."""
    capacity_attempts: int = Field(default=6, ge=0, le=20, examples=[6])
    """Further attempts when Fargate has no capacity or throttles."""
    backoff_seconds: int = Field(default=15, ge=1, le=600, examples=[15])
    """Seconds before the first further attempt; doubles each time, with jitter."""


class Job(Section):
    """One job: a container image, its size, and how the workflow and its service run it."""

    cpu: int = Field(examples=[1024])
    """CPU units, 1024 = 1 vCPU: a size of Fargate's table (docs/aws-facts.md#fargate-task-sizes)."""
    memory: int = Field(examples=[2048])
    """MiB: a size that Fargate's table has for the CPU."""
    architecture: Literal["X86_64", "ARM64"] = Field(default="X86_64", examples=["X86_64"])
    ephemeral_storage: int = Field(default=21, ge=21, le=200, examples=[21])
    """GiB of encrypted scratch space; Fargate takes 21 to 200."""
    capacity: Capacity = Field(default="on-demand", examples=["on-demand"])
    """By default what `platform.capacity` says."""
    scaling: Scaling = Field(default=Scaling(), examples=["{maxTasks: 10}"])
    queue: Queue | None = Field(default=None, examples=["{acceptableLatency: 600}"])
    fan_out: FanOut | None = Field(default=None, examples=["{concurrency: 3}"])
    retry: Retry = Field(default=Retry(), examples=["{attempts: 2}"])
    timeout: int = Field(default=3600, ge=60, le=86_400, examples=[3600])
    """Seconds that one task may run."""
    image: str = Field(
        default="release-0",
        pattern=r"^(sha256:[0-9a-f]{64}|release-[A-Za-z0-9._-]{1,100})$",
        examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    """Digest, or release tag, of the image in the job's own repository. `batchctl push` sets the digest."""
    command: tuple[str, ...] = Field(default=(), examples=[["python", "-m", "my_job"]])
    """Replaces the image's command; empty: as the image says."""
    environment: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], str] = Field(
        default={}, examples=[{"LOG_LEVEL": "INFO"}]
    )
    """Plain values only; a secret goes under `secrets`."""
    secrets: dict[
        Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")],
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:(secretsmanager|ssm):")],
    ] = Field(
        default={},
        examples=[{"DB_PASSWORD": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"}],
    )
    """Variable to the ARN of a Secrets Manager secret or SSM parameter; the value never enters the program. A secret's
    ARN may end in `:json-key:version-stage:version-id`, as ECS takes it."""
    secret_key_arns: tuple[Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/.+$")], ...] = (
        Field(
            default=(),
            examples=[["arn:aws:kms:us-east-1:123456789012:key/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"]],
        )
    )
    """Customer keys that the secrets are encrypted with; a secret under the AWS-managed key needs none."""
    health_check: tuple[str, ...] = Field(
        default=("CMD", "python", "-m", "batch_runtime.health"),
        min_length=2,
        examples=[["CMD", "python", "-m", "batch_runtime.health"]],
    )
    user: str = Field(
        default="10001:10001",
        pattern=r"^10001:[1-9][0-9]*$",
        examples=["10001:10001"],
    )
    """Numeric user and group. The user is 10001, the owner of the images' `/scratch`, which alone can be written."""
    reads: tuple[DataAccess, ...] = Field(default=(), examples=["[{bucket: input, prefix: incoming/}]"])
    writes: tuple[DataAccess, ...] = Field(default=(), examples=["[{bucket: output, prefix: reports/}]"])

    @model_validator(mode="after")
    def _size_is_fargates(self) -> Self:
        if self.cpu not in fargate.SIZES:
            raise PydanticCustomError(
                "fargate_cpu",
                "Fargate has no such CPU size; it has {sizes} (CPU units, 1024 = 1 vCPU)",
                {
                    "field": "cpu",
                    "sizes": ", ".join(map(str, fargate.SIZES)),
                    "example": "cpu: 1024",
                },
            )
        if not fargate.is_valid(self.cpu, self.memory):
            nearest = fargate.nearest_memory(self.cpu, self.memory)
            raise PydanticCustomError(
                "fargate_memory",
                "Fargate does not pair it with cpu {cpu}; it takes {sizes} (MiB)",
                {
                    "field": "memory",
                    "cpu": self.cpu,
                    "sizes": ", ".join(map(str, fargate.SIZES[self.cpu])),
                    "example": f"memory: {nearest}",
                },
            )
        if both := sorted(set(self.environment) & set(self.secrets)):
            raise PydanticCustomError(
                "variable_twice",
                "{names} is set under environment and under secrets",
                {
                    "field": "secrets",
                    "names": ", ".join(both),
                    "example": "each variable once",
                },
            )
        return self


DEFAULT_JOBS: Final[dict[str, dict[str, Any]]] = {
    "data-ingestion": {
        "cpu": 1024,
        "memory": 2048,
        "scaling": {"maxTasks": 10},
        "reads": [{"bucket": "input", "prefix": "incoming/"}],
        "writes": [
            {"bucket": "output", "prefix": "shards/"},
            {"bucket": "output", "prefix": "quarantine/"},
        ],
    },
    # 2 vCPU and 4 GB are what the product promises; `batchctl size` says what a night of one's own needs.
    "risk-calculation": {
        "cpu": 2048,
        "memory": 4096,
        "scaling": {"maxTasks": 20},
        "fanOut": {},
        "reads": [{"bucket": "output", "prefix": "shards/"}],
        "writes": [{"bucket": "output", "prefix": "results/"}],
    },
    "report-generation": {
        "cpu": 512,
        "memory": 1024,
        "scaling": {"maxTasks": 5},
        "reads": [
            {"bucket": "output", "prefix": "shards/"},
            {"bucket": "output", "prefix": "results/"},
        ],
        "writes": [{"bucket": "output", "prefix": "reports/"}],
    },
}
"""As a stack file would write them; a stack file's own entry is merged over the one of the same name."""
