"""Wiring mistakes on the deployed stack: after each the night does not happen, and the failure is the one of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.nights.night import JOBS, Night, push
from tests.engine.nights.test_night import night, pytestmark

__all__ = ["night", "pytestmark"]

Mistake = Callable[[Night], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def quick_waits(night: Night) -> None:
    """Backoffs take a twentieth of their time, and no outcome is left from a test before."""
    night.sandbox.post("clock", speed=20)
    night.sandbox.post("outcomes", clear=True)


def without(role: str, action: str) -> Mistake:
    """The role's inline policies lack an action."""

    @contextmanager
    def mistake(night: Night) -> Iterator[None]:
        iam, name = night.client("iam"), f"role-{role}-{night.deployed.stack}"
        before: dict[str, Any] = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        assert action in json.dumps(before), f"{name} has no {action}"
        for policy, document in before.items():
            _put(iam, name, policy, _lacking(document, action))
        try:
            yield
        finally:
            for policy, document in before.items():
                _put(iam, name, policy, document)

    return mistake


def _put(iam: Any, role: str, policy: str, document: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def _lacking(document: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy with another action where this one is."""
    text = json.dumps(document)
    return dict(json.loads(text.replace(f'"{action}"', '"s3:ListAllMyBuckets"')))


@contextmanager
def another_pattern(night: Night) -> Iterator[None]:
    """The start rule waits for another file."""
    events, rule = night.client("events"), f"rule-start-{night.deployed.stack}"
    before = events.describe_rule(Name=rule)
    changed = before["EventPattern"].replace("manifest.json", "manifest.yaml")
    assert changed != before["EventPattern"]
    events.put_rule(Name=rule, EventPattern=changed, State="ENABLED")
    try:
        yield
    finally:
        events.put_rule(Name=rule, EventPattern=before["EventPattern"], State="ENABLED")


@contextmanager
def disabled_rule(night: Night) -> Iterator[None]:
    """Somebody switched the start rule off."""
    events, rule = night.client("events"), f"rule-start-{night.deployed.stack}"
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


@contextmanager
def closed_endpoint(night: Night) -> Iterator[None]:
    """The policy of the gateway endpoint lets nobody reach our buckets."""
    ec2, endpoint = night.client("ec2"), night.outputs["endpointIds"]["s3"]
    (before,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    closed = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [closed]})
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=document)
    try:
        yield
    finally:
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=before["PolicyDocument"])


@contextmanager
def missing_image(night: Night) -> Iterator[None]:
    """Nobody pushed the first job's image."""
    ecr, job = night.client("ecr"), JOBS[0]
    ecr.batch_delete_image(
        repositoryName=f"repository-{job}-{night.deployed.stack}", imageIds=[{"imageTag": "release-0"}]
    )
    try:
        yield
    finally:
        push(night.deployed, job)


def key_without(output: str, change: Callable[[dict[str, Any]], bool]) -> Mistake:
    """The policy of a key lacks the statements that `change` picks."""

    @contextmanager
    def mistake(night: Night) -> Iterator[None]:
        kms, key = night.client("kms"), night.outputs[output]
        before = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        document = json.loads(before)
        remaining = [statement for statement in document["Statement"] if not change(statement)]
        assert len(remaining) < len(document["Statement"])
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({**document, "Statement": remaining}))
        try:
            yield
        finally:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)

    return mistake


@pytest.mark.parametrize(
    ("mistake", "error", "cause"),
    [
        (without("nightly-machine", "iam:PassRole"), "Batch.StartDenied", "iam:PassRole"),
        (without("nightly-machine", "ecs:RunTask"), "Batch.StartDenied", "ecs:RunTask"),
        (missing_image, "Batch.MissingImage", "not found"),
    ],
    ids=["no PassRole", "no RunTask", "missing image"],
)
def test_the_run_fails_as_on_aws(night: Night, mistake: Mistake, error: str, cause: str) -> None:
    with mistake(night):
        version = night.send(night.today)
        ended = night.run_of(version)
    assert (ended["status"], ended.get("error")) == ("FAILED", error), ended
    assert cause in ended["cause"]
    assert night.ledger(version)["status"] == "FAILED"


