"""`batchctl logs`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from batchctl.errors import USAGE
from tests.batchctl.operate.account import Account, ask, refused


class TestLogs:
    def test_no_line_is_said(self, account: Account) -> None:
        account.client("logs").create_log_group(logGroupName="/batch/data-ingestion-dev")
        result = ask(account, "logs", "data-ingestion")
        assert result.stdout == ""
        assert "data-ingestion has logged nothing in the last 720 minutes" in result.stderr

    def test_an_unknown_run_is_refused(self, account: Account) -> None:
        error = refused(ask(account, "logs", "data-ingestion", "--run", "run-x"))
        assert error.code == USAGE
        assert "no run 'run-x' in the run ledger; the newest is run-2026-11-20" in str(error)

    def test_a_known_run_that_logged_nothing_is_said(self, account: Account) -> None:
        account.client("logs").create_log_group(logGroupName="/batch/data-ingestion-dev")
        result = ask(account, "logs", "data-ingestion", "--run", "run-2026-11-20")
        assert "has logged nothing of run run-2026-11-20" in result.stderr

    def test_lines_in_order_and_of_one_run(self, account: Account) -> None:
        logs = account.client("logs")
        group = "/batch/data-ingestion-dev"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
        now = int(datetime.now(UTC).timestamp() * 1000)
        events = [{"timestamp": now - 1000 * n, "message": json.dumps({"run_id": f"run-{n}"})} for n in (2, 1)]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
        lines = ask(account, "logs", "data-ingestion").output.splitlines()
        assert [line.split()[-1] for line in lines] == ['"run-2"}', '"run-1"}']

    def test_unknown_job(self, account: Account) -> None:
        assert "There are: data-ingestion" in str(refused(ask(account, "logs", "nope")))
