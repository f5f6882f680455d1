"""Seeds for the rules of S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict, policy
from tests.sandbox.strict.seeds import Parameters, Seed, seed

_BUCKET = "arn:aws:s3:::a-bucket-of-ours"


_DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [_BUCKET, f"{_BUCKET}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


_PUT_POLICY = ("PutBucketPolicy", lambda a: {"Bucket": a.bucket, "Policy": policy(_DENY)})


_LIFECYCLE_RULE = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}


def _lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"LifecycleConfiguration": {"Rules": list(rules)}}


_PUT_LIFECYCLE = ("PutBucketLifecycleConfiguration", lambda a: {"Bucket": a.bucket, **_lifecycle(_LIFECYCLE_RULE)})


def _encryption(algorithm: str, key: str | None = None) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}


def _public(**members: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{_BUCKET}/*"}
    return {"Policy": policy({**base, **members})}


_NOTIFY = {"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", "Events": ["s3:ObjectCreated:*"]}


def _rule(**members: Any) -> Callable[[Strict], Parameters]:
    def request(a: Strict) -> Parameters:
        (rule,) = data.lifecycle(a)["LifecycleConfiguration"]["Rules"]
        return {"LifecycleConfiguration": {"Rules": [{**rule, **members}]}}

    return request


SEEDS: Final[list[Seed]] = [
    seed(
        "s3.notification_targets",
        "PutBucketNotificationConfiguration",
        lambda a: {"Bucket": a.bucket, "NotificationConfiguration": {"EventBridgeConfiguration": {}}},
        {"NotificationConfiguration": {"QueueConfigurations": [_NOTIFY]}},
    ),
    seed(
        "s3.object_encryption",
        "PutObject",
        lambda a: {"Bucket": a.open_bucket, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": a.key},
        {"SSEKMSKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/none"},
    ),
    seed(
        "s3.object_tags",
        "PutObject",
        lambda a: {"Bucket": a.open_bucket, "Key": "k", "Tagging": "a=1&b=2"},
        {"Tagging": "a=1&a=2"},
        {"Tagging": "&".join(f"k{number}=v" for number in range(11))},
    ),
    seed(
        "s3.bucket_name",
        "CreateBucket",
        lambda a: {"Bucket": f"bucket-{a.name()}"},
        {"Bucket": "Upper-Case"},
        {"Bucket": "ab"},
        {"Bucket": "x" * 64},
        {"Bucket": "under_score"},
        {"Bucket": "two..dots"},
        {"Bucket": "192.168.5.4"},
        {"Bucket": "xn--bucket"},
        {"Bucket": "bucket-s3alias"},
        {"Bucket": "-bucket"},
    ),
    seed(
        "s3.bucket_policy",
        *_PUT_POLICY,
        {"Policy": "{"},
        _public(Effect="Deny", Resource="arn:aws:s3:::another/*"),
        _public(Effect="Deny", Action="sqs:SendMessage"),
        _public(Effect="Deny", Principal={"AWS": NO_ROLE}),
        _public(Effect="Deny", Condition={"StringEqualz": {"aws:x": "y"}}),
        _public(Effect="Deny", Resource=_BUCKET),
        {"Policy": policy({"Effect": "Deny", "Action": "s3:*", "Resource": _BUCKET})},
    ),
    seed("s3.bucket_policy_size", *_PUT_POLICY, _public(Effect="Deny", Resource=[f"{_BUCKET}/*"] * 800)),
    seed(
        "s3.public_policy",
        *_PUT_POLICY,
        _public(),
        _public(Principal={"AWS": "*"}),
        _public(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ),
    seed(
        "s3.encryption_key",
        "PutBucketEncryption",
        lambda a: {"Bucket": a.bucket, **_encryption("aws:kms", a.key)},
        lambda a: _encryption("AES256", a.key),
    ),
    seed(
        "s3.lifecycle_rules",
        *_PUT_LIFECYCLE,
        _lifecycle(_LIFECYCLE_RULE, _LIFECYCLE_RULE),
        _lifecycle({**_LIFECYCLE_RULE, "ID": "x" * 256}),
        _lifecycle({"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}),
    ),
    seed(
        "s3.lifecycle_days",
        *_PUT_LIFECYCLE,
        _lifecycle({**_LIFECYCLE_RULE, "Expiration": {"Days": 0}}),
        _lifecycle({**_LIFECYCLE_RULE, "Transitions": [{"Days": 7, "StorageClass": "STANDARD_IA"}]}),
        _lifecycle({**_LIFECYCLE_RULE, "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}]}),
        _lifecycle({**_LIFECYCLE_RULE, "NoncurrentVersionExpiration": {"NoncurrentDays": 0}}),
        _lifecycle({**_LIFECYCLE_RULE, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}}),
    ),
    seed(
        "s3.access_control_lists",
        "PutBucketAcl",
        lambda a: {"Bucket": a.bucket, "ACL": "private"},
        {"ACL": "public-read"},
    ),
    seed("s3.new_bucket_acl", "CreateBucket", lambda a: {"Bucket": f"bucket-{a.name()}"}, {"ACL": "public-read"}),
    seed(
        "s3.object_key",
        "PutObject",
        lambda a: {"Bucket": a.open_bucket, "Key": "k"},
        {"Key": "k" * 1025},
        {"Key": "é" * 600},
    ),
    seed(
        "s3.logging_target",
        "PutBucketLogging",
        lambda a: {"Bucket": a.bucket, "BucketLoggingStatus": {}},
        {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "nowhere-at-all", "TargetPrefix": "logs/"}}},
    ),
    seed("s3.cors_ids", "PutBucketCors", data.cors, lambda a: data.cors(a, ID="r" * 256)),
    seed(
        "s3.lifecycle_parts",
        "PutBucketLifecycleConfiguration",
        data.lifecycle,
        _rule(Transitions=[{"Days": 30}]),
        _rule(AbortIncompleteMultipartUpload={}),
    ),
]
