"""The health file: proof of progress for the container health check, and the check itself.

The file is touched by the work, not by a timer of its own: a job that hangs must become unhealthy. The check is
`python -m batch_runtime.health`, because the image has no shell to rely on; it imports nothing but the standard
library, so that it costs little every 30 seconds.
"""

import os
import sys
import time
from pathlib import Path

FILE_NAME = "healthy"
MAX_AGE_SECONDS = 60.0
TOUCH_EVERY_SECONDS = 2.0


class HealthFile:
    """`$BATCH_SCRATCH/healthy`, touched at most every `TOUCH_EVERY_SECONDS`."""

    def __init__(self, scratch: Path) -> None:
        self._path = scratch / FILE_NAME
        self._touched = float("-inf")

    @property
    def touched(self) -> float:
        """When the file was last touched, as `time.monotonic` counts; -inf when never."""
        return self._touched

    def touch(self) -> None:
        """Say that the work moved on; cheap enough for an inner loop."""
        now = time.monotonic()
        if now - self._touched >= TOUCH_EVERY_SECONDS:
            self._path.touch()
            self._touched = now


def check(scratch: Path, now: float) -> str | None:
    """None when the job is healthy at the Unix time `now`, otherwise what is wrong."""
    path = scratch / FILE_NAME
    try:
        age = now - path.stat().st_mtime
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None if age <= MAX_AGE_SECONDS else f"{path} is {age:.0f} s old, more than {MAX_AGE_SECONDS:.0f} s"


def main() -> int:
    """Exit code of the container health check: 0 healthy, 1 not."""
    complaint = check(Path(os.environ.get("BATCH_SCRATCH", "/scratch")), time.time())
    if complaint is not None:
        sys.stderr.write(f"unhealthy: {complaint}\n")
    return 0 if complaint is None else 1


if __name__ == "__main__":
    sys.exit(main())
