"""The stage for running the deployed state machines: an emulated account, and a script that answers RunTask.

The definitions are those of the recorded program: what `pulumi up` would send to AWS, byte for byte. The services they
call (DynamoDB, S3, SNS) are moto's; `ecs:runTask.sync` is answered by a script.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3

from policy.rules import Graph
from sandbox.account import REGION
from sandbox.furnishing import Blueprint, Furnished, furnish
from sandbox.workflow.executions import Execution, RunTaskRequest, StartRefused, TaskResult
from sandbox.workflow.local_workflow import LocalWorkflow

OK = TaskResult()
Answer = TaskResult | Exception


def exits(code: int) -> TaskResult:
    """A container that ended with `code`."""
    return TaskResult(exit_code=code)


INTERRUPTED = TaskResult(exit_code=143, stop_code="SpotInterruption", stopped_reason="Your Spot Task was interrupted.")
NO_IMAGE = TaskResult(
    exit_code=None,
    stop_code="TaskFailedToStart",
    stopped_reason="CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
    "repository:release-0: not found",
)
NEVER_STARTED = TaskResult(
    exit_code=None,
    stop_code="TaskFailedToStart",
    stopped_reason="ResourceInitializationError: unable to pull secrets or registry auth",
)

NO_CAPACITY = StartRefused(
    "ECS.AmazonECSException",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
)
REFUSED_BY_FAILURES = StartRefused("AmazonECS.Unknown", '{"Failures":[{"Reason":"RESOURCE:CPU"}],"Tasks":[]}')
OVER_QUOTA = StartRefused(
    "ECS.ClientException", "You've reached the limit on the number of vCPUs you can run concurrently"
)
THROTTLED = StartRefused("ECS.ThrottlingException", "Rate exceeded")
THROTTLED_BY_ECS = StartRefused("ECS.AmazonECSException", "Rate exceeded (Service: AmazonECS; Status Code: 400)")
THROTTLED_BY_EC2 = StartRefused("ECS.InvalidParameterException", "Error retrieving subnet information: Rate exceeded")
DENIED = StartRefused("ECS.AccessDeniedException", "User: … is not authorized to perform: ecs:RunTask")


@dataclass
class Tasks:
    """Answers RunTask: scripted results first, then success with the job's documented side effects (docs/jobs.md)."""

    world: World
    shards: int = 3
    script: dict[str, list[Answer]] = field(default_factory=dict)
    by_shard: dict[int, Callable[[], Answer]] = field(default_factory=dict)
    requests: list[RunTaskRequest] = field(default_factory=list)
    keeps_results: bool = False
    """Whether shards leave results; a task that fails leaves those of its other shards."""
    missing: int = 0
    """Shards that the report says it lacks."""
    silent: tuple[str, ...] = ()
    """Jobs that end well without writing anything."""

    def __call__(self, request: RunTaskRequest) -> TaskResult:
        """The next scripted answer for the job; raises it where it is an exception."""
        self.requests.append(request)
        answers = self.script.get(request.job, [])
        answer: Answer = answers.pop(0) if answers else OK
        for shard in request.shards:
            if shard in self.by_shard:
                answer = self.by_shard[shard]()
        if self.keeps_results:
            lost = () if answer is OK else self.by_shard
            for shard in set(request.shards) - set(lost):
                self.world.put(f"results/{request.environment['BATCH_RUN_ID']}/shard-{shard:05d}.risk", {})
        if isinstance(answer, Exception):
            raise answer
        if answer.succeeded and request.job not in self.silent:
            self._effect(request)
        return answer

    def of(self, job: str) -> list[RunTaskRequest]:
        """What was asked for `job`."""
        return [request for request in self.requests if request.job == job]

    def _effect(self, request: RunTaskRequest) -> None:
        run, date = request.environment["BATCH_RUN_ID"], request.environment["BATCH_BUSINESS_DATE"]
        if request.job == "data-ingestion":
            numbers = list(range(self.shards))
            self.world.put(
                f"shards/{run}/shards.json", [{"shard": n, "uri": f"s3://x/{n}", "trades": 1} for n in numbers]
            )
            listed = numbers if self.shards <= 1000 else []
            self.world.put(f"shards/{run}/summary.json", {"run_id": run, "shards": self.shards, "numbers": listed})
        if request.job == "report-generation":
            report = f"s3://{self.world.output}/reports/{date}/{run}/report.pdf"
            marker = {"run_id": run, "business_date": date, "report_uri": report}
            lacking = {"missing_shards": self.missing} if self.missing else {}
            self.world.put(f"reports/{date}/_SUCCESS", {**marker, **lacking})


@dataclass
class World:
    """One stack's machines in an emulated account."""

    furnished: Furnished
    stack: str

    @property
    def blueprint(self) -> Blueprint:
        """What the stack consists of."""
        return self.furnished.blueprint

    @property
    def s3(self) -> Any:
        """A client of S3."""
        return self.furnished.client("s3")

    @property
    def dynamodb(self) -> Any:
        """A client of DynamoDB."""
        return self.furnished.client("dynamodb")

    @property
    def input(self) -> str:
        """Name of the input bucket."""
        return self.blueprint.input_bucket

    @property
    def output(self) -> str:
        """Name of the output bucket."""
        return self.blueprint.output_bucket

    @property
    def table(self) -> str:
        """Name of the ledger."""
        return str(self.blueprint.ledger["name"])

    def put(self, key: str, body: Any, *, bucket: str | None = None) -> str:
        """Writes an object and gives its version."""
        stored = self.s3.put_object(Bucket=bucket or self.output, Key=key, Body=json.dumps(body).encode())
        return str(stored.get("VersionId", ""))

    def manifest(self, date: str) -> dict[str, Any]:
        """Writes a manifest and gives what the rule's input transformer makes of its event."""
        key = f"incoming/{date}/manifest.json"
        version = self.put(key, {"business_date": date, "files": []}, bucket=self.input)
        return {"origin": "event", "manifest": {"key": key, "version": version}}

    def run(
        self, run_input: dict[str, Any], tasks: Tasks | None = None, *, purpose: str = "nightly", **options: Any
    ) -> Execution:
        """Runs one of the machines on `run_input`."""
        workflow = LocalWorkflow(
            definition=self.blueprint.definition(purpose),
            run_task=tasks or Tasks(self),
            name=f"statemachine-{purpose}-{self.stack}",
            **options,
        )
        return workflow.start(run_input)

    def ledger(self) -> list[dict[str, str]]:
        """The ledger's entries, without DynamoDB's type letters."""
        return self.furnished.ledger_entries()

    def announced(self) -> list[dict[str, str]]:
        """Subject and message of everything announced since the last call."""
        return self.furnished.notifications()


def today(days: int = 0) -> str:
    """The UTC date, `days` from now."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def world_of(graph: Graph, stack: str) -> World:
    """The buckets, ledger, topic and mailbox of `stack`, in the account that moto emulates in this process."""
    clients = cache(lambda service: boto3.client(service, region_name=REGION))
    return World(furnish(Blueprint(graph), clients), stack)


def failed(execution: Execution, error: str) -> None:
    """The execution ended badly with this error."""
    assert (execution.status, execution.error) == ("FAILED", error), execution
