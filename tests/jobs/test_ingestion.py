"""data-ingestion: what it accepts, what it refuses, and that a lie leaves nothing behind."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from batch_runtime.errors import BadInputError
from data_ingestion.job import IngestionEnvironment, ingest
from data_ingestion.schema import COLUMNS, PARTITION_SCHEMA
from sandbox.demo import portfolio
from tests.jobs.harness import Night

GOOD: dict[str, str] = {column.name: column.example for column in COLUMNS}
FOLDER = "incoming/2026-11-20"


def as_csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[column.name for column in COLUMNS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def send(night: Night, files: dict[str, bytes], rows: dict[str, int], **changes: Any) -> None:
    """Put files and a truthful manifest, then the `changes` to it, into the input bucket."""
    for name, content in files.items():
        night.put(f"{FOLDER}/{name}", content)
    promises = [
        {"key": f"{FOLDER}/{name}", "sha256": hashlib.sha256(content).hexdigest(), "rows": rows[name]}
        for name, content in files.items()
    ]
    manifest = {"business_date": "2026-11-20", "files": promises, **changes}
    night.put(f"{FOLDER}/manifest.json", json.dumps(manifest).encode())


def ingest_here(night: Night, **variables: str) -> None:
    """Run the job's work in this process."""
    ingest(night.job("data-ingestion", IngestionEnvironment, **variables))


def trades(night: Night) -> list[dict[str, Any]]:
    """All accepted trades, in the order of the shards."""
    keys = sorted(key for key in night.outputs() if key.endswith(".parquet"))
    return [row for key in keys for row in pq.read_table(io.BytesIO(night.get(key))).to_pylist()]


def rejected(night: Night) -> list[dict[str, str]]:
    """The quarantined rows."""
    return list(csv.DictReader(io.StringIO(night.get(night.layout.rejected.key).decode())))


