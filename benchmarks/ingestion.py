"""How fast data-ingestion takes trades in, beside other engines: `python -m benchmarks.ingestion [--rows 1000000]`.

Each way runs in a process of its own, on one thread, over the same generated file; 0.8 % of its rows are wrong.
The job does everything it does at night but the network: checksum, rules, duplicates, reasons with row numbers,
partitions, documents. The references do less: the same rules and duplicates in polars and DuckDB, but neither torn rows
nor reasons nor row numbers; reading alone; the checksum alone. Ways take turns, the best CPU time of several counts,
because other work on the machine can only slow a run down. Each first takes in a file of a thousand rows: that is the
start, imports included, which a task pays once and the rates leave out. Peak memory is that of the process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from batch_runtime.layout import S3Uri
    from batch_runtime.storage import Storage

PATTERN_ROWS = 100_000
"""Rows that are generated; larger files repeat them under other ids."""
FIRST, FIRST_ROWS = "first", 1_000
"""Folder and rows of the file that each way takes in before the one that is measured."""
SHARD_SIZE = 100_000
RUNS = 3
BUSINESS_DATE = "2026-11-20"
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


def make_files(folder: Path, rows: int) -> None:
    """`trades.csv` and `trades.parquet` with the same rows, a truthful manifest for each, and all of it small."""
    import pyarrow.parquet as pq

    from sandbox.demo import portfolio

    day = portfolio.DEFAULT_BUSINESS_DATE
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
    import pyarrow as pa
    import pyarrow.parquet as pq

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


def _folder_storage(folder: Path, kind: str) -> Storage:
    """A folder in the place of S3."""
    import shutil

    from batch_runtime.storage import Storage

    class FolderStorage(Storage):
        """Copies files instead of sending them."""

        def __init__(self) -> None:
            """Nothing to connect to."""

        def read(self, uri: S3Uri, version: str = "") -> bytes:
            return (folder / f"manifest-{kind}.json").read_bytes()

        def download(self, uri: S3Uri, path: Path) -> str:
            digest = hashlib.sha256()
            with (folder / f"trades.{kind}").open("rb") as source, path.open("wb") as target:
                while chunk := source.read(1 << 20):
                    digest.update(chunk)
                    target.write(chunk)
            return digest.hexdigest()

        def write(self, uri: S3Uri, content: bytes, content_type: str = "") -> None:
            (folder / "out" / Path(uri.key).name).write_bytes(content)

        def upload(self, path: Path, uri: S3Uri, content_type: str = "") -> None:
            shutil.copy(path, folder / "out" / path.name)

        def upload_all(self, files: Iterable[tuple[Path, S3Uri]]) -> None:
            for path, uri in files:
                self.upload(path, uri)

    return FolderStorage()


def ours(folder: Path, kind: str) -> int:
    """The job itself, with a folder in the place of S3; returns how many trades it accepted."""
    from batch_runtime.health import HealthFile
    from batch_runtime.logs import configure
    from batch_runtime.main import Job
    from batch_runtime.metrics import Metrics
    from batch_runtime.stopping import Progress
    from data_ingestion.job import IngestionEnvironment, ingest

    (folder / "out").mkdir(exist_ok=True)
    variables = {
        "BATCH_JOB": "data-ingestion",
        "BATCH_ENVIRONMENT": "test",
        "BATCH_INPUT_BUCKET": "input-bucket",
        "BATCH_OUTPUT_BUCKET": "output-bucket",
        "BATCH_SCRATCH": str(folder),
        "BATCH_RUN_ID": "benchmark",
        "BATCH_BUSINESS_DATE": BUSINESS_DATE,
        "BATCH_MANIFEST_URI": "s3://input-bucket/in/manifest.json",
        "BATCH_SHARD_SIZE": str(SHARD_SIZE),
    }
    job = Job(
        environment=IngestionEnvironment.read(variables),
        storage=_folder_storage(folder, kind),
        metrics=Metrics(environment="test", job="data-ingestion", run_id="benchmark"),
        progress=Progress(HealthFile(folder), 0),
        log=configure(),
    )
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout, stdout = nowhere, sys.stdout
        ingest(job)
        sys.stdout = stdout
    return int(json.loads((folder / "out" / "summary.json").read_text())["trades"])


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
    (count,) = connection.execute(f"SELECT count(*) FROM read_parquet('{folder / 'duckdb.parquet'}')").fetchone() or (
        0,
    )
    return int(count)


def reading_alone(folder: Path, kind: str) -> int:
    """pyarrow reading the columns, no rules, nothing written."""
    import pyarrow.parquet as pq
    from pyarrow import csv

    if kind == "parquet":
        batches = pq.ParquetFile(folder / "trades.parquet").iter_batches(use_threads=False)
        return sum(batch.num_rows for batch in batches)
    reader = csv.open_csv(folder / "trades.csv", csv.ReadOptions(use_threads=False, block_size=1 << 20))
    return sum(batch.num_rows for batch in reader)


def checksum_alone(folder: Path, kind: str) -> int:
    """SHA-256 of the file."""
    with (folder / f"trades.{kind}").open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return 0


WAYS: dict[str, Callable[[Path, str], int]] = {
    "the job": ours,
    "polars, rules only": polars,
    "DuckDB, rules only": duckdb,
    "pyarrow, reading only": reading_alone,
    "SHA-256 only": checksum_alone,
}


def measure(folder: Path, kind: str, way: str) -> dict[str, float]:
    """Run one way in a process of its own."""
    program = (
        "import json, sys, time, pathlib; from benchmarks import ingestion as i\n"
        "try:\n    import pyarrow as pa; pa.set_cpu_count(1); pa.set_io_thread_count(1)\nexcept ImportError: pass\n"
        f"i.WAYS[{way!r}](pathlib.Path({str(folder / FIRST)!r}), {kind!r})\n"
        "first = time.process_time(); wall = time.perf_counter()\n"
        f"count = i.WAYS[{way!r}](pathlib.Path({str(folder)!r}), {kind!r})\n"
        "cpu = time.process_time() - first; wall = time.perf_counter() - wall\n"
        "peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "print(json.dumps({'start': first, 'cpu': cpu, 'wall': wall, 'peak': peak, 'count': count}))"
    )
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} over {kind} failed:\n{done.stderr}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Make the files, let the ways take turns, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingestion", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file (default 1000000)")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each way, the best counts (default {RUNS})")
    parser.add_argument("--kind", choices=["csv", "parquet"], action="append", help="default: both")
    parser.add_argument("--way", choices=list(WAYS), action="append", help="default: all")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ingestion-benchmark-") as name:
        folder = Path(name)
        make_files(folder, chosen.rows)
        for kind in chosen.kind or ("csv", "parquet"):
            ways = chosen.way or list(WAYS)
            start = time.monotonic()
            runs = [{way: measure(folder, kind, way) for way in ways} for _ in range(chosen.runs)]
            size = (folder / f"trades.{kind}").stat().st_size / 1e6
            table = Table(
                title=f"{chosen.rows:,} rows of {kind}, {size:,.0f} MB, one thread, {time.monotonic() - start:.0f} s"
            )
            for column in ("", "rows/CPU s", "MB/CPU s", "start CPU s", "wall s", "peak MB", "accepted"):
                table.add_column(column, justify="left" if not column else "right")
            for way in ways:
                best = min((run[way] for run in runs), key=lambda answer: answer["cpu"])
                table.add_row(
                    way,
                    f"{chosen.rows / best['cpu']:,.0f}",
                    f"{size / best['cpu']:,.0f}",
                    f"{min(run[way]['start'] for run in runs):,.2f}",
                    f"{best['wall']:,.1f}",
                    f"{max(run[way]['peak'] for run in runs):,.0f}",
                    f"{best['count']:,.0f}" if best["count"] else "",
                )
            Console().print(table)
            accepted = {runs[0][way]["count"] for way in ways if "rules" in way or way == "the job"}
            if len(accepted) > 1:
                raise SystemExit(f"the engines disagree on what is good: {accepted}")


if __name__ == "__main__":
    main()
