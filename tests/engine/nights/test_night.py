"""The deployed night: a stack in an account that reacts, and a client who sends files and does nothing else.

Everything between the manifest and the announcement is done by what `pulumi up` has wired: switch, rule, pattern,
transformer, roles, state machines, task definitions, network, log groups, filters, alarms, topic. Every policy is
evaluated:
of the deployment by the deploy role's own rights, of the client, of each machine, job and service.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batchctl import cli
from tests.engine.nights.night import FRIDAY, JOBS, REGION, Night, eventually

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and not os.environ.get("BATCH_REQUIRE_ENGINE"),
    reason="no npm on PATH: the policies of the deployed night were not evaluated",
)


@pytest.fixture(scope="module")
def night(night_of_dev: Night) -> Night:
    return night_of_dev


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
        assert night.log_lines(night.outputs["logGroupNames"][job]), job
    assert night.log_lines(night.outputs["workflowLogGroupNames"]["task-events"])
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
    run_input = json.dumps({"origin": "event", "manifest": {"key": key, "version": head["VersionId"]}})
    arn = sfn.start_execution(stateMachineArn=night.outputs["stateMachineArn"], input=run_input)["executionArn"]
    ended = eventually(
        lambda: (execution := sfn.describe_execution(executionArn=arn))["status"] != "RUNNING" and execution, 60
    )
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
    night.new_subjects()
    night.expect(job, kind, **more)
    version = night.send(FRIDAY)
    ended = night.run_of(version)
    assert (ended["status"], ended["error"]) == ("FAILED", error), ended["cause"]
    entry = night.ledger(version)
    assert entry["status"] == "FAILED" and error in entry["error"]
    subjects: list[str] = []

    def notified_and_alarmed() -> bool:
        subjects.extend(night.new_subjects())
        return any("failed" in one.lower() and "ALARM" not in one for one in subjects) and any(
            'ALARM: "alarm-run-failed-dev"' in one for one in subjects
        )

    eventually(notified_and_alarmed, 60)
    night.sandbox.post("clock", advance=600)
    night.sandbox.post("outcomes", clear=True)


@pytest.mark.parametrize("kind", ["spot-interruption", "throttled", "no-capacity"])
def test_what_passes_by_itself_is_tried_again(night: Night, kind: str) -> None:
    night.expect("risk-calculation", kind)
    version = night.send(FRIDAY)
    assert night.run_of(version)["status"] == "SUCCEEDED"
    assert night.ledger(version)["status"] == "SUCCEEDED"


def test_a_failed_run_that_is_redriven_is_resumed(night: Night) -> None:
    """By RedriveExecution, which is the console's button: the same run id goes on, with the stage that failed."""
    night.expect("report-generation", "exit-code", exit_code=65)
    version = night.send(FRIDAY)
    failed = night.run_of(version)
    assert failed["status"] == "FAILED"
    night.sandbox.post("outcomes", clear=True)
    night.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])
    eventually(lambda: night.ledger(version)["status"] == "SUCCEEDED", 300)
    entry = night.ledger(version)
    assert (entry["run_id"], entry["stage"]) == (failed["name"], "report-generation")
    assert entry["execution_arn"].endswith(f":{failed['name']}-redrive-1")


def test_a_run_that_somebody_stops_is_closed_and_announced(night: Night) -> None:
    night.new_subjects()
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
    night.new_subjects()
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
    night.advance_to("2026-11-23T11:00:00+00:00")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    night.new_subjects()
    version = night.send(FRIDAY + timedelta(days=3))
    night.sandbox.get("settle")
    assert night.ledger(version) == {}
    night.advance_to("2026-11-23T13:31:00+00:00")  # 08:31 in New York
    warning = night.hears("2026-11-23")
    night.advance_to("2026-11-23T14:16:00+00:00")  # 09:16
    escalation = night.hears("2026-11-23")
    assert warning != escalation
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
