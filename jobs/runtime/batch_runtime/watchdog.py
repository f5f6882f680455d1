"""A job that hangs ends by itself.

ECS acts on an unhealthy task only where a service owns it; a task that the workflow started would hang until its
timeout, which is not retried. So the process watches its own progress and exits with a code that is. Should even the
watching thread be held up, by native code that keeps the interpreter's lock, `faulthandler`, which needs no lock, ends
the process a little later with 1.
"""

import faulthandler
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from batch_runtime.health import HealthFile

HELD_UP_SECONDS = 30.0
"""How much later the process ends where the watching thread does not get to run."""


@contextmanager
def watching(health: HealthFile, limit: float, end: Callable[[str], None]) -> Iterator[None]:
    """Call `end` with the stacks of all threads when `health` is not touched for `limit` seconds; 0 watches nothing.

    `end` must not return: it logs and leaves the process.
    """
    if limit <= 0:
        yield
        return
    done = threading.Event()

    def run() -> None:
        start = time.monotonic()
        while not done.wait(min(1.0, limit / 4)):
            faulthandler.dump_traceback_later(limit + HELD_UP_SECONDS, exit=True)
            if time.monotonic() - max(start, health.touched) > limit:
                end(_stacks())

    thread = threading.Thread(target=run, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        faulthandler.cancel_dump_traceback_later()


def _stacks() -> str:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    )
