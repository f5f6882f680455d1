"""The header of a result: which trades, which scenarios, and everything but the large arrays."""

import hashlib
from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator

from batch_runtime.documents import Document, Sha256, ShardNumber
from batch_runtime.layout import MAX_SHARDS
from risk_results import LARGEST_UNITS

MAX_SCENARIOS = 1_000_000
MAX_LABELLED = 60
"""Up to so many scenarios a set may name them: a stress test is read by its scenarios, a simulation is not."""
MIN_GENERATED = 1_000
Units = Annotated[int, Field(ge=-LARGEST_UNITS, le=LARGEST_UNITS)]
Dimension = Literal["asset_class", "desk", "book"]
"""Ways of grouping trades; every trade has an asset class, desk and book are columns that a client may send."""


class Scale(NamedTuple):
    """What an amount of 1 is worth: a unit divided by `per_unit * 2**fraction_bits`."""

    fraction_bits: int
    per_unit: int


SCALES = {"generated": Scale(16, 100), "shocks": Scale(30, 1)}
"""Of the amounts of a set, by its kind. A generated movement is rounded to 2**-16 of a standard deviation, a shock to
2**-30; a trade's coefficient to a millionth of a dollar for a standard deviation, to a unit for a return of 100 %."""


class ScenarioSet(Document):
    """One set of scenarios."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["historical-2008"])
    kind: Literal["generated", "shocks"]
    """Generated: Monte Carlo. Shocks: rows of a file, historical days or stress scenarios."""
    scenarios: int = Field(ge=1, le=MAX_SCENARIOS)
    sha256: Sha256 | None = None
    """Of the file of shocks."""
    labels: tuple[Annotated[str, Field(max_length=80)], ...] = Field(default=(), max_length=MAX_LABELLED)
    """Name of each scenario, or none."""


class Model(Document):
    """What must be the same in every shard of a run, or their amounts must not be added."""

    version: int
    """Raised whenever the same trades would give other numbers."""
    business_date: date
    seed: str = Field(max_length=64)
    """Other text, other draws; the same every day unless `BATCH_SCENARIO_SEED` says otherwise."""
    horizon_days: int = Field(ge=1, le=252)
    fx_volatility: float = Field(ge=0, le=5, allow_inf_nan=False)
    """Annual, of every foreign currency against the US dollar, in the generated set."""
    sets: tuple[ScenarioSet, ...] = Field(min_length=1, max_length=20)
    """The generated set first."""

    @field_validator("sets")
    @classmethod
    def _generated_first(cls, sets: tuple[ScenarioSet, ...]) -> tuple[ScenarioSet, ...]:
        if [part.kind for part in sets] != ["generated"] + ["shocks"] * (len(sets) - 1):
            raise ValueError("the first set must be the generated one, all others files of shocks")
        if sets[0].scenarios < MIN_GENERATED or any(len(s.labels) not in (0, s.scenarios) for s in sets):
            raise ValueError(f"a generated set has {MIN_GENERATED:,} scenarios or more; labels are for all or for none")
        return sets

    @property
    def scenarios(self) -> int:
        """In all sets together: the columns of the amounts."""
        return sum(part.scenarios for part in self.sets)

    def columns(self) -> list[tuple[ScenarioSet, int, int]]:
        """Each set with its first column and the one after its last."""
        ranges = []
        start = 0
        for part in self.sets:
            ranges.append((part, start, start + part.scenarios))
            start += part.scenarios
        return ranges


class Exposure(Document):
    """Market values in units: what is owned and what is owed."""

    long: int = Field(ge=0, le=LARGEST_UNITS)
    short: int = Field(le=0, ge=-LARGEST_UNITS)

    def __add__(self, other: "Exposure") -> "Exposure":
        # Not validated here: whoever adds up a book checks its gross exposure, and parts are smaller than the whole.
        return Exposure.model_construct(long=self.long + other.long, short=self.short + other.short)

    @property
    def gross(self) -> int:
        """Long and short, both counted."""
        return self.long - self.short

    @property
    def net(self) -> int:
        """Long less short."""
        return self.long + self.short


NOTHING = Exposure(long=0, short=0)


class RiskyTrade(Document):
    """A trade whose own risk is among the largest of its shards."""

    trade_id: str = Field(max_length=64)
    instrument: str = Field(max_length=64)
    asset_class: str = Field(max_length=64)
    currency: str = Field(max_length=3)
    market_value: Units
    deviation: float = Field(ge=0, le=LARGEST_UNITS, allow_inf_nan=False)
    """Standard deviation of its profit and loss over the horizon, in units: what trades are ranked by."""
    value_at_risk: Units
    """Its own, at 99 %, from the same generated scenarios as the portfolio's."""

    @property
    def rank(self) -> tuple[float, str]:
        """The one order of risky trades: larger deviation first, equal ones by id; ids are unique in a run."""
        return (-self.deviation, self.trade_id)


class Part(Document):
    """A shard that a result covers."""

    shard: ShardNumber
    trades: int = Field(ge=1)
    partition_sha256: Sha256
    """Of the partition that was read: another one under the same key was never valued."""


class Group(Document):
    """A row of the amounts: the trades that share a value of a dimension."""

    dimension: Dimension
    name: str = Field(max_length=64)
    """Empty where the trade names none."""
    trades: int = Field(ge=1)
    exposure: Exposure


class Range(Document):
    """The lowest and the highest of some values."""

    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)

    def __or__(self, other: "Range") -> "Range":
        return Range(low=min(self.low, other.low), high=max(self.high, other.high))


class Header(Document):
    """What risk-calculation found out about some shards, without the arrays."""

    run_id: str
    model: Model
    parts: tuple[Part, ...] = Field(min_length=1, max_length=MAX_SHARDS)
    """In the order of their numbers."""
    groups: tuple[Group, ...] = Field(min_length=1)
    """Sorted by dimension and name; row i of the amounts is group i."""
    by_currency: dict[str, Exposure]
    fx_rates: dict[str, Range]
    """Currency -> US dollars for a unit of it, over all trades: a range that is no point is a fault of the data."""
    riskiest: tuple[RiskyTrade, ...] = Field(max_length=20)
    curved_trades: int = Field(ge=0)
    """With a gamma: valued by the first two terms of a series, which is no full revaluation."""
    instruments: int = Field(ge=0)
    """Rows of the instrument table."""

    @property
    def trades(self) -> int:
        """In all parts."""
        return sum(part.trades for part in self.parts)


def digest(content: bytes | memoryview) -> str:
    """SHA-256 as hex digits."""
    return hashlib.sha256(content).hexdigest()
