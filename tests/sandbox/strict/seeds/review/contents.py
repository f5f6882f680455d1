"""SNS, SQS, DynamoDB, ECR and ECS."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.seeds import ABSENT, seed

_TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}"


def _statement(**members: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": "*", "Action": ["sns:Publish", "SNS:Subscribe"], "Resource": "*"}
    return {"Attributes": {"Policy": policy({**base, **members})}}


def _existing_topic(account: Strict) -> str:
    name = account.name()
    account.client("sns").create_topic(Name=name, Attributes={"DisplayName": "one"})
    return name


def _fifo_topic(account: Strict) -> str:
    created = account.client("sns").create_topic(Name=f"{account.name()}.fifo", Attributes={"FifoTopic": "true"})
    return str(created["TopicArn"])


def _new_table(account: Strict, *, with_time_to_live: bool = False) -> str:
    name = account.name()
    account.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    if with_time_to_live:
        specification = {"Enabled": True, "AttributeName": "expires"}
        account.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    return name


def _index(name: str, *keys: str) -> dict[str, Any]:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


def _attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


_QUERY = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


def _manifest(digit: str) -> str:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    return json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "config": {"digest": f"sha256:{digit * 64}"}, "layers": []}
    )


def _repository(account: Strict) -> str:
    name = account.name()
    account.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    account.client("ecr").put_image(repositoryName=name, imageManifest=_manifest("a"), imageTag="v1")
    return name


def _patterns(*patterns: str) -> dict[str, Any]:
    selection = {"tagStatus": "tagged", "tagPatternList": list(patterns), "countType": "imageCountMoreThan"}
    rule = {"rulePriority": 1, "selection": {**selection, "countNumber": 5}, "action": {"type": "expire"}}
    return {"lifecyclePolicyText": json.dumps({"rules": [rule]})}


_EFS = {
    "fileSystemId": "fs-0123456789abcdef0",
    "transitEncryption": "ENABLED",
    "authorizationConfig": {"iam": "ENABLED"},
}


def _volume(**members: Any) -> dict[str, Any]:
    files = {name: value for name, value in {**_EFS, **members}.items() if value is not ABSENT}
    return {"volumes": [{"name": "files", "efsVolumeConfiguration": files}]}


SEEDS = [
    seed(
        "sns.topic_statements",
        "CreateTopic",
        lambda a: {"Name": a.name(), **_statement()},
        _statement(Action="sns:*"),
        _statement(Action="sns:CreateTopic"),
        _statement(Resource=f"{_TOPIC_ARN}:another"),
    ),
    seed(
        "sns.topic_taken",
        "CreateTopic",
        lambda a: {"Name": _existing_topic(a), "Attributes": {"DisplayName": "one"}},
        lambda a: {"Name": _existing_topic(a), "Attributes": {"DisplayName": "two"}},
    ),
    seed(
        "sns.subscription",
        "Subscribe",
        lambda a: {"TopicArn": _fifo_topic(a), "Protocol": "sqs", "Endpoint": a.queue},
        {"Protocol": "email", "Endpoint": "a@example.org"},
        {"Protocol": "https", "Endpoint": "https://example.org"},
    ),
    seed(
        "sns.message_group",
        "Publish",
        lambda a: {
            "TopicArn": _fifo_topic(a),
            "Message": "m",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        },
        {"MessageGroupId": ABSENT},
    ),
    seed(
        "sqs.redrive_policy",
        "CreateQueue",
        lambda a: {"QueueName": f"{a.name()}.fifo", "Attributes": {"FifoQueue": "true"}},
        lambda a: {"Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": a.queue, "maxReceiveCount": 3})}},
    ),
    seed(
        "dynamodb.time_to_live",
        "UpdateTimeToLive",
        lambda a: {
            "TableName": _new_table(a, with_time_to_live=True),
            "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires"},
        },
        {"TimeToLiveSpecification": {"Enabled": True}},
        {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "another"}},
    ),
    seed(
        "dynamodb.something_to_update",
        "UpdateTable",
        lambda a: {"TableName": _new_table(a), "DeletionProtectionEnabled": False},
        {"DeletionProtectionEnabled": ABSENT},
    ),
    seed(
        "dynamodb.indexes",
        "CreateTable",
        lambda a: {
            "TableName": a.name(),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": _attributes("pk", "b"),
            "GlobalSecondaryIndexes": [_index("index", "b")],
        },
        {"GlobalSecondaryIndexes": [_index(f"index{number}", "b") for number in range(21)]},
        {"GlobalSecondaryIndexes": ABSENT, "LocalSecondaryIndexes": [_index("local", "pk", "b")]},
    ),
    seed("dynamodb.known_index", "Query", lambda a: {"TableName": _new_table(a), **_QUERY}, {"IndexName": "none"}),
    seed(
        "dynamodb.number",
        "PutItem",
        lambda a: {"TableName": _new_table(a), "Item": {"pk": {"S": "a"}, "n": {"N": "1" * 38 + "00"}}},
        {"Item": {"n": {"N": "1" * 39}}},
        {"Item": {"n": {"N": ABSENT, "M": {"deep": {"NS": ["1." + "2" * 38]}}}}},
    ),
    seed(
        "ecr.immutable_tag",
        "PutImage",
        lambda a: {"repositoryName": _repository(a), "imageManifest": _manifest("b"), "imageTag": "v2"},
        {"imageTag": "v1"},
    ),
    seed(
        "ecr.scan_frequency",
        "PutRegistryScanningConfiguration",
        {"scanType": "BASIC", "rules": []},
        {
            "rules": [
                {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
            ]
        },
    ),
    seed(
        "ecr.lifecycle_policy",
        "PutLifecyclePolicy",
        lambda a: {"repositoryName": _repository(a), **_patterns("v*", "*a*b*c*")},
        _patterns("*a*b*c*d*"),
    ),
    seed(
        "ecs.volumes",
        "RegisterTaskDefinition",
        {"family": "files", "containerDefinitions": [{"name": "main", "image": "i", "memory": 128}], **_volume()},
        _volume(transitEncryption=ABSENT),
        _volume(transitEncryption=ABSENT, authorizationConfig={"accessPointId": "fsap-0123456789abcdef0"}),
    ),
]
