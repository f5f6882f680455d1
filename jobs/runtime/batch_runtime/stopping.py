"""SIGTERM: finish or checkpoint within `stopTimeout`, whatever the job is doing.

Two places where work may end, and one guarantee:

- `boundary()` marks a point where everything so far is checkpointed: there a stop takes effect at once.
- `progress()` marks the midst of a step, which may still finish within the grace.
- When the grace is over, an alarm interrupts the main thread wherever it is, also inside a blocking network call: the
  job exits by itself before the platform sends SIGKILL. What still clings then, such as an upload in another thread,
  is cut off after `UNWIND_SECONDS` more. Steps are safe to interrupt anywhere, because every object is written whole
  and in an order that never promises what is not there (tests kill jobs at random points).
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from batch_runtime.errors import ExitCode, Interrupted
from batch_runtime.health import HealthFile

UNWIND_SECONDS = 10.0
"""Time after the grace for leaving in good order; grace and this together stay under the 120 s of `stopTimeout`."""


class Progress:
    """What a job calls as it goes: keeps the health file young and lets a stop take effect."""

    def __init__(self, health: HealthFile, stop_grace: float) -> None:
        self._health = health
        self._stop_grace = stop_grace
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    @property
    def touched(self) -> float:
        """When the work last moved on, as `time.monotonic` counts."""
        return self._health.touched

    def progress(self) -> None:
        """Say that the work moves on in the midst of a step."""
        self._health.touch()

    def boundary(self) -> None:
        """Say that all work so far is checkpointed; raises `Interrupted` when a stop was asked for."""
        self._health.touch()
        if self._stopping:
            raise Interrupted("stopped between two steps")

    @contextmanager
    def watching_signals(self) -> Iterator[None]:
        """Handle SIGTERM while the job works; puts the former handlers back."""
        term = signal.signal(signal.SIGTERM, self._on_term)
        alarm = signal.signal(signal.SIGALRM, self._on_alarm)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGTERM, term)
            signal.signal(signal.SIGALRM, alarm)

    def _on_term(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        if self._stop_grace <= 0:
            raise Interrupted("stopped at once: no grace is set")
        signal.setitimer(signal.ITIMER_REAL, self._stop_grace)

    def _on_alarm(self, _signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGALRM, self._on_second_alarm)
        signal.setitimer(signal.ITIMER_REAL, UNWIND_SECONDS)
        raise Interrupted(f"the step did not finish within the grace of {self._stop_grace:g} s")

    def _on_second_alarm(self, _signal: int, _frame: FrameType | None) -> None:
        os._exit(ExitCode.INTERRUPTED)
