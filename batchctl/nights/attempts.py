"""From an execution's history to the attempts of each job: when each task ran, for which shards, and how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from settings import Settings

_STATE: Final = re.compile(r"(?P<job>[a-z][a-z0-9-]*)(?: \((?:once|inline|distributed)\))?")
"""Names of the states that run a task (`workflow/job_stage.py`)."""
_ENDS: Final = {"TaskStateExited": "", "TaskFailed": "failed", "TaskTimedOut": "timed out"}
STOPPED: Final = ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One task, or one attempt to start it."""

    job: str
    shards: tuple[int, ...]
    started_at: datetime
    ended_at: datetime | None
    """None while it runs."""
    failure: str = ""
    """Why it did not end well; empty while it runs, and when it did."""

    @property
    def label(self) -> str:
        """The job, with its shards."""
        return f"{self.job} {','.join(map(str, self.shards))}".rstrip()


def attempts(events: Iterable[Mapping[str, Any]], config: Settings) -> list[Attempt]:
    """The attempts in a history with execution data, in the order in which they began.

    An event belongs to the attempt that its chain of `previousEventId` leads back to, which is how iterations of an
    inline map are distinguished.
    """
    begun: dict[int, tuple[str, tuple[int, ...], datetime]] = {}
    ended: dict[int, tuple[datetime, str]] = {}
    belongs: dict[int, int] = {}
    stopped: tuple[datetime, str] | None = None
    for event in events:
        number, kind = int(event["id"]), str(event["type"])
        entered = event.get("stateEnteredEventDetails", {})
        state = _STATE.fullmatch(entered.get("name", ""))
        if kind == "TaskStateEntered" and state and state["job"] in config.jobs:
            begun[number] = (state["job"], _shards(entered.get("input")), event["timestamp"])
            belongs[number] = number
            continue
        if "stateEnteredEventDetails" in event:
            continue
        root = belongs.get(int(event.get("previousEventId", 0)))
        if root is not None:
            belongs[number] = root
            if kind in _ENDS and root not in ended:
                ended[root] = (event["timestamp"], _reason(event, _ENDS[kind]))
        if kind in STOPPED:
            stopped = (event["timestamp"], kind.removeprefix("Execution").lower())
    return [
        Attempt(
            job=job, shards=shards, started_at=start, ended_at=end[0] if end else None, failure=end[1] if end else ""
        )
        for root, (job, shards, start) in sorted(begun.items())
        for end in [ended.get(root) or stopped]
    ]


def _shards(text: object) -> tuple[int, ...]:
    """The shards in a state's input, where there are any."""
    try:
        document = json.loads(str(text))
    except ValueError:
        return ()
    shards = document.get("shards") if isinstance(document, dict) else None
    return tuple(number for number in shards or [] if isinstance(number, int))


def _reason(event: Mapping[str, Any], failure: str) -> str:
    """`failed: AmazonECS.Unknown`, or what the task says about itself where it does."""
    details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
    if not failure:
        return ""
    try:
        task = json.loads(details.get("cause", ""))
        reason = task.get("StoppedReason") or task.get("StopCode")
        codes = [str(one["ExitCode"]) for one in task.get("Containers", []) if one.get("ExitCode")]
        reason = f"exit code {codes[0]}" if codes else reason
    except (ValueError, AttributeError):
        reason = details.get("cause")
    return f"{failure}: {reason or details.get('error', '')}".rstrip(": ")[:200]
