"""Seeds for the tags of every service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.strict.tags import ANYTHING, LIMITS
from tests.sandbox.strict.conftest import Strict, trust
from tests.sandbox.strict.delivery.seeds import _BUILD, _SOURCE
from tests.sandbox.strict.seeds import Parameters, Seed

Tags = Mapping[str, str]


def upper(tags: Tags) -> list[dict[str, str]]:
    """Tags as `Key` and `Value`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def lower(tags: Tags) -> list[dict[str, str]]:
    """Tags as `key` and `value`."""
    return [{"key": key, "value": value} for key, value in tags.items()]


_TASK = [{"name": "main", "image": "image", "memory": 256}]

TAGGED: dict[str, tuple[str, Callable[[Strict, Tags], Parameters]]] = {
    "application-autoscaling": (
        "RegisterScalableTarget",
        lambda a, tags: {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": "service/cluster/service",
            "MinCapacity": 0,
            "MaxCapacity": 1,
            "Tags": dict(tags),
        },
    ),
    "cloudwatch": (
        "PutMetricAlarm",
        lambda a, tags: {
            "AlarmName": a.name(),
            "Namespace": "n",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "Tags": upper(tags),
        },
    ),
    "codebuild": (
        "CreateProject",
        lambda a, tags: {
            "name": a.name(),
            "source": {"type": "GITHUB", "location": "https://github.com/an/example"},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
            "serviceRole": a.codebuild_role,
            "tags": lower(tags),
        },
    ),
    "codepipeline": (
        "CreatePipeline",
        lambda a, tags: {
            "pipeline": {
                "name": a.name(),
                "roleArn": a.codepipeline_role,
                "artifactStore": {"type": "S3", "location": a.bucket},
                "stages": [_SOURCE, _BUILD],
            },
            "tags": lower(tags),
        },
    ),
    "dynamodb": (
        "CreateTable",
        lambda a, tags: {
            "TableName": a.name(),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "Tags": upper(tags),
        },
    ),
    "ec2": ("CreateTags", lambda a, tags: {"Resources": [a.vpc], "Tags": upper(tags)}),
    "ecr": ("CreateRepository", lambda a, tags: {"repositoryName": a.name(), "tags": upper(tags)}),
    "ecs": (
        "RegisterTaskDefinition",
        lambda a, tags: {"family": a.name(), "containerDefinitions": _TASK, "tags": lower(tags)},
    ),
    "events": (
        "PutRule",
        lambda a, tags: {"Name": a.name(), "ScheduleExpression": "rate(1 day)", "Tags": upper(tags)},
    ),
    "iam": (
        "CreateRole",
        lambda a, tags: {
            "RoleName": a.name(),
            "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
            "Tags": upper(tags),
        },
    ),
    "kms": (
        "CreateKey",
        lambda a, tags: {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]},
    ),
    "logs": ("CreateLogGroup", lambda a, tags: {"logGroupName": a.name(), "tags": dict(tags)}),
    "s3": ("PutBucketTagging", lambda a, tags: {"Bucket": a.open_bucket, "Tagging": {"TagSet": upper(tags)}}),
    "scheduler": ("CreateScheduleGroup", lambda a, tags: {"Name": a.name(), "Tags": upper(tags)}),
    "secretsmanager": ("CreateSecret", lambda a, tags: {"Name": a.name(), "SecretString": "s", "Tags": upper(tags)}),
    "sns": ("CreateTopic", lambda a, tags: {"Name": a.name(), "Tags": upper(tags)}),
    "sqs": ("CreateQueue", lambda a, tags: {"QueueName": a.name(), "tags": dict(tags)}),
    "stepfunctions": (
        "CreateStateMachine",
        lambda a, tags: {
            "name": a.name(),
            "roleArn": a.states_role,
            "definition": '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
            "tags": lower(tags),
        },
    ),
}

GOOD = {"Team": "batch", "CommitAuthor": "Åsa Öberg", "Ref": "a/b:c=d+e-f@g_h.i"}


def bad_tags(service: str) -> list[Tags]:
    """Sets of tags of which each is refused."""
    written = [] if LIMITS[service].characters == ANYTHING else [{"CommitAuthor": "dependabot[bot]"}, {"a&b": "c"}]
    return [*written, {"aws:mine": "x"}, {"k" * 129: "x"}, {"key": "v" * 257}]


def _seeds(service: str) -> list[Seed]:
    operation, request = TAGGED[service]

    def keeps(account: Strict) -> Parameters:
        return request(account, GOOD)

    def format_breaks(account: Strict) -> list[Parameters]:
        return [request(account, tags) for tags in bad_tags(service)]

    def count_breaks(account: Strict) -> list[Parameters]:
        return [request(account, {f"key{number}": "x" for number in range(51)})]

    return [
        Seed(f"{service}.tag_format", operation, keeps, format_breaks),
        Seed(f"{service}.tag_count", operation, keeps, count_breaks),
    ]


SEEDS: list[Seed] = [item for service in LIMITS for item in _seeds(service)]
