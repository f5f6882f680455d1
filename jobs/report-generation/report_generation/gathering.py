"""All results of a run, each exactly once, folded into sums.

Refuses a run whose results are missing, double, of another model or of other trades: a report on nine shards of ten
looks as convincing as one on ten. Results are folded a few at a time and vectors lie in scratch, so memory is bounded
whatever the number of shards.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from batch_runtime.documents import IngestionSummary, QualityDocument, ShardReference, read_shard_list
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError, TryAgainError
from batch_runtime.layout import S3Uri
from batch_runtime.main import Job
from batch_runtime.storage import MissingObjectError
from risk_results.documents import (
    Exposure,
    Measures,
    Model,
    RiskyTrade,
    ShardResult,
    digest,
    vector_from_bytes,
)
from risk_results.measures import Vector

_AT_A_TIME = 16
_RISKIEST = 20
_LONGEST_SUM = 2**62
_NOTHING = Exposure(long=0, short=0)


@dataclass(frozen=True)
class ShardLine:
    """What the report keeps of a shard."""

    shard: int
    trades: int
    measures: tuple[Measures, ...]
    vector: Path


@dataclass(frozen=True)
class Gathered:
    """A whole run."""

    summary: IngestionSummary
    quality: QualityDocument
    model: Model
    shards: tuple[ShardLine, ...]
    profit: Vector
    """Profit and loss of the whole portfolio, in units, one entry a scenario."""
    by_currency: dict[str, Exposure]
    by_asset_class: dict[str, Exposure]
    by_instrument: dict[str, Exposure]
    riskiest: tuple[RiskyTrade, ...]


def gather(job: Job[JobEnvironment], folder: Path) -> Gathered:
    """Read and check every result of the run; vectors are left in `folder`."""
    layout = job.environment.layout
    summary = IngestionSummary.read(_read(job, layout.summary), str(layout.summary))
    quality = QualityDocument.read(_read(job, layout.quality), str(layout.quality))
    listed = read_shard_list(_read(job, layout.shard_list), str(layout.shard_list))
    if (len(listed), sum(line.trades for line in listed)) != (summary.shards, summary.trades):
        raise BadInputError(f"{layout.shard_list} and {layout.summary} contradict each other; run data-ingestion again")
    _require_each_once(job, listed)
    model: Model | None = None
    profit: Vector | None = None
    largest = 0
    shards: list[ShardLine] = []
    by_currency: dict[str, Exposure] = {}
    by_asset_class: dict[str, Exposure] = {}
    by_instrument: dict[str, Exposure] = {}
    riskiest: list[RiskyTrade] = []
    for line, result in _results(job, listed, folder):
        model = model or result.model
        _require_same(job, result, line, model)
        kept = ShardLine(line.shard, result.trades, result.measures, _vector_path(folder, line.shard))
        vector = load_vector(kept)
        largest += int(np.abs(vector).max())
        if largest > _LONGEST_SUM:
            raise BadInputError("the shards' profits are too large to be added; look for a wrong quantity or price")
        profit = vector.copy() if profit is None else profit + vector
        shards.append(kept)
        _add(by_currency, result.by_currency)
        _add(by_asset_class, result.by_asset_class)
        _add(by_instrument, result.by_instrument)
        riskiest = _largest([*riskiest, *result.riskiest])
        job.progress.boundary()
    assert model is not None, "a shard list has at least one line"
    assert profit is not None
    return Gathered(
        summary=summary,
        quality=quality,
        model=model,
        shards=tuple(shards),
        profit=profit,
        by_currency=by_currency,
        by_asset_class=by_asset_class,
        by_instrument=by_instrument,
        riskiest=tuple(riskiest),
    )


def load_vector(line: ShardLine) -> Vector:
    """The profit and loss of a shard, from scratch."""
    vector: Vector = np.load(line.vector, allow_pickle=False)
    return vector


def _results(
    job: Job[JobEnvironment], listed: tuple[ShardReference, ...], folder: Path
) -> Iterator[tuple[ShardReference, ShardResult]]:
    """The result documents in order; the vector of each lies in `folder` by then."""

    def fetch(line: ShardReference) -> ShardResult:
        layout = job.environment.layout
        result = ShardResult.read(_read(job, layout.result(line.shard)), str(layout.result(line.shard)))
        uri = layout.result_vector(line.shard)
        content = _read(job, uri)
        if digest(content) != result.vector_sha256:
            raise TryAgainError(
                f"{uri} is not the vector that its document describes: an attempt is writing it just now"
            )
        vector = vector_from_bytes(content, str(uri), result.model.scenarios)
        np.save(_vector_path(folder, line.shard), vector, allow_pickle=False)
        return result

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for first in range(0, len(listed), _AT_A_TIME):
            lines = listed[first : first + _AT_A_TIME]
            yield from zip(lines, pool.map(fetch, lines), strict=True)


def _require_each_once(job: Job[JobEnvironment], listed: tuple[ShardReference, ...]) -> None:
    layout = job.environment.layout
    prefix = layout.results_prefix
    present = set(job.storage.keys(prefix))
    missing = [
        line.shard
        for line in listed
        if not {layout.result(line.shard).key, layout.result_vector(line.shard).key} <= present
    ]
    if missing:
        raise BadInputError(
            f"{len(missing)} of {len(listed)} shards have no result in {prefix}: {_shorten(missing)}; "
            "run risk-calculation for them (BATCH_SHARDS), then this job again"
        )
    expected = {uri.key for line in listed for uri in (layout.result(line.shard), layout.result_vector(line.shard))}
    strangers = sorted(key.rsplit("/", 1)[1] for key in present - expected)
    if strangers:
        raise BadInputError(
            f"{prefix} holds results of shards that the run does not have: {_shorten(strangers)}; their trades would "
            "count double. Delete them or start a new run"
        )


def _require_same(job: Job[JobEnvironment], result: ShardResult, line: ShardReference, model: Model) -> None:
    uri = job.environment.layout.result(line.shard)
    checks: tuple[tuple[str, object, object], ...] = (
        ("run_id", result.run_id, job.environment.run_id),
        ("shard", result.shard, line.shard),
        ("trades", result.trades, line.trades),
        ("model.business_date", result.model.business_date, job.environment.business_date),
        ("model", result.model, model),
    )
    for name, got, wanted in checks:
        if got != wanted:
            raise BadInputError(
                f"{uri} does not belong to the other results: {name} is {got}, must be {wanted}; "
                f"run risk-calculation for shard {line.shard} again"
            )


def _read(job: Job[JobEnvironment], uri: S3Uri) -> bytes:
    try:
        return job.storage.read(uri)
    except MissingObjectError:
        raise BadInputError(f"{uri} does not exist; the run's earlier jobs must finish first") from None


def _vector_path(folder: Path, shard: int) -> Path:
    return folder / f"vector-{shard:05d}.npy"


def _add(sums: dict[str, Exposure], parts: dict[str, Exposure]) -> None:
    for name, exposure in parts.items():
        sums[name] = sums.get(name, _NOTHING) + exposure


def _largest(trades: list[RiskyTrade]) -> list[RiskyTrade]:
    return sorted(trades, key=lambda trade: (-trade.deviation, trade.trade_id))[:_RISKIEST]


def _shorten(items: list[int] | list[str]) -> str:
    text = ", ".join(str(item) for item in items[:10])
    return text if len(items) <= 10 else f"{text} and {len(items) - 10} more"
