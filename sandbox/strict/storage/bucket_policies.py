"""What S3 demands of bucket policies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults, statements_of, values
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import bucket_of
from sandbox.strict.storage.vocabulary import CONDITION_KEYS, s3_actions

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"

rules = Rules("s3")


@rules.add(
    "PutBucketPolicy",
    source=f"{_GUIDE}troubleshoot-403-errors.html#access-denied-bucket-policy",
    code="MalformedPolicy",
)
def bucket_policy(call: Call, account: Account) -> Iterator[str]:
    """A bucket's policy names principals that exist, actions of S3, and the bucket or its objects."""
    arn = f"arn:aws:s3:::{call.parameters['Bucket']}"

    def fits(resource: str) -> bool:
        return re.sub(r"^arn:aws[a-z-]*:", "arn:aws:", resource).split("/", 1)[0] == arn or resource.startswith(
            f"{arn}*"
        )

    kind = Kind(
        principal=True,
        action_prefixes=("s3",),
        resource_fits=fits,
        principal_exists=account.principal_exists,
    )
    text = _text(call.parameters["Policy"])
    yield from faults(text, kind)
    for statement in statements_of(text):
        resources = values(statement.get("Resource"))
        actions = [str(action) for action in values(statement.get("Action"))]
        yield from _action_faults(actions, [str(resource) for resource in resources])
        yield from _key_faults(statement.get("Condition") or {})
        of_objects = [action for action in actions if re.match(r"s3:(Get|Put|Delete|Restore)Object", action)]
        if resources == [arn] and of_objects and len(of_objects) == len(actions):
            yield "Action does not apply to any resource(s) in statement"


def _action_faults(actions: list[str], resources: list[str]) -> Iterator[str]:
    """Actions that S3 does not have, and those of a bucket on its objects alone."""
    for action in actions:
        pattern = re.escape(action.rpartition(":")[2].lower()).replace(r"\*", ".*").replace(r"\?", ".")
        if not any(re.fullmatch(pattern, supported) for supported in s3_actions()):
            yield f"Policy has invalid action: {action}"
    of_bucket = r"s3:(ListBucket\w*|(Get|Put|Delete)(Bucket\w*|LifecycleConfiguration|EncryptionConfiguration))"
    if actions and all(re.fullmatch(of_bucket, action) for action in actions) and all("/" in r for r in resources):
        yield "Action does not apply to any resource(s) in statement"


def _key_faults(condition: Mapping[str, Any]) -> Iterator[str]:
    """Condition keys of S3 that S3 does not have."""
    for keys in condition.values():
        for key in keys:
            name = key.lower().partition("/")[0]
            if name.startswith("s3:") and name.removeprefix("s3:") not in CONDITION_KEYS:
                yield f"Policy has an invalid condition key: {key}"


@rules.add(
    "PutBucketPolicy",
    source=f"{_GUIDE}example-bucket-policies.html",
    code="PolicyTooLarge",
)
def bucket_policy_size(call: Call, _: Account) -> Iterator[str]:
    """A bucket's policy has at most 20 KB."""
    if len(_text(call.parameters["Policy"]).encode()) > 20480:
        yield "Your policy exceeds the maximum size of 20480 bytes."


@rules.add(
    "PutBucketPolicy",
    source=f"{_GUIDE}access-control-block-public-access.html#access-control-block-public-access-policy-status",
    code="AccessDenied",
    status=403,
)
def public_policy(call: Call, account: Account) -> Iterator[str]:
    """A bucket whose public access is blocked takes no public policy."""
    bucket = bucket_of(call, account)
    block = bucket.public_access_block if bucket is not None else None
    blocked = block is not None and str(block.block_public_policy).lower() == "true"
    if blocked and any(_is_public(item) for item in statements_of(_text(call.parameters["Policy"]))):
        yield (
            f"User is not authorized to perform: s3:PutBucketPolicy on resource: {call.parameters['Bucket']} because "
            "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )


_NARROWING = frozenset(
    [
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "aws:sourceip",
        "aws:calledvia",
        "aws:resourceaccount",
    ]
)


def _is_public(statement: Mapping[str, Any]) -> bool:
    """Public is an Allow to everybody that no condition holds to fixed values of a key that narrows the caller."""
    principal = statement.get("Principal")
    named = values(principal.get("AWS")) if isinstance(principal, dict) else values(principal)
    if statement.get("Effect") != "Allow" or "*" not in named:
        return False
    for operator, keys in (statement.get("Condition") or {}).items():
        narrows = any(key.lower() in _NARROWING and "*" not in values(value) for key, value in keys.items())
        if narrows and "not" not in operator.lower() and operator.lower() != "null":
            return False
    return True


def _text(policy: object) -> str:
    return policy.decode() if isinstance(policy, bytes) else policy if isinstance(policy, str) else json.dumps(policy)
