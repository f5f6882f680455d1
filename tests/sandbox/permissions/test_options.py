"""What optional settings let somebody do, judged by an evaluator not written here: senders, keys, the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from policy.rules import Graph
from sandbox.permissions.evaluator import Evaluator, Policy, Request
from tests.programs import record_with
from tooling.every_setting import EVERY_SETTING, SENDER_ACCOUNT

ACCOUNT = "123456789012"
SENDER = f"arn:aws:iam::{SENDER_ACCOUNT}:role/trade-export"
SESSION = f"arn:aws:sts::{SENDER_ACCOUNT}:assumed-role/trade-export/night"
STRANGER = f"arn:aws:sts::{SENDER_ACCOUNT}:assumed-role/other/night"
EVERYTHING = Policy(
    "everything", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
"""The sender's own account allows it anything: only what is here confines it."""
INPUT, OUTPUT, AUDIT = (f"arn:aws:s3:::bucket-{purpose}-{ACCOUNT}-dev" for purpose in ("input", "output", "audit"))
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/data"
TLS = (("aws:SecureTransport", "true"),)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The dev stack with every optional setting on."""
    return record_with(dict(EVERY_SETTING))


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    """The evaluator's process."""
    process = Evaluator()
    yield process
    process.close()


def policy_of(graph: Graph, name: str) -> Policy:
    """The policy that the resource with this logical name carries."""
    (resource,) = [one for one in graph.resources if one.name == name]
    return Policy(name, str(resource.props["policy"]))


def bucket_request(graph: Graph, purpose: str, action: str, resource: str, principal: str = SESSION) -> Request:
    policy = policy_of(graph, f"data-{purpose}-policy")
    return Request(
        principal=principal,
        action=action,
        resource=resource,
        account=ACCOUNT,
        context=TLS,
        identity=(EVERYTHING,),
        resource_policy=policy,
    )


@pytest.mark.parametrize(
    ("purpose", "action", "resource", "allowed"),
    [
        ("input", "s3:PutObject", f"{INPUT}/incoming/trades/2026-11-20/a.csv", True),
        ("input", "s3:AbortMultipartUpload", f"{INPUT}/incoming/trades/2026-11-20/a.csv", True),
        ("input", "s3:PutObject", f"{INPUT}/incoming/other.csv", False),
        ("input", "s3:PutObject", f"{INPUT}/scenarios/x.parquet", False),
        ("input", "s3:GetObject", f"{INPUT}/incoming/trades/2026-11-20/a.csv", False),
        ("input", "s3:DeleteObject", f"{INPUT}/incoming/trades/2026-11-20/a.csv", False),
        ("input", "s3:PutObjectAcl", f"{INPUT}/incoming/trades/2026-11-20/a.csv", False),
        ("input", "s3:ListBucket", INPUT, False),
        ("input", "s3:PutBucketPolicy", INPUT, False),
        ("output", "s3:PutObject", f"{OUTPUT}/reports/a.pdf", False),
        ("output", "s3:GetObject", f"{OUTPUT}/reports/a.pdf", False),
        ("audit", "s3:GetObject", f"{AUDIT}/input/log", False),
    ],
)
def test_a_sender_writes_below_its_prefix_and_does_nothing_else(
    graph: Graph, evaluator: Evaluator, purpose: str, action: str, resource: str, allowed: bool
) -> None:
    assert evaluator.decide(bucket_request(graph, purpose, action, resource)).allowed is allowed


def test_another_role_of_the_senders_account_writes_nothing(graph: Graph, evaluator: Evaluator) -> None:
    write = bucket_request(graph, "input", "s3:PutObject", f"{INPUT}/incoming/trades/a.csv", STRANGER)
    assert not evaluator.decide(write).allowed


def key_request(
    graph: Graph,
    principal: str,
    action: str,
    context: Mapping[str, str],
    identity: tuple[Policy, ...] = (EVERYTHING,),
) -> Request:
    return Request(
        principal=principal,
        action=action,
        resource=KEY,
        account=ACCOUNT,
        context=tuple(sorted(context.items())),
        identity=identity,
        resource_policy=policy_of(graph, "keys-data"),
    )


