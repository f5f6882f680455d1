"""The actions and condition keys of S3.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

import functools

from botocore.session import get_session

_OF_OTHER_NAMES = (
    *("AbortMultipartUpload", "AssociateAccessGrantsIdentityCenter", "BypassGovernanceRetention", "GetObjectVersion"),
    *("DeleteObjectVersion", "DeleteObjectVersionTagging", "GetObjectVersionAcl", "GetObjectVersionAttributes"),
    *("GetObjectVersionForReplication", "GetObjectVersionTagging", "GetObjectVersionTorrent", "InitiateReplication"),
    *("ListAllMyBuckets", "ListBucket", "ListBucketMultipartUploads", "ListBucketVersions", "ListMultipartUploadParts"),
    *("ObjectOwnerOverrideToBucketOwner", "PauseReplication", "PutObjectVersionAcl", "PutObjectVersionTagging"),
    *(
        "ReplicateDelete",
        "ReplicateObject",
        "ReplicateTags",
        "GetBucketPublicAccessBlock",
        "PutBucketPublicAccessBlock",
    ),
    *("GetAccelerateConfiguration", "PutAccelerateConfiguration", "GetAnalyticsConfiguration"),
    *("PutAnalyticsConfiguration", "GetBucketCORS", "PutBucketCORS", "GetBucketNotification", "PutBucketNotification"),
    *("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration", "GetEncryptionConfiguration"),
    *("PutEncryptionConfiguration", "GetInventoryConfiguration", "PutInventoryConfiguration"),
    *("GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration", "GetLifecycleConfiguration"),
    *("PutLifecycleConfiguration", "GetMetricsConfiguration", "PutMetricsConfiguration", "GetReplicationConfiguration"),
    *("PutReplicationConfiguration", "GetAccountPublicAccessBlock", "PutAccountPublicAccessBlock"),
)
"""Actions that are named otherwise than the operations that they are for."""
CONDITION_KEYS = frozenset(
    (
        *("accesspointnetworkorigin", "authtype", "buckettag", "dataaccesspointaccount", "dataaccesspointarn"),
        *("delimiter", "existingjoboperation", "existingjobpriority", "existingobjecttag", "if-match", "if-none-match"),
        *(
            "inventoryaccessibleoptionalfields",
            "jobsuspendedcause",
            "locationconstraint",
            "max-keys",
            "object-lock-mode",
        ),
        *("object-lock-legal-hold", "object-lock-remaining-retention-days", "object-lock-retain-until-date", "prefix"),
        *("objectcreationoperation", "operationid", "requestjoboperation", "requestjobpriority", "requestobjecttag"),
        *("requestobjecttagkeys", "resourceaccount", "signatureage", "signatureversion", "tlsversion", "versionid"),
        *(
            "x-amz-acl",
            "x-amz-bucket-namespace",
            "x-amz-content-sha256",
            "x-amz-copy-source",
            "x-amz-grant-full-control",
        ),
        *("x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp"),
        *("x-amz-metadata-directive", "x-amz-object-ownership", "x-amz-server-side-encryption"),
        *("x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm"),
        *("x-amz-storage-class", "x-amz-website-redirect-location"),
    )
)


@functools.cache
def s3_actions() -> frozenset[str]:
    """The names of S3's actions, in small letters: those of its operations, and those of other names."""
    session = get_session()
    operations = [
        name for service in ("s3", "s3control") for name in session.get_service_model(service).operation_names
    ]
    return frozenset(name.lower() for name in (*operations, *_OF_OTHER_NAMES))
