"""Measured times of the reference jobs, which sizes, makespans and costs of a night are computed from."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from batchctl.errors import OperatorError

TIMINGS_FILE: Final = Path(__file__).with_name("timings.json")
"""Written by `python -m benchmarks.jobs_timings`, with machine and date."""
BILLED_AT_LEAST: Final = 60.0
"""Seconds of a task, from the image's download on, source: https://aws.amazon.com/fargate/pricing/"""
DEFAULT_INSTRUMENTS: Final = 400


@dataclass(frozen=True, kw_only=True)
class Timings:
    """How long the reference jobs take; seconds on one vCPU."""

    machine: str
    date: str
    container: float
    """From RunTask to the container's first instruction. Not measurable without AWS: an assumption."""
    start: float
    """From the container's start to the job's first shard."""
    shard: float
    """For each shard, whatever its size: requests and bookkeeping; not shared by threads."""
    row: float
    """For each trade: read and summed; not shared by threads."""
    draw: float
    """For each instrument and scenario, once a task; shared by threads."""
    gain: float
    """For each instrument of a shard and scenario; shared by threads."""
    ingest_row: float
    report: float
    """For the report, whatever the number of results."""
    report_result: float
    """For each result that the report reads."""


def load_timings(path: Path = TIMINGS_FILE) -> Timings:
    """The measured times; raises OperatorError when the file is not what the benchmark writes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        timings = Timings(**content)
    except (OSError, ValueError, TypeError) as error:
        raise OperatorError(
            f"{path}: cannot be read as measured times: {error}. Write it with `python -m benchmarks.jobs_timings`."
        ) from error
    for item in fields(Timings):
        value = getattr(timings, item.name)
        if item.name not in ("machine", "date") and (
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
        ):
            raise OperatorError(f"{path}: {item.name} = {value!r} is no time in seconds; valid: 0.25.")
    return timings


def work_seconds(
    rows: int, batch: int, scenarios: int, vcpu: int, timings: Timings, instruments: int = DEFAULT_INSTRUMENTS
) -> float:
    """Seconds of a fan-out task after its start: `rows` trades in `batch` shards, each with `instruments`."""
    shared = instruments * scenarios * (timings.draw + batch * timings.gain)
    return batch * timings.shard + rows * timings.row + shared / vcpu
