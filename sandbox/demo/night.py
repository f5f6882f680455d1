"""One night: the client sends, the workflow runs, the report is fetched.

What runs when is decided by the state machine; this only answers its RunTask calls.
"""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from batch_runtime.layout import S3Uri
from sandbox.account import CREDENTIALS
from sandbox.tasks.processes import Tasks
from sandbox.workflow.executions import Execution, RunTaskRequest
from sandbox.workflow.local_workflow import LocalWorkflow

from . import portfolio
from .account import Account
from .display import Display

SHARDS = 10
"""Few enough for an inline map, enough to see the fan-out."""
_FRIDAY = 4
_CLIENT = "client sends files, manifest last"


@dataclass(frozen=True)
class Folder:
    """What a demo leaves on disk; only its own parts of `root` are ever removed."""

    root: Path

    @property
    def client(self) -> Path:
        """The made-up portfolio."""
        return self.root / "client"

    @property
    def tasks(self) -> Path:
        """Log and scratch of every task."""
        return self.root / "tasks"

    @property
    def pdf(self) -> Path:
        """The report for people."""
        return self.root / "report.pdf"

    @property
    def json(self) -> Path:
        """The report for programs."""
        return self.root / "report.json"

    @property
    def rejected(self) -> Path:
        """The rows that were set aside, with their reasons."""
        return self.root / "rejected.csv"

    def files(self, report: dict[str, Any]) -> list[tuple[Path, str]]:
        """What a reader looks for, and what each file is."""
        return [
            (self.client, "what the client sent:"),
            (self.tasks, "the log of every task:"),
            (self.rejected, f"rows that were set aside, with reasons; the report calls it {_rejected_uri(report)}:"),
            (self.json, "the report for programs, every number of it:"),
            (self.pdf, "the report:"),
        ]

    def clear(self) -> None:
        """Remove what an earlier demo left."""
        for part in (self.client, self.tasks):
            shutil.rmtree(part, ignore_errors=True)
        for file in (self.pdf, self.json, self.rejected):
            file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Sent:
    """The manifest in the input bucket."""

    business_date: date
    key: str
    version: str
    rows: int


@dataclass(frozen=True)
class _ProgressWatcher:
    """Moves the bars; a `sandbox.tasks.processes.Watcher`."""

    account: Account
    display: Display

    def started(self, request: RunTaskRequest) -> None:
        """Show the job when its first task is asked for."""
        if not request.shards:
            self.display.expect(request.job, 1)

    def ended(self, request: RunTaskRequest, exit_code: int) -> None:
        """Move the job's bar, and show what ingestion leaves to be done."""
        if exit_code != 0:
            return
        self.display.advance(request.job, len(request.shards) or 1)
        if request.job == "data-ingestion":
            run_id = request.environment["BATCH_RUN_ID"]
            summary = _read(self.account, f"shards/{run_id}/summary.json")
            self.display.expect("risk-calculation", summary["shards"])


def send(account: Account, folder: Folder, display: Display, *, trades: int, seed: int, books: int) -> Sent:
    """Make a portfolio for the coming market open and put it into the input bucket, the manifest last."""
    folder.clear()
    day = trading_day(datetime.now(UTC).date())
    written = portfolio.write(folder.client, trades=trades, business_date=day, seed=seed, books=books)
    display.expect(_CLIENT, len(written.files) + 1)
    for path in (*written.files, written.manifest):
        key = path.relative_to(folder.client).as_posix()
        answer = account.s3.put_object(Bucket=account.blueprint.input_bucket, Key=key, Body=path.read_bytes())
        display.advance(_CLIENT)
    return Sent(business_date=day, key=key, version=answer["VersionId"], rows=written.rows)


def trading_day(today: date) -> date:
    """The weekday that is today or comes next."""
    return today + timedelta(days=7 - today.weekday() if today.weekday() > _FRIDAY else 0)


def run(account: Account, folder: Folder, display: Display, sent: Sent) -> Execution:
    """Run the deployed workflow on the manifest."""
    os.environ.update(CREDENTIALS)  # the workflow's interpreter makes clients of its own
    tasks = Tasks(
        account,
        folder.tasks,
        _ProgressWatcher(account, display),
        settings={"BATCH_SHARD_SIZE": str(-(-sent.rows // SHARDS))},
    )
    workflow = LocalWorkflow(
        definition=account.blueprint.definition(),
        run_task=tasks,
        endpoint_url=account.emulated.url,
        region=account.blueprint.region,
        name="statemachine-nightly",
    )
    # What the start rule's input transformer makes of the event that S3 sends for the manifest.
    return workflow.start({"origin": "event", "manifest": {"key": sent.key, "version": sent.version}})


def fetch_report(account: Account, folder: Folder, business_date: date) -> dict[str, Any]:
    """Copy the report, and what it points to, to this machine; its JSON."""
    marker = _read(account, f"reports/{business_date.isoformat()}/_SUCCESS")
    for uri, path in ((marker["report_uri"], folder.pdf), (marker["json_uri"], folder.json)):
        path.write_bytes(_bytes(account, S3Uri.parse(uri).key))
    report: dict[str, Any] = json.loads(folder.json.read_bytes())
    folder.rejected.write_bytes(_bytes(account, S3Uri.parse(_rejected_uri(report)).key))
    return report


def _rejected_uri(report: dict[str, Any]) -> str:
    return str(report["data_quality"]["rejected_uri"])


def _read(account: Account, key: str) -> Any:
    return json.loads(_bytes(account, key))


def _bytes(account: Account, key: str) -> bytes:
    body: bytes = account.s3.get_object(Bucket=account.blueprint.output_bucket, Key=key)["Body"].read()
    return body
