"""The bench on which data-ingestion runs, real files, silence, and the tally of exit codes."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.demo import portfolio
from tests.jobs.fuzz.cases import exit_codes
from tests.jobs.fuzz.ingestion import Bench


@pytest.fixture(scope="session", autouse=True)
def tally() -> Iterator[None]:
    """Appends a line of JSON, job -> exit code -> cases, to `FUZZ_TALLY`."""
    yield
    if path := os.environ.get("FUZZ_TALLY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(exit_codes) + "\n")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One for all cases of a file."""
    return Bench(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The job logs a line a run, of which nobody wants to read a hundred thousand."""
    yield
    capfd.readouterr()


@pytest.fixture(scope="module")
def real_files() -> dict[str, bytes]:
    """A day's files as clients send them, small."""
    with tempfile.TemporaryDirectory() as folder:
        portfolio.write(Path(folder), trades=40, files=2, bad_share=0.05)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}
