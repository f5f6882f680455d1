"""Physical names, `{type}-{purpose}-{suffix}`, and the ARNs that follow from them before anything exists.

Key policies and endpoint policies must name log groups and buckets that do not exist yet; ARNs built from names break
that circle and keep policies readable at preview (docs/aws-facts.md#logs-key). Logical names are the components' own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SUFFIX_PATTERN: Final = r"[a-z][a-z0-9]{1,11}"
"""No hyphen: `*-dev` in a policy must not match a stack called `x-dev`."""

UNSUPPORTED_REGIONS: Final = ("cn-", "eusc-", "us-iso", "eu-isoe")
"""Beginnings of regions in partitions whose services and endpoint names differ, and which were never tried."""

JOB_PATTERN: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
JOB_LENGTH: Final = 32

NIGHTLY: Final = "nightly"
"""Purpose of the nightly run's state machine."""

DATA_BUCKETS: Final = ("input", "output")
"""Purposes of the buckets that tasks reach."""

_LIMITS: Final[dict[str, int]] = {
    "alarm": 255,
    "bucket": 63,
    "build": 150,
    "cluster": 255,
    "connection": 32,
    "dashboard": 255,
    "key": 250,
    "pipeline": 100,
    "policy": 128,
    "queue": 80,
    "repository": 256,
    "role": 64,
    "rule": 64,
    "schedule": 64,
    "service": 255,
    "statemachine": 80,
    "table": 255,
    "task": 255,
    "topic": 256,
}
"""Longest name by the type that begins it; each from the service's API reference."""

_ALLOWED: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A resource by name and ARN, both known before it exists: what one component is given of another's."""

    name: str
    arn: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one stack in one account and region."""

    suffix: str
    """Environment suffix, unique in the account: the last part of every name."""
    account: str
    """Twelve digits."""
    region: str

    def __post_init__(self) -> None:
        if not re.fullmatch(SUFFIX_PATTERN, self.suffix):
            raise ValueError(f"suffix {self.suffix!r} must match {SUFFIX_PATTERN}, for example 'dev'")

    def name(self, kind: str, purpose: str) -> str:
        """The name of a thing of type `kind`; raises ValueError when the service would refuse it."""
        name = f"{kind}-{purpose}-{self.suffix}"
        if len(name) > _LIMITS[kind] or not _ALLOWED.fullmatch(name):
            raise ValueError(
                f"{name!r} is no valid {kind} name: at most {_LIMITS[kind]} lower-case letters, digits, single hyphens"
            )
        return name

    def queue(self, purpose: str) -> Reference:
        """An SQS queue."""
        name = self.name("queue", purpose)
        return Reference(name=name, arn=self.arn("sqs", name))

    def topic(self, purpose: str) -> Reference:
        """An SNS topic."""
        name = self.name("topic", purpose)
        return Reference(name=name, arn=self.arn("sns", name))

    def table(self, purpose: str) -> Reference:
        """A DynamoDB table."""
        name = self.name("table", purpose)
        return Reference(name=name, arn=self.arn("dynamodb", f"table/{name}"))

    def state_machine(self, purpose: str) -> Reference:
        """A Step Functions state machine."""
        name = self.name("statemachine", purpose)
        return Reference(name=name, arn=self.arn("states", f"stateMachine:{name}"))

    def event_rule(self, purpose: str) -> Reference:
        """An EventBridge rule on the default bus."""
        name = self.name("rule", purpose)
        return Reference(name=name, arn=self.arn("events", f"rule/{name}"))

    def cluster(self, purpose: str) -> Reference:
        """An ECS cluster."""
        name = self.name("cluster", purpose)
        return Reference(name=name, arn=self.arn("ecs", f"cluster/{name}"))

    def task_family(self, job: str) -> Reference:
        """A task definition's family; the ARN matches each of its revisions."""
        name = self.name("task", job)
        return Reference(name=name, arn=self.arn("ecs", f"task-definition/{name}:*"))

    def repository(self, job: str) -> Reference:
        """An ECR repository."""
        name = self.name("repository", job)
        return Reference(name=name, arn=self.arn("ecr", f"repository/{name}"))

    def s3_bucket(self, purpose: str) -> Reference:
        """An S3 bucket; its name carries the account id because bucket names are global."""
        name = self.bucket(purpose)
        return Reference(name=name, arn=self.arn("s3", name, region="", account=""))

    def bucket(self, purpose: str) -> str:
        """A bucket's name; it carries the account id because bucket names are global."""
        return self.name("bucket", f"{purpose}-{self.account}")

    def repository_url(self, job: str) -> str:
        """Where a job's images are pulled from."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.name('repository', job)}"

    def log_group(self, purpose: str) -> str:
        """The log group of a job or of a part of the platform."""
        return f"/batch/{purpose}-{self.suffix}"

    def insights_log_group(self, cluster: str) -> str:
        """The group that Container Insights writes to, and would create by itself without key or retention."""
        return f"/aws/ecs/containerinsights/{cluster}/performance"

    def workflow_log_group(self, purpose: str) -> str:
        """A state machine's group; the prefix keeps the account's log resource policy short.

        Source: docs/aws-facts.md#log-resource-policy
        """
        return f"/aws/vendedlogs/states/{purpose}-{self.suffix}"

    def build_log_group(self, purpose: str) -> str:
        """A CodeBuild project's group."""
        return f"/aws/codebuild/{purpose}-{self.suffix}"

    @property
    def partition(self) -> str:
        """AWS partition of the region."""
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(
        self,
        service: str,
        resource: str,
        *,
        region: str | None = None,
        account: str | None = None,
    ) -> str:
        """An ARN in this account and region; pass an empty region or account where the service has none."""
        where = self.region if region is None else region
        owner = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{owner}:{resource}"

    def bucket_arn(self, purpose: str) -> str:
        """ARN of the bucket that `bucket` names."""
        return self.arn("s3", self.bucket(purpose), region="", account="")

    def role_arn(self, purpose: str) -> str:
        """ARN of the role named for `purpose`."""
        return self.arn("iam", f"role/{self.name('role', purpose)}", region="")

    def log_group_arn(self, name: str) -> str:
        """ARN of a log group by its full name, without the trailing `:*`."""
        return self.arn("logs", f"log-group:{name}")

    def log_group_arn_patterns(self) -> list[str]:
        """ARN patterns of every log group this stack may own; what the logs key admits."""
        return [
            self.log_group_arn(pattern)
            for pattern in (
                f"/batch/*-{self.suffix}",
                f"/aws/ecs/containerinsights/*-{self.suffix}/performance",
                f"/aws/vendedlogs/states/*-{self.suffix}",
                f"/aws/codebuild/*-{self.suffix}",
            )
        ]
