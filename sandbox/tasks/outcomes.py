"""Ends of tasks that a test asks for: what happens on AWS and no process on this machine can show.

An outcome is taken by the next task of its job and used up.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = (
    "exit-code",
    "spot-interruption",
    "no-capacity",
    "no-capacity-failure",
    "over-vcpu-quota",
    "throttled",
    "never-starts",
    "hangs",
)


class UnknownOutcomeError(Exception):
    """No such outcome."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the next task of a job ends."""

    job: str
    """The container's name."""
    kind: str
    """One of `KINDS`."""
    exit_code: int = 0

    @property
    def refused(self) -> tuple[str, str] | None:
        """Code and message when RunTask itself is refused."""
        return {
            "no-capacity": (
                "ClientException",
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            ),
            "over-vcpu-quota": (
                "ClientException",
                "You've reached the limit on the number of vCPUs you can run concurrently",
            ),
            "throttled": ("ThrottlingException", "Rate exceeded"),
        }.get(self.kind)


class Outcomes:
    """The outcomes that are still to come."""

    def __init__(self) -> None:
        self._waiting: list[Outcome] = []
        self._lock = threading.Lock()

    def add(self, parameters: Mapping[str, Any]) -> None:
        """From `{"job": …, "kind": …, "exit_code": …, "times": …}`, or `{"clear": true}` to forget what is left.

        Raises `UnknownOutcomeError`.
        """
        if parameters.get("clear"):
            with self._lock:
                self._waiting.clear()
            return
        if parameters.get("kind") not in KINDS or not parameters.get("job"):
            raise UnknownOutcomeError(
                f'a task outcome is {{"job": "risk-calculation", "kind": one of {", ".join(KINDS)}}}, '
                f"got {dict(parameters)}"
            )
        code = int(parameters.get("exit_code", 0))
        outcome = Outcome(job=str(parameters["job"]), kind=str(parameters["kind"]), exit_code=code)
        with self._lock:
            self._waiting += [outcome] * int(parameters.get("times", 1))

    def next(self, job: str) -> Outcome | None:
        """Takes the next outcome of `job`."""
        with self._lock:
            for outcome in self._waiting:
                if outcome.job == job:
                    self._waiting.remove(outcome)
                    return outcome
        return None
