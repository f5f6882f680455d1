"""`python -m tests.jobs.fuzz [--job data-ingestion] [--cases 100000]`: each job's law in slices, a process a slice.

Each slice has a seed of its own. Stops at the first case that breaks the law, whose log it names; else prints how often
each exit code came. `--write` renews the job's row of docs/measured/fuzz.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[2] / "docs" / "measured" / "fuzz.md"
HEAD = """# Fuzz

Written by `python -m tests.jobs.fuzz --write`: how many cases of each job's law were run on what the job was that day,
and with which exit codes they ended. A case that breaks the law ends the command, and no row is written.

| job | cases | seeds | exit codes | minutes | on |
|---|---:|---|---|---:|---|
"""
MEMORY_DISK = Path("/dev/shm")
FILES = {"data-ingestion": "test_ingestion*", "risk-calculation": "test_risk*", "report-generation": "test_report*"}


def run_slice(job: str, cases: int, seed: int, log: Path) -> Counter[str]:
    """The exit codes of a slice; ends the program when the law is broken."""
    tally = log.with_suffix(".tally")
    files = [str(path) for path in sorted(FOLDER.glob(f"{FILES[job]}.py"))]
    variables = {"FUZZ_CASES": str(cases), "FUZZ_SEED": str(seed), "FUZZ_TALLY": str(tally)}
    if MEMORY_DISK.is_dir():
        variables["TMPDIR"] = str(MEMORY_DISK)  # a case writes up to seventy small files
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", *files],
            env=os.environ | variables,
            cwd=FOLDER.parents[2],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        print(log.read_text(encoding="utf-8")[-4_000:])
        raise SystemExit(f"{job}: the law is broken with FUZZ_CASES={cases} FUZZ_SEED={seed}; the whole log: {log}")
    return Counter(json.loads(tally.read_text(encoding="utf-8"))[job])


def write(job: str, codes: Counter[str], seeds: str, seconds: float) -> None:
    """The job's row of the page; those of the others stay as they are."""
    lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.is_file() else []
    rows = {
        line.split(" | ")[0].removeprefix("| "): line
        for line in lines
        if line.startswith(tuple(f"| {name} |" for name in FILES))
    }
    ends = ", ".join(f"{code}: {count:,}" for code, count in sorted(codes.items(), key=lambda item: int(item[0])))
    rows[job] = f"| {job} | {codes.total():,} | {seeds} | {ends} | {seconds / 60:.0f} | {date.today().isoformat()} |"
    PAGE.write_text(HEAD + "".join(f"{rows[name]}\n" for name in FILES if name in rows), encoding="utf-8")


def main(
    job: Annotated[list[str], typer.Option(help="Jobs; all of them by default.")] = list(FILES),  # noqa: B006
    cases: Annotated[int, typer.Option(help="Cases of each job's law, at least.")] = 100_000,
    slice_cases: Annotated[int, typer.Option("--slice", help="Cases of a process.")] = 4_000,
    first_seed: Annotated[int, typer.Option("--seed", help="Seed of the first slice; the next has the next.")] = 1,
    page: Annotated[bool, typer.Option("--write", help="Renew the job's row of docs/measured/fuzz.md.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the slices' logs.")] = None,
) -> None:
    """Run slices until every job has so many cases."""
    folder = logs or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in job:
        if name not in FILES:
            raise SystemExit(f"--job {name} is no job with a law; write one of {', '.join(FILES)}")
        seed, codes, began = first_seed, Counter[str](), time.monotonic()
        while codes.total() < cases:
            codes += run_slice(name, slice_cases, seed, folder / f"{name}-{seed}.log")
            seed += 1
            print(f"{name}: {codes.total():,} cases, exit codes {dict(sorted(codes.items()))}", flush=True)
            if page:
                write(name, codes, f"{first_seed} to {seed - 1}", time.monotonic() - began)


if __name__ == "__main__":
    typer.run(main)
