"""data-ingestion: download, verify, validate, cut into shards; only then publish.

Good rows go to their shards at once as long as their ids ascend. The others wait in scratch, because only when all ids
are known it is clear which of them came before. The order of the last step is the contract: rejected rows and
partitions first, then the shard list that promises them, then the quality document, the summary last. A job killed
anywhere before leaves no promise that is not kept.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from batch_runtime import documents
from batch_runtime.documents import (
    MAX_INLINE_NUMBERS,
    FileQuality,
    IngestionSummary,
    Manifest,
    QualityDocument,
    ShardReference,
)
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.main import Job
from data_ingestion import manifest as manifests
from data_ingestion import reading, schema
from data_ingestion.identities import Duplicates, TradeIds, file_and_row, position
from data_ingestion.quarantine import Quarantine
from data_ingestion.sharding import ShardWriter
from data_ingestion.spill import Spill


class IngestionEnvironment(JobEnvironment):
    """The contract's variables and those of this job."""

    shard_size: int = Field(default=250_000, ge=1, le=10_000_000, alias="BATCH_SHARD_SIZE", examples=["250000"])
    """Trades in a shard; the unit of retry and of parallel work. `batchctl size` proposes one."""
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
    accepted: list[int] = []
    rejected: list[int] = []
    lies: list[str] = []
    ids = TradeIds(folder, job.progress.boundary)
    shards = ShardWriter(folder, job.environment.shard_size)
    with _quarantine(folder / "rejected.csv") as quarantine:
        with Spill(folder / "accepted.arrows") as spill:
            for number, (promised, path) in enumerate(zip(manifest.files, paths, strict=True)):
                before = quarantine.rows
                check = _FileCheck(
                    job=job, key=promised.key, number=number, shards=shards, spill=spill, quarantine=quarantine, ids=ids
                )
                accepted.append(check.run(path))
                rejected.append(quarantine.rows - before)
                rows = accepted[-1] + rejected[-1]
                if rows != promised.rows:
                    lies.append(f"{promised.key} has {rows} rows, the manifest says {promised.rows}")
                path.unlink()
        manifests.refuse_lies(lies)
        keys = [file.key for file in manifest.files]
        for file in _cut(job, spill, ids.duplicates(), keys, shards=shards, quarantine=quarantine):
            accepted[file] -= 1
            rejected[file] += 1
        shards.close()
    files = tuple(
        FileQuality(key=file.key, sha256=file.sha256, accepted=good, rejected=bad)
        for file, good, bad in zip(manifest.files, accepted, rejected, strict=True)
    )
    return _Ingested(shards=shards, quarantine=quarantine, files=files)


@dataclass(frozen=True, kw_only=True)
class _FileCheck:
    """Moves a file's good rows to the shards or to the spill, and its bad ones to the quarantine."""

    job: Job[IngestionEnvironment]
    key: str
    number: int
    shards: ShardWriter
    spill: Spill
    quarantine: Quarantine
    ids: TradeIds

    def run(self, path: Path) -> int:
        """Check the file at `path`; returns how many rows are good by themselves."""
        accepted = 0
        for batch in reading.read(path, self.key, self._reject_torn):
            checked = schema.check(batch.rows, self.job.environment.business_date)
            numbers = batch.numbers if checked.good is None else batch.numbers.filter(checked.good)
            self._accept(checked.accepted, pc.add(numbers, position(self.number, 0)))
            accepted += checked.accepted.num_rows
            if checked.rejected:
                rows = pa.array(sorted(checked.rejected), pa.int64())
                origins = ((self.key, number) for number in batch.numbers.take(rows).to_pylist())
                reasons = (checked.rejected[row] for row in rows.to_pylist())
                self.quarantine.add(origins, reasons, batch.rows.take(rows))
            self.job.progress.boundary()
        return accepted

    def _accept(self, rows: pa.RecordBatch, positions: pa.Array) -> None:
        is_first = self.ids.add(rows.column("trade_id"), positions)
        if is_first is None:
            self.shards.add(rows)
        elif pc.any(is_first).as_py():
            self.shards.add(rows.filter(is_first))
            waits = pc.invert(is_first)
            self.spill.add(rows.filter(waits), positions.filter(waits))
        else:
            self.spill.add(rows, positions)

    def _reject_torn(self, row: int, reason: str, text: str) -> None:
        self.job.progress.progress()
        self.quarantine.add_torn(self.key, row, reason, text)


def _cut(
    job: Job[IngestionEnvironment],
    spill: Spill,
    duplicates: Duplicates,
    keys: list[str],
    *,
    shards: ShardWriter,
    quarantine: Quarantine,
) -> Iterator[int]:
    """Move the spilled rows into shards, duplicates into quarantine; yields the number of each duplicate's file."""
    for rows, positions in spill.read():
        job.progress.boundary()
        again, firsts = duplicates.between(positions[0].as_py(), positions[-1].as_py())
        if not len(again):
            shards.add(rows)
            continue
        is_again = pc.is_in(positions, value_set=again)
        shards.add(rows.filter(pc.invert(is_again)))
        refused = rows.filter(is_again)
        origins = [(keys[file], row) for file, row in map(file_and_row, again.to_pylist())]
        reasons = [
            [("duplicate", f"trade_id {trade_id!r} is already in {keys[file]} row {row}")]
            for trade_id, (file, row) in zip(
                refused.column("trade_id").to_pylist(), map(file_and_row, firsts.to_pylist()), strict=True
            )
        ]
        quarantine.add(origins, reasons, refused)
        yield from (file_and_row(at)[0] for at in again.to_pylist())


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
        ShardReference(
            shard=number,
            uri=str(layout.shard(number)),
            trades=count,
            sha256=_sha256(ingested.shards.path(number)),
            bytes=ingested.shards.path(number).stat().st_size,
        )
        for number, count in enumerate(trades)
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
