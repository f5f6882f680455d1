"""Exposure by instrument, whatever the number of instruments: added up bucket by bucket in scratch.

Rows go to one of a few files by a hash of the instrument's name, so that all rows of an instrument meet in one file and
each file can be added up by itself.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from risk_results.documents import Exposure, Range
from risk_results.files import INSTRUMENT, add_instruments, require_addable
from risk_results.files import Instruments as Table

LARGEST = 50
"""Instruments that the report names."""
BUCKETS = 64
PRICE_RATIO = 100.0
"""Prices of one instrument farther apart than this look like a fault of the data; an option's and a share's do not."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Instrument:
    """One instrument's exposure and prices."""

    name: str
    exposure: Exposure
    price_usd: Range


@dataclass(frozen=True)
class Instruments:
    """What the report says about all of them."""

    count: int
    largest: tuple[Instrument, ...]
    """By gross exposure, then by name; at most `LARGEST`."""
    disputed_count: int
    """With prices farther apart than `PRICE_RATIO`."""
    disputed: tuple[Instrument, ...]
    """The worst of these; at most 10."""


class InstrumentSpool:
    """Collects instrument tables in a folder."""

    def __init__(self, folder: Path) -> None:
        self._paths = [folder / f"instruments-{number:02d}" for number in range(BUCKETS)]
        self._stack = ExitStack()
        self._gross = 0.0

    def __enter__(self) -> Self:
        self._files = [self._stack.enter_context(path.open("wb")) for path in self._paths]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, table: Table) -> None:
        """Keep the rows of a result; raises `BadInputError` when their sum might overflow."""
        self._gross += float(table["long"].astype(np.float64).sum() - table["short"].astype(np.float64).sum())
        require_addable(self._gross)
        words = np.ascontiguousarray(table["name"]).view(np.uint64).reshape(len(table), -1)
        mixed = np.zeros(len(table), dtype=np.uint64)
        for column in range(words.shape[1]):
            mixed = (mixed ^ words[:, column]) * _MULTIPLIER
            mixed ^= mixed >> np.uint64(29)
        buckets = (mixed % np.uint64(BUCKETS)).astype(np.int64)
        order = np.argsort(buckets, kind="stable")
        ends = np.cumsum(np.bincount(buckets, minlength=BUCKETS))
        ordered = table[order]
        for file, start, end in zip(self._files, [0, *ends[:-1]], ends, strict=True):
            file.write(ordered[start:end].tobytes())

    def totals(self, progress: Callable[[], None] = lambda: None) -> Instruments:
        """Add everything up."""
        count = disputed_count = 0
        largest: list[Instrument] = []
        disputed: list[Instrument] = []
        for file, path in zip(self._files, self._paths, strict=True):
            file.close()
            table = add_instruments(np.fromfile(path, dtype=INSTRUMENT))
            path.unlink()
            count += len(table)
            gross = table["long"] - table["short"]
            threshold = np.partition(gross, -LARGEST)[-LARGEST] if len(gross) > LARGEST else 0
            rows = np.flatnonzero(gross >= threshold)
            rows = rows[np.argsort(-gross[rows], kind="stable")][:LARGEST]
            largest = sorted([*largest, *map(_instrument, table[rows])], key=_by_size)[:LARGEST]
            apart = np.flatnonzero(table["high"] > PRICE_RATIO * table["low"])
            disputed_count += len(apart)
            worst = apart[np.argsort(-(table["high"] / np.maximum(table["low"], 1e-300))[apart], kind="stable")][:10]
            disputed = sorted([*disputed, *map(_instrument, table[worst])], key=_by_dispute)[:10]
            progress()
        return Instruments(count, tuple(largest), disputed_count, tuple(disputed))


def _instrument(row: np.void) -> Instrument:
    return Instrument(
        name=bytes(row["name"]).decode("ascii", "replace"),
        exposure=Exposure(long=int(row["long"]), short=int(row["short"])),
        price_usd=Range(low=float(row["low"]), high=float(row["high"])),
    )


def _by_size(instrument: Instrument) -> tuple[int, str]:
    return (-instrument.exposure.gross, instrument.name)


def _by_dispute(instrument: Instrument) -> tuple[float, str]:
    return (-instrument.price_usd.high / max(instrument.price_usd.low, 1e-300), instrument.name)
