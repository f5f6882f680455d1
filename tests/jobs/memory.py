"""How many bytes a job asks for at once.

The size of the process depends on what its allocators keep, which differs between machines; what is asked for does not.
"""

import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa


class Peak(NamedTuple):
    """The most bytes held at one moment."""

    python: int
    """By Python and NumPy."""
    arrow: int
    """By Arrow."""


def peak_of(work: Callable[[], object]) -> Peak:
    """Does `work` in this process and says what it held at most, beyond what was there before."""
    usual, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counted)
    tracemalloc.start()
    try:
        work()
        return Peak(tracemalloc.get_traced_memory()[1], counted.max_memory())
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)
