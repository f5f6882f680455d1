"""data-ingestion over objects in memory, a case in milliseconds.

Half of the cases, by their content, are read in blocks so short that even small files have several.
Of a CSV file that the oracle can read (`tests.jobs.oracle`, the documented rules row by row in plain Python), accepted
trades and rejected rows must be the oracle's.
"""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zlib import crc32

import pyarrow.parquet as pq
from hypothesis import strategies as st

from batch_runtime.health import HealthFile
from batch_runtime.layout import S3Uri
from batch_runtime.logs import configure
from batch_runtime.main import Job
from batch_runtime.metrics import Metrics
from batch_runtime.stopping import Progress
from batch_runtime.storage import MissingObjectError, Storage
from data_ingestion import identities, reading
from data_ingestion.job import IngestionEnvironment, ingest
from data_ingestion.schema import COLUMNS, NAMES
from sandbox.demo import portfolio
from tests.jobs.fuzz.cases import exit_code
from tests.jobs.oracle import judge

if TYPE_CHECKING:
    from collections.abc import Iterable


DAY = portfolio.DEFAULT_BUSINESS_DATE


GOOD = {column.name: column.example for column in COLUMNS}


HEADER = ",".join(NAMES)


class MemoryStorage(Storage):
    """Objects in a dictionary."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        try:
            return self.objects[uri.key]
        except KeyError:
            raise MissingObjectError(uri) from None

    def download(self, uri: S3Uri, path: Path) -> str:
        content = self.read(uri)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def write(self, uri: S3Uri, content: bytes, content_type: str = "") -> None:
        self.objects[uri.key] = content

    def upload(self, path: Path, uri: S3Uri, content_type: str = "") -> None:
        self.objects[uri.key] = path.read_bytes()

    def upload_all(self, files: "Iterable[tuple[Path, S3Uri]]") -> None:
        for path, uri in files:
            self.upload(path, uri)


class Bench:
    """Runs the job over objects in memory."""

    def __init__(self, scratch: Path) -> None:
        self.environment = IngestionEnvironment.read(
            {
                "BATCH_JOB": "data-ingestion",
                "BATCH_ENVIRONMENT": "test",
                "BATCH_INPUT_BUCKET": "input-bucket",
                "BATCH_OUTPUT_BUCKET": "output-bucket",
                "BATCH_SCRATCH": str(scratch),
                "BATCH_RUN_ID": "fuzz",
                "BATCH_BUSINESS_DATE": DAY.isoformat(),
                "BATCH_MANIFEST_URI": "s3://input-bucket/manifest.json",
                "BATCH_SHARD_SIZE": "15",
                "BATCH_MAX_REJECTED_PERCENT": "100",
            }
        )
        self.progress = Progress(HealthFile(scratch), 0)

    def run(self, objects: dict[str, bytes]) -> tuple[int, dict[str, bytes]]:
        """The exit code and what was left; fails the test when the law is broken."""
        storage = MemoryStorage(objects)
        job = Job(
            environment=self.environment,
            storage=storage,
            metrics=Metrics(environment="test", job="data-ingestion", run_id="fuzz"),
            progress=self.progress,
            log=configure(),
        )
        failure: Exception | None = None
        try:
            ingest(job)
        except Exception as error:
            failure = error
        return exit_code("data-ingestion", failure), objects

    def run_file(self, name: str, content: bytes, rows: int) -> tuple[int, dict[str, bytes]]:
        """With a truthful manifest, as far as it can be."""
        promise = {"key": name, "sha256": hashlib.sha256(content).hexdigest(), "rows": rows}
        manifest = {"business_date": DAY.isoformat(), "files": [promise]}
        objects = {name: content, "manifest.json": json.dumps(manifest).encode()}
        if crc32(content) % 2:
            return self.run(objects)
        with (
            patch.multiple(reading, _BUFFER_BYTES=2_048, _BATCH_ROWS=5),
            patch.object(identities, "RUN_ROWS", 4),
        ):
            return self.run(objects)


def accepted(objects: dict[str, bytes]) -> list[dict[str, Any]]:
    keys = sorted(key for key in objects if key.startswith("shards/") and key.endswith(".parquet"))
    return [row for key in keys for row in pq.read_table(io.BytesIO(objects[key])).to_pylist()]


def rejected_rows(objects: dict[str, bytes]) -> list[int]:
    (key,) = (key for key in objects if key.endswith("rejected.csv"))
    csv.field_size_limit(1 << 24)
    return sorted(int(row["row"]) for row in csv.DictReader(io.StringIO(objects[key].decode(), newline="")))


def check_csv(bench: Bench, content: bytes) -> None:
    """Run a CSV file; where the oracle can read it and the job took it, both must agree."""
    try:
        verdict = judge(content, DAY)
    except (ValueError, csv.Error, StopIteration):
        verdict = None
    code, objects = bench.run_file("a.csv", content, verdict.rows if verdict else 3)
    if code == 0 and verdict is not None:
        assert accepted(objects) == verdict.trades
        assert rejected_rows(objects) == verdict.rejected


EDGES = st.sampled_from(
    ["", " ", "0", "-0", "1", "+1", "1.", ".5", "1e5", "1E-3", "1e0001", "1e400", "-1e400", "1e-400", "nan", "inf",
     "-inf", "Infinity", "0x1p3", "1_000", "1,5", "1 ", " 1", "１", "9" * 400, "0.1" + "0" * 400,
     "1e9", "1000000000.0000001",
     "2026-02-29", "2024-02-29", "2026-11-20", "2026-11-21", "0000-01-01", "0001-01-01", "9999-12-31", "2026-1-1",
     "2026-11-20T00:00", "USD", "usd", "EUR", "equity", "null", "NULL", "N/A", "#N/A", "true", "T-1", "T-1\n",
     "é", "\x00",
     "T" * 64, "T" * 65, '"', '""', "a\nb", "a\r\nb", "=1+1", "\ufeff", "\u2028"]
)  # fmt: skip


CELLS = EDGES | st.text(max_size=12) | st.floats().map(str) | st.integers().map(str) | st.dates().map(str)


ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), CELLS, max_size=3), min_size=1, max_size=12)


def as_csv(rows: list[dict[str, str]], quoting: Any = csv.QUOTE_MINIMAL, end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=NAMES, lineterminator=end, quoting=quoting)
    writer.writeheader()
    writer.writerows(GOOD | {"trade_id": f"T-{number}"} | row for number, row in enumerate(rows))
    return text.getvalue().encode(errors="surrogatepass")
