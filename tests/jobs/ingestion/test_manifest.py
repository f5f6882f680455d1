"""A manifest that lies is refused, and a lie leaves nothing behind."""

import json
from typing import Any

import pytest

from batch_runtime.errors import BadInputError
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import FOLDER, GOOD, as_csv, ingest_here, send


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

    def test_many_missing_files_make_a_short_message(self, night: Night) -> None:
        promises = [{"key": f"{FOLDER}/{n}.csv", "sha256": "0" * 64, "rows": 1} for n in range(40)]
        manifest = {"business_date": "2026-11-20", "files": promises}
        night.put(f"{FOLDER}/manifest.json", json.dumps(manifest).encode())
        self.refused(night, r"0.csv does not exist.*9.csv does not exist in \S+; and 30 more")

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
        self.refused(night, r"files: must have at least 1 entry.*got \[\]")

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
