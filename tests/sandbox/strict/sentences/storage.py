"""S3: the sentences of its API reference that its model does not say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.documented.scenery import Scenery

_GHOST: Final = "a-bucket-that-is-not"
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


def _lock(**retention: Any) -> dict[str, Any]:
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}}


def _locked_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


def _locked_object(a: Strict) -> dict[str, Any]:
    bucket = _locked_bucket(a)
    a.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    return {"Bucket": bucket, "Key": "k"}


def _versioned_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name)
    a.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _writer_bucket(a: Strict) -> str:
    """A bucket that takes access control lists."""
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    return name


def _public_bucket(a: Strict) -> str:
    name = _writer_bucket(a)
    a.client("s3").put_bucket_acl(Bucket=name, ACL="public-read")
    return name


def _guarded_bucket(a: Strict) -> str:
    """A bucket that takes access control lists, but no public ones."""
    name = _writer_bucket(a)
    a.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    return name


def _replicated(a: Strict) -> dict[str, Any]:
    target = _versioned_bucket(a)
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "x/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    return {"Bucket": _versioned_bucket(a), "ReplicationConfiguration": {"Role": _ROLE, "Rules": [rule]}}


def _rule_of_replication(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        kept = {name: value for name, value in {**rule, **members}.items() if value is not ABSENT}
        return {"ReplicationConfiguration": {"Rules": [kept]}}

    return change


def _destination(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        destination = {**rule["Destination"], **members}
        return {"ReplicationConfiguration": {"Rules": [{**rule, "Destination": destination}]}}

    return change


def _two_rules(**second: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        return {"ReplicationConfiguration": {"Rules": [rule, {**rule, **second}]}}

    return change


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


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


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
        "PutBucketOwnershipControls",
        lambda a: {
            "Bucket": _writer_bucket(a),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
        public=lambda a: {"Bucket": _public_bucket(a)},
    ),
    request(
        "PutBucketAcl",
        lambda a: {"Bucket": _writer_bucket(a), "ACL": "private"},
        nothing={"ACL": ABSENT},
        both={"GrantRead": f'id="{"a" * 64}"'},
        header_and_body={
            "AccessControlPolicy": {"Owner": {"ID": "a" * 64}, "Grants": []},
        },
        public=lambda a: {"Bucket": _guarded_bucket(a), "ACL": "public-read"},
        public_grant=lambda a: {
            "Bucket": _guarded_bucket(a),
            "ACL": ABSENT,
            "GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
        },
        body=lambda a: {
            "Bucket": a.bucket,
            "ACL": ABSENT,
            "AccessControlPolicy": {
                "Owner": {"ID": "a" * 64},
                "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "b" * 64}, "Permission": "READ"}],
            },
        },
        mail={"ACL": ABSENT, "GrantRead": 'emailAddress="somebody@example.org"'},
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
        "PutObjectLockConfiguration",
        lambda a: {"Bucket": _locked_bucket(a), **_lock(Mode="GOVERNANCE", Days=1)},
        both=_lock(Years=1),
        neither=_lock(Days=ABSENT),
        no_mode=_lock(Mode=ABSENT),
        zero=_lock(Days=0),
        long=_lock(Days=36501),
        years=_lock(Days=ABSENT, Years=101),
        disabled={"ObjectLockConfiguration": {"ObjectLockEnabled": ABSENT}},
        unversioned=lambda a: {"Bucket": a.new_bucket()},
        empty={"ObjectLockConfiguration": {"Rule": {"DefaultRetention": ABSENT}}},
    ),
    request(
        "PutBucketReplication",
        _replicated,
        unversioned=lambda a: {"Bucket": a.new_bucket()},
        role={"ReplicationConfiguration": {"Role": "replication"}},
        no_role={"ReplicationConfiguration": {"Role": ""}},
        no_rules={"ReplicationConfiguration": {"Rules": []}},
        ghost=_destination(Bucket=f"arn:aws:s3:::{_GHOST}"),
        name=_destination(Bucket=_GHOST),
        plain=lambda a: _destination(Bucket=f"arn:aws:s3:::{a.new_bucket()}")(a),
        markers=_rule_of_replication(DeleteMarkerReplication=ABSENT),
        priority=_rule_of_replication(Priority=ABSENT),
        same_priority=_two_rules(ID="s", Filter={"Prefix": "y/"}),
        same_id=_two_rules(Priority=2),
        long=_rule_of_replication(ID="i" * 256),
        two_filters=_rule_of_replication(Filter={"Prefix": "x", "Tag": {"Key": "k", "Value": "v"}}),
        both=_rule_of_replication(Prefix="x"),
        tagged_markers=_rule_of_replication(
            Filter={"Tag": {"Key": "k", "Value": "v"}}, DeleteMarkerReplication={"Status": "Enabled"}
        ),
        no_key=_rule_of_replication(SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}}),
        time=_destination(ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 15}}),
        minutes=_destination(
            ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 5}},
            Metrics={"Status": "Enabled", "EventThreshold": {"Minutes": 5}},
        ),
        owner=_destination(AccessControlTranslation={"Owner": "Destination"}),
        prefix=_rule_of_replication(Filter={"Prefix": "p" * 1025}),
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

OBJECTS: Final = [
    request(
        "PutObject",
        lambda a: {"Bucket": a.bucket, "Key": "k", "Body": b"x"},
        customer_key={"SSECustomerAlgorithm": "AES256"},
        customer_and_kms=lambda a: {
            "ServerSideEncryption": "aws:kms",
            "SSECustomerAlgorithm": "AES256",
            "SSECustomerKey": "k" * 32,
        },
        redirect={"WebsiteRedirectLocation": "example.org"},
        reserved={"Tagging": "aws%3Ak=v"},
        long_tag={"Tagging": f"{'k' * 129}=v"},
        past=lambda a: {
            **_locked_object(a),
            "ObjectLockMode": "GOVERNANCE",
            "ObjectLockRetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC),
        },
        no_mode=lambda a: {**_locked_object(a), "ObjectLockRetainUntilDate": _soon()},
        unlocked=lambda a: {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": _soon()},
        hold={"ObjectLockLegalHoldStatus": "ON"},
        conditions={"IfMatch": '"0"', "IfNoneMatch": "*"},
        public=lambda a: {"Bucket": _guarded_bucket(a), "ACL": "public-read"},
        canned_and_grant=lambda a: {
            "Bucket": _writer_bucket(a),
            "ACL": "private",
            "GrantRead": f'id="{"a" * 64}"',
        },
        context={"SSEKMSEncryptionContext": "e30="},
        malformed_context={"ServerSideEncryption": "aws:kms", "SSEKMSEncryptionContext": "no json"},
    ),
    request(
        "PutObjectRetention",
        lambda a: {**_locked_object(a), "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": _soon()}},
        unlocked=lambda a: {"Bucket": a.bucket, "Key": a.new_object()},
        past={"Retention": {"RetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}},
        no_date={"Retention": {"RetainUntilDate": ABSENT}},
        no_mode={"Retention": {"Mode": ABSENT}},
    ),
    request(
        "PutObjectLegalHold",
        lambda a: {**_locked_object(a), "LegalHold": {"Status": "ON"}},
        unlocked=lambda a: {"Bucket": a.bucket, "Key": a.new_object()},
        nothing={"LegalHold": {"Status": ABSENT}},
    ),
    request(
        "GetObject",
        lambda a: {"Bucket": a.bucket, "Key": a.new_object()},
        part_and_range={"PartNumber": 1, "Range": "bytes=0-0"},
        after={"Range": "bytes=9-10"},
    ),
    request(
        "CompleteMultipartUpload",
        lambda a: a.new_parts("sentences"),
        size={"MpuObjectSize": 2},
        unordered=lambda a: a.new_parts("unordered", order=(2, 1)),
        small=lambda a: a.new_parts("small", order=(1, 2)),
    ),
    request(
        "CopyObject",
        lambda a: {"Bucket": a.bucket, "Key": "copy", "CopySource": f"{a.bucket}/{a.new_object()}"},
        tagging={"TaggingDirective": "COPY-SOME"},
        redirect={"WebsiteRedirectLocation": "example.org"},
        match={"CopySourceIfMatch": '"0"'},
    ),
]
