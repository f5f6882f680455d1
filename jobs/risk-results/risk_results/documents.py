"""The result document of a shard and the file of its vector."""

import hashlib
import io
from datetime import date

import numpy as np
from pydantic import Field

from batch_runtime.documents import Document, Sha256, ShardNumber
from batch_runtime.errors import BadInputError
from risk_results.measures import TailMeasure, Vector

MAX_SCENARIOS = 1_000_000


class Model(Document):
    """What must be the same in every shard of a run, or their vectors must not be added."""

    version: int
    """Raised whenever the same trades would give other numbers."""
    business_date: date
    scenarios: int = Field(ge=1_000, le=MAX_SCENARIOS)
    horizon_days: int = Field(ge=1, le=252)


class Exposure(Document):
    """Market values in units: what is owned and what is owed."""

    long: int = Field(ge=0)
    short: int = Field(le=0)

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(long=self.long + other.long, short=self.short + other.short)

    @property
    def gross(self) -> int:
        """Long and short, both counted."""
        return self.long - self.short

    @property
    def net(self) -> int:
        """Long less short."""
        return self.long + self.short


class Measures(Document):
    """A `TailMeasure` as a document; units, a loss is positive."""

    permille: int
    value_at_risk: int
    expected_shortfall: float

    @classmethod
    def of(cls, measure: TailMeasure) -> "Measures":
        """Keep what a shard's document needs."""
        return cls(
            permille=measure.permille,
            value_at_risk=measure.value_at_risk,
            expected_shortfall=measure.expected_shortfall,
        )


class RiskyTrade(Document):
    """A trade whose own risk is among the largest of its shard."""

    trade_id: str
    instrument: str
    asset_class: str
    currency: str
    market_value: int
    deviation: float
    """Standard deviation of its profit and loss over the horizon, in units: what trades are ranked by."""
    value_at_risk: int
    """Its own, at 99 %, from the same scenarios as the portfolio's."""


class ShardResult(Document):
    """What risk-calculation found out about a shard; written after the vector, so it never promises one in vain."""

    run_id: str
    shard: ShardNumber
    trades: int = Field(ge=1)
    model: Model
    partition_sha256: Sha256
    vector_sha256: Sha256
    measures: tuple[Measures, ...]
    """Of the shard alone. They do not add up to the portfolio's; the vectors do."""
    by_currency: dict[str, Exposure]
    by_asset_class: dict[str, Exposure]
    by_instrument: dict[str, Exposure]
    riskiest: tuple[RiskyTrade, ...]


def vector_to_bytes(vector: Vector) -> bytes:
    """The vector as an .npy file of little-endian 64-bit integers."""
    buffer = io.BytesIO()
    np.save(buffer, vector.astype("<i8"), allow_pickle=False)
    return buffer.getvalue()


def vector_from_bytes(content: bytes, source: str, scenarios: int) -> Vector:
    """The inverse of `vector_to_bytes`; raises `BadInputError` naming `source` when it is something else."""
    try:
        vector = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise BadInputError(
            f"{source} is not an .npy file: {error}; run risk-calculation for its shard again"
        ) from None
    if vector.dtype != np.dtype("<i8") or vector.shape != (scenarios,):
        raise BadInputError(
            f"{source} must hold {scenarios} 64-bit integers, not {vector.dtype} in the shape {vector.shape}; "
            "run risk-calculation for its shard again"
        )
    whole: Vector = vector.astype(np.int64, copy=False)
    return whole


def digest(content: bytes) -> str:
    """SHA-256 as hex digits."""
    return hashlib.sha256(content).hexdigest()
