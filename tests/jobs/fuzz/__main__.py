"""`python -m tests.jobs.fuzz [--job data-ingestion] [--cases 100000]`: each job's law in slices, a process a slice.

Each slice has a seed of its own. Stops at the first case that breaks the law, whose log it names; else prints how often
each exit code came.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

FOLDER = Path(__file__).resolve().parent
FILES = {"data-ingestion": "test_ingestion*", "risk-calculation": "test_risk*", "report-generation": "test_report*"}


def run_slice(job: str, cases: int, seed: int, log: Path) -> Counter[str]:
    """The exit codes of a slice; ends the program when the law is broken."""
    tally = log.with_suffix(".tally")
    files = [str(path) for path in sorted(FOLDER.glob(f"{FILES[job]}.py"))]
    variables = {"FUZZ_CASES": str(cases), "FUZZ_SEED": str(seed), "FUZZ_TALLY": str(tally)}
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


def main(
    job: Annotated[list[str], typer.Option(help="Jobs; all of them by default.")] = list(FILES),  # noqa: B006
    cases: Annotated[int, typer.Option(help="Cases of each job's law, at least.")] = 100_000,
    slice_cases: Annotated[int, typer.Option("--slice", help="Cases of a process.")] = 4_000,
    first_seed: Annotated[int, typer.Option("--seed", help="Seed of the first slice; the next has the next.")] = 1,
    logs: Annotated[Path | None, typer.Option(help="Folder for the slices' logs.")] = None,
) -> None:
    """Run slices until every job has so many cases."""
    folder = logs or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in job:
        if name not in FILES:
            raise SystemExit(f"--job {name} is no job with a law; write one of {', '.join(FILES)}")
        seed, codes = first_seed, Counter[str]()
        while codes.total() < cases:
            codes += run_slice(name, slice_cases, seed, folder / f"{name}-{seed}.log")
            seed += 1
            print(f"{name}: {codes.total():,} cases, exit codes {dict(sorted(codes.items()))}", flush=True)


if __name__ == "__main__":
    typer.run(main)
