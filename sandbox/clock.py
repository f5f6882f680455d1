"""The account's clock: the machine's time, until it is set, advanced or sped up.

While the clock is set, every reading of the time in this process follows it (moto's time stamps, JSONata's `$millis()`,
the age of messages). Processes that run as tasks keep the machine's time, and so do timeouts of states and tasks.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import time_machine

Action = Callable[[], None]
Source = Callable[[datetime, datetime], Iterable[tuple[datetime, Action]]]
"""What is due after the first moment and not after the second."""

TICK_SECONDS = 0.1


def machine_time() -> datetime:
    """The machine's time, whatever the account's is."""
    if not time_machine.escape_hatch.is_travelling():
        return datetime.now(UTC)
    return time_machine.escape_hatch.datetime.datetime.now(UTC)


class Clock:
    """Time that passes by itself and can be moved forward."""

    def __init__(self) -> None:
        self._moved: time_machine.Traveller | None = None
        self._speed = 1.0
        self._done = self.now()
        self._sources: list[Source] = []
        self._timers: list[tuple[datetime, int, Action]] = []
        self._numbers = itertools.count()
        self._turn = threading.RLock()
        self.settle: Callable[[], None] = lambda: None
        """Called between two moments of an advance: returns when what has begun rests."""

    def now(self) -> datetime:
        """The account's time, in UTC."""
        return datetime.now(UTC)

    def due(self, source: Source) -> None:
        """Asks `source` what is due whenever time has passed."""
        self._sources.append(source)

    def after(self, seconds: float, action: Action) -> None:
        """Runs `action` when so many of the account's seconds have passed."""
        heapq.heappush(self._timers, (self.now() + timedelta(seconds=seconds), next(self._numbers), action))

    def sleep(self, seconds: float, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Waits until so many of the account's seconds have passed; False when `interrupted` ended it before."""
        until = self.now() + timedelta(seconds=seconds)
        while self.now() < until:
            if interrupted():
                return False
            time.sleep(min(TICK_SECONDS, max(0.0, (until - self.now()).total_seconds())) / max(1.0, self._speed))
        return True

    def start(self) -> None:
        """Lets time pass in a thread of its own."""
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def set(self, moment: datetime) -> None:
        """Begins anew at `moment`, which may lie in the past; nothing that lies between becomes due."""
        with self._turn:
            self._move(moment)
            self._done = moment

    def advance(self, seconds: float) -> None:
        """Moves time forward; everything that becomes due on the way happens at its moment, in order.

        Raises `ValueError` for a negative number.
        """
        if seconds < 0:
            raise ValueError(f"advance takes seconds forward, got {seconds}; to begin in the past, set the clock")
        with self._turn:
            self._pass(self.now() + timedelta(seconds=seconds), jump=True)

    def speed(self, factor: float) -> None:
        """Lets `factor` seconds pass in each second. Raises `ValueError` below 1."""
        if factor < 1:
            raise ValueError(f"speed takes a factor of 1 or more, got {factor}; for example 60, a minute each second")
        self._speed = factor

    def _run(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._turn:
                ahead = (self._speed - 1) * TICK_SECONDS
                self._pass(self.now() + timedelta(seconds=ahead), jump=ahead > 0)

    def _pass(self, until: datetime, *, jump: bool) -> None:
        while due := self._next(until):
            moment, actions = due
            if jump and moment > self.now():
                self._move(moment)
            self._done = max(self._done, moment)
            for action in actions:
                action()
            if jump:
                self.settle()
        if jump and until > self.now():
            self._move(until)
        self._done = max(self._done, until)

    def _next(self, until: datetime) -> tuple[datetime, list[Action]] | None:
        """The earliest moment at which something is due, with all that is due then."""
        due = [item for source in self._sources for item in source(self._done, until)]
        timer = self._timers[0][0] if self._timers and self._timers[0][0] <= until else None
        moments = [moment for moment, _ in due] + ([timer] if timer else [])
        if not moments:
            return None
        first = min(moments)
        actions = [action for moment, action in due if moment == first]
        while self._timers and self._timers[0][0] <= first:
            actions.append(heapq.heappop(self._timers)[2])
        return first, actions

    def _move(self, moment: datetime) -> None:
        if self._moved is None:
            self._moved = time_machine.travel(moment, tick=True).start()
        else:
            self._moved.move_to(moment)
