"""An S3 bucket with what every bucket of the platform has.

That is encryption, versioning, public access blocked four ways, owner-enforced objects, a policy that refuses plain
HTTP, and a lifecycle that ends. Who may read it is in the policies of roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from conventions import iam
from conventions.naming import Reference

if TYPE_CHECKING:
    from settings.storage import ObjectLock

ABANDONED_UPLOAD_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """Inputs of `Bucket`."""

    bucket: Reference
    """Its name and ARN."""
    kms_key_arn: pulumi.Input[str] | None
    """None: S3's own keys (SSE-S3), the only encryption S3 takes for a bucket that it delivers access logs to."""
    expire_days: int
    """Days after which an object expires."""
    previous_version_days: int
    """Days after which an overwritten or deleted version is gone for good."""
    force_destroy: bool
    """Whether `destroy` may delete the bucket while it holds objects."""
    statements: Sequence[iam.Statement] = ()
    """Further statements of the bucket policy."""
    object_lock: ObjectLock | None = None
    """For how long a version cannot be deleted."""


class Bucket(pulumi.ComponentResource):
    """A private, encrypted, versioned bucket."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    policy: aws.s3.BucketPolicy
    """Services that write to the bucket depend on it."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:shared:Bucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(name, bucket=args.bucket.name, force_destroy=args.force_destroy, opts=child)
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[_encryption(args.kms_key_arn)],
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        blocked = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        self._lifecycle(name, args, bucket)
        if args.object_lock is not None:
            # S3 locks the objects of a versioned bucket only
            self._lock(name, args.object_lock, bucket, versioning)
        # S3 refuses two concurrent changes of a bucket's access settings: one after the other
        self.policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.id,
            policy=iam.document(_https_only(args), *args.statements),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blocked]),
        )
        self.name, self.arn = bucket.bucket, bucket.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _lifecycle(self, name: str, args: BucketArgs, bucket: aws.s3.Bucket) -> None:
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.expire_days},
                    "noncurrent_version_expiration": {"noncurrent_days": args.previous_version_days},
                },
                {
                    "id": "abort-abandoned-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
                },
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _lock(self, name: str, lock: ObjectLock, bucket: aws.s3.Bucket, versioning: aws.s3.BucketVersioning) -> None:
        aws.s3.BucketObjectLockConfiguration(
            f"{name}-lock",
            bucket=bucket.id,
            object_lock_enabled="Enabled",
            rule={"default_retention": {"mode": lock.mode.upper(), "days": lock.days}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )


def _encryption(
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256" if kms_key_arn is None else "aws:kms", kms_master_key_id=kms_key_arn
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default,
        bucket_key_enabled=None if kms_key_arn is None else True,
    )


def _https_only(args: BucketArgs) -> iam.Statement:
    return iam.statement(
        "RefusePlainHttp",
        ["s3:*"],
        [args.bucket.arn, f"{args.bucket.arn}/*"],
        principal={"AWS": "*"},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
        effect="Deny",
    )
