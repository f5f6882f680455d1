"""How fast data-ingestion takes trades in, beside other engines: `python -m benchmarks.ingestion [--rows 1000000]`.

Each way runs in a process of its own, on one thread, over the same generated file; 0.8 % of its rows are wrong.
The job does everything it does at night but the network: checksum, rules, duplicates, reasons with row numbers,
partitions, documents. polars and DuckDB do less: the same rules and duplicates, but neither torn rows nor reasons nor
row numbers. The last three are parts of the job, below which it cannot get. Ways take turns, the best CPU time of
several counts, because other work on the machine can only slow a run down. Each first takes in a file of a thousand
rows: that is the start, imports included, which a task pays once and the rates leave out. Peak memory is that of the
process; the job's is measured over five times the rows too, or `--larger` times. `--write` renews
docs/measured/ingestion.md.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks._machine import measured_on
from benchmarks.ingestion.engines import WAYS
from benchmarks.ingestion.files import make_files
from benchmarks.ingestion.measuring import measure

RUNS: Final = 3
LARGER: Final = 5
"""Times the rows, to see whether memory grows with them."""
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "measured" / "ingestion.md"
HEADER: Final = ("way", "rows/CPU s", "MB/CPU s", "start CPU s", "peak MB", "accepted")


def rows_of(runs: list[dict[str, dict[str, float]]], rows: int, size: float) -> list[tuple[str, ...]]:
    """What `HEADER` says of each way; `size` is the file's, in MB."""
    lines: list[tuple[str, ...]] = []
    for way in runs[0]:
        cpu = min(run[way]["cpu"] for run in runs)
        start, peak = min(run[way]["start"] for run in runs), max(run[way]["peak"] for run in runs)
        count = runs[0][way]["count"]
        numbers = (f"{rows / cpu:,.0f}", f"{size / cpu:,.0f}", f"{start:.2f}", f"{peak:,.0f}")
        lines.append((way, *numbers, f"{count:,.0f}" if count else ""))
    return lines


def peaks(rows: int) -> str:
    """The job's peak memory over a file of so many rows."""
    with tempfile.TemporaryDirectory(prefix="ingestion-benchmark-") as name:
        make_files(Path(name), rows)
        peak = {kind: measure(Path(name), kind, "the job")["peak"] for kind in ("csv", "parquet")}
    return f"The job over {rows:,} rows: peak {peak['csv']:,.0f} MB (CSV), {peak['parquet']:,.0f} MB (Parquet)."


def page(tables: dict[str, list[tuple[str, ...]]], runs: int, larger: str) -> str:
    """docs/measured/ingestion.md."""
    lines = [
        "# Ingestion",
        "",
        "Written by `python -m benchmarks.ingestion --write`: one thread, 0.8 % of the rows wrong, best CPU time of",
        f"{runs} runs of each way in turn, the start left out. The last three are parts of the job, below which it",
        "cannot get: its reader and its writer with the checksum and no rule between them; reading; the checksum. What",
        "the ways do stands in the command's `--help`.",
    ]
    for title, rows in tables.items():
        lines += ["", f"## {title}", "", f"| {' | '.join(HEADER)} |", f"|---|{'---:|' * (len(HEADER) - 1)}"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", larger, "", measured_on(), ""])


def main() -> None:
    """Make the files, let the ways take turns, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingestion", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file (default 1000000)")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each way, the best counts (default {RUNS})")
    parser.add_argument("--kind", choices=["csv", "parquet"], action="append", help="default: both")
    parser.add_argument("--way", choices=list(WAYS), action="append", help="default: all")
    parser.add_argument(
        "--larger", type=int, default=LARGER, help=f"times the rows for the job's peak memory (default {LARGER})"
    )
    parser.add_argument("--write", action="store_true", help=f"renew {PAGE.relative_to(PAGE.parents[2])}")
    chosen = parser.parse_args()
    tables: dict[str, list[tuple[str, ...]]] = {}
    with tempfile.TemporaryDirectory(prefix="ingestion-benchmark-") as name:
        folder = Path(name)
        make_files(folder, chosen.rows)
        for kind in chosen.kind or ("csv", "parquet"):
            ways = chosen.way or list(WAYS)
            runs = [{way: measure(folder, kind, way) for way in ways} for _ in range(chosen.runs)]
            size = (folder / f"trades.{kind}").stat().st_size / 1e6
            title = f"{chosen.rows:,} rows of {'CSV' if kind == 'csv' else 'Parquet'}, {size:,.0f} MB"
            tables[title] = rows_of(runs, chosen.rows, size)
            table = Table(title=title)
            for column in HEADER:
                table.add_column(column, justify="left" if column == "way" else "right")
            for row in tables[title]:
                table.add_row(*row)
            Console(width=120).print(table)
            accepted = {runs[0][way]["count"] for way in ways if "rules only" in way or way == "the job"}
            if len(accepted) > 1:
                raise SystemExit(f"the engines disagree on what is good: {accepted}")
    larger = peaks(chosen.larger * chosen.rows)
    print(larger)
    if chosen.write:
        PAGE.write_text(page(tables, chosen.runs, larger), encoding="utf-8")


if __name__ == "__main__":
    main()
