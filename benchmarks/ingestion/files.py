"""The trade files that every way takes in, the same rows as CSV and as Parquet."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ingestion import BUSINESS_DATE, FIRST
from sandbox.demo import portfolio

PATTERN_ROWS = 100_000
"""Rows that are generated; larger files repeat them under other ids."""
FIRST_ROWS = 1_000


def make_files(folder: Path, rows: int) -> None:
    """`trades.csv` and `trades.parquet` with the same rows, a truthful manifest for each, and all of it small."""
    day = date.fromisoformat(BUSINESS_DATE)
    pattern = portfolio.generate(PATTERN_ROWS, day, seed=1)
    portfolio.spoil(pattern, portfolio.BAD_SHARE, day, seed=1)
    portfolio._write_csv(folder / "pattern.csv", pattern)
    portfolio._write_parquet(folder / "pattern.parquet", pattern)
    lines = (folder / "pattern.csv").read_bytes().splitlines(keepends=True)
    table = pq.read_table(folder / "pattern.parquet")
    (folder / FIRST).mkdir()
    for target, count in ((folder, rows), (folder / FIRST, FIRST_ROWS)):
        _repeat(target, lines, table, count)
        for kind in ("csv", "parquet"):
            with (target / f"trades.{kind}").open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            promise = {"key": f"in/trades.{kind}", "sha256": digest, "rows": count}
            manifest = {"business_date": BUSINESS_DATE, "files": [promise]}
            (target / f"manifest-{kind}.json").write_text(json.dumps(manifest))


def _repeat(folder: Path, lines: list[bytes], table: pa.Table, rows: int) -> None:
    """Write both files with so many rows, the pattern again and again under other ids."""
    header, *lines = lines
    ids = table["trade_id"].to_pylist()
    with (
        (folder / "trades.csv").open("wb") as file,
        pq.ParquetWriter(folder / "trades.parquet", table.schema, compression="zstd") as writer,
    ):
        file.write(header)
        for number in range(-(-rows // PATTERN_ROWS)):
            part = min(PATTERN_ROWS, rows - number * PATTERN_ROWS)
            file.writelines(line.replace(b"T-", b"T%04d-" % number, 1) for line in lines[:part])
            names = pa.array([name and name.replace("T-", f"T{number:04d}-") for name in ids[:part]], pa.string())
            writer.write_table(
                table.slice(0, part).set_column(table.schema.get_field_index("trade_id"), "trade_id", names)
            )
