"""A deployment and a nightly run under way, against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from batchctl import cli
from batchctl.errors import OK, PROBLEM, OperatorError
from batchctl.operate import deployments
from conventions.naming import Names

NAMES = Names(suffix="dev", account="123456789012", region="us-east-1")
MACHINE = NAMES.state_machine("nightly")


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def run_under_way() -> str:
    states = boto3.client("stepfunctions", region_name="us-east-1")
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    states.create_state_machine(name=MACHINE.name, definition=definition, roleArn="arn:aws:iam::123456789012:role/x")
    return str(states.start_execution(stateMachineArn=MACHINE.arn, name="run-1", input="{}")["executionArn"])


def stop(arn: str) -> None:
    boto3.client("stepfunctions", region_name="us-east-1").stop_execution(executionArn=arn)


def revisions(family: str, number: int) -> list[str]:
    ecs = boto3.client("ecs", region_name="us-east-1")
    return [
        ecs.register_task_definition(family=family, containerDefinitions=[{"name": "x", "image": "x", "memory": 512}])[
            "taskDefinition"
        ]["taskDefinitionArn"]
        for _ in range(number)
    ]


def active() -> list[str]:
    arns: list[str] = boto3.client("ecs", region_name="us-east-1").list_task_definitions(status="ACTIVE")[
        "taskDefinitionArns"
    ]
    return arns


class TestWaitForRun:
    def test_a_stack_that_was_never_deployed_has_no_run(self) -> None:
        result = CliRunner().invoke(cli.app, ["wait-for-run", "--stack", "dev", "--refuse"])
        assert result.exit_code == OK, result.exception
        assert "no nightly run of dev is under way" in result.output

    def test_a_run_under_way_refuses_the_deployment_and_names_it(self) -> None:
        arn = run_under_way()
        result = CliRunner().invoke(cli.app, ["wait-for-run", "--stack", "dev", "--refuse"])
        assert isinstance(result.exception, OperatorError)
        assert result.exception.code == PROBLEM
        assert "run-1 (started " in str(result.exception)
        stop(arn)
        assert CliRunner().invoke(cli.app, ["wait-for-run", "--stack", "dev", "--refuse"]).exit_code == OK

    def test_it_waits_for_the_runs_end(self) -> None:
        arn, slept = run_under_way(), list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                stop(arn)

        deployments.wait_for_run(NAMES, minutes=10, sleep=sleep, report=lambda _: None)
        assert slept == [deployments.POLL_SECONDS] * 3

    def test_it_does_not_wait_for_ever(self) -> None:
        run_under_way()
        slept: list[float] = []
        with pytest.raises(OperatorError, match="under way"):
            deployments.wait_for_run(NAMES, minutes=1, sleep=slept.append, report=lambda _: None)
        assert sum(slept) == 60


class TestRetireRevisions:
    def test_only_the_newest_revision_of_each_family_stays(self) -> None:
        old = revisions("task-data-ingestion-dev", 12)
        other = revisions("task-data-ingestion-dev2", 2)
        assert CliRunner().invoke(cli.app, ["retire-revisions", "--stack", "dev"]).exit_code == OK
        assert sorted(active()) == sorted([old[-1], *other])

    def test_not_while_a_run_may_hold_one(self) -> None:
        old = revisions("task-data-ingestion-dev", 2)
        run_under_way()
        result = CliRunner().invoke(cli.app, ["retire-revisions", "--stack", "dev"])
        assert isinstance(result.exception, OperatorError)
        assert sorted(active()) == sorted(old)
        assert CliRunner().invoke(cli.app, ["retire-revisions", "--stack", "dev", "--if-idle"]).exit_code == OK
        assert sorted(active()) == sorted(old)
