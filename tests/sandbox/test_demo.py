"""The demo: the deployed definition drives the jobs as processes, and its failures read well."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from rich.console import Console

from sandbox.demo import portfolio
from sandbox.demo.display import show_failure
from sandbox.demo.night import Folder, trading_day
from sandbox.workflow.executions import Execution

ROOT = Path(__file__).parents[2]


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sandbox.demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@dataclass(frozen=True)
class Finished:
    """A demo that ended well: what it printed, and its folder."""

    stdout: str
    folder: Path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("demo")
    done = demo("--trades", "1000", "--books", "3", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return Finished(done.stdout, folder)


class TestNight:
    def test_ends_with_the_path_of_a_report(self, finished: Finished) -> None:
        stdout, folder = finished.stdout, finished.folder
        lines = [line.strip() for line in stdout.splitlines()]
        listed = [lines[number + 1] for number, line in enumerate(lines) if line.endswith(":") and "next" not in line]
        assert listed == [
            str(folder / name) for name in ("client", "tasks", "rejected.csv", "report.json", "report.pdf")
        ]
        assert lines.index("What to try next:") > lines.index(str(folder / "report.pdf"))
        assert "states" not in stdout
        text = PdfReader(io.BytesIO((folder / "report.pdf").read_bytes())).pages[0].extract_text()
        report = json.loads((folder / "report.json").read_text())
        assert "Overnight risk report" in text
        assert report["data_quality"]["accepted"] + report["data_quality"]["quarantined"] == 1_000
        assert re.search(r"announced\s+\[dev\] Nightly run succeeded", stdout)
        logs = sorted((folder / "tasks").glob("*/log.jsonl"))
        jobs = [path.parent.name.split("-", 1)[1] for path in logs]
        assert jobs == ["data-ingestion", *["risk-calculation"] * 10, "report-generation"]
        first = json.loads(logs[0].read_text().splitlines()[0])
        assert (first["environment"], first["run_id"]) == ("dev", report["run_id"])

    def test_what_the_report_points_to_is_in_the_folder(self, finished: Finished) -> None:
        """The rows that were set aside, as many as the report counts, and the files that the client sent."""
        stdout, folder = finished.stdout, finished.folder
        report = json.loads((folder / "report.json").read_text())
        groups = [group["name"] for group in report["groups"] if group["dimension"] == "book"]
        assert sorted(groups) == ["Americas", "Asia", "Europe"]
        quality = report["data_quality"]
        assert quality["rejected_uri"].endswith("/rejected.csv")
        assert quality["rejected_uri"] in stdout.replace("\n", "")
        with (folder / "rejected.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == quality["quarantined"] > 0
        for sent in quality["files"]:
            content = (folder / "client" / sent["key"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sent["sha256"]

    def test_a_folder_that_cannot_be_written_is_refused_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        done = demo("--out", str(tmp_path / "file" / "out"))
        assert done.returncode == 1
        assert f"--out {tmp_path / 'file' / 'out'} cannot be written: Not a directory" in done.stdout.replace("\n", "")
        assert "Traceback" not in done.stdout + done.stderr

    def test_a_stack_that_does_not_exist_is_named_without_a_traceback(self, tmp_path: Path) -> None:
        done = demo("--stack", "nowhere", "--out", str(tmp_path))
        assert done.returncode == 1
        assert "nowhere" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr

    def test_too_few_trades_are_refused_with_an_example(self) -> None:
        done = demo("--trades", "1")
        assert done.returncode == 2
        assert "got 1; write --trades 10000" in done.stderr

    def test_only_its_own_files_are_cleared(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("kept")
        folder = Folder(tmp_path)
        folder.client.mkdir()
        folder.pdf.write_text("old")
        folder.clear()
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failed_night_says_why_in_the_words_of_the_job(tmp_path: Path) -> None:
    log = tmp_path / "000-data-ingestion" / "log.jsonl"
    log.parent.mkdir()
    failure = {"event": "job_failed", "message": "shards [1, 2] have no result"}
    log.write_text(json.dumps({"event": "job_started"}) + "\n" + json.dumps(failure) + "\n")
    execution = Execution(name="n", arn="a", status="FAILED", error="Batch.BadInput", cause="[dev] ended with 65")
    console = Console(file=io.StringIO(), width=200)
    show_failure(console, execution, tmp_path)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "The night failed: Batch.BadInput: [dev] ended with 65",
        "000-data-ingestion: shards [1, 2] have no result",
        f"logs {tmp_path}",
    ]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-21", "2026-11-23"),
        ("2026-11-22", "2026-11-23"),
        ("2026-11-23", "2026-11-23"),
    ],
)
def test_the_coming_market_open_is_on_a_weekday(today: str, expected: str) -> None:
    assert trading_day(date.fromisoformat(today)) == date.fromisoformat(expected)


class TestPortfolio:
    def test_the_same_arguments_give_the_same_bytes(self, tmp_path: Path) -> None:
        portfolios = [portfolio.write(tmp_path / name, trades=200) for name in ("a", "b")]
        for first, second in zip(*([p.manifest, *p.files] for p in portfolios), strict=True):
            assert first.read_bytes() == second.read_bytes()
        other = portfolio.write(tmp_path / "c", trades=200, seed=2)
        assert other.files[0].read_bytes() != portfolios[0].files[0].read_bytes()

    def test_the_command_line_says_where_the_manifest_is(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.demo.portfolio", "--trades", "100", "--out", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        manifest = Path(done.stdout.splitlines()[-1])
        promises = json.loads(manifest.read_text())
        assert sum(file["rows"] for file in promises["files"]) == 100
        assert all((tmp_path / file["key"]).is_file() for file in promises["files"])
