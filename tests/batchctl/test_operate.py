"""The operator's commands against moto, as processes of one: what they show, and how a mistake is told.

moto lacks Service Quotas' Fargate code, and runs no Fargate task; those answers are put in at the
boto3 client, where the test says so.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from batchctl import cli
from batchctl.errors import FOUND, OK, UNREACHABLE, USAGE, OperatorError
from batchctl.operate import doctor, stack
from batchctl.operate import status as states
from settings import parse

ACCOUNT, REGION = "123456789012", "us-east-1"
JOBS = ("data-ingestion", "risk-calculation", "report-generation")
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:statemachine-nightly-dev"


class Account:
    """A small account with what the commands ask for."""

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs
        self.values: dict[str, Any] = {
            "environment": "dev",
            "region": REGION,
            "accountId": ACCOUNT,
            "stateMachineArn": MACHINE,
            "inputBucketName": "bucket-input-dev",
            "ledgerTableName": "table-ledger-dev",
            "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/cluster-batch-dev",
            "logGroupNames": {job: f"/batch/{job}-dev" for job in JOBS},
            "deadLetterQueueUrls": {"nightly-start": "https://sqs/x"},
            "jobDeadLetterQueueUrls": {},
        }
        self._network()
        self._tasks()
        self._ledger()
        self.write()

    def write(self) -> None:
        self.outputs.write_text(json.dumps(self.values))

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

    def _network(self) -> None:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")["VpcEndpoint"]
        self.values |= {
            "privateSubnetIds": [subnet],
            "taskSecurityGroupId": group,
            "endpointIds": {"s3": endpoint["VpcEndpointId"]},
        }

    def _tasks(self) -> None:
        ecs, ecr = self.client("ecs"), self.client("ecr")
        ecs.create_cluster(clusterName="cluster-batch-dev")
        arns = {}
        for job in JOBS:
            ecr.create_repository(repositoryName=f"repository-{job}-dev")
            image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/repository-{job}-dev:release-0"
            definition = ecs.register_task_definition(
                family=f"task-{job}-dev",
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                containerDefinitions=[{"name": job, "image": image}],
            )
            arns[job] = definition["taskDefinition"]["taskDefinitionArn"]
        self.values["taskDefinitionArns"] = arns

    def _ledger(self) -> None:
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName="table-ledger-dev",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "business_date", "KeyType": "HASH"},
                {"AttributeName": "manifest", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "business_date", "AttributeType": "S"},
                {"AttributeName": "manifest", "AttributeType": "S"},
            ],
        )
        for day, status in (("2026-11-19", "SUCCEEDED"), ("2026-11-20", "FAILED")):
            dynamodb.put_item(
                TableName="table-ledger-dev",
                Item={
                    "business_date": {"S": day},
                    "manifest": {"S": f"incoming/{day}/manifest.json#v1"},
                    "status": {"S": status},
                    "run_id": {"S": f"run-{day}"},
                    "started_at": {"S": f"{day}T07:00:00.000Z"},
                    "duration_seconds": {"N": "600"},
                    "report_uri": {"S": f"s3://out/reports/{day}/report.pdf" if status == "SUCCEEDED" else ""},
                },
            )

    def machine(self) -> None:
        role = f"arn:aws:iam::{ACCOUNT}:role/role-x"
        definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
        self.client("stepfunctions").create_state_machine(
            name="statemachine-nightly-dev", definition=definition, roleArn=role
        )


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Account(tmp_path / "outputs.json")


def ask(account: Account, *arguments: str) -> Result:
    return CliRunner().invoke(cli.app, [*arguments, "--outputs", str(account.outputs)])


def refused(result: Result) -> OperatorError:
    """The one message that the command ends in; `main` prints it and exits with its code."""
    assert isinstance(result.exception, OperatorError), result.output
    return result.exception


class TestRuns:
    def test_newest_first(self, account: Account) -> None:
        shown = ask(account, "runs", "--json")
        assert shown.exit_code == OK
        assert [(run["business_date"], run["status"]) for run in json.loads(shown.output)] == [
            ("2026-11-20", "FAILED"),
            ("2026-11-19", "SUCCEEDED"),
        ]

    def test_table(self, account: Account) -> None:
        shown = ask(account, "runs", "--limit", "1")
        assert "2026-11-20" in shown.output
        assert "2026-11-19" not in shown.output

    def test_a_ledger_that_is_gone_is_one_message(self, account: Account) -> None:
        account.client("dynamodb").delete_table(TableName="table-ledger-dev")
        error = refused(ask(account, "runs"))
        assert error.code == UNREACHABLE
        assert "reading the run ledger: AWS answered ResourceNotFoundException" in str(error)


class TestRun:
    def test_the_whole_night(self, account: Account) -> None:
        account.machine()
        shown = ask(account, "run", "all", "--date", "2026-11-20", "--rerun", "--json")
        arn = json.loads(shown.output)["arn"]
        given = json.loads(account.client("stepfunctions").describe_execution(executionArn=arn)["input"])
        assert given == {"origin": "operator", "business_date": "2026-11-20", "rerun": True}

    def test_a_manifest_by_its_uri(self, account: Account) -> None:
        account.machine()
        uri = "s3://bucket-input-dev/incoming/2026-11-20/manifest.json"
        arn = json.loads(ask(account, "run", "all", "--input", uri, "--json").output)["arn"]
        given = json.loads(account.client("stepfunctions").describe_execution(executionArn=arn)["input"])
        assert given["manifest"] == {"key": "incoming/2026-11-20/manifest.json"}

    def test_one_job(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """moto runs no Fargate task without a container instance: the call itself is looked at."""
        asked: dict[str, Any] = {}

        def run_task(**arguments: Any) -> dict[str, Any]:
            asked.update(arguments)
            return {"tasks": [{"taskArn": "arn:task"}], "failures": []}

        client = account.client("ecs")
        monkeypatch.setattr(client, "run_task", run_task)
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        shown = ask(account, "run", "risk-calculation", "--date", "2026-11-20", "--run", "run-1", "--shards", "[0]")
        assert shown.exit_code == OK, shown.output
        (override,) = asked["overrides"]["containerOverrides"]
        variables = {item["name"]: item["value"] for item in override["environment"]}
        assert variables == {
            "BATCH_RUN_ID": "run-1",
            "BATCH_BUSINESS_DATE": "2026-11-20",
            "BATCH_MANIFEST_URI": "s3://bucket-input-dev/incoming/2026-11-20/manifest.json",
            "BATCH_MANIFEST_VERSION": "",
            "BATCH_SHARDS": "[0]",
        }
        assert asked["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
        assert "launchType" not in asked

    def test_a_refusal_inside_a_200_is_a_failure(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        client = account.client("ecs")
        monkeypatch.setattr(client, "run_task", lambda **_: {"tasks": [], "failures": [{"reason": "RESOURCE:FARGATE"}]})
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        error = refused(ask(account, "run", "data-ingestion", "--date", "2026-11-20"))
        assert error.code == FOUND
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


class TestStatus:
    def test_nothing_yet(self, account: Account) -> None:
        account.machine()
        seen = json.loads(ask(account, "status", "--json").output)
        assert seen["state"] == "NOT STARTED"
        assert seen["minutes_left"] > 0

    def test_a_run(self, account: Account) -> None:
        account.machine()
        ask(account, "run", "all", "--date", "2026-11-20")
        seen = ask(account, "status")
        assert "RUNNING" in seen.output or "SUCCEEDED" in seen.output
        assert "min left" in seen.output

    @pytest.mark.parametrize(
        ("moment", "due"),
        [
            ("2026-11-20T10:00:00", "2026-11-20T09:30-05:00"),
            ("2026-11-20T15:00:00", "2026-11-23T09:30-05:00"),
            ("2026-07-01T12:00:00", "2026-07-01T09:30-04:00"),
            ("2026-12-24T20:00:00", "2026-12-28T09:30-05:00"),
        ],
    )
    def test_the_next_deadline_skips_weekends_holidays_and_follows_the_clock(self, moment: str, due: str) -> None:
        config = parse({"workflow": {"deadline": {"holidays": ["2026-12-25"]}}}, stack="dev")
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
        shown = ask(account, "status").output
        assert "held" in shown
        assert "batchctl run all --date 2026-01-02" in shown


class TestLogs:
    def test_no_line_is_said(self, account: Account) -> None:
        account.client("logs").create_log_group(logGroupName="/batch/data-ingestion-dev")
        shown = ask(account, "logs", "data-ingestion")
        assert shown.stdout == ""
        assert "data-ingestion has logged nothing in the last 720 minutes" in shown.stderr

    def test_an_unknown_run_is_refused(self, account: Account) -> None:
        error = refused(ask(account, "logs", "data-ingestion", "--run", "run-x"))
        assert error.code == USAGE
        assert "no run 'run-x' in the run ledger; the newest is run-2026-11-20" in str(error)

    def test_a_known_run_that_logged_nothing_is_said(self, account: Account) -> None:
        account.client("logs").create_log_group(logGroupName="/batch/data-ingestion-dev")
        shown = ask(account, "logs", "data-ingestion", "--run", "run-2026-11-20")
        assert "has logged nothing of run run-2026-11-20" in shown.stderr

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


class TestResume:
    @pytest.mark.parametrize("command", ["resume", "redrive"])
    def test_the_newest_failed_run_goes_on_under_its_own_id(self, account: Account, command: str) -> None:
        account.machine()
        shown = ask(account, command, "--json")
        assert shown.exit_code == OK
        states = account.client("stepfunctions")
        given = json.loads(
            states.describe_execution(executionArn=next(iter(json.loads(shown.output).values())))["input"]
        )
        assert given == {
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
        shown = str(refused(ask(account, "resume", "run-2026-11-19")))
        assert "run 'run-2026-11-19' is SUCCEEDED; only a run that failed" in shown

    def test_dead_letters_of_events_cannot_go_back(self, account: Account) -> None:
        assert "run all --input" in str(refused(ask(account, "redrive", "--dead-letters", "nightly-start")))


class TestDoctor:
    def test_what_is_missing_says_what_to_do(self, account: Account) -> None:
        shown = ask(account, "doctor", "--json")
        assert shown.exit_code == FOUND
        found = {one["what"]: one for one in json.loads(shown.output)}
        assert found["account"]["outcome"] == "ok"
        assert found["ECS service-linked role"]["outcome"] == "fail"
        assert "create-service-linked-role" in found["ECS service-linked role"]["to_do"]
        for job in JOBS:
            assert found[f"image of {job}"]["outcome"] == "fail"
            assert f"batchctl push {job}" in found[f"image of {job}"]["to_do"]
        assert found["endpoints"]["outcome"] == "ok"
        assert found["Fargate vCPU quota"]["outcome"] in ("unknown", "fail", "ok")

    @pytest.mark.parametrize(("quota", "outcome"), [(6.0, "ok"), (0.0, "fail"), (100.0, "ok")])
    def test_the_quota_is_held_against_the_settings(
        self, account: Account, monkeypatch: pytest.MonkeyPatch, quota: float, outcome: str
    ) -> None:
        """Service Quotas' answer is put in: moto does not know Fargate's code."""
        client = account.client("service-quotas")
        monkeypatch.setattr(client, "get_service_quota", lambda **_: {"Quota": {"Value": quota}})
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        here = stack.deployed(None, account.outputs)
        (one,) = doctor._quota(here, parse({}, stack="dev"))
        assert one.outcome == outcome

    def test_another_account_is_told(self, account: Account) -> None:
        account.values["accountId"] = "999999999999"
        account.write()
        found = {one["what"]: one for one in json.loads(ask(account, "doctor", "--json").output)}
        assert found["account"]["outcome"] == "fail"
        assert "AWS_PROFILE" in found["account"]["to_do"]


class TestPush:
    def test_without_docker_it_is_one_message(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("batchctl.operate.push._commit", lambda: "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d")
        monkeypatch.setattr("subprocess.run", _no_program)
        error = refused(ask(account, "push", "data-ingestion"))
        assert error.code == UNREACHABLE
        assert "docker" in str(error)

    def test_a_docker_that_fails_is_one_sentence_with_a_way_out(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(command: Any, **_: Any) -> Any:
            raise subprocess.CalledProcessError(1, command, stderr="Cannot connect to the Docker daemon\n")

        monkeypatch.setattr("batchctl.operate.push._commit", lambda: "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d")
        monkeypatch.setattr("subprocess.run", failing)
        message = str(refused(ask(account, "push", "data-ingestion")))
        assert "Cannot connect to the Docker daemon" in message
        assert "docker info" in message
        assert "[" not in message, "no Python list"
        assert "non-zero exit status" not in message

    def test_unknown_job(self, account: Account) -> None:
        assert "Jobs: data-ingestion" in str(refused(ask(account, "push", "nope")))


def _no_program(command: Any, **_: Any) -> Any:
    raise FileNotFoundError(2, "No such file or directory", command[0])


class TestCost:
    def test_json(self) -> None:
        shown = CliRunner().invoke(cli.app, ["cost", "--stack", "prod", "--shards", "100", "--json"])
        bills = json.loads(shown.output)
        assert set(bills) == {"idle", "run", "nat"}
        assert bills["nat"]["total"] > bills["idle"]["total"] - 20
        assert bills["run"]["total"] == pytest.approx(sum(row["usd"] for row in bills["run"]["rows"]))


class TestOutputs:
    def test_without_credentials_it_is_the_message_of_outputs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pulumi's own words are about an EC2 metadata service that nobody here has."""
        pulumi = tmp_path / "pulumi"
        pulumi.write_text(
            "#!/bin/sh\necho 'error: read .pulumi/meta.yaml: operation error S3: GetObject, get identity: get "
            "credentials: failed to refresh cached credentials, no EC2 IMDS role found' >&2\nexit 255\n"
        )
        pulumi.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        error = CliRunner().invoke(cli.app, ["runs", "--stack", "dev"]).exception
        assert isinstance(error, OperatorError)
        assert error.code == UNREACHABLE
        assert str(error).startswith("no AWS credentials: set AWS_PROFILE")
        assert "IMDS" not in str(error)

    def test_neither_stack_nor_file(self) -> None:
        error = CliRunner().invoke(cli.app, ["runs"]).exception
        assert isinstance(error, OperatorError)
        assert "--stack NAME" in str(error)

    @pytest.mark.parametrize(
        "command",
        ["doctor", "run", "status", "logs", "runs", "resume", "redrive", "retire-revisions", "push", "cost", "verify"],
    )
    def test_every_command_has_help_and_json(self, command: str) -> None:
        shown = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == OK
        assert "--json" in shown.output
