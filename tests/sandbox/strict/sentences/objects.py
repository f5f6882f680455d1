"""Objects of S3, their locks and replication: the sentences of its API reference that its model does not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.sentences.access_lists import _guarded_bucket, _writer_bucket
from tests.sandbox.strict.sentences.storage import _locked_bucket, _versioned_bucket

_NO_BUCKET: Final = "a-bucket-that-is-not"
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/replication"


def _lock(**retention: Any) -> dict[str, Any]:
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}}


def _locked_object(a: Strict) -> dict[str, Any]:
    bucket = _locked_bucket(a)
    a.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    return {"Bucket": bucket, "Key": "k"}


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
        changed = {name: value for name, value in {**rule, **members}.items() if value is not ABSENT}
        return {"ReplicationConfiguration": {"Rules": [changed]}}

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


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


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
        ghost=_destination(Bucket=f"arn:aws:s3:::{_NO_BUCKET}"),
        name=_destination(Bucket=_NO_BUCKET),
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
]
