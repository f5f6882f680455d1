"""Tags in requests: the condition keys that show them, and the permission to give them to something new.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.permissions.needed.need import Need

Parameters = Mapping[str, Any]

_MEMBERS: Final = ("Tags", "tags", "TagList")
_KEY_MEMBERS: Final = ("TagKeys", "tagKeys")

WITH_CREATION: Final[Mapping[str, str]] = {
    "application-autoscaling:RegisterScalableTarget": "application-autoscaling:TagResource",
    "cloudwatch:PutCompositeAlarm": "cloudwatch:TagResource",
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "codeconnections:CreateConnection": "codeconnections:TagResource",
    "codepipeline:CreatePipeline": "codepipeline:TagResource",
    "dynamodb:CreateTable": "dynamodb:TagResource",
    "ecr:CreateRepository": "ecr:TagResource",
    "ecs:CreateCapacityProvider": "ecs:TagResource",
    "ecs:CreateCluster": "ecs:TagResource",
    "ecs:CreateService": "ecs:TagResource",
    "ecs:RegisterTaskDefinition": "ecs:TagResource",
    "ecs:RunTask": "ecs:TagResource",
    "events:CreateEventBus": "events:TagResource",
    "events:PutRule": "events:TagResource",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreateUser": "iam:TagUser",
    "kms:CreateKey": "kms:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "scheduler:CreateScheduleGroup": "scheduler:TagResource",
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    "sns:CreateTopic": "sns:TagResource",
    "sqs:CreateQueue": "sqs:TagQueue",
    "ssm:PutParameter": "ssm:AddTagsToResource",
    "states:CreateStateMachine": "states:TagResource",
    "sts:AssumeRole": "sts:TagSession",
}
"""Action to the further one that tags in its request need.

Sources: "Actions", "Dependent actions" of the service authorization reference; for ECS
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html; for KMS
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html; for CloudWatch
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html; for logs
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

NEW_KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/new"


def requested(parameters: Parameters) -> dict[str, str]:
    """The tags that a request gives."""
    for member in _MEMBERS:
        value = parameters.get(member)
        if isinstance(value, Mapping):
            return {str(k): str(v) for k, v in value.items()}
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            return {
                str(tag.get("Key", tag.get("key", tag.get("TagKey")))): str(
                    tag.get("Value", tag.get("value", tag.get("TagValue", "")))
                )
                for tag in value
            }
    tagging = parameters.get("Tagging")
    if isinstance(tagging, str):
        return dict(parse_qsl(tagging))
    if isinstance(tagging, Mapping):
        return {tag.get("Key", ""): tag.get("Value", "") for tag in tagging.get("TagSet", [])}
    return {}


def context(tags: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The condition keys that show a request's tags."""
    if not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": sorted(tags)}


def removed(parameters: Parameters) -> dict[str, list[str]]:
    """The condition key that shows which tags a request takes away."""
    for member in _KEY_MEMBERS:
        if keys := parameters.get(member):
            return {"aws:TagKeys": sorted(keys)}
    return {}


def with_creation(action: str, creation: Need, tags: Mapping[str, str]) -> Iterator[Need]:
    """The permission to give tags to what `action` creates, if it needs one."""
    further = WITH_CREATION.get(action)
    if further and tags:
        created = {f"{action.partition(':')[0]}:CreateAction": action.partition(":")[2]}
        create_action = created if action.startswith("ecs:") else {}
        yield Need(
            action=further,
            resource=NEW_KEY if action == "kms:CreateKey" else creation.resource,
            context={**context(tags), **create_action},
            is_new=True,
            because="tags given at creation",
        )
