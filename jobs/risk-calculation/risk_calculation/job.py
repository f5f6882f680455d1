"""risk-calculation: for each shard of this task, value its trades in every scenario and write the result.

A finished shard is the checkpoint: one object, written at once. A second attempt keeps the results that fit their
partition and the model; a job killed in the midst of a shard loses that shard's seconds only. A task of several
neighbouring shards also writes their sum, so that the report reads one object a task and not one a shard.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import Field, Json, PlainValidator

from batch_runtime.documents import ShardReference, read_shard_list
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from batch_runtime.main import Job
from batch_runtime.metrics import Unit
from batch_runtime.storage import MissingObjectError
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import MODEL_VERSION, Generated, MovementCache, Source
from risk_calculation.shocks import Shocks, read_shocks
from risk_calculation.trades import read_trades
from risk_calculation.valuation import Workers, amounts_of, available_vcpus, profit_of, workers
from risk_results.documents import MAX_SCENARIOS, MIN_GENERATED, Header, Model, Part, ScenarioSet
from risk_results.files import Result, combine, result_uri


def _s3_uri(value: object) -> S3Uri:
    return S3Uri.parse(str(value))


class RiskEnvironment(JobEnvironment):
    """The contract's variables and those of this job; the same in every task of a run."""

    scenarios: int = Field(
        default=20_000, ge=MIN_GENERATED, le=MAX_SCENARIOS, alias="BATCH_SCENARIOS", examples=["20000"]
    )
    """Monte Carlo scenarios; the error of the result shrinks with the square root."""
    horizon_days: int = Field(default=1, ge=1, le=252, alias="BATCH_HORIZON_DAYS", examples=["1"])
    """Trading days until the loss is looked at."""
    scenario_seed: str = Field(
        default="", pattern=r"^[A-Za-z0-9._:-]{0,64}$", alias="BATCH_SCENARIO_SEED", examples=["2026-11-20"]
    )
    """Other text, other draws. The same draws every day by default: then a number changes only when the book does."""
    fx_volatility: float = Field(
        default=0.08, ge=0, le=5, allow_inf_nan=False, alias="BATCH_FX_VOLATILITY", examples=["0.08"]
    )
    """Annual volatility of every foreign currency against the US dollar; 0 leaves currency risk out."""
    scenario_files: Json[Annotated[tuple[Annotated[S3Uri, PlainValidator(_s3_uri)], ...], Field(max_length=19)]] = (
        Field(
            default=(),
            alias="BATCH_SCENARIO_FILES",
            examples=['["s3://input-batch-dev-123456789012/scenarios/historical-2008.parquet"]'],
        )
    )
    """Files of shocks, each a set of scenarios of its own beside the generated one."""
    threads: int = Field(default=0, ge=0, le=256, alias="BATCH_THREADS", examples=["4"])
    """Threads that compute; 0 for one a vCPU."""


def calculate(job: Job[RiskEnvironment]) -> None:
    """The work of the job."""
    environment = job.environment
    shards = environment.required_shards()
    lines = _lines(job, shards)
    with (
        tempfile.TemporaryDirectory(dir=environment.scratch, prefix="risk-") as folder,
        workers(environment.threads or available_vcpus(), job.progress.progress) as threads,
    ):
        valuer = _Valuer(job, Path(folder), threads)
        neighbours = len(lines) > 1 and shards == tuple(range(shards[0], shards[-1] + 1))
        together: Result | None = None
        for line in lines:
            result = valuer.result(line)
            if neighbours:  # added up one by one: two results are in memory, whatever the number of shards
                together = result if together is None else combine((together, result))
        if together is not None:
            job.storage.write(result_uri(environment.layout, shards[0], shards[-1]), together.to_bytes(), _CONTENT_TYPE)


_CONTENT_TYPE = "application/octet-stream"


