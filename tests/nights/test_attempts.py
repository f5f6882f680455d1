"""From a history as Step Functions writes it to attempts: chains of an inline map, retries, and what never ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import settings
from batchctl.nights.attempts import attempts

CONFIG = settings.parse({}, stack="dev")
START = datetime(2026, 11, 20, 9, tzinfo=UTC)
TASK = json.dumps(
    {"StopCode": "EssentialContainerExited", "Containers": [{"Name": "risk-calculation", "ExitCode": 137}]}
)


class History:
    """Events with numbers, a second apart."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, previous: int, **details: Any) -> int:
        """Adds an event and answers with its id."""
        number = len(self.events) + 1
        moment = START + timedelta(seconds=number)
        self.events.append({"id": number, "previousEventId": previous, "type": kind, "timestamp": moment, **details})
        return number

    def enter(self, state: str, previous: int, kind: str = "TaskStateEntered", **input_: Any) -> int:
        """Enters a state."""
        details = {"name": state, "input": json.dumps(input_)}
        return self.add(kind, previous, stateEnteredEventDetails=details)

    def leave(self, state: str, previous: int) -> int:
        """Leaves a state."""
        return self.add("TaskStateExited", previous, stateExitedEventDetails={"name": state})


def test_two_shards_side_by_side_and_one_retried() -> None:
    history = History()
    one = history.enter("risk-calculation (inline)", 0, shards=[1])
    two = history.enter("risk-calculation (inline)", 0, shards=[2])
    first = history.add("TaskSubmitted", one)
    second = history.add("TaskSubmitted", two)
    failed = history.add("TaskFailed", first, taskFailedEventDetails={"error": "States.TaskFailed", "cause": TASK})
    history.leave("risk-calculation (inline)", second)
    waits = history.enter("risk-calculation (inline): wait", failed, "WaitStateEntered")
    again = history.enter("risk-calculation (inline)", waits, shards=[1])
    tried = attempts(history.events, CONFIG)
    assert [(one.label, one.failure) for one in tried] == [
        ("risk-calculation 1", "failed: exit code 137"),
        ("risk-calculation 2", ""),
        ("risk-calculation 1", ""),
    ]
    assert tried[0].ended_at == START + timedelta(seconds=failed)
    assert tried[2].started_at == START + timedelta(seconds=again) and tried[2].ended_at is None


def test_a_task_that_never_started_says_why() -> None:
    history = History()
    entered = history.enter("data-ingestion", 0)
    details = {"error": "ECS.AmazonECSException", "cause": "Capacity is unavailable at this time."}
    history.add("TaskFailed", entered, taskFailedEventDetails=details)
    (tried,) = attempts(history.events, CONFIG)
    assert tried.failure == "failed: Capacity is unavailable at this time."


def test_a_run_that_was_stopped_ends_its_tasks() -> None:
    history = History()
    history.enter("data-ingestion", 0)
    stop = history.add("ExecutionAborted", 0)
    (tried,) = attempts(history.events, CONFIG)
    assert (tried.ended_at, tried.failure) == (START + timedelta(seconds=stop), "aborted")


def test_other_states_are_no_attempts() -> None:
    history = History()
    history.enter("Claim", 0)
    history.enter("risk-calculation: read summary", 0)
    assert attempts(history.events, CONFIG) == []
