"""What services, machines and jobs do during a night, as questions: each with its own role, in its own name.

The calls are those of the definitions and of the runtime; the condition keys are those that AWS's pages say are sent.
A night that really runs on the account is recorded call by call; here each call is asked once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Question = dict[str, Any]

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
READS: Final[Mapping[str, tuple[str, ...]]] = {
    "data-ingestion": ("input:incoming",),
    "risk-calculation": ("output:shards",),
    "report-generation": ("output:results", "output:shards"),
}
"""Job to the buckets and folders that it reads."""
WRITES: Final[Mapping[str, tuple[str, ...]]] = {
    "data-ingestion": ("output:quarantine", "output:shards"),
    "risk-calculation": ("output:results",),
    "report-generation": ("output:reports",),
}
"""Job to the buckets and folders that it writes."""

CHANGES = (
    ("batch-platform:network.flowLogs", "false"),
    ("batch-platform:alerts.emails[0]", "night@example.com"),
    ("batch-platform:jobs.report-generation.memory", "4096"),
    ("batch-platform:registry.keepImages", "7"),
    ("batch-platform:network.extraEndpoints[0]", "sqs"),
)
"""Settings that are changed on the living stack, one `up` for all: each touches what no other does."""


@dataclass(frozen=True)
class Night:
    """The questions of one stack."""

    stack: str

    def all(self) -> list[Question]:
        """Every question."""
        parts = (self._jobs(), self._agents(), self._starts(), self._machines(), self._messages(), self._logs())
        return [question for part in parts for question in part]

    def arn(self, service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
        """An ARN of the stack's account."""
        return f"arn:aws:{service}:{region}:{account}:{resource}"

    def role(self, name: str) -> str:
        """The ARN of a role of the stack."""
        return self.arn("iam", f"role/role-{name}-{self.stack}", region="")

    def key(self, location: str, name: str = "x.csv") -> str:
        """The ARN of an object: `output:shards` and a name."""
        bucket, _, folder = location.partition(":")
        return f"arn:aws:s3:::bucket-{bucket}-{ACCOUNT}-{self.stack}/{folder}/{name}"

    def _ask(self, who: str, action: str, resource: str, **context: Any) -> Question:
        keys = {name.replace("__", ":"): value for name, value in context.items()}
        return {"principal": who, "action": action, "resource": resource, "context": keys}

    def _from(self, source: str) -> dict[str, str]:
        return {"aws__SourceArn": source, "aws__SourceAccount": ACCOUNT}

    def _jobs(self) -> Iterator[Question]:
        for job, places in READS.items():
            role = self.role(f"{job}-task")
            for location in places:
                bucket = self.key(location).partition("/")[0]
                yield self._ask(role, "s3:ListBucket", bucket, s3__prefix=f"{location.partition(':')[2]}/x")
                yield self._ask(role, "s3:GetObject", self.key(location))
                yield self._ask(role, "s3:GetObjectVersion", self.key(location))
        for job, places in WRITES.items():
            role = self.role(f"{job}-task")
            for location in places:
                bucket = self.key(location).partition("/")[0]
                yield self._ask(role, "s3:ListBucket", bucket, s3__prefix=f"{location.partition(':')[2]}/x")
                for action in ("PutObject", "GetObject", "DeleteObject", "AbortMultipartUpload"):
                    yield self._ask(role, f"s3:{action}", self.key(location))

    def _agents(self) -> Iterator[Question]:
        """ECS takes the roles of a task for it, pulls its image and opens its log stream.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
        """
        for job in READS:
            task = self._from(self.arn("ecs", f"task/cluster-batch-{self.stack}/1"))
            for kind in ("execution", "task"):
                yield self._ask("ecs-tasks.amazonaws.com", "sts:AssumeRole", self.role(f"{job}-{kind}"), **task)
            role, repository = (
                self.role(f"{job}-execution"),
                self.arn("ecr", f"repository/repository-{job}-{self.stack}"),
            )
            yield self._ask(role, "ecr:GetAuthorizationToken", "*")
            for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
                yield self._ask(role, f"ecr:{action}", repository)
            stream = self.arn("logs", f"log-group:/batch/{job}-{self.stack}:log-stream:{job}/1")
            for action in ("CreateLogStream", "PutLogEvents"):
                yield self._ask(role, f"logs:{action}", stream)

    def _starts(self) -> Iterator[Question]:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"""
        machine = self.arn("states", f"stateMachine:statemachine-{{}}-{self.stack}")
        for name, started in {"start": "nightly", "reconciler": "reconciler"}.items():
            rule = self.arn("events", f"rule/rule-{name}-{self.stack}")
            role = self.role(f"{name}-starter")
            yield self._ask("events.amazonaws.com", "sts:AssumeRole", role, **self._from(rule))
            yield self._ask(role, "states:StartExecution", machine.format(started))
            queue = self.arn("sqs", f"queue-{name}-dead-letters-{self.stack}")
            yield self._ask("events.amazonaws.com", "sqs:SendMessage", queue, **self._from(rule))
        role = self.role("deadline-schedule-starter")
        group = self.arn("scheduler", f"schedule-group/schedule-deadline-{self.stack}")
        yield self._ask("scheduler.amazonaws.com", "sts:AssumeRole", role, **self._from(group))
        yield self._ask(role, "states:StartExecution", machine.format("deadline"))
        yield self._ask(role, "sqs:SendMessage", self.arn("sqs", f"queue-deadline-schedule-dead-letters-{self.stack}"))

    def _machines(self) -> Iterator[Question]:
        """https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html"""
        topic, table = (
            self.arn("sns", f"topic-notifications-{self.stack}"),
            self.arn("dynamodb", f"table/table-ledger-{self.stack}"),
        )
        for name in ("nightly", "reconciler", "deadline"):
            machine = self.arn("states", f"stateMachine:statemachine-{name}-{self.stack}")
            role = self.role(f"{name}-machine")
            yield self._ask("states.amazonaws.com", "sts:AssumeRole", role, **self._from(machine))
            yield self._ask(role, "sns:Publish", topic)
            for action in ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments"):
                yield self._ask(role, f"xray:{action}", "*")
        for name, actions in {
            "nightly": ("PutItem", "Query", "UpdateItem"),
            "reconciler": ("Query", "UpdateItem"),
            "deadline": ("Query",),
        }.items():
            for action in actions:
                yield self._ask(self.role(f"{name}-machine"), f"dynamodb:{action}", table)
        role = self.role("nightly-machine")
        cluster = self.arn("ecs", f"cluster/cluster-batch-{self.stack}")
        for job in READS:
            definition = self.arn("ecs", f"task-definition/task-{job}-{self.stack}:1")
            yield self._ask(role, "ecs:RunTask", definition, ecs__cluster=cluster)
            for kind in ("execution", "task"):
                passed = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
                yield self._ask(role, "iam:PassRole", self.role(f"{job}-{kind}"), **passed)
        task = self.arn("ecs", f"task/cluster-batch-{self.stack}/1")
        yield self._ask(role, "ecs:TagResource", task, ecs__CreateAction="RunTask")
        for action in ("DescribeTasks", "StopTask"):
            yield self._ask(role, f"ecs:{action}", task, ecs__cluster=cluster)
        for location in ("input:incoming", "output:shards", "output:reports"):
            yield self._ask(role, "s3:GetObject", self.key(location))
            yield self._ask(role, "s3:ListBucket", self.key(location).partition("/")[0])
        for action in ("AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"):
            yield self._ask(role, f"s3:{action}", self.key("output:maps"))
        machine = self.arn("states", f"stateMachine:statemachine-nightly-{self.stack}")
        execution = self.arn("states", f"execution:statemachine-nightly-{self.stack}:1")
        for starter in (role, self.role("reconciler-machine")):  # children and older runs; redriven runs
            yield self._ask(starter, "states:StartExecution", machine)
            for action in ("DescribeExecution", "StopExecution"):
                yield self._ask(starter, f"states:{action}", execution)

    def _messages(self) -> Iterator[Question]:
        """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
        topic = self.arn("sns", f"topic-notifications-{self.stack}")
        alarm = self.arn("cloudwatch", f"alarm:alarm-task-failures-{self.stack}")
        yield self._ask("cloudwatch.amazonaws.com", "sns:Publish", topic, **self._from(alarm))

    def _logs(self) -> Iterator[Question]:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html,
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html and
        https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        """
        events = self.arn("logs", f"log-group:/batch/task-events-{self.stack}:log-stream:1")
        rule = self.arn("events", f"rule/rule-tasks-stopped-{self.stack}")
        for action in ("CreateLogStream", "PutLogEvents"):
            yield self._ask("delivery.logs.amazonaws.com", f"logs:{action}", events, **self._from(rule))
            yield self._ask("events.amazonaws.com", f"logs:{action}", events, **self._from(rule))
        for name in ("input", "output"):
            source = {**self._from(f"arn:aws:s3:::bucket-{name}-{ACCOUNT}-{self.stack}")}
            yield self._ask("logging.s3.amazonaws.com", "s3:PutObject", self.key(f"audit:{name}"), **source)
        role = self.role("flow-logs")
        flow = self._from(self.arn("ec2", "vpc-flow-log/fl-1"))
        yield self._ask("vpc-flow-logs.amazonaws.com", "sts:AssumeRole", role, **flow)
        group = f"log-group:/batch/flow-logs-{self.stack}"
        for action in ("CreateLogStream", "PutLogEvents"):
            yield self._ask(role, f"logs:{action}", self.arn("logs", f"{group}:log-stream:1"))
        yield self._ask(role, "logs:DescribeLogStreams", self.arn("logs", f"{group}:log-stream:"))
