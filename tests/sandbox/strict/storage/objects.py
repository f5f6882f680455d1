"""Requests about objects and their locks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.storage.buckets import _guarded_bucket, _locked_bucket, _writer_bucket


def _lock(**retention: Any) -> dict[str, Any]:
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}}


def _locked_object(a: Strict) -> dict[str, Any]:
    bucket = _locked_bucket(a)
    a.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    return {"Bucket": bucket, "Key": "k"}


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


REQUESTS: Final[dict[str, list[Request]]] = {
    "s3": [
        request(
            "PutObject",
            lambda a: {"Bucket": a.bucket, "Key": "k", "Body": b"x"},
            none={"Bucket": "a-bucket-that-is-not"},
            long={"Key": "k" * 1025},
            storage={"StorageClass": "COLD"},
            encryption={"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "11111111-2222-3333-4444-555555555555"},
            key_of_plain=lambda a: {"ServerSideEncryption": "AES256", "SSEKMSKeyId": a.key},
            algorithm={"ServerSideEncryption": "DES"},
            digest={"ContentMD5": "bm90IHRoZSBkaWdlc3QhIQ=="},
            malformed_digest={"ContentMD5": "x"},
            tags={"Tagging": "&".join(f"k{n}=v" for n in range(11))},
            tag_twice={"Tagging": "k=v&k=w"},
            acl={"ACL": "public-read"},
            lock={"ObjectLockMode": "GOVERNANCE"},
            condition={"IfNoneMatch": "abc"},
            metadata={"Metadata": {"k": "v" * 2100}},
            checksum={"ChecksumSHA256": "bm90IHRoZSBkaWdlc3QgISE="},
        ),
        request(
            "CopyObject",
            lambda a: {"Bucket": a.bucket, "Key": "copy", "CopySource": f"{a.bucket}/{a.new_object()}"},
            none=lambda a: {"CopySource": f"{a.bucket}/ghost"},
            itself=lambda a: {"Key": a.new_object("self"), "CopySource": f"{a.bucket}/self"},
            directive={"MetadataDirective": "MOVE"},
            source={"CopySource": "nothing"},
        ),
        request(
            "UploadPart",
            lambda a: {"Bucket": a.bucket, "Key": "m", "UploadId": a.new_upload("m"), "PartNumber": 1, "Body": b"x"},
            zero={"PartNumber": 0},
            many={"PartNumber": 10001},
            none={"UploadId": "ghost"},
        ),
        request(
            "CompleteMultipartUpload",
            lambda a: a.new_parts("p"),
            no_parts={"MultipartUpload": {"Parts": []}},
            tag={"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]}},
            none={"UploadId": "ghost"},
        ),
        request(
            "DeleteObjects",
            lambda a: {"Bucket": a.bucket, "Delete": {"Objects": [{"Key": "x"}]}},
            many={"Delete": {"Objects": [{"Key": str(n)} for n in range(1001)]}},
            none={"Delete": {"Objects": []}},
        ),
        request(
            "ListObjectsV2",
            lambda a: {"Bucket": a.bucket},
            negative={"MaxKeys": -1},
            encoding={"EncodingType": "base64"},
            none={"Bucket": "a-bucket-that-is-not"},
        ),
        request(
            "GetObject",
            lambda a: {"Bucket": a.bucket, "Key": a.new_object()},
            none={"Key": "ghost"},
            version={"VersionId": "ghost"},
            part={"PartNumber": 0},
        ),
        request(
            "PutObjectTagging",
            lambda a: {"Bucket": a.bucket, "Key": a.new_object(), "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
            many={"Tagging": {"TagSet": [{"Key": str(n), "Value": "v"} for n in range(11)]}},
            twice={"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}] * 2}},
            long={"Tagging": {"TagSet": [{"Key": "k" * 129, "Value": "v"}]}},
        ),
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
            "UploadPartCopy",
            lambda a: {
                "Bucket": a.bucket,
                "Key": "c",
                "UploadId": a.new_upload("c"),
                "PartNumber": 1,
                "CopySource": f"{a.bucket}/{a.new_object()}",
            },
            part={"PartNumber": 10_001},
            upload={"UploadId": "ghost"},
            source=lambda a: {"CopySource": f"{a.bucket}/ghost"},
        ),
    ],
}
