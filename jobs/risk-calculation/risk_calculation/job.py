"""risk-calculation: for each shard of this task, value its trades in every scenario and write the result.

A finished shard is the checkpoint: its vector first, then its document. A second attempt skips the shards whose
document fits the partition and the model; a job killed in the midst of a shard loses that shard's seconds only.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from batch_runtime.main import Job
from batch_runtime.metrics import Unit
from batch_runtime.storage import MissingObjectError
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import MODEL_VERSION, Scenarios
from risk_calculation.valuation import Positions, Valuation
from risk_results.documents import MAX_SCENARIOS, Measures, Model, ShardResult, digest, vector_to_bytes
from risk_results.measures import LEVELS_PERMILLE, tail_measure

BATCH_ROWS = 8_192
"""Trades in memory at a time."""


class RiskEnvironment(JobEnvironment):
    """The contract's variables and those of this job; the same in every task of a run."""

    scenarios: int = Field(default=20_000, ge=1_000, le=MAX_SCENARIOS, alias="BATCH_SCENARIOS", examples=["20000"])
    """Monte Carlo scenarios; the error of the result shrinks with the square root."""
    horizon_days: int = Field(default=1, ge=1, le=252, alias="BATCH_HORIZON_DAYS", examples=["1"])
    """Trading days until the loss is looked at."""


@dataclass(frozen=True)
class _Partition:
    """A shard's trades in scratch."""

    shard: int
    path: Path
    sha256: str


def calculate(job: Job[RiskEnvironment]) -> None:
    """The work of the job."""
    environment = job.environment
    model = Model(
        version=MODEL_VERSION,
        business_date=environment.business_date,
        scenarios=environment.scenarios,
        horizon_days=environment.horizon_days,
    )
    scenarios = Scenarios(model)
    for shard in environment.required_shards():
        job.progress.boundary()
        with tempfile.TemporaryDirectory(dir=environment.scratch, prefix="risk-") as folder:
            partition = _download(job, shard, Path(folder))
            if _is_done(job, partition, model):
                job.log.info("shard_already_done", shard=shard)
                continue
            with job.metrics.timed("ValuationDuration"):
                _calculate_shard(job, partition, scenarios, model)


def _calculate_shard(job: Job[RiskEnvironment], partition: _Partition, scenarios: Scenarios, model: Model) -> None:
    shard = partition.shard
    layout = job.environment.layout
    valuation = Valuation(scenarios, model.scenarios, job.progress.progress)
    exposures = Exposures(scenarios)
    trades = 0
    for batch in _batches(partition.path, layout.shard(shard)):
        positions = Positions.of(batch)
        valuation.add(positions)
        exposures.add(batch, positions)
        trades += batch.num_rows
    vector = vector_to_bytes(valuation.profit)
    result = ShardResult(
        run_id=job.environment.run_id,
        shard=shard,
        trades=trades,
        model=model,
        partition_sha256=partition.sha256,
        vector_sha256=digest(vector),
        measures=tuple(Measures.of(tail_measure(valuation.profit, level)) for level in LEVELS_PERMILLE),
        by_currency=dict(sorted(exposures.by_currency.items())),
        by_asset_class=dict(sorted(exposures.by_asset_class.items())),
        by_instrument=dict(sorted(exposures.by_instrument.items())),
        riskiest=exposures.riskiest(),
    )
    job.storage.write(layout.result_vector(shard), vector, "application/octet-stream")
    job.storage.write(layout.result(shard), result.to_json())
    job.metrics.add("Trades", trades)
    job.metrics.add("Shards", 1)
    job.metrics.add("Valuations", float(trades) * model.scenarios, Unit.COUNT)
    job.log.info("shard_done", shard=shard, trades=trades, scenarios=model.scenarios)


def _download(job: Job[RiskEnvironment], shard: int, folder: Path) -> _Partition:
    uri = job.environment.layout.shard(shard)
    path = folder / "partition.parquet"
    try:
        return _Partition(shard=shard, path=path, sha256=job.storage.download(uri, path))
    except MissingObjectError:
        raise BadInputError(
            f"the partition {uri} does not exist; BATCH_SHARDS must name shards of the run's shard list "
            f"{job.environment.layout.shard_list}, or data-ingestion must run first"
        ) from None


def _is_done(job: Job[RiskEnvironment], partition: _Partition, model: Model) -> bool:
    """Whether an earlier attempt left the result that this one would write."""
    uri = job.environment.layout.result(partition.shard)
    try:
        result = ShardResult.read(job.storage.read(uri), str(uri))
    except (MissingObjectError, BadInputError):
        return False
    return result.model == model and result.partition_sha256 == partition.sha256


def _batches(path: Path, uri: S3Uri) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS)
    except pa.ArrowException as error:
        raise BadInputError(f"the partition {uri} is not Parquet: {error}; run data-ingestion again") from None
