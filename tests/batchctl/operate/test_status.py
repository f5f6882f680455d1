"""`batchctl status`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from batchctl.operate import stack
from batchctl.operate import status as states
from settings import parse
from tests.batchctl.operate.account import MACHINE, Account, ask


class TestStatus:
    def test_nothing_yet(self, account: Account) -> None:
        account.machine()
        state = json.loads(ask(account, "status", "--json").output)
        assert state["state"] == "NOT STARTED"
        assert state["minutes_left"] > 0

    def test_a_run(self, account: Account) -> None:
        account.machine()
        ask(account, "run", "all", "--date", "2026-11-20")
        assert json.loads(ask(account, "status", "--json").output)["state"] == "RUNNING"
        table = ask(account, "status").output
        assert "min left" in table
        assert "resumed by" not in table

    def test_a_resumed_run_is_shown_by_the_id_that_its_logs_carry(self, account: Account) -> None:
        account.machine()
        arn = json.loads(ask(account, "resume", "--json").output)["arn"]
        state = json.loads(ask(account, "status", "--json").output)
        assert (state["run_id"], state["execution"]) == ("run-2026-11-20", arn.rpartition(":")[2])
        assert "resumed by" in ask(account, "status").output

    @pytest.mark.parametrize(
        ("moment", "due"),
        [
            ("2026-11-20T10:00:00", "2026-11-20T09:30-05:00"),
            ("2026-11-20T15:00:00", "2026-11-23T09:30-05:00"),
            ("2026-07-01T12:00:00", "2026-07-01T09:30-04:00"),
            ("2026-12-24T20:00:00", "2026-12-28T09:30-05:00"),
            ("2026-11-25T20:00:00", "2026-11-27T09:30-05:00"),
            ("2026-12-28T20:00:00", "2026-12-30T09:30-05:00"),
        ],
    )
    def test_the_next_deadline_skips_weekends_holidays_and_follows_the_clock(self, moment: str, due: str) -> None:
        config = parse({"workflow": {"deadline": {"holidays": ["2026-12-29"]}}}, stack="dev")
        at = states.next_deadline(config, datetime.fromisoformat(moment).replace(tzinfo=UTC))
        assert at.isoformat(timespec="minutes") == due

    def test_a_held_manifest_is_named_with_the_way_to_run_it(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A held manifest starts no run, so nothing else tells why; the output is the definition's own."""
        account.machine()
        states_client = account.client("stepfunctions")
        arn = states_client.start_execution(stateMachineArn=MACHINE, name="held-1", input="{}")["executionArn"]
        executions = states_client.list_executions(stateMachineArn=MACHINE)
        executions["executions"][0]["status"] = "SUCCEEDED"
        run = {"business_date": "2026-01-02", "key": "incoming/2026-01-02/manifest.json"}
        monkeypatch.setattr(states_client, "list_executions", lambda **_: executions)
        monkeypatch.setattr(
            states_client,
            "describe_execution",
            lambda executionArn: {"output": json.dumps({"outcome": "HELD", "run": run})},  # noqa: N803
        )
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: states_client)
        assert arn
        state = json.loads(ask(account, "status", "--json").output)
        assert state["state"] == "NOT STARTED", "a held manifest is no run"
        assert [one["manifest"] for one in state["held"]] == ["incoming/2026-01-02/manifest.json"]
        table = ask(account, "status").output
        assert "held" in table
        assert "batchctl run all --date 2026-01-02" in table