class _Valuer:
    """Values one shard after the other with the same scenarios."""

    def __init__(self, job: Job[RiskEnvironment], folder: Path, threads: Workers) -> None:
        self._job = job
        self._folder = folder
        self._threads = threads
        self._movements = MovementCache()
        environment = job.environment
        shocks = _shocks(job, folder)
        generated = ScenarioSet(name="monte-carlo", kind="generated", scenarios=environment.scenarios)
        self._model = Model(
            version=MODEL_VERSION,
            business_date=environment.business_date,
            seed=environment.scenario_seed,
            horizon_days=environment.horizon_days,
            fx_volatility=environment.fx_volatility,
            sets=(generated, *(part.spec for part in shocks)),
        )
        self._generated = Generated(self._model)
        self._sources: list[Source] = [self._generated, *shocks]

    def result(self, line: ShardReference) -> Result:
        """The result of a shard: the one that is there when it fits, else a new one."""
        job, shard = self._job, line.shard
        job.progress.boundary()
        structlog.contextvars.bind_contextvars(shard=shard)
        try:
            path, sha256 = self._download(line)
            former = self._former(line, sha256)
            if former is not None:
                job.log.info("shard_already_done")
                return former
            with job.metrics.timed("ValuationDuration"):
                result = self._value(path, Part(shard=shard, trades=line.trades, partition_sha256=sha256))
            job.storage.write(result_uri(job.environment.layout, shard, shard), result.to_bytes(), _CONTENT_TYPE)
            job.metrics.add("Trades", line.trades)
            job.metrics.add("Shards", 1)
            job.metrics.add("Valuations", float(line.trades) * self._model.scenarios, Unit.COUNT)
            job.log.info("shard_done", trades=line.trades, scenarios=self._model.scenarios)
            return result
        finally:
            structlog.contextvars.unbind_contextvars("shard")

    def _value(self, path: Path, part: Part) -> Result:
        uri = str(self._job.environment.layout.shard(part.shard))
        aggregation = Aggregation(self._model)
        exposures = Exposures(self._model, self._generated)
        for trades in read_trades(path, uri):
            aggregation.add(trades)
            exposures.add(trades)
            self._job.progress.progress()
        if exposures.trades != part.trades:
            raise BadInputError(
                f"the partition {uri} holds {exposures.trades} trades, the shard list says {part.trades}; "
                "run data-ingestion again"
            )
        amounts = amounts_of(aggregation.cells(), self._sources, self._movements, self._threads)
        for source, (_, start, end) in zip(self._sources, self._model.columns(), strict=True):
            profit_of(amounts.columns(start, end), source)  # refuses what the report could not add up
        header = Header(
            run_id=self._job.environment.run_id,
            model=self._model,
            parts=(part,),
            groups=exposures.groups(),
            by_currency=exposures.by_currency,
            fx_rates=exposures.fx_rates,
            riskiest=exposures.riskiest(),
            curved_trades=exposures.curved,
            instruments=len(exposures.instruments),
        )
        return Result(header, amounts, exposures.instruments)

    def _download(self, line: ShardReference) -> tuple[Path, str]:
        uri = self._job.environment.layout.shard(line.shard)
        path = self._folder / "partition.parquet"
        try:
            sha256 = self._job.storage.download(uri, path)
        except MissingObjectError:
            raise BadInputError(f"the partition {uri} does not exist; run data-ingestion first") from None
        if line.sha256 not in (None, sha256) or line.bytes not in (None, path.stat().st_size):
            raise BadInputError(
                f"the partition {uri} has the SHA-256 {sha256}, the shard list says {line.sha256}; run data-ingestion "
                "again"
            )
        return path, sha256

    def _former(self, line: ShardReference, sha256: str) -> Result | None:
        """What an earlier attempt left, when it is what this one would write."""
        uri = result_uri(self._job.environment.layout, line.shard, line.shard)
        try:
            result = Result.from_bytes(self._job.storage.read(uri), str(uri))
        except (MissingObjectError, BadInputError):
            return None
        header = result.header
        parts = (Part(shard=line.shard, trades=line.trades, partition_sha256=sha256),)
        same = (header.run_id, header.model, header.parts) == (self._job.environment.run_id, self._model, parts)
        return result if same else None


def _lines(job: Job[RiskEnvironment], shards: tuple[int, ...]) -> list[ShardReference]:
    """The lines of the run's shard list for the shards of this task."""
    uri = job.environment.layout.shard_list
    try:
        listed = read_shard_list(job.storage.read(uri), str(uri))
    except MissingObjectError:
        raise BadInputError(f"{uri} does not exist; run data-ingestion first") from None
    strange = [shard for shard in shards if shard >= len(listed)]
    if strange:
        raise BadInputError(
            f"BATCH_SHARDS names the shard {strange[0]}, but {uri} has {len(listed)}, numbered from 0; name shards of "
            "the run, for example BATCH_SHARDS=[0]"
        )
    return [listed[shard] for shard in shards]


def _shocks(job: Job[RiskEnvironment], folder: Path) -> list[Shocks]:
    """The sets of scenarios that come as files, in the order of the variable."""
    shocks: list[Shocks] = []
    for uri in job.environment.scenario_files:
        name = uri.key.rsplit("/", 1)[-1].removesuffix(".parquet")
        if name == "monte-carlo" or name in [part.spec.name for part in shocks]:
            raise BadInputError(f"BATCH_SCENARIO_FILES: {uri} is a second set named {name}; give it another file name")
        path = folder / "scenarios.parquet"
        try:
            sha256 = job.storage.download(uri, path)
        except MissingObjectError:
            raise BadInputError(
                f"the file of scenarios {uri} of BATCH_SCENARIO_FILES does not exist; send it"
            ) from None
        shocks.append(read_shocks(path, name, sha256, str(uri)))
    return shocks