class TestGoodNight:
    def test_as_a_process_keeps_the_contract(
        self, night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]
    ) -> None:
        made = with_portfolio(1_000)
        outcome = night.run("data-ingestion", BATCH_SHARD_SIZE="300")
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        good = made.rows - made.bad_rows
        summary = night.json(night.layout.summary.key)
        assert summary == {
            "run_id": "nightly-1",
            "business_date": "2026-11-20",
            "shards": 4,
            "trades": good,
            "quarantined": made.bad_rows,
            "shards_uri": str(night.layout.shard_list),
            "numbers": [0, 1, 2, 3],
        }
        assert night.json(night.layout.shard_list.key) == [
            {"shard": number, "uri": str(night.layout.shard(number)), "trades": min(300, good - 300 * number)}
            for number in range(4)
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
        seen = []
        for name in ("a.csv", "a.parquet"):
            path = tmp_path / name
            (portfolio._write_csv if name.endswith(".csv") else portfolio._write_parquet)(path, rows)
            send(night, {name: path.read_bytes()}, {name: 500})
            ingest_here(night)
            seen.append(night.get(night.layout.shard(0).key))
        assert seen[0] == seen[1]

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


BAD_VALUES = [
    ("trade_id", ""),
    ("trade_id", "x" * 65),
    ("instrument", "=cmd|' /C calc'!A0"),
    ("asset_class", "tulips"),
    ("quantity", "0"),
    ("quantity", "many"),
    ("price", "-1"),
    ("price", "nan"),
    ("price", "1e400"),
    ("currency", "eur"),
    ("fx_to_usd", "0"),
    ("volatility", ""),
    ("volatility", "-0.1"),
    ("correlation", "1.01"),
    ("delta", "inf"),
    ("gamma", "1,5"),
    ("trade_date", "2026-02-31"),
    ("trade_date", "20.11.2026"),
    ("trade_date", "2026-11-21"),
]


class TestQuarantine:
    @pytest.mark.parametrize(("column", "value"), BAD_VALUES)
    def test_a_bad_value_is_kept_with_its_reason(self, night: Night, column: str, value: str) -> None:
        good = GOOD | {"trade_id": "T-good"}
        send(night, {"a.csv": as_csv([good, GOOD | {column: value}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [row["trade_id"] for row in trades(night)] == ["T-good"]
        (row,) = rejected(night)
        assert (row["file"], row["row"]) == (f"{FOLDER}/a.csv", "2")
        assert row["reasons"].startswith(f"{column} must ")
        assert repr(value) in row["reasons"]
        assert json.loads(row["content"])[column] == value
        assert night.json(night.layout.quality.key)["reasons"] == {column: 1}

    def test_all_reasons_of_a_row_are_named(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD, GOOD | {"price": "x", "currency": "y"}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        (row,) = rejected(night)
        assert row["reasons"].count(" must ") == 2

    def test_dollars_at_another_rate_than_one(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD, GOOD | {"currency": "USD", "fx_to_usd": "1.1"}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert "must be 1 when the currency is USD" in rejected(night)[0]["reasons"]

    def test_a_trade_that_comes_twice_counts_once(self, night: Night) -> None:
        """Also across files; the message says where the first one is."""
        send(night, {"a.csv": as_csv([GOOD]), "b.csv": as_csv([GOOD | {"price": "7"}])}, {"a.csv": 1, "b.csv": 1})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [row["price"] for row in trades(night)] == [101.25]
        (row,) = rejected(night)
        assert row["reasons"] == f"trade_id 'T-0000001' is already in {FOLDER}/a.csv row 1"

    def test_a_bad_row_does_not_take_its_id_from_a_good_one(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD | {"price": "x"}, GOOD])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert len(trades(night)) == 1

    def test_torn_rows_count_and_are_numbered_as_the_client_sees_them(self, night: Night) -> None:
        header, *lines = as_csv(
            [GOOD | {"trade_id": f"T-{n}", "price": "x" if n == 4 else "1"} for n in range(6)]
        ).split(b"\n")
        torn = [header, lines[0], b"T-9,half a row", *lines[1:]]
        send(night, {"a.csv": b"\n".join(torn)}, {"a.csv": 7})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [(row["row"], row["reasons"][:9]) for row in rejected(night)] == [("2", "the row m"), ("6", "price mus")]

    def test_too_much_of_it_fails_the_run_but_is_kept(self, night: Night) -> None:
        """A report on what is left would mislead."""
        rows = [GOOD | {"trade_id": f"T-{n}", "price": "x" if n < 3 else "1"} for n in range(10)]
        send(night, {"a.csv": as_csv(rows)}, {"a.csv": 10})
        with pytest.raises(BadInputError, match=r"3 of 10 rows \(30.0 %\) were rejected.*price 3x.*rejected.csv"):
            ingest_here(night)
        assert list(night.outputs()) == [night.layout.rejected.key]
        assert len(rejected(night)) == 3


class TestLies:
    """A manifest that lies fails with one clear message, and nothing is written."""

    @pytest.fixture(autouse=True)
    def nothing_written(self, night: Night) -> Any:
        yield
        assert night.outputs() == {}

    def refused(self, night: Night, message: str) -> None:
        with pytest.raises(BadInputError, match=message):
            ingest_here(night)

    def test_no_manifest(self, night: Night) -> None:
        self.refused(night, "the manifest s3://.*manifest.json does not exist; send it")

    def test_missing_file(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD])}, {"a.csv": 1})
        night.s3.delete_object(Bucket=night.input_bucket, Key=f"{FOLDER}/a.csv")
        self.refused(night, f"{FOLDER}/a.csv does not exist")

    def test_wrong_checksum(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD])}, {"a.csv": 1})
        night.put(f"{FOLDER}/a.csv", as_csv([GOOD]) + b"\n")
        self.refused(night, "a.csv has the SHA-256 [0-9a-f]{64}, the manifest says [0-9a-f]{64}")

    def test_all_lies_in_one_message(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD]), "b.csv": b"", "c.csv": b""}, {"a.csv": 1, "b.csv": 0, "c.csv": 0})
        night.s3.delete_object(Bucket=night.input_bucket, Key=f"{FOLDER}/a.csv")
        night.put(f"{FOLDER}/c.csv", b"other")
        self.refused(night, "a.csv does not exist.*c.csv has the SHA-256.*Nothing was written")

    @pytest.mark.parametrize("claimed", [0, 2, 4])
    def test_wrong_count(self, night: Night, claimed: int) -> None:
        rows = [GOOD | {"trade_id": f"T-{number}"} for number in range(3)]
        send(night, {"a.csv": as_csv(rows)}, {"a.csv": claimed})
        self.refused(night, f"a.csv has 3 rows, the manifest says {claimed}")

    def test_another_day(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD])}, {"a.csv": 1}, business_date="2026-11-19")
        self.refused(night, "is for business_date 2026-11-19, the run for 2026-11-20")

    def test_no_file(self, night: Night) -> None:
        send(night, {}, {})
        self.refused(night, r"files: .*at least 1 item.*got \[\]")

    def test_files_without_a_trade(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([])}, {"a.csv": 0})
        self.refused(night, "hold no trade at all")

    def test_a_file_named_twice(self, night: Night) -> None:
        promise = {"key": f"{FOLDER}/a.csv", "sha256": "0" * 64, "rows": 1}
        manifest = {"business_date": "2026-11-20", "files": [promise, promise]}
        night.put(f"{FOLDER}/manifest.json", json.dumps(manifest).encode())
        self.refused(night, "a.csv; name each once")

    def test_a_missing_column(self, night: Night) -> None:
        content = as_csv([GOOD]).replace(b",volatility,", b",vol,")
        send(night, {"a.csv": content}, {"a.csv": 1})
        self.refused(night, "a.csv lacks the columns volatility; its header must have trade_id,")

    @pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
    def test_rubbish(self, night: Night, name: str) -> None:
        send(night, {name: b"\x00\xff\xfe rubbish \xff"}, {name: 1})
        self.refused(night, f"{name} (cannot be read|lacks the columns)")

    def test_a_manifest_elsewhere(self, night: Night) -> None:
        with pytest.raises(BadInputError, match="lies outside the input bucket"):
            ingest_here(night, BATCH_MANIFEST_URI="s3://some-other-bucket/manifest.json")

    def test_as_a_process_exits_65_with_one_message(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD])}, {"a.csv": 5})
        outcome = night.run("data-ingestion")
        assert outcome.exit_code == 65
        assert "a.csv has 1 rows, the manifest says 5" in outcome.message
        assert "Traceback" not in outcome.stdout + outcome.stderr


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
