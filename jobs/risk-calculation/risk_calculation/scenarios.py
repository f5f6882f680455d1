"""Sets of scenarios: how much each factor moves in each of them, as integers.

A factor is an instrument (with its correlation with the market) or a foreign currency. Two kinds of sets share one
mechanism, `ScenarioSet.basis`:

- Generated: one market factor moves everything and each factor has a risk of its own; `z = correlation * market +
  sqrt(1 - correlation^2) * own`, market and own standard normal. A trade gains `a z + b z^2`, where `a` and `b` hold
  its volatility over the horizon. Draws come from generators keyed by model version, seed and factor, never by shard,
  run or date: shards need not know of one another, a rerun confirms the numbers of the first, and an unchanged book
  keeps its numbers from one day to the next.
- Shocks: each row of a Parquet file is a scenario, a past day or a stress; a trade gains `a s + b s^2` for the relative
  change `s` that the file states, whatever its volatility.

`z`, `z^2`, `s` and `s^2` are rounded to binary fractions, so that sums of gains are exact (`risk_results.exact`).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from risk_results.documents import SCALES, Model, Scale, ScenarioSet

MODEL_VERSION = 2
TRADING_DAYS = 252
CACHE_BYTES = 256 << 20
"""Memory for factors' movements that are kept from one shard of a task to the next."""

Basis = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Factor:
    """Something whose price moves."""

    kind: Literal["instrument", "currency"]
    name: str
    asset_class: str = ""
    """Of an instrument: which column of a file of shocks stands for it when it has none of its own."""
    correlation: float = 0.0
    """With the market."""


class Source(Protocol):
    """A set of scenarios as the valuation sees it."""

    spec: ScenarioSet
    scaled: bool
    """Whether coefficients hold the volatility over the horizon, because the basis is standard normal."""

    def basis(self, factor: Factor) -> Basis:
        """Movement and squared movement of a factor: two rows, one column a scenario; whole numbers."""


class Generated:
    """The Monte Carlo scenarios of a model; safe to ask from several threads."""

    scaled = True

    def __init__(self, model: Model) -> None:
        self.spec = model.sets[0]
        self._prefix = f"{model.version}|{model.seed}|"
        self._market = self._draw("market")

    def movement(self, factor: Factor) -> Doubles:
        """Standard normal movements of a factor, before rounding."""
        draws = self._draw(f"{factor.kind}:{factor.name}")
        if factor.correlation == 0.0:
            return draws
        draws *= float(np.sqrt(1.0 - factor.correlation**2))
        draws += self._market * factor.correlation
        return draws

    def basis(self, factor: Factor) -> Basis:
        """See `Source.basis`."""
        # A square of at most 256 stays below 2**24, and so exact as a float32.
        return rounded(self.movement(factor), SCALES["generated"]).astype(np.float32)

    def _draw(self, label: str) -> Doubles:
        key = int.from_bytes(hashlib.sha256((self._prefix + label).encode()).digest()[:16], "little")
        return np.random.Generator(np.random.SFC64(key)).standard_normal(self.spec.scenarios)


class MovementCache:
    """Remembers the movements of the factors that were asked for last, up to a number of bytes.

    Used from one thread; `missing` says what to compute in others.
    """

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[tuple[str, Factor], Basis] = OrderedDict()

    def get_all(self, source: Source, factors: list[Factor], compute: Callable[..., list[Basis]]) -> list[Basis]:
        """The movements of `factors`; `compute(function, items)` is called for those that are not kept."""
        name = source.spec.name
        missing = [factor for factor in factors if (name, factor) not in self._entries]
        fresh = dict(zip(missing, compute(source.basis, missing), strict=True))
        bases = [fresh[factor] if factor in fresh else self._entries[name, factor] for factor in factors]
        for factor, basis in zip(factors, bases, strict=True):
            self._keep((name, factor), basis)
        return bases

    def _keep(self, key: tuple[str, Factor], basis: Basis) -> None:
        if key in self._entries:
            self._entries.move_to_end(key)
            return
        self._entries[key] = basis
        self._size += basis.nbytes
        while self._size > self._limit:
            self._size -= self._entries.popitem(last=False)[1].nbytes


def rounded(movement: Doubles, scale: Scale) -> Doubles:
    """Movement and its square, each as the nearest integer of 2**-fraction_bits."""
    both = np.empty((2, len(movement)))
    np.multiply(movement, float(1 << scale.fraction_bits), out=both[0])
    np.multiply(movement, both[0], out=both[1])
    return np.rint(both, out=both)
