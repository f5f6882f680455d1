"""Buckets of S3: the sentences of its API reference that its model does not say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.documented.scenery import Scenery

_NO_BUCKET: Final = "a-bucket-that-is-not"
_RULE: Final = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/replication"


def _life(**members: Any) -> dict[str, Any]:
    return {"LifecycleConfiguration": {"Rules": [{**_RULE, **members}]}}


def _moves(*moves: tuple[int, str]) -> dict[str, Any]:
    return _life(Transitions=[{"Days": days, "StorageClass": name} for days, name in moves])


def _earlier(*moves: tuple[int, str]) -> dict[str, Any]:
    transitions = [{"NoncurrentDays": days, "StorageClass": name} for days, name in moves]
    return {"NoncurrentVersionTransitions": transitions}


def _chosen(**predicates: Any) -> dict[str, Any]:
    return _life(Expiration={"Days": 3}, Filter={"And": predicates})


def _locked_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


def _versioned_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name)
    a.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _open_queue(a: Scenery) -> str:
    """A queue that S3 may send to."""
    name = a.name()
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    a.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy(statement)})
    return arn


def _notified(*pairs: tuple[str, str], **members: Any) -> Any:
    """A notification of new objects to one queue for each prefix and suffix."""

    def change(a: Scenery) -> dict[str, Any]:
        listed = []
        for prefix, suffix in pairs:
            rules = [{"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": suffix}]
            item = {"QueueArn": _open_queue(a), "Events": ["s3:ObjectCreated:*"], **members}
            listed.append({"Filter": {"Key": {"FilterRules": rules}}, **item})
        return {"Bucket": a.bucket, "NotificationConfiguration": {"QueueConfigurations": listed}}

    return change


def _filtered(*rules: tuple[str, str]) -> dict[str, Any]:
    return {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}}


BUCKETS: Final = [
    request(
        "CreateBucket",
        lambda a: {"Bucket": a.name()},
        zone={"CreateBucketConfiguration": {"Location": {"Type": "AvailabilityZone", "Name": "use1-az1"}}},
        namespace={"BucketNamespace": "account-regional"},
        trailing_dot={"Bucket": "bucket."},
        suffix={"Bucket": "bucket--x-s3"},
        canned_and_grant={
            "ObjectOwnership": "ObjectWriter",
            "ACL": "private",
            "GrantRead": f'id="{"a" * 64}"',
        },
        twice={"CreateBucketConfiguration": {"Tags": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]}},
    ),
    request(
        "PutBucketVersioning",
        lambda a: {"Bucket": a.new_bucket(), "VersioningConfiguration": {"Status": "Enabled"}},
        deletion={"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}},
        locked=lambda a: {"Bucket": _locked_bucket(a), "VersioningConfiguration": {"Status": "Suspended"}},
    ),
    request(
        "PutPublicAccessBlock",
        lambda a: {"Bucket": a.new_bucket(), "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        empty={"PublicAccessBlockConfiguration": {"BlockPublicAcls": ABSENT}},
    ),
    request(
        "PutBucketLifecycleConfiguration",
        lambda a: {
            "Bucket": a.bucket,
            **_life(
                Expiration={"Days": 400},
                Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
                NoncurrentVersionExpiration={"NoncurrentDays": 90, "NewerNoncurrentVersions": 5},
                **_earlier((30, "STANDARD_IA")),
            ),
        },
        days_and_date=_life(
            Transitions=[{"Days": 40, "Date": datetime(2030, 1, 1, tzinfo=UTC), "StorageClass": "GLACIER"}]
        ),
        when=_life(Transitions=[{"StorageClass": "GLACIER"}]),
        mixed=_life(
            Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)},
            Transitions=[{"Days": 40, "StorageClass": "GLACIER"}],
        ),
        noncurrent_early=_life(**_earlier((29, "STANDARD_IA"))),
        noncurrent_soon=_life(**_earlier((40, "GLACIER")), NoncurrentVersionExpiration={"NoncurrentDays": 40}),
        close=_moves((30, "STANDARD_IA"), (59, "GLACIER")),
        close_after_one_zone=_moves((30, "ONEZONE_IA"), (45, "DEEP_ARCHIVE")),
        negative=_moves((-1, "GLACIER")),
        twice=_moves((40, "GLACIER"), (80, "GLACIER")),
        many_newer=_life(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 101}),
        no_newer=_life(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 0}),
        sizes=_chosen(ObjectSizeGreaterThan=500, ObjectSizeLessThan=500),
        tag_twice=_chosen(Tags=[{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]),
        versions={
            "LifecycleConfiguration": {
                "Rules": [
                    {**_RULE, "Expiration": {"Days": 3}},
                    {"ID": "b", "Status": "Enabled", "Prefix": "x", "Expiration": {"Days": 3}},
                ]
            }
        },
        many={
            "LifecycleConfiguration": {
                "Rules": [{**_RULE, "ID": str(number), "Expiration": {"Days": 3}} for number in range(1001)]
            }
        },
        newer_of_transition=_life(
            NoncurrentVersionTransitions=[
                {"NoncurrentDays": 40, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 101}
            ]
        ),
    ),
    request(
        "PutBucketNotificationConfiguration",
        _notified(("x/", ".csv"), ("y/", ".csv")),
        two_prefixes=_notified(("x/", ".csv"), Filter=_filtered(("prefix", "x/"), ("prefix", "y/"))),
        nested=_notified(("x/", ".csv"), ("x/y/", ".csv")),
        endings=_notified(("x/", ".csv"), ("x/", "a.csv")),
        long=_notified(("x" * 1025, ".csv")),
        no_events=_notified(("x/", ".csv"), Events=[]),
        function={
            "NotificationConfiguration": {
                "QueueConfigurations": ABSENT,
                "LambdaFunctionConfigurations": [
                    {
                        "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ghost",
                        "Events": ["s3:ObjectCreated:*"],
                    }
                ],
            }
        },
        closed=lambda a: {
            "NotificationConfiguration": {
                "QueueConfigurations": [{"QueueArn": a.queue, "Events": ["s3:ObjectRemoved:*"]}]
            }
        },
        closed_topic=lambda a: {
            "NotificationConfiguration": {
                "QueueConfigurations": ABSENT,
                "TopicConfigurations": [{"TopicArn": a.topic, "Events": ["s3:ObjectRemoved:*"]}],
            }
        },
    ),
    request(
        "PutBucketLogging",
        lambda a: {
            "Bucket": a.bucket,
            "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": a.log_bucket(), "TargetPrefix": "l/"}},
        },
        formats={
            "BucketLoggingStatus": {
                "LoggingEnabled": {
                    "TargetObjectKeyFormat": {
                        "SimplePrefix": {"x": ABSENT},
                        "PartitionedPrefix": {"PartitionDateSource": "EventTime"},
                    }
                }
            }
        },
    ),
    request(
        "PutBucketCors",
        lambda a: {
            "Bucket": a.bucket,
            "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        },
        none={"CORSConfiguration": {"CORSRules": []}},
        many={"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}] * 101}},
        header={
            "CORSConfiguration": {
                "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["x-*-*"]}]
            }
        },
    ),
    request(
        "PutBucketPolicy",
        lambda a: {
            "Bucket": a.open_bucket,
            "Policy": policy(
                {
                    "Sid": "tls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": f"arn:aws:s3:::{a.open_bucket}/*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        },
        no_resource={"Policy": policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*"})},
        text={"Policy": json.dumps("policy")},
        service={
            "Policy": policy(
                {
                    "Effect": "Deny",
                    "Principal": {"Service": "nothing.amazonaws.com"},
                    "Action": "s3:*",
                    "Resource": "arn:aws:s3:::a-bucket-without-policy/*",
                }
            )
        },
        kind={
            "Policy": policy(
                {
                    "Effect": "Deny",
                    "Principal": {"Role": "x"},
                    "Action": "s3:*",
                    "Resource": "arn:aws:s3:::a-bucket-without-policy/*",
                }
            )
        },
    ),
    request(
        "PutBucketWebsite",
        lambda a: {"Bucket": a.open_bucket, "WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
        slash={"WebsiteConfiguration": {"IndexDocument": {"Suffix": "a/index.html"}}},
        both={"WebsiteConfiguration": {"RedirectAllRequestsTo": {"HostName": "example.org"}}},
        neither={"WebsiteConfiguration": {"IndexDocument": ABSENT, "ErrorDocument": {"Key": "e.html"}}},
    ),
]
