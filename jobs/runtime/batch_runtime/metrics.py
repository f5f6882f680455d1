"""Metrics in CloudWatch's embedded metric format: one JSON line on stdout, no API call, no permission, no agent.

Namespace `BatchPlatform`, dimensions `environment` and `job`. The run id and the shards ride along as properties: they
can be searched in the logs, but a metric a run would be a new, paid metric every night.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TextIO

NAMESPACE = "BatchPlatform"
DIMENSIONS = ("environment", "job")


class Unit(StrEnum):
    """The units of CloudWatch that the jobs use."""

    SECONDS = "Seconds"
    COUNT = "Count"
    MEGABYTES = "Megabytes"


class Metrics:
    """The metrics of one process, written once when it ends."""

    def __init__(self, *, environment: str, job: str, run_id: str, shards: Sequence[int] | None = None) -> None:
        self._properties: dict[str, object] = {"environment": environment, "job": job, "run_id": run_id}
        if shards is not None:
            self._properties["shards"] = list(shards)
        self._values: dict[str, tuple[float, Unit]] = {}

    def put(self, name: str, value: float, unit: Unit = Unit.COUNT) -> None:
        """Set a metric; the last value of a name wins."""
        self._values[name] = (value, unit)

    def add(self, name: str, value: float, unit: Unit = Unit.COUNT) -> None:
        """Add to a metric that starts at 0."""
        self.put(name, self._values.get(name, (0.0, unit))[0] + value, unit)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes to a metric, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - start, Unit.SECONDS)

    def write(self, stream: TextIO) -> None:
        """Write the record as one line."""
        record = {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": [list(DIMENSIONS)],
                        "Metrics": [{"Name": name, "Unit": str(unit)} for name, (_, unit) in self._values.items()],
                    }
                ],
            },
            **self._properties,
            **{name: value for name, (value, _) in self._values.items()},
        }
        stream.write(json.dumps(record, allow_nan=False) + "\n")
        stream.flush()