@pytest.mark.parametrize(
    ("mistake", "denial"),
    [
        (without("data-ingestion-task", "s3:PutObject"), "because no identity-based policy allows the s3:PutObject"),
        (closed_endpoint, "with an explicit deny in a VPC endpoint policy"),
    ],
    ids=["job may not write", "closed endpoint"],
)
def test_a_job_that_is_denied_fails_at_once_and_logs_the_denial(night: Night, mistake: Mistake, denial: str) -> None:
    """A permission is the developer's turn (exit code 64, docs/jobs.md): no attempt is made again."""
    with mistake(night):
        version = night.send(night.today)
        ended = night.run_of(version)
    assert (ended["status"], ended.get("error")) == ("FAILED", "Batch.Usage"), ended
    assert "exit code 64 (Usage), attempt 0" in ended["cause"]
    assert night.ledger(version)["status"] == "FAILED"
    lines = night.log_lines(night.outputs["logGroupNames"][JOBS[0]])
    assert [line for line in lines if denial in line], lines[-5:]


@pytest.mark.parametrize("mistake", [another_pattern, disabled_rule])
def test_nothing_is_started(night: Night, mistake: Mistake) -> None:
    begin = len(night.sandbox.get("timeline"))
    with mistake(night):
        version = night.send(night.today)
        night.sandbox.get("settle")
        assert night.ledger(version) == {}
        lines = [line["what"] for line in night.sandbox.get(f"timeline?since={begin}")]
        assert not [line for line in lines if line.startswith("started ")]


def test_a_starter_without_the_right_to_start_leaves_a_dead_letter(night: Night) -> None:
    sqs = night.client("sqs")
    url = sqs.get_queue_url(QueueName=f"queue-start-dead-letters-{night.deployed.stack}")["QueueUrl"]
    with without("start-starter", "states:StartExecution")(night):
        version = night.send(night.today)
        night.sandbox.get("settle")
        assert night.ledger(version) == {}
    dead_letters = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
    reasons = [
        message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
        for message in dead_letters
        if version in message["Body"]
    ]
    assert ["is not authorized to perform: states:StartExecution" in reason for reason in reasons] == [True]


def test_a_data_key_that_does_not_trust_the_account_takes_no_file(night: Night) -> None:
    """The client's upload fails by the key, although its own role has every right."""

    def delegates(statement: dict[str, Any]) -> bool:
        return "kms:GenerateDataKey" in json.dumps(statement) or "kms:GenerateDataKey*" in json.dumps(statement)

    with key_without("dataKeyArn", delegates)(night), pytest.raises(ClientError) as caught:
        night.send(night.today)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "kms:" in caught.value.response["Error"]["Message"]


def test_a_messages_key_that_does_not_let_alarms_in_keeps_them_silent(night: Night) -> None:
    """The run is announced by the machine's own right; the alarm's message is lost, and the timeline says why."""
    night.sandbox.post("clock", advance=900)
    night.sandbox.get("settle")
    night.new_subjects()
    begin = len(night.sandbox.get("timeline"))
    with key_without("messagesKeyArn", lambda statement: "cloudwatch.amazonaws.com" in json.dumps(statement))(night):
        night.expect(JOBS[0], "exit-code", exit_code=65)
        assert night.run_of(night.send(night.today))["error"] == "Batch.BadInput"
        night.sandbox.post("clock", advance=120)
        night.sandbox.get("settle")
        assert not [subject for subject in night.new_subjects() if subject.startswith("ALARM")]
    lines = [line["what"] for line in night.sandbox.get(f"timeline?since={begin}")]
    assert [line for line in lines if "cloudwatch" in line and "kms:" in line]
