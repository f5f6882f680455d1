"""What S3 demands of bucket names, policies, and the settings of buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

rules = Rules("s3")


def bucket_of(call: Call, account: Account) -> Any:
    """moto's bucket that the request names; None where there is none."""
    return account.backend("s3").buckets.get(call.parameters["Bucket"])


def owner_owns_objects(bucket: Any) -> bool:
    """Whether moto's bucket takes no access control lists, as those that say nothing of ownership."""
    ownership = getattr(bucket, "ownership_rule", None)
    return ownership is None or "BucketOwnerEnforced" in str(ownership)


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
    listed = lifecycle_of(call)
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
    for rule in lifecycle_of(call):
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


def lifecycle_of(call: Call) -> list[dict[str, Any]]:
    """The lifecycle rules of a request."""
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
    enforced = owner_owns_objects(bucket_of(call, account))
    grants = any(
        call.parameters.get(f"Grant{right}") for right in ("FullControl", "Read", "Write", "ReadACP", "WriteACP")
    )
    if enforced and (grants or call.parameters.get("ACL") not in (None, "private", "bucket-owner-full-control")):
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


@rules.add(
    "PutBucketNotificationConfiguration",
    source=f"{_API}API_PutBucketNotificationConfiguration.html",
    code="InvalidArgument",
)
def notification_targets(call: Call, account: Account) -> Iterator[str]:
    """The queues, topics and functions that a bucket notifies exist, and their policies let S3 send to them."""
    configuration = call.parameters["NotificationConfiguration"]
    queues = [item["QueueArn"] for item in configuration.get("QueueConfigurations", [])]
    topics = [item["TopicArn"] for item in configuration.get("TopicConfigurations", [])]
    functions = [item["LambdaFunctionArn"] for item in configuration.get("LambdaFunctionConfigurations", [])]
    takes = [
        *(account.queue_takes(arn, "s3.amazonaws.com") for arn in queues),
        *(account.topic_takes(arn, "s3.amazonaws.com") for arn in topics),
        *(account.has_function(arn) for arn in functions),
    ]
    if not all(takes):
        yield "Unable to validate the following destination configurations"


@rules.add(
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    source=f"{_GUIDE}UsingKMSEncryption.html",
    code="KMS.NotFoundException",
)
def object_encryption(call: Call, account: Account) -> Iterator[str]:
    """The key of an object exists and is enabled."""
    key = call.parameters.get("SSEKMSKeyId")
    if key and not account.has_key(key):
        yield f"Key '{key}' does not exist"


@rules.add(
    "PutObject", "CopyObject", "CreateMultipartUpload", source=f"{_GUIDE}object-tagging.html", code="InvalidArgument"
)
def object_tags(call: Call, _: Account) -> Iterator[str]:
    """The tags given with an object are `key=value&...`, at most 10, each key once."""
    text = call.parameters.get("Tagging")
    keys = [key for key, _value in parse_qsl(text or "", keep_blank_values=True)]
    if isinstance(text, str) and (len(keys) > 10 or len(set(keys)) != len(keys)):
        yield (
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
            "tag name duplicates."
        )
