"""Tags, as each service demands them: key, value, number, no key twice, nothing that begins with `aws:`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rule

COMMON = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
"""What most services take in a key or a value: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html"""
ANYTHING = r"(?s).*"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one service demands of tags."""

    code: str
    """The error code for a tag that it does not take."""
    source: str
    """The page that says so."""
    most: int = 50
    """Tags on a resource."""
    too_many: str | None = None
    """The error code for too many, where it is another."""
    characters: str = COMMON
    """What keys and values are written in."""


LIMITS: dict[str, Limits] = {
    "application-autoscaling": Limits(
        code="ValidationException",
        source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html",
        too_many="TooManyTagsException",
    ),
    "cloudwatch": Limits(
        code="ValidationError",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Tag.html",
        characters=ANYTHING,
    ),
    "codebuild": Limits(
        code="InvalidInputException", source="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Tag.html"
    ),
    "codepipeline": Limits(
        code="InvalidTagsException",
        source="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Tag.html",
        too_many="TooManyTagsException",
    ),
    "dynamodb": Limits(
        code="ValidationException",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html",
    ),
    "ec2": Limits(
        code="InvalidParameterValue",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
        too_many="TagLimitExceeded",
        characters=ANYTHING,
    ),
    "ecr": Limits(
        code="InvalidTagParameterException",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html",
        too_many="TooManyTagsException",
    ),
    "ecs": Limits(
        code="InvalidParameterException",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html",
    ),
    "events": Limits(
        code="ValidationException", source="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Tag.html"
    ),
    "iam": Limits(
        code="InvalidInput",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules",
        too_many="LimitExceeded",
    ),
    "kms": Limits(
        code="TagException",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_Tag.html",
        too_many="LimitExceededException",
    ),
    "logs": Limits(
        code="InvalidParameterException",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html",
        too_many="TooManyTagsException",
    ),
    "s3": Limits(
        code="InvalidTag",
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html",
        too_many="BadRequest",
    ),
    "scheduler": Limits(
        code="ValidationException", source="https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Tag.html"
    ),
    "secretsmanager": Limits(
        code="InvalidParameterException",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/managing-secrets_tagging.html",
    ),
    "sns": Limits(
        code="InvalidParameter",
        source="https://docs.aws.amazon.com/sns/latest/api/API_Tag.html",
        too_many="TagLimitExceeded",
    ),
    "sqs": Limits(
        code="InvalidParameterValue",
        source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html",
    ),
    "stepfunctions": Limits(
        code="ValidationException",
        source="https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html",
        too_many="TooManyTags",
    ),
}

_MEMBERS = ("Tags", "tags", "TagSet", "tagSpecifications", "TagSpecifications", "Tagging", "tagging")
_HOLDERS = ("CreateBucketConfiguration",)
"""Members that hold tags beside other things."""


def tags_in(parameters: Mapping[str, Any]) -> Iterator[list[tuple[str, str]]]:
    """Each set of tags in a request, as key and value, however the service spells it."""
    for name in _HOLDERS:
        holder = parameters.get(name)
        if isinstance(holder, Mapping):
            yield from tags_in(holder)
    for name in _MEMBERS:
        value = parameters.get(name)
        if isinstance(value, Mapping) and not set(value) & set(_MEMBERS):
            yield [(str(key), str(item)) for key, item in value.items()]
        elif isinstance(value, Mapping):
            yield from tags_in(value)
        elif isinstance(value, list) and name.lower() == "tagspecifications":
            for item in value:
                yield from tags_in(item)
        elif isinstance(value, list):
            yield [_pair(item) for item in value if isinstance(item, Mapping)]


def _pair(tag: Mapping[str, Any]) -> tuple[str, str]:
    lower = {name.lower().removeprefix("tag"): value for name, value in tag.items()}
    return str(lower.get("key", "")), str(lower.get("value", ""))


def _malformed(limits: Limits, pairs: list[tuple[str, str]]) -> Iterator[str]:
    keys = [key for key, _ in pairs]
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or not regex.fullmatch(limits.characters, key):
            yield f"The TagKey you have provided is invalid: '{key}'"
        if len(value) > 256 or not regex.fullmatch(limits.characters, value):
            yield f"The TagValue you have provided is invalid: '{value}'"
        if key.lower().startswith("aws:"):
            yield f"aws: prefixed tag key names are not allowed for external use: '{key}'"
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"Duplicate tag key '{key}' specified."


def _rules(service: str, limits: Limits) -> Iterator[Rule]:
    reads = ("Untag", "List", "Describe", "Get", "Delete", "RemoveTags")

    def writes(call: Call) -> bool:
        return not call.operation.startswith(reads)

    def tag_format(call: Call, _: Account) -> Iterator[str]:
        for pairs in tags_in(call.parameters) if writes(call) else ():
            yield from _malformed(limits, pairs)

    def tag_count(call: Call, _: Account) -> Iterator[str]:
        most = 10 if call.operation == "PutObjectTagging" else limits.most
        for pairs in tags_in(call.parameters) if writes(call) else ():
            if len(pairs) > most:
                yield f"A resource can have at most {most} tags, and the request has {len(pairs)}."

    spelled = "any characters" if limits.characters == ANYTHING else f"`{limits.characters}`"
    tag_format.__doc__ = (
        f"Tag keys have 1 to 128 and values at most 256 characters of {spelled}; no key twice, none with `aws:`."
    )
    tag_count.__doc__ = f"At most {limits.most} tags{', an object 10' if service == 's3' else ''}."
    for check, code in ((tag_format, limits.code), (tag_count, limits.too_many or limits.code)):
        yield Rule(service=service, operations=(), source=limits.source, code=code, status=None, check=check)


RULES = [rule for service, limits in LIMITS.items() for rule in _rules(service, limits)]
