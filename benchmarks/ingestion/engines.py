"""What the job is held against: other engines that do less, and the parts below which it cannot get.

The libraries are imported by the way that uses them, so that each way's start and memory are its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ingestion import BUSINESS_DATE, SHARD_SIZE

if TYPE_CHECKING:
    import pyarrow as pa

    from data_ingestion.columns import Column

IDENTITY = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
BOUNDS = {
    "quantity": (-1e9, 1e9),
    "price": (1e-6, 1e7),
    "fx_to_usd": (1e-6, 1e3),
    "volatility": (0.0, 5.0),
    "correlation": (-1.0, 1.0),
    "delta": (-50.0, 50.0),
    "gamma": (-500.0, 500.0),
}
PATTERNS = {
    "trade_id": IDENTITY,
    "instrument": IDENTITY,
    "asset_class": "^(equity|bond|fx|commodity|credit)$",
    "currency": "^[A-Z]{3}$",
}


def the_job(folder: Path, kind: str) -> int:
    """All that it does at night but the network."""
    from benchmarks.ingestion.job import ours

    return ours(folder, kind)


def polars(folder: Path, kind: str) -> int:
    """The same rules in polars: lazily, streamed to one Parquet file."""
    import polars as pl

    path = folder / f"trades.{kind}"
    frame = pl.scan_csv(path, infer_schema=False) if kind == "csv" else pl.scan_parquet(path)
    frame = frame.with_columns(
        *(pl.col(name).cast(pl.Float64, strict=False) for name in BOUNDS),
        pl.col("trade_date").str.to_date("%Y-%m-%d", strict=False) if kind == "csv" else pl.col("trade_date"),
    )
    good = [pl.col(name).str.contains(pattern) for name, pattern in PATTERNS.items()]
    good += [pl.col(name).is_between(low, high) for name, (low, high) in BOUNDS.items()]
    good += [
        pl.col("quantity") != 0,
        pl.col("trade_date") <= pl.lit(BUSINESS_DATE).str.to_date(),
        (pl.col("currency") != "USD") | (pl.col("fx_to_usd") == 1.0),
    ]
    result = frame.filter(*good).unique("trade_id", keep="first", maintain_order=True).collect(engine="streaming")
    result.write_parquet(folder / "polars.parquet", compression="lz4")
    return result.height


def duckdb(folder: Path, kind: str) -> int:
    """The same rules in DuckDB, in one statement to one Parquet file."""
    import duckdb as engine

    path = folder / f"trades.{kind}"
    source = f"read_csv('{path}', header=true, all_varchar=true)" if kind == "csv" else f"read_parquet('{path}')"
    columns = ", ".join(
        [f"COALESCE({name}, '') AS {name}" for name in PATTERNS]
        + [f"TRY_CAST({name} AS DOUBLE) AS {name}" for name in BOUNDS]
        + ["TRY_CAST(trade_date AS DATE) AS trade_date"]
    )
    rules = " AND ".join(
        [f"regexp_matches({name}, '{pattern}')" for name, pattern in PATTERNS.items()]
        + [f"{name} BETWEEN {low} AND {high}" for name, (low, high) in BOUNDS.items()]
        + ["quantity <> 0", f"trade_date <= DATE '{BUSINESS_DATE}'", "(currency <> 'USD' OR fx_to_usd = 1)"]
    )
    connection = engine.connect(config={"threads": 1, "memory_limit": "2GB", "temp_directory": str(folder)})
    connection.execute(
        f"COPY (WITH typed AS (SELECT {columns}, row_number() OVER () AS n FROM {source}), "
        f"good AS (SELECT * FROM typed WHERE {rules}), "
        "firsts AS (SELECT trade_id AS id, min(n) AS first FROM good GROUP BY trade_id) "
        "SELECT good.* EXCLUDE (n) FROM good JOIN firsts ON id = trade_id AND n = first ORDER BY n) "
        f"TO '{folder / 'duckdb.parquet'}' (FORMAT parquet, COMPRESSION lz4)"
    )
    counted = connection.execute(f"SELECT count(*) FROM read_parquet('{folder / 'duckdb.parquet'}')").fetchone()
    return int(counted[0]) if counted else 0


def no_rules(folder: Path, kind: str) -> int:
    """The job's own reader and writer and nothing between but types: SHA-256, read, numbers and days, partitions."""
    import pyarrow as pa

    from data_ingestion import reading
    from data_ingestion.schema import COLUMNS, NAMES
    from data_ingestion.sharding import ShardWriter

    sha256_alone(folder, kind)
    path = folder / f"trades.{kind}"
    shards = ShardWriter(folder, SHARD_SIZE)
    for batch in reading.read(path, path.name, lambda *torn: None):
        columns = [_typed(column, batch.rows.column(column.name)) for column in COLUMNS]
        shards.add(pa.RecordBatch.from_arrays(columns, names=NAMES))
    shards.close()
    return sum(shards.trades)


def _typed(column: Column, values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.repeats and pa.types.is_string(column.type):
        return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    if pa.types.is_string(values.type) and not pa.types.is_string(column.type):
        values = pc.cast(pc.if_else(pc.equal(pc.binary_length(values), 0), None, values), column.type)
    return pc.fill_null(values, pa.scalar(0, pa.int32()).cast(column.type)) if values.null_count else values


def reading_alone(folder: Path, kind: str) -> int:
    """pyarrow reading the columns, from CSV as text; no rules, nothing written."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    from data_ingestion.schema import NAMES

    if kind == "parquet":
        batches = pq.ParquetFile(folder / "trades.parquet").iter_batches(use_threads=False)
        return sum(batch.num_rows for batch in batches)
    text = csv.ConvertOptions(column_types=dict.fromkeys(NAMES, pa.string()), strings_can_be_null=False)
    reader = csv.open_csv(
        folder / "trades.csv", csv.ReadOptions(use_threads=False, block_size=1 << 20), convert_options=text
    )
    return sum(batch.num_rows for batch in reader)


def sha256_alone(folder: Path, kind: str) -> int:
    """The checksum that the manifest promises."""
    with (folder / f"trades.{kind}").open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return 0


WAYS: dict[str, Callable[[Path, str], int]] = {
    "the job": the_job,
    "polars, rules only": polars,
    "DuckDB, rules only": duckdb,
    "the job's reader and writer, no rules": no_rules,
    "pyarrow, reading only": reading_alone,
    "SHA-256 only": sha256_alone,
}
