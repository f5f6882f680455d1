"""data-ingestion: download, verify, validate, cut into shards; only then publish.

The order of the last step is the contract: rejected rows and partitions first, then the shard list that promises them,
then the quality document, the summary last. A job killed anywhere before leaves no promise that is not kept.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from batch_runtime import documents
from batch_runtime.documents import (
    MAX_INLINE_NUMBERS,
    FileQuality,
    IngestionSummary,
    Manifest,
    ManifestFile,
    QualityDocument,
    ShardReference,
)
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.main import Job
from data_ingestion import manifest as manifests
from data_ingestion import reading, schema
from data_ingestion.identities import SeenTrades
from data_ingestion.quarantine import Quarantine
from data_ingestion.sharding import ShardWriter


class IngestionEnvironment(JobEnvironment):
    """The contract's variables and those of this job."""

    shard_size: int = Field(default=2_500, ge=1, le=10_000_000, alias="BATCH_SHARD_SIZE", examples=["2500"])
    """Trades in a shard; the unit of retry and of parallel work."""
    max_rejected_percent: float = Field(default=5.0, ge=0, le=100, alias="BATCH_MAX_REJECTED_PERCENT", examples=["5"])
    """Above this share of rejected rows the run fails: a report on what is left would mislead."""


@dataclass(frozen=True)
class _Ingested:
    """What lies in scratch when every check is done."""

    shards: ShardWriter
    quarantine: Quarantine
    files: tuple[FileQuality, ...]

    @property
    def trades(self) -> int:
        return sum(self.shards.trades)


def ingest(job: Job[IngestionEnvironment]) -> None:
    """The work of the job."""
    environment = job.environment
    manifest = manifests.load(environment, job.storage)
    with tempfile.TemporaryDirectory(dir=environment.scratch, prefix="ingestion-") as folder:
        with job.metrics.timed("DownloadDuration"):
            paths = manifests.download(manifest, environment.input_bucket, job.storage, Path(folder))
        job.progress.boundary()
        with job.metrics.timed("ValidationDuration"):
            ingested = _validate(job, manifest, paths, Path(folder))
        job.metrics.put("Trades", ingested.trades)
        job.metrics.put("QuarantinedRows", ingested.quarantine.rows)
        _refuse_rubbish(job, ingested)
        job.progress.boundary()
        with job.metrics.timed("PublishDuration"):
            _publish(job, ingested)
    job.log.info(
        "ingested",
        files=len(manifest.files),
        trades=ingested.trades,
        quarantined=ingested.quarantine.rows,
        shards=len(ingested.shards.trades),
    )


def _validate(job: Job[IngestionEnvironment], manifest: Manifest, paths: list[Path], folder: Path) -> _Ingested:
    """Check every row of every file and every promised count; raises one `BadInputError` for all wrong counts."""
    files: list[FileQuality] = []
    lies: list[str] = []
    shards = ShardWriter(folder, job.environment.shard_size)
    with _quarantine(folder / "rejected.csv") as quarantine, SeenTrades(folder / "seen.sqlite") as seen:
        for promised, path in zip(manifest.files, paths, strict=True):
            accepted, rejected = _validate_file(job, promised, path, shards=shards, quarantine=quarantine, seen=seen)
            if accepted + rejected != promised.rows:
                lies.append(f"{promised.key} has {accepted + rejected} rows, the manifest says {promised.rows}")
            files.append(FileQuality(key=promised.key, sha256=promised.sha256, accepted=accepted, rejected=rejected))
            path.unlink()
    shards.close()
    manifests.refuse_lies(lies)
    return _Ingested(shards=shards, quarantine=quarantine, files=tuple(files))


def _validate_file(
    job: Job[IngestionEnvironment],
    promised: ManifestFile,
    path: Path,
    *,
    shards: ShardWriter,
    quarantine: Quarantine,
    seen: SeenTrades,
) -> tuple[int, int]:
    """Move a file's rows into shards and quarantine; returns (accepted, rejected)."""
    accepted = 0
    before = quarantine.rows
    for batch in reading.read(path, promised.key):
        checked = schema.check(batch.rows, job.environment.business_date)
        rejected = dict(checked.rejected)
        keep = []
        trade_ids = checked.accepted.column("trade_id").to_pylist()
        for position, (row, trade_id) in enumerate(zip(checked.accepted_rows, trade_ids, strict=True)):
            first = seen.first_place(trade_id, f"{promised.key} row {batch.numbers[row]}")
            if first is None:
                keep.append(position)
            else:
                rejected[row] = [("duplicate", f"trade_id {trade_id!r} is already in {first}")]
        shards.add(
            checked.accepted.take(pa.array(keep, pa.int64())) if len(keep) < len(trade_ids) else checked.accepted
        )
        accepted += len(keep)
        refused = [(batch.numbers[row], why, batch.rows.slice(row, 1).to_pylist()[0]) for row, why in rejected.items()]
        refused += [(number, [("columns", reason)], line) for number, reason, line in batch.torn]
        for number, why, content in sorted(refused, key=lambda item: item[0]):
            quarantine.add(promised.key, number, why, content)
        job.progress.boundary()
    return accepted, quarantine.rows - before


@contextmanager
def _quarantine(path: Path) -> Iterator[Quarantine]:
    quarantine = Quarantine(path)
    try:
        yield quarantine
    finally:
        quarantine.close()


def _refuse_rubbish(job: Job[IngestionEnvironment], ingested: _Ingested) -> None:
    """Fail when nothing or too little is left; the rejected rows are kept for people to see why."""
    rows = ingested.trades + ingested.quarantine.rows
    if rows == 0:
        raise BadInputError("the manifest's files hold no trade at all; send the day's trades")
    share = 100 * ingested.quarantine.rows / rows
    limit = job.environment.max_rejected_percent
    if ingested.trades and share <= limit:
        return
    target = job.environment.layout.rejected
    job.storage.upload(ingested.quarantine.path, target, "text/csv; charset=utf-8")
    reasons = ", ".join(f"{name} {count}x" for name, count in ingested.quarantine.reasons.most_common(5))
    raise BadInputError(
        f"{ingested.quarantine.rows:,} of {rows:,} rows ({share:.1f} %) were rejected, more than "
        f"BATCH_MAX_REJECTED_PERCENT={limit:g} (most often: {reasons}); the rows and their reasons are in {target}"
    )


def _publish(job: Job[IngestionEnvironment], ingested: _Ingested) -> None:
    layout = job.environment.layout
    job.storage.upload(ingested.quarantine.path, layout.rejected, "text/csv; charset=utf-8")
    trades = ingested.shards.trades
    job.storage.upload_all((ingested.shards.path(number), layout.shard(number)) for number in range(len(trades)))
    shard_list = tuple(
        ShardReference(shard=number, uri=str(layout.shard(number)), trades=count) for number, count in enumerate(trades)
    )
    job.storage.write(layout.shard_list, documents.write_shard_list(shard_list))
    quality = QualityDocument(
        run_id=job.environment.run_id,
        files=ingested.files,
        reasons=dict(ingested.quarantine.reasons.most_common()),
        rejected_uri=str(layout.rejected),
    )
    job.storage.write(layout.quality, quality.to_json())
    summary = IngestionSummary(
        run_id=job.environment.run_id,
        business_date=job.environment.business_date,
        shards=len(trades),
        trades=ingested.trades,
        quarantined=ingested.quarantine.rows,
        shards_uri=str(layout.shard_list),
        numbers=tuple(range(len(trades))) if len(trades) <= MAX_INLINE_NUMBERS else (),
    )
    job.storage.write(layout.summary, summary.to_json())
