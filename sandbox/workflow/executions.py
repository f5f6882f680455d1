"""A state machine to be run on this machine: what it asks of ECS, how a task ends, how an execution ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(frozen=True, kw_only=True)
class RunTaskRequest:
    """What the workflow asked ECS for."""

    job: str
    """The container's name."""
    environment: Mapping[str, str]
    """Variables that the workflow sets (docs/jobs.md)."""
    capacity_provider: str
    task_definition: str
    arguments: Mapping[str, Any]
    """RunTask's parameters, as the state machine gives them."""

    @property
    def shards(self) -> list[int]:
        """The shard numbers, in the order given; empty for a job that does not fan out."""
        return list(json.loads(self.environment.get("BATCH_SHARDS", "[]")))


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """How a task ended."""

    exit_code: int | None = 0
    """None when the container never ran."""
    stop_code: str = "EssentialContainerExited"
    stopped_reason: str = "Essential container in task exited"

    @property
    def succeeded(self) -> bool:
        """Whether the workflow goes on."""
        return self.exit_code == 0


class TaskNeverEnds(Exception):  # noqa: N818 - a way to answer, not a fault
    """Raised by `run_task`: the task is still running when the state's timeout is over."""


class WindowEnds(Exception):  # noqa: N818 - a way to answer, not a fault
    """Raised by `run_task`: the task is still running when the machine's own timeout is over."""


class StartRefused(Exception):  # noqa: N818 - a way to answer, not a fault
    """Raised by `run_task`: the RunTask call itself fails with this error name and cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(cause)
        self.error, self.cause = error, cause


RunTask = Callable[[RunTaskRequest], TaskResult]


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How an execution ended."""

    name: str
    arn: str
    status: Status
    output: Any = None
    error: str | None = None
    cause: str | None = None
    history: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    """Events as `GetExecutionHistory` gives them."""

    @property
    def states(self) -> list[str]:
        """The names of the states that were entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"] for event in self.history if "stateEnteredEventDetails" in event
        ]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A definition, and what stands for the services that it calls."""

    definition: Mapping[str, Any]
    run_task: RunTask
    endpoint_url: str | None = None
    """Where the AWS services answer; None: inside `moto.mock_aws`."""
    region: str = "us-east-1"
    account: str = "123456789012"
    name: str = "local"
    seconds: float = 0.0
    """What one second of the definition's waits and backoffs takes."""
    on_wait: Callable[[], None] | None = None
    """Called whenever a Wait state begins to wait."""
