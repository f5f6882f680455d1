"""Trade files and manifests as a client sends them, and what data-ingestion makes of them."""

import csv
import hashlib
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_ingestion.job import IngestionEnvironment, ingest
from data_ingestion.schema import COLUMNS
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


def as_parquet(rows: int, **columns: pa.Array) -> bytes:
    """Good rows T-0, T-1, …, with some columns replaced."""
    table = pa.table(
        {column.name: pa.array([column.example] * rows).cast(column.type) for column in COLUMNS}
        | {"trade_id": [f"T-{number}" for number in range(rows)]}
        | columns
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
