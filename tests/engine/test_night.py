"""The deployed night: the dev stack in an account that reacts, and a client who sends files and does nothing else.

Everything between the manifest and the announcement is done by what `pulumi up` has wired: switch, rule, pattern,
transformer, roles, state machines, task definitions, network, log groups, filters, alarms, topic.
BATCH_NIGHT_PERMISSIONS=1 has every policy evaluated as well.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from batchctl import cli
from sandbox import server
from sandbox.demo import portfolio
from sandbox.tasks import images
from tests.engine.conftest import Deployed, Engine

JOBS = ("data-ingestion", "risk-calculation", "report-generation")
ROOT = Path(__file__).resolve().parent.parent.parent
FRIDAY = date(2026, 11, 20)
REGION = "us-east-1"


@dataclass
class Night:
    """The deployed stack with a subscriber and a client."""

    sandbox: server.Sandbox
    deployed: Deployed
    folder: Path
    inbox: str
    """URL of a queue that hears the topic."""
    sent: int = field(default=0)

    def client(self, service: str) -> Any:
        return self.deployed.client(service)

    @property
    def outputs(self) -> dict[str, Any]:
        return self.deployed.outputs

    def send(self, day: date, *, trades: int = 200) -> str:
        """Trade files and the manifest, put by a role of the client's own; returns the manifest's version."""
        self.sent += 1
        folder = self.folder / str(self.sent)
        made = portfolio.write(folder, trades=trades, business_date=day, seed=self.sent)
        assumed = self.client("sts").assume_role(RoleArn=self._client_role(), RoleSessionName="client")["Credentials"]
        s3 = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.sandbox.url,
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
        )
        for path in (*made.files, made.manifest):
            key = path.relative_to(folder).as_posix()
            answer = s3.put_object(Bucket=self.outputs["inputBucketName"], Key=key, Body=path.read_bytes())
        return str(answer["VersionId"])

    def _client_role(self) -> str:
        iam = self.client("iam")
        me = "arn:aws:iam::123456789012:root"
        trust = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "sts:AssumeRole"}
        bucket = f"arn:aws:s3:::{self.outputs['inputBucketName']}/incoming/*"
        statements = [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": bucket},
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"},
        ]
        try:
            arn = iam.create_role(
                RoleName="client",
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            )["Role"]["Arn"]
        except iam.exceptions.EntityAlreadyExistsException:
            return str(iam.get_role(RoleName="client")["Role"]["Arn"])
        iam.put_role_policy(
            RoleName="client",
            PolicyName="send",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        return str(arn)

    def run_of(self, version: str, seconds: float = 240) -> dict[str, Any]:
        """The ended execution for a manifest's version."""

        def look() -> dict[str, Any] | None:
            for one in self.executions():
                if version in one["input"] and one["status"] != "RUNNING":
                    return one
            return None

        return dict(eventually(look, seconds))

    def executions(self) -> list[dict[str, Any]]:
        sfn = self.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=self.outputs["stateMachineArn"])["executions"]
        return [sfn.describe_execution(executionArn=one["executionArn"]) for one in listed]

    def ledger(self, version: str) -> dict[str, str]:
        """The entry of a manifest's version, without type letters; empty when there is none."""
        items = self.client("dynamodb").scan(TableName=self.outputs["ledgerTableName"])["Items"]
        plain = [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]
        return next((item for item in plain if item["manifest"].endswith(f"#{version}")), {})

    def heard(self) -> list[str]:
        """Subjects of what was announced since the last time."""
        found: list[str] = []
        while (
            messages := self.client("sqs")
            .receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
            .get("Messages", [])
        ):
            for message in messages:
                found.append(str(json.loads(message["Body"])["Subject"]))
                self.client("sqs").delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def hears(self, *words: str) -> str:
        """The first announcement with all `words`, sent within the account's next minutes."""

        def look() -> str | None:
            return next((one for one in self.heard() if all(word in one for word in words)), None)

        return str(eventually(look, 60))

    def expect(self, job: str, kind: str, **more: Any) -> None:
        self.sandbox.post("outcomes", job=job, kind=kind, **more)

    def log_lines(self, group: str) -> int:
        return len(self.client("logs").filter_log_events(logGroupName=group)["events"])


def eventually(holds: Callable[[], Any], seconds: float) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{holds} did not come true within {seconds} s")


