"""data-ingestion over files without a fault: partitions, documents, and memory that does not grow."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from batch_runtime.errors import BadInputError
from data_ingestion.schema import PARTITION_SCHEMA
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import FOLDER, GOOD, as_csv, ingest_here, send, trades


class TestGoodNight:
    def test_as_a_process_keeps_the_contract(
        self, night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]
    ) -> None:
        sent = with_portfolio(1_000)
        outcome = night.run("data-ingestion", BATCH_SHARD_SIZE="300")
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        good = sent.rows - sent.bad_rows
        summary = night.json(night.layout.summary.key)
        assert summary == {
            "run_id": "nightly-1",
            "business_date": "2026-11-20",
            "shards": 4,
            "trades": good,
            "quarantined": sent.bad_rows,
            "shards_uri": str(night.layout.shard_list),
            "numbers": [0, 1, 2, 3],
        }
        partitions = [night.get(night.layout.shard(number).key) for number in range(4)]
        assert night.json(night.layout.shard_list.key) == [
            {
                "shard": number,
                "uri": str(night.layout.shard(number)),
                "trades": min(300, good - 300 * number),
                "sha256": hashlib.sha256(partition).hexdigest(),
                "bytes": len(partition),
            }
            for number, partition in enumerate(partitions)
        ]
        assert all(record["run_id"] == "nightly-1" and record["job"] == "data-ingestion" for record in outcome.records)
        assert outcome.metrics["Trades"] == good
        assert (night.scratch / "healthy").exists()
        assert [path.name for path in night.scratch.iterdir()] == ["healthy"]

    def test_partitions_are_typed_and_whole(self, night: Night) -> None:
        rows = [GOOD | {"trade_id": f"T-{number}"} for number in range(7)]
        send(night, {"a.csv": as_csv(rows)}, {"a.csv": 7})
        ingest_here(night, BATCH_SHARD_SIZE="3")
        assert [row["trade_id"] for row in trades(night)] == [row["trade_id"] for row in rows]
        table = pq.read_table(io.BytesIO(night.get(night.layout.shard(0).key)))
        assert table.schema.equals(PARTITION_SCHEMA)
        assert [pq.read_metadata(io.BytesIO(night.get(night.layout.shard(n).key))).num_rows for n in range(3)] == [
            3,
            3,
            1,
        ]

    def test_csv_and_parquet_with_the_same_rows_give_the_same_partition(self, night: Night, tmp_path: Path) -> None:
        day = portfolio.DEFAULT_BUSINESS_DATE
        rows = portfolio.generate(500, day, seed=3)
        partitions = []
        for name in ("a.csv", "a.parquet"):
            path = tmp_path / name
            (portfolio._write_csv if name.endswith(".csv") else portfolio._write_parquet)(path, rows)
            send(night, {name: path.read_bytes()}, {name: 500})
            ingest_here(night)
            partitions.append(night.get(night.layout.shard(0).key))
        assert partitions[0] == partitions[1]

    def test_a_second_attempt_writes_the_same_bytes(
        self, night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]
    ) -> None:
        with_portfolio(400)
        ingest_here(night)
        first = night.outputs()
        ingest_here(night)
        assert night.outputs() == first

    def test_reads_the_version_of_the_manifest_that_started_the_run(self, night: Night) -> None:
        """A client that sends the manifest again in the midst of a run must not change what the run reads."""
        night.s3.put_bucket_versioning(Bucket=night.input_bucket, VersioningConfiguration={"Status": "Enabled"})
        send(night, {"a.csv": as_csv([GOOD])}, {"a.csv": 1})
        key = f"{FOLDER}/manifest.json"
        version = night.s3.head_object(Bucket=night.input_bucket, Key=key)["VersionId"]
        night.put(key, b"sent again, broken")
        ingest_here(night, BATCH_MANIFEST_VERSION=version)
        assert len(trades(night)) == 1
        with pytest.raises(BadInputError, match="is not JSON"):
            ingest_here(night)

    def test_a_large_run_leaves_the_numbers_to_the_shard_list(self, night: Night) -> None:
        """The workflow's state holds 256 KiB."""
        rows = [GOOD | {"trade_id": f"T-{number}"} for number in range(1_001)]
        send(night, {"a.csv": as_csv(rows)}, {"a.csv": 1_001})
        ingest_here(night, BATCH_SHARD_SIZE="1")
        summary = night.json(night.layout.summary.key)
        assert (summary["shards"], summary["numbers"]) == (1_001, [])


class TestPartitions:
    def test_their_bytes_do_not_depend_on_how_the_rows_arrived(self, night: Night) -> None:
        """One file or three, CSV or Parquet: other batches, the same trades."""
        day = portfolio.DEFAULT_BUSINESS_DATE
        rows = portfolio.generate(40_000, day, seed=5)
        written = []
        for kinds in (["csv"], ["parquet"], ["csv", "parquet", "csv"]):
            files, counts = {}, {}
            for number, kind in enumerate(kinds):
                part = rows[40_000 * number // len(kinds) : 40_000 * (number + 1) // len(kinds)]
                path = night.scratch.parent / f"{number}.{kind}"
                (portfolio._write_csv if kind == "csv" else portfolio._write_parquet)(path, part)
                files[path.name], counts[path.name] = path.read_bytes(), len(part)
            send(night, files, counts)
            ingest_here(night, BATCH_SHARD_SIZE="15000")
            written.append([night.get(night.layout.shard(number).key) for number in range(3)])
        assert written[0] == written[1] == written[2]


def test_memory_does_not_grow_with_the_portfolio(night: Night) -> None:
    """Three times the rows, 57 MB more of input: the peak moves by less; rows in memory would take ten times that."""
    peaks, sizes = [], []
    header, line = as_csv([GOOD]).splitlines()
    for count in (400_000, 1_200_000):
        rows = b"".join(line.replace(b"T-0000001", b"T-%07d" % number) + b"\n" for number in range(count))
        send(night, {"a.csv": header + b"\n" + rows}, {"a.csv": count})
        outcome = night.run("data-ingestion", BATCH_SHARD_SIZE="50000")
        assert outcome.exit_code == 0, outcome.stdout
        peaks.append(outcome.metrics["PeakMemory"])
        sizes.append(len(rows) / 1e6)
    assert peaks[0] > 0
    assert peaks[1] - peaks[0] < sizes[1] - sizes[0]