THROUGH_S3 = {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": INPUT}


@pytest.mark.parametrize(
    ("action", "context", "allowed"),
    [
        ("kms:GenerateDataKey", THROUGH_S3, True),
        ("kms:Decrypt", THROUGH_S3, True),
        ("kms:GenerateDataKey", {**THROUGH_S3, "kms:EncryptionContext:aws:s3:arn": OUTPUT}, False),
        ("kms:Decrypt", {"kms:EncryptionContext:aws:s3:arn": INPUT}, False),
        ("kms:ScheduleKeyDeletion", THROUGH_S3, False),
        ("kms:PutKeyPolicy", THROUGH_S3, False),
    ],
)
def test_a_sender_uses_the_key_for_the_input_bucket_only(
    graph: Graph, evaluator: Evaluator, action: str, context: dict[str, str], allowed: bool
) -> None:
    assert evaluator.decide(key_request(graph, SESSION, action, context)).allowed is allowed


MACHINE = f"arn:aws:sts::{ACCOUNT}:assumed-role/role-nightly-machine-dev/run"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:*"


@pytest.mark.parametrize(
    ("action", "context", "allowed"),
    [
        ("kms:Decrypt", {"aws:states:stateMachineArn": "stateMachine:statemachine-nightly-dev"}, True),
        ("kms:GenerateDataKey", {"aws:states:stateMachineArn": "stateMachine:statemachine-nightly-dev"}, True),
        ("kms:GenerateDataKey", {"aws:states:stateMachineArn": "stateMachine:statemachine-nightly-prod"}, False),
        ("kms:Decrypt", {}, False),
    ],
)
def test_a_machine_uses_the_key_for_machines_of_its_stack(
    graph: Graph, evaluator: Evaluator, action: str, context: dict[str, str], allowed: bool
) -> None:
    prefix = f"arn:aws:states:us-east-1:{ACCOUNT}:"
    encryption_context = {f"kms:EncryptionContext:{key}": prefix + value for key, value in context.items()}
    assert evaluator.decide(key_request(graph, MACHINE, action, encryption_context)).allowed is allowed


@pytest.mark.parametrize(
    ("service", "action", "context", "allowed"),
    [
        ("delivery.logs.amazonaws.com", "kms:Decrypt", {"SourceArn": LOGS}, True),
        ("delivery.logs.amazonaws.com", "kms:GenerateDataKey", {"SourceArn": LOGS}, False),
        (
            "fargate.amazonaws.com",
            "kms:GenerateDataKeyWithoutPlaintext",
            {"aws:ecs:clusterAccount": ACCOUNT, "aws:ecs:clusterName": "cluster-batch-dev"},
            True,
        ),
        (
            "fargate.amazonaws.com",
            "kms:GenerateDataKeyWithoutPlaintext",
            {"aws:ecs:clusterAccount": ACCOUNT, "aws:ecs:clusterName": "cluster-batch-prod"},
            False,
        ),
        (
            "fargate.amazonaws.com",
            "kms:Decrypt",
            {"aws:ecs:clusterAccount": ACCOUNT, "aws:ecs:clusterName": "cluster-batch-dev"},
            False,
        ),
    ],
)
def test_a_service_uses_the_key_for_this_stack(
    graph: Graph, evaluator: Evaluator, service: str, action: str, context: dict[str, str], allowed: bool
) -> None:
    encryption_context = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    assert evaluator.decide(key_request(graph, service, action, encryption_context, ())).allowed is allowed


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_nobody_deletes_from_the_audit_bucket_of_a_locked_stack(evaluator: Evaluator, action: str) -> None:
    locked = record_with({"batch-platform:platform": {}, "batch-platform:data": {"objectLock": {"days": 400}}})
    admin = f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/person"
    assert not evaluator.decide(bucket_request(locked, "audit", action, f"{AUDIT}/input/log", admin)).allowed
    open_stack = record_with({})
    assert evaluator.decide(bucket_request(open_stack, "audit", action, f"{AUDIT}/input/log", admin)).allowed
