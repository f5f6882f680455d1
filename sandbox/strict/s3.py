"""What S3 demands of bucket names, policies, and the settings of buckets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.s3.models import s3_backends

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.documents import Kind, faults, statements_of, values
from sandbox.strict.rules import Rules

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

rules = Rules("s3")


def _bucket(call: Call, account: Account) -> Any:
    return account.backend("s3").buckets.get(call.parameters["Bucket"])


@rules.add(
    "CreateBucket",
    source=f"{_GUIDE}bucketnamingrules.html",
    code="InvalidBucketName",
)
def bucket_name(call: Call, _: Account) -> Iterator[str]:
    """A bucket's name has 3 to 63 characters of a-z, 0-9, dots and hyphens, is no address, and avoids the reserved
    affixes.
    """
    name = call.parameters["Bucket"]
    fits = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) and ".." not in name
    address = re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name)
    if not fits or address or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
        yield f"The specified bucket is not valid: {name}"


@rules.add(
    "CreateBucket",
    source=f"{_API}API_CreateBucket.html#API_CreateBucket_Errors",
    code="BucketAlreadyExists",
    status=409,
)
def bucket_of_another(call: Call, account: Account) -> Iterator[str]:
    """A bucket's name is taken once among all accounts."""
    for number, backends in s3_backends.items():
        if number != account.id and any(call.parameters["Bucket"] in item.buckets for item in backends.values()):
            yield "The requested bucket name is not available. The bucket namespace is shared by all users of the system."


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
        of_objects = [action for action in actions if re.match(r"s3:(Get|Put|Delete|Restore)Object", action)]
        if resources == [arn] and of_objects and len(of_objects) == len(actions):
            yield "Action does not apply to any resource(s) in statement"


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
    bucket = _bucket(call, account)
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


@rules.add(
    "PutBucketEncryption",
    "CreateBucket",
    source=f"{_API}API_ServerSideEncryptionByDefault.html",
    code="InvalidArgument",
)
def encryption_key(call: Call, _: Account) -> Iterator[str]:
    """A KMS key is named only with `aws:kms`."""
    for rule in call.parameters.get("ServerSideEncryptionConfiguration", {}).get("Rules", []):
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if default.get("KMSMasterKeyID") and not default.get("SSEAlgorithm", "").startswith("aws:kms"):
            yield "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"


@rules.add(
    "PutBucketLifecycleConfiguration",
    source=f"{_API}API_LifecycleRule.html",
    code="InvalidRequest",
)
def lifecycle_rules(call: Call, _: Account) -> Iterator[str]:
    """Each lifecycle rule does something, has an id of at most 255 characters of its own, and at most 1,000 are
    kept.
    """
    listed = _lifecycle(call)
    names = [rule["ID"] for rule in listed if rule.get("ID")]
    if len(set(names)) != len(names):
        yield "Rule ID must be unique. Found same ID for more than one rule"
    if len(listed) > 1000 or any(len(name) > 255 for name in names):
        yield "ID length should not exceed allowed limit of 255"
    actions = {
        "Expiration",
        "Transitions",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransitions",
        "AbortIncompleteMultipartUpload",
    }
    if any(not actions & {name for name, value in rule.items() if value} for rule in listed):
        yield "At least one action needs to be specified in a rule"


@rules.add(
    "PutBucketLifecycleConfiguration",
    source=f"{_GUIDE}lifecycle-transition-general-considerations.html",
    code="InvalidArgument",
)
def lifecycle_days(call: Call, _: Account) -> Iterator[str]:
    """Days are counted from 1; to infrequent access from 30; nothing expires before it has moved."""
    for rule in _lifecycle(call):
        expiration = rule.get("Expiration", {})
        moves = [move["Days"] for move in rule.get("Transitions", []) if "Days" in move]
        if "Days" in expiration and expiration["Days"] <= max([0, *moves]):
            yield "'Days' in the Expiration action for filter must be greater than 'Days' in the Transition action"
        noncurrent = rule.get("NoncurrentVersionExpiration", {})
        if "NoncurrentDays" in noncurrent and noncurrent["NoncurrentDays"] < 1:
            yield "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
        abort = rule.get("AbortIncompleteMultipartUpload", {})
        if abort.get("DaysAfterInitiation", 1) < 1:
            yield "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
        for move in rule.get("Transitions", []):
            if move.get("StorageClass") in ("STANDARD_IA", "ONEZONE_IA") and move.get("Days", 30) < 30:
                yield (
                    "'Days' in Transition action must be greater than or equal to 30 for storageClass "
                    f"'{move['StorageClass']}'"
                )


def _lifecycle(call: Call) -> list[dict[str, Any]]:
    rules_given: list[dict[str, Any]] = (call.parameters.get("LifecycleConfiguration") or {}).get("Rules", [])
    return rules_given


@rules.add(
    "PutBucketAcl",
    "PutObjectAcl",
    "PutObject",
    source=f"{_GUIDE}about-object-ownership.html",
    code="AccessControlListNotSupported",
)
def access_control_lists(call: Call, account: Account) -> Iterator[str]:
    """A bucket whose owner owns its objects takes no access control lists."""
    bucket = _bucket(call, account)
    ownership = getattr(bucket, "ownership_rule", None)
    enforced = ownership is None or "BucketOwnerEnforced" in str(ownership)
    if enforced and call.parameters.get("ACL") not in (None, "private", "bucket-owner-full-control"):
        yield "The bucket does not allow ACLs"


@rules.add(
    "CreateBucket",
    source=f"{_API}API_CreateBucket.html#API_CreateBucket_RequestSyntax",
    code="InvalidBucketAclWithObjectOwnership",
)
def new_bucket_acl(call: Call, _: Account) -> Iterator[str]:
    """A bucket whose owner owns its objects, as every new one does, is made without a public access control list."""
    enforced = call.parameters.get("ObjectOwnership", "BucketOwnerEnforced") == "BucketOwnerEnforced"
    if enforced and call.parameters.get("ACL") not in (None, "private"):
        yield "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


@rules.add(
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    source=f"{_GUIDE}object-keys.html",
    code="KeyTooLongError",
)
def object_key(call: Call, _: Account) -> Iterator[str]:
    """An object's key has at most 1,024 bytes."""
    if len(call.parameters["Key"].encode()) > 1024:
        yield "Your key is too long"


@rules.add(
    "PutBucketLogging",
    source=f"{_API}API_PutBucketLogging.html",
    code="InvalidTargetBucketForLogging",
)
def logging_target(call: Call, account: Account) -> Iterator[str]:
    """The bucket that takes the access logs exists."""
    enabled = call.parameters.get("BucketLoggingStatus", {}).get("LoggingEnabled")
    if enabled and enabled.get("TargetBucket") not in account.backend("s3").buckets:
        yield "The target bucket for logging does not exist"
