"""`batchctl run`, `runs`, `resume` and `redrive`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchctl.errors import OK, PROBLEM, UNREACHABLE, USAGE
from batchctl.operate import stack
from tests.batchctl.operate.account import Account, ask, refused


class TestRuns:
    def test_newest_first(self, account: Account) -> None:
        result = ask(account, "runs", "--json")
        assert result.exit_code == OK
        assert [(run["business_date"], run["status"]) for run in json.loads(result.output)] == [
            ("2026-11-20", "FAILED"),
            ("2026-11-19", "SUCCEEDED"),
        ]

    def test_table(self, account: Account) -> None:
        result = ask(account, "runs", "--limit", "1")
        assert "2026-11-20" in result.output
        assert "2026-11-19" not in result.output

    def test_a_ledger_that_is_gone_is_one_message(self, account: Account) -> None:
        account.client("dynamodb").delete_table(TableName="table-ledger-dev")
        error = refused(ask(account, "runs"))
        assert error.code == UNREACHABLE
        assert "reading the run ledger: AWS answered ResourceNotFoundException" in str(error)


class TestRun:
    def test_the_whole_night(self, account: Account) -> None:
        account.machine()
        result = ask(account, "run", "all", "--date", "2026-11-20", "--rerun", "--json")
        arn = json.loads(result.output)["arn"]
        run_input = json.loads(account.client("stepfunctions").describe_execution(executionArn=arn)["input"])
        assert run_input == {"origin": "operator", "business_date": "2026-11-20", "rerun": True}

    def test_a_manifest_by_its_uri(self, account: Account) -> None:
        account.machine()
        uri = "s3://bucket-input-dev/incoming/2026-11-20/manifest.json"
        arn = json.loads(ask(account, "run", "all", "--input", uri, "--json").output)["arn"]
        run_input = json.loads(account.client("stepfunctions").describe_execution(executionArn=arn)["input"])
        assert run_input["manifest"] == {"key": "incoming/2026-11-20/manifest.json"}

    def test_one_job(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """moto runs no Fargate task without a container instance: the call itself is looked at."""
        parameters: dict[str, Any] = {}

        def run_task(**arguments: Any) -> dict[str, Any]:
            parameters.update(arguments)
            return {"tasks": [{"taskArn": "arn:task"}], "failures": []}

        client = account.client("ecs")
        monkeypatch.setattr(client, "run_task", run_task)
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        result = ask(account, "run", "risk-calculation", "--date", "2026-11-20", "--run", "run-1", "--shards", "[0]")
        assert result.exit_code == OK, result.output
        (override,) = parameters["overrides"]["containerOverrides"]
        variables = {item["name"]: item["value"] for item in override["environment"]}
        assert variables == {
            "BATCH_RUN_ID": "run-1",
            "BATCH_BUSINESS_DATE": "2026-11-20",
            "BATCH_MANIFEST_URI": "s3://bucket-input-dev/incoming/2026-11-20/manifest.json",
            "BATCH_MANIFEST_VERSION": "",
            "BATCH_SHARDS": "[0]",
        }
        assert parameters["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
        assert "launchType" not in parameters

    def test_a_refusal_inside_a_200_is_a_failure(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        client = account.client("ecs")
        monkeypatch.setattr(client, "run_task", lambda **_: {"tasks": [], "failures": [{"reason": "RESOURCE:FARGATE"}]})
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        error = refused(ask(account, "run", "data-ingestion", "--date", "2026-11-20"))
        assert error.code == PROBLEM
        assert "RESOURCE:FARGATE" in str(error)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("all",), "Pass --date 2026-11-20"),
            (("all", "--date", "20 Nov"), "valid: --date 2026-11-20"),
            (("all", "--input", "s3://other/x"), "not in the input bucket"),
            (("nope", "--date", "2026-11-20"), "Jobs: data-ingestion"),
            (("data-ingestion",), "needs --date"),
        ],
    )
    def test_mistakes(self, account: Account, arguments: tuple[str, ...], says: str) -> None:
        error = refused(ask(account, "run", *arguments))
        assert error.code == USAGE
        assert says in str(error)


class TestResume:
    @pytest.mark.parametrize("command", ["resume", "redrive"])
    def test_the_newest_failed_run_goes_on_under_its_own_id(self, account: Account, command: str) -> None:
        account.machine()
        result = ask(account, command, "--json")
        assert result.exit_code == OK
        states = account.client("stepfunctions")
        run_input = json.loads(
            states.describe_execution(executionArn=next(iter(json.loads(result.output).values())))["input"]
        )
        assert run_input == {
            "origin": "operator",
            "business_date": "2026-11-20",
            "resume": {"run_id": "run-2026-11-20"},
        }

    def test_nothing_has_failed(self, account: Account) -> None:
        account.client("dynamodb").delete_item(
            TableName="table-ledger-dev",
            Key={"business_date": {"S": "2026-11-20"}, "manifest": {"S": "incoming/2026-11-20/manifest.json#v1"}},
        )
        error = refused(ask(account, "resume"))
        assert error.code == USAGE
        assert "no run has failed" in str(error)

    def test_a_run_that_is_not_there(self, account: Account) -> None:
        assert "there is no run 'xyz'; only a run that failed" in str(refused(ask(account, "resume", "xyz")))

    def test_a_run_that_has_not_failed(self, account: Account) -> None:
        message = str(refused(ask(account, "resume", "run-2026-11-19")))
        assert "run 'run-2026-11-19' is SUCCEEDED; only a run that failed" in message

    def test_dead_letters_of_events_cannot_go_back(self, account: Account) -> None:
        assert "run all --input" in str(refused(ask(account, "redrive", "--dead-letters", "nightly-start")))
