"""Where data lies: the input and output buckets, the audit log of who touched them, and the run ledger.

Why access logs and not CloudTrail data events, and what that costs: docs/adr/platform/audit-by-access-logs.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.bucket import Bucket, BucketArgs
from components.shared.stack_context import StackContext
from conventions import iam
from conventions.naming import DATA_BUCKETS, Names, Reference

if TYPE_CHECKING:
    from settings import storage


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """Inputs of `Data`."""

    context: StackContext
    settings: storage.Data
    incoming_prefix: str
    """Where in the input bucket `settings.senders` may write."""


class Data(pulumi.ComponentResource):
    """Buckets, audit trail and run ledger."""

    input: Reference
    output: Reference
    audit: Reference
    ledger: Reference

    def __init__(self, name: str, args: DataArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:data:Data", name, None, opts)
        self._name, self._args = name, args
        names, settings, key = args.context.names, args.settings, args.context.data_key_arn
        self.input, self.output, self.audit = (names.s3_bucket(purpose) for purpose in ("input", "output", "audit"))
        self.ledger = names.table("ledger")
        audit = self._bucket("audit", self.audit, settings.audit_days, None, self._audit_statements())
        sent = [_senders_write(self.input, args.incoming_prefix, settings.senders)] if settings.senders else []
        incoming = self._bucket("input", self.input, settings.input_days, key, sent)
        self._access_log("input", incoming, audit)
        output = self._bucket("output", self.output, settings.output_days, key, object_lock=settings.object_lock)
        self._access_log("output", output, audit)
        aws.s3.BucketNotification(
            f"{name}-input-events",
            bucket=incoming.name,
            eventbridge=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._ledger()
        self.register_outputs(
            {purpose: getattr(self, purpose).name for purpose in ("input", "output", "audit", "ledger")}
        )

    def _bucket(
        self,
        purpose: str,
        reference: Reference,
        expire_days: int,
        kms_key_arn: pulumi.Input[str] | None,
        statements: Sequence[iam.Statement] = (),
        *,
        object_lock: storage.ObjectLock | None = None,
    ) -> Bucket:
        return Bucket(
            f"{self._name}-{purpose}",
            BucketArgs(
                bucket=reference,
                kms_key_arn=kms_key_arn,
                expire_days=expire_days,
                previous_version_days=self._args.settings.previous_version_days,
                force_destroy=self._args.context.teardown,
                statements=statements,
                object_lock=object_lock,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _access_log(self, purpose: str, bucket: Bucket, audit: Bucket) -> None:
        aws.s3.BucketLogging(
            f"{self._name}-{purpose}-access-log",
            bucket=bucket.name,
            target_bucket=audit.name,
            target_prefix=f"{purpose}/",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[audit.policy]),
        )

    def _audit_statements(self) -> list[iam.Statement]:
        names = self._args.context.names
        statements = [_access_logs_may_be_written(names, source) for source in DATA_BUCKETS]
        if self._args.settings.object_lock is not None and not self._args.context.teardown:
            statements.append(_nobody_deletes(self.audit))
        return statements

    def _ledger(self) -> None:
        context = self._args.context
        aws.dynamodb.Table(
            f"{self._name}-ledger",
            name=self.ledger.name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="business_date",
            range_key="manifest",
            attributes=[{"name": "business_date", "type": "S"}, {"name": "manifest", "type": "S"}],
            server_side_encryption={"enabled": True, "kms_key_arn": context.data_key_arn},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=not context.teardown,
            ttl={"attribute_name": "expires_at", "enabled": True},
            opts=pulumi.ResourceOptions(parent=self),
        )


def _access_logs_may_be_written(names: Names, source: str) -> iam.Statement:
    """Lets S3 deliver the access log of one of this platform's buckets into its folder of the audit bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return iam.statement(
        f"AccessLogOf{source.capitalize()}",
        ["s3:PutObject"],
        [f"{names.s3_bucket('audit').arn}/{source}/*"],
        principal={"Service": "logging.s3.amazonaws.com"},
        conditions={
            "ArnLike": {"aws:SourceArn": names.s3_bucket(source).arn},
            "StringEquals": {"aws:SourceAccount": names.account},
        },
    )


def _senders_write(bucket: Reference, prefix: str, senders: Sequence[str]) -> iam.Statement:
    """Lets roles, of whichever account, write below `prefix` and do nothing else; large files come in parts.

    Objects belong to the bucket's owner, whoever writes them (`BucketOwnerEnforced`). Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
    """
    return iam.statement(
        "SendersWrite",
        ["s3:AbortMultipartUpload", "s3:PutObject"],
        [f"{bucket.arn}/{prefix}*"],
        principal={"AWS": list(senders)},
    )


def _nobody_deletes(bucket: Reference) -> iam.Statement:
    """What object lock would do, which S3 refuses for a bucket that takes access logs; the lifecycle goes on.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    return iam.statement(
        "NobodyDeletes",
        ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        [f"{bucket.arn}/*"],
        principal={"AWS": "*"},
        effect="Deny",
    )
