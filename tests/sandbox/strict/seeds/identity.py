"""Seeds for IAM, KMS and S3."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, EVERYTHING, NO_ROLE, policy, trust
from tests.sandbox.strict.seeds import seed

_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
_ROLE = ("CreateRole", lambda a: {"RoleName": a.name(), "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")})
_POLICY = ("CreatePolicy", lambda a: {"PolicyName": a.name(), "PolicyDocument": policy(_READ)})
_KEY = ("CreateKey", {"Policy": policy(EVERYTHING)})


def _trust(**members: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"AssumeRolePolicyDocument": policy({**base, **members})}


def _document(*statements: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": list(statements), **top})}


def _long(characters: int) -> dict[str, Any]:
    return {**_READ, "Resource": ["arn:aws:s3:::bucket/" + "x" * 80] * (characters // 100)}


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
_DOUBLED = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)

SEEDS = [
    seed("iam.role_name", *_ROLE, {"RoleName": "EVENTS"}, {"RoleName": "events"}),
    seed(
        "iam.provider_url",
        "CreateOpenIDConnectProvider",
        {
            "Url": "https://token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
            "ThumbprintList": ["a" * 40],
        },
        {"Url": "http://token.actions.githubusercontent.com"},
    ),
    seed(
        "iam.policy_in_use",
        "DeletePolicy",
        lambda a: {"PolicyArn": a.spare_policy},
        {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/policy-0"},
    ),
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
        "iam.identity_policy",
        *_POLICY,
        {"PolicyDocument": "{not json"},
        {"PolicyDocument": "[]"},
        _document(_READ, Version="2012-10-18"),
        _document(_READ, Comment="mine"),
        {"PolicyDocument": json.dumps({"Version": "2012-10-17"})},
        _document({**_READ, "Effect": "allow"}),
        _document({**_READ, "Action": "GetObject"}),
        _document({**_READ, "Resource": "bucket"}),
        _document({"Effect": "Allow", "Action": "s3:GetObject"}),
        _document({"Effect": "Allow", "Resource": "*"}),
        _document({**_READ, "Principal": "*"}),
        _document({**_READ, "Condition": {"StringIs": {"aws:x": "y"}}}),
        _document({**_READ, "Condition": {"StringEquals": "y"}}),
        _document({**_READ, "Sid": "a"}, {**_READ, "Sid": "a"}),
        _document({**_READ, "Sid": "not-alphanumeric"}),
        _document({**_READ, "Actions": "s3:GetObject"}),
        _document({**_READ, "NotAction": "s3:PutObject"}),
        _document({**_READ, "Action": []}),
        {"PolicyDocument": _DOUBLED},
    ),
    seed(
        "iam.trust_policy",
        *_ROLE,
        _trust(Resource="*"),
        _trust(Principal={"Service": "ecs-task.amazonaws.com"}),
        _trust(Principal={"AWS": NO_ROLE}),
        _trust(Principal={"AWS": "not-a-principal"}),
        _trust(Principal={"Somebody": "x"}),
        _trust(Action="s3:GetObject"),
        {"AssumeRolePolicyDocument": policy({"Effect": "Allow", "Action": "sts:AssumeRole"})},
    ),
    seed("iam.managed_policy_size", *_POLICY, _document(_long(7000))),
    seed("iam.trust_policy_size", *_ROLE, _trust(Condition={"StringLike": {"aws:SourceArn": ["x" * 100] * 30}})),
    seed(
        "iam.inline_policy_size",
        "PutRolePolicy",
        lambda a: {"RoleName": "states", "PolicyName": "inline", "PolicyDocument": policy(_READ)},
        _document(_long(11000)),
        lambda a: {"PolicyName": "second", **_document(_long(10200))},
    ),
    seed(
        "iam.attached_policies",
        "AttachRolePolicy",
        lambda a: {"RoleName": "events", "PolicyArn": a.boundary},
        {"RoleName": "states"},
    ),
    seed("iam.permissions_boundary", *_ROLE, {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"}),
    seed(
        "kms.key_policy",
        *_KEY,
        {"Policy": "{"},
        {"Policy": policy(EVERYTHING, {**EVERYTHING, "Principal": {"AWS": NO_ROLE}})},
        {"Policy": policy(EVERYTHING, {**EVERYTHING, "Action": "s3:GetObject"})},
        {"Policy": policy(EVERYTHING, {"Effect": "Allow", "Action": "kms:*", "Resource": "*"})},
    ),
    seed(
        "kms.key_policy_keeps_an_administrator",
        *_KEY,
        {"Policy": policy({**EVERYTHING, "Action": "kms:Decrypt"})},
        {"Policy": policy({**EVERYTHING, "Effect": "Deny"})},
        {"Policy": policy({**EVERYTHING, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}})},
    ),
    seed("kms.key_policy_size", *_KEY, {"Policy": policy({**EVERYTHING, "Resource": ["*"] * 7000})}),
    seed(
        "kms.deletion_window",
        "ScheduleKeyDeletion",
        lambda a: {"KeyId": a.old_key, "PendingWindowInDays": 7},
        {"PendingWindowInDays": 6},
        {"PendingWindowInDays": 31},
    ),
    seed(
        "kms.alias_name",
        "CreateAlias",
        lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.key},
        {"AliasName": "plain"},
        {"AliasName": "alias/aws/mine"},
    ),
    seed("kms.key_usage", *_KEY, {"KeyUsage": "SIGN_VERIFY"}, {"KeySpec": "ECC_NIST_P256"}, {"KeySpec": "HMAC_256"}),
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
]
