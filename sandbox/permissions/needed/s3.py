"""Which IAM actions S3's API needs: they have names of their own.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from sandbox.permissions import account

_ACTIONS: Final[Mapping[str, str]] = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
_OF_VERSIONS: Final = frozenset(
    {"DeleteObject", "DeleteObjectTagging", "GetObject", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging"}
)
"""Actions that have a sister for a version that the request names: `GetObjectVersion`."""
_CONTEXT: Final[Mapping[str, str]] = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "Prefix": "s3:prefix",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:VersionId",
}
"""Members of requests to the condition keys that show them."""

Parameters = Mapping[str, Any]


def actions(operation: str, parameters: Parameters) -> Iterator[tuple[str, str]]:
    """The IAM actions that the operation needs, each with the ARN it needs them on."""
    bucket = f"arn:aws:s3:::{parameters.get('Bucket', '')}"
    if operation == "DeleteObjects":
        for item in parameters.get("Delete", {}).get("Objects", []):
            yield _versioned("DeleteObject", item.get("VersionId")), f"{bucket}/{item['Key']}"
            if parameters.get("BypassGovernanceRetention"):
                yield "s3:BypassGovernanceRetention", f"{bucket}/{item['Key']}"
        return
    if operation in ("CopyObject", "UploadPartCopy"):
        source, version = _source(str(parameters["CopySource"]))
        yield _versioned("GetObject", version), f"arn:aws:s3:::{source}"
        yield "s3:PutObject", f"{bucket}/{parameters['Key']}"
    elif operation in ("GetObject", "HeadObject"):
        yield _versioned("GetObject", parameters.get("VersionId")), f"{bucket}/{parameters['Key']}"
        if not _exists(parameters):
            # without ListBucket the answer to a missing key is 403, so that nobody learns which keys there are
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            yield "s3:ListBucket", bucket
    elif operation == "ListBuckets":
        yield "s3:ListAllMyBuckets", "*"
    else:
        key = parameters.get("Key")
        name = _ACTIONS.get(operation, operation)
        yield _versioned(name, parameters.get("VersionId")), f"{bucket}/{key}" if key else bucket
    yield from _further(operation, parameters, bucket)


def context(parameters: Parameters) -> dict[str, str]:
    """S3's own condition keys for a request."""
    keys = {key: str(parameters[member]) for member, key in _CONTEXT.items() if parameters.get(member) is not None}
    return {**keys, "s3:ResourceAccount": str(account.owner(f"arn:aws:s3:::{parameters.get('Bucket', '')}", ""))}


def _further(operation: str, parameters: Parameters, bucket: str) -> Iterator[tuple[str, str]]:
    """What members of a request need on top.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html and API_PutObject.html, "Permissions"
    """
    if operation == "CreateBucket":
        if parameters.get("ObjectOwnership"):
            yield "s3:PutBucketOwnershipControls", bucket
        if parameters.get("ACL", "private") != "private":
            yield "s3:PutBucketAcl", bucket
        if parameters.get("ObjectLockEnabledForBucket"):
            yield "s3:PutBucketObjectLockConfiguration", bucket
            yield "s3:PutBucketVersioning", bucket
    elif parameters.get("Key") and operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        if parameters.get("Tagging"):
            yield "s3:PutObjectTagging", f"{bucket}/{parameters['Key']}"
        if parameters.get("ACL"):
            yield "s3:PutObjectAcl", f"{bucket}/{parameters['Key']}"
    elif operation == "DeleteObject" and parameters.get("BypassGovernanceRetention"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
        yield "s3:BypassGovernanceRetention", f"{bucket}/{parameters['Key']}"


def _versioned(action: str, version: str | None) -> str:
    if not version or action not in _OF_VERSIONS:
        return f"s3:{action}"
    return "s3:" + re.sub("Object", "ObjectVersion", action, count=1)


def _source(copied: str) -> tuple[str, str | None]:
    path, _, version = copied.partition("?versionId=")
    return unquote(path).lstrip("/"), version or None


def _exists(parameters: Parameters) -> bool:
    bucket = account.bucket(str(parameters["Bucket"]))
    return bool(bucket and parameters["Key"] in bucket.keys)