@pytest.fixture(scope="module")
def night(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The dev stack, up in an account of its own on a Friday morning before the client sends."""
    folder = tmp_path_factory.mktemp("night")
    evaluates = bool(os.environ.get("BATCH_NIGHT_PERMISSIONS"))
    with server.running(record=folder / "calls.jsonl", log=folder / "server.log", permissions=evaluates) as sandbox:
        sandbox.post("clock", set="2026-11-20T10:00:00Z")
        state = tmp_path_factory.mktemp("night-state").as_uri()
        own = Engine(
            engine.directory,
            engine.account,
            {**engine.environment, **sandbox.environment(REGION), "PULUMI_BACKEND_URL": state},
        )
        own.run("stack", "init", "dev")
        own.run("up", "--yes", "--skip-preview", "--stack", "dev")
        deployed = Deployed(own, "dev", own.outputs("dev"))
        for job in JOBS:
            images.push(
                deployed.client("ecr"), f"repository-{job}-dev", "release-0", ROOT / "jobs" / job / "Dockerfile"
            )
        sqs = deployed.client("sqs")
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        deployed.client("sns").subscribe(TopicArn=deployed.outputs["topicArn"], Protocol="sqs", Endpoint=arn)
        sandbox.post("clock", advance=30)
        sandbox.post("clock", speed=20)
        yield Night(sandbox, deployed, folder, inbox)


def test_the_night_happens(night: Night, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the client's manifest to the announced report, with nobody's help."""
    begin = len(night.sandbox.get("timeline"))
    version = night.send(FRIDAY, trades=2000)
    ended = night.run_of(version)
    lines = night.sandbox.get(f"timeline?since={begin}")
    with capsys.disabled():
        print(f"\nThe night of {FRIDAY}:")
        for line in lines:
            print(f"  {line['time'][11:23]} {line['source']:12} {line['what'][:150]}")
    assert ended["status"] == "SUCCEEDED", ended
    s3, output = night.client("s3"), night.outputs["outputBucketName"]
    marker = json.loads(s3.get_object(Bucket=output, Key=f"reports/{FRIDAY}/_SUCCESS")["Body"].read())
    report = s3.get_object(Bucket=output, Key=marker["report_uri"].split("/", 3)[3])["Body"].read()
    assert report.startswith(b"%PDF")
    assert night.ledger(version)["status"] == "SUCCEEDED"
    assert night.hears("2026-11-20")
    for job in JOBS:
        assert night.log_lines(night.outputs["logGroupNames"][job]) > 0, job
    assert night.log_lines(night.outputs["workflowLogGroupNames"]["task-events"]) > 0
    assert [line["what"] for line in lines if "FAULT" in line["what"] or "NOT EMULATED" in line["what"]] == []


def test_verification_passes_after_the_night(night: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stack is as it should be in the account that reacts, too."""
    for name, value in night.sandbox.environment(REGION).items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(night.outputs), encoding="utf-8")
    words = ["verify", "--outputs", str(file), "--json", "--project", str(night.deployed.engine.directory)]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output


def test_the_same_manifest_again_is_a_duplicate(night: Night) -> None:
    """EventBridge delivers at least once: the second execution ends well and says so."""
    key = f"incoming/{FRIDAY}/manifest.json"
    head = night.client("s3").head_object(Bucket=night.outputs["inputBucketName"], Key=key)
    sfn = night.client("stepfunctions")
    given = json.dumps({"origin": "event", "manifest": {"key": key, "version": head["VersionId"]}})
    arn = sfn.start_execution(stateMachineArn=night.outputs["stateMachineArn"], input=given)["executionArn"]
    ended = eventually(lambda: (found := sfn.describe_execution(executionArn=arn))["status"] != "RUNNING" and found, 60)
    assert ended["status"] == "SUCCEEDED" and json.loads(ended["output"])["outcome"] == "DUPLICATE"


@pytest.mark.parametrize(
    ("job", "kind", "more", "error"),
    [
        ("data-ingestion", "exit-code", {"exit_code": 65}, "Batch.BadInput"),
        ("risk-calculation", "exit-code", {"exit_code": 64}, "Batch.Usage"),
        ("data-ingestion", "never-starts", {"times": 9}, "Batch.NotStarted"),
        ("report-generation", "exit-code", {"exit_code": 1, "times": 9}, "Batch.TaskFailed"),
        ("data-ingestion", "over-vcpu-quota", {"times": 99}, "Batch.NoCapacity"),
    ],
)
def test_what_cannot_be_mended_is_recorded_announced_and_alarmed(
    night: Night, job: str, kind: str, more: dict[str, Any], error: str
) -> None:
    night.heard()
    night.expect(job, kind, **more)
    version = night.send(FRIDAY)
    ended = night.run_of(version)
    assert (ended["status"], ended["error"]) == ("FAILED", error), ended["cause"]
    entry = night.ledger(version)
    assert entry["status"] == "FAILED" and error in entry["error"]
    subjects: list[str] = []

    def told() -> bool:
        subjects.extend(night.heard())
        return any("failed" in one.lower() and "ALARM" not in one for one in subjects) and any(
            'ALARM: "alarm-run-failed-dev"' in one for one in subjects
        )

    eventually(told, 60)
    night.sandbox.post("clock", advance=600)
    night.sandbox.post("outcomes", clear=True)


@pytest.mark.parametrize("kind", ["spot-interruption", "throttled", "no-capacity"])
def test_what_passes_by_itself_is_tried_again(night: Night, kind: str) -> None:
    night.expect("risk-calculation", kind)
    version = night.send(FRIDAY)
    assert night.run_of(version)["status"] == "SUCCEEDED"
    assert night.ledger(version)["status"] == "SUCCEEDED"


def test_a_run_that_somebody_stops_is_closed_and_announced(night: Night) -> None:
    night.heard()
    night.expect("data-ingestion", "hangs")
    version = night.send(FRIDAY)
    execution = eventually(
        lambda: next((e for e in night.executions() if version in e["input"] and night.ledger(version)), None), 60
    )
    night.client("stepfunctions").stop_execution(
        executionArn=execution["executionArn"], error="Operator", cause="wrong file"
    )
    assert night.run_of(version)["status"] == "ABORTED"
    eventually(lambda: night.ledger(version)["status"] == "ABORTED", 60)
    assert night.hears("2026-11-20")


def test_a_start_that_cannot_be_delivered_is_kept_and_alarmed(night: Night) -> None:
    """The starter role no longer trusts EventBridge: the event waits in the dead-letter queue."""
    night.heard()
    iam = night.client("iam")
    role = iam.get_role(RoleName="role-start-starter-dev")["Role"]["AssumeRolePolicyDocument"]
    broken = json.loads(json.dumps(role).replace("events.amazonaws.com", "lambda.amazonaws.com"))
    iam.update_assume_role_policy(RoleName="role-start-starter-dev", PolicyDocument=json.dumps(broken))
    try:
        before = len(night.executions())
        version = night.send(FRIDAY)
        night.sandbox.get("settle")
        night.hears("ALARM", "alarm-start-dead-letters-dev")
        assert len(night.executions()) == before and night.ledger(version) == {}
    finally:
        iam.update_assume_role_policy(RoleName="role-start-starter-dev", PolicyDocument=json.dumps(role))


def test_without_a_way_to_the_endpoints_no_task_starts(night: Night) -> None:
    """A wrong network: the run fails with what ECS says."""
    ec2 = night.client("ec2")
    group = night.outputs["taskSecurityGroupId"]
    (described,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=described["IpPermissionsEgress"])
    try:
        ended = night.run_of(night.send(FRIDAY))
        assert (ended["status"], ended["error"]) == ("FAILED", "Batch.NotStarted")
        assert "ResourceInitializationError" in ended["cause"]
    finally:
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=described["IpPermissionsEgress"])


def test_without_the_buckets_switch_nothing_runs_and_the_deadline_watch_says_so(night: Night) -> None:
    """The failure that moves no metric: Monday's manifest comes, and no event."""
    s3, bucket = night.client("s3"), night.outputs["inputBucketName"]
    night.sandbox.post("clock", speed=1)
    _advance_to(night, "2026-11-23T11:00:00+00:00")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    night.heard()
    version = night.send(FRIDAY + timedelta(days=3))
    night.sandbox.get("settle")
    assert night.ledger(version) == {}
    _advance_to(night, "2026-11-23T13:31:00+00:00")  # 08:31 in New York
    warning = night.hears("2026-11-23")
    _advance_to(night, "2026-11-23T14:16:00+00:00")  # 09:16
    escalation = night.hears("2026-11-23")
    assert warning != escalation
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})


def _advance_to(night: Night, moment: str) -> None:
    now = datetime.fromisoformat(night.sandbox.get("clock")["now"])
    night.sandbox.post("clock", advance=(datetime.fromisoformat(moment) - now).total_seconds())
