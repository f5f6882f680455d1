"""The scenarios of a business date: every shard, in every container, sees the same ones.

One market factor moves everything; each instrument has a risk of its own. Over the horizon the return of an instrument
is `volatility * sqrt(days / 252) * (correlation * market + sqrt(1 - correlation^2) * own)`, market and own standard
normal. The draws of the market and of each instrument come from counter-based generators (Philox) keyed by model
version, business date and instrument, never by shard or run: that makes shards independent of one another's existence
and lets a rerun, also under a new run id, confirm the numbers of the first.
"""

import hashlib
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from risk_results.documents import Model

MODEL_VERSION = 1
TRADING_DAYS = 252

Doubles = npt.NDArray[np.float64]


class Scenarios:
    """The draws of one model; holds one vector, makes the others on demand."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.horizon = float(np.sqrt(model.horizon_days / TRADING_DAYS))
        """Factor from annual volatility to the standard deviation over the horizon."""

    def own(self, instrument: str) -> Doubles:
        """The instrument's own standard normal draws, one a scenario."""
        return self._draw(f"instrument:{instrument}")

    def returns(self, own: Doubles, volatility: float, correlation: float) -> Doubles:
        """Relative price changes of an instrument over the horizon, one a scenario."""
        scale = volatility * self.horizon
        return self._market * (scale * correlation) + own * (scale * float(np.sqrt(1.0 - correlation**2)))

    @cached_property
    def _market(self) -> Doubles:
        return self._draw("market")

    def _draw(self, label: str) -> Doubles:
        generator = np.random.Generator(
            np.random.Philox(key=_key(self._model.version, self._model.business_date, label))
        )
        return generator.standard_normal(self._model.scenarios)


def _key(version: int, business_date: date, label: str) -> int:
    """128 bits that differ for different arguments."""
    text = f"{version}|{business_date.isoformat()}|{label}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
