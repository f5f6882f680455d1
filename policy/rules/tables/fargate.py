"""The task sizes that Fargate offers: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

SIZES: Final[Mapping[int, frozenset[int]]] = {
    256: frozenset((512, 1024, 2048)),
    512: frozenset(range(1024, 4097, 1024)),
    1024: frozenset(range(2048, 8193, 1024)),
    2048: frozenset(range(4096, 16385, 1024)),
    4096: frozenset(range(8192, 30721, 1024)),
    8192: frozenset(range(16384, 61441, 4096)),
    16384: frozenset(range(32768, 122881, 8192)),
    32768: frozenset((61440, 122880, 249856)),
}
"""Memory in MiB that Fargate takes, by CPU units."""


def is_pair(cpu: Any, memory: Any) -> bool:
    """Whether Fargate has a task of this CPU and memory."""
    return _units(memory, "GB") in SIZES.get(_units(cpu, "vCPU"), ())


def _units(value: Any, unit: str) -> int:
    """`2048`, `"2048"`, `"2 vCPU"` and `"4 GB"` in units of 1/1024; -1 when it is none of these."""
    match = re.fullmatch(rf"(\d+(?:\.\d+)?)(\s*{unit})?", str(value), re.IGNORECASE)
    return int(float(match[1]) * (1024 if match[2] else 1)) if match else -1
