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
    from settings import models


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """Inputs of `Data`."""

    context: StackContext
    settings: models.Data


class Data(pulumi.ComponentResource):
    """Buckets, audit trail and run ledger."""

    input: Reference
    output: Reference
    audit: Reference
    ledger: Reference
    input_bucket_name: pulumi.Output[str]
    input_bucket_arn: pulumi.Output[str]
    output_bucket_name: pulumi.Output[str]
    output_bucket_arn: pulumi.Output[str]
    audit_bucket_name: pulumi.Output[str]
    audit_bucket_arn: pulumi.Output[str]
    ledger_name: pulumi.Output[str]
    ledger_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DataArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:data:Data", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.context.names
        self.input, self.output, self.audit = (names.s3_bucket(purpose) for purpose in ("input", "output", "audit"))
        self.ledger = names.table("ledger")
        may_log = [_access_logs_may_be_written(args.context.names, source) for source in DATA_BUCKETS]
        audit_bucket = self._bucket(name, args, "audit", args.settings.audit_days, None, statements=may_log)
        key = args.context.data_key_arn
        input_bucket = self._bucket(name, args, "input", args.settings.input_days, key, audit=audit_bucket)
        output_bucket = self._bucket(name, args, "output", args.settings.output_days, key, audit=audit_bucket)
        aws.s3.BucketNotification(f"{name}-input-events", bucket=input_bucket.name, eventbridge=True, opts=child)
        self.input_bucket_name, self.input_bucket_arn = input_bucket.name, input_bucket.arn
        self.output_bucket_name, self.output_bucket_arn = output_bucket.name, output_bucket.arn
        self.audit_bucket_name, self.audit_bucket_arn = audit_bucket.name, audit_bucket.arn
        self._ledger(name, args)
        self.register_outputs(
            {
                "input_bucket_name": self.input_bucket_name,
                "output_bucket_name": self.output_bucket_name,
                "audit_bucket_name": self.audit_bucket_name,
                "ledger_name": self.ledger_name,
            }
        )

    def _bucket(
        self,
        name: str,
        args: DataArgs,
        purpose: str,
        expire_days: int,
        kms_key_arn: pulumi.Input[str] | None,
        *,
        statements: Sequence[iam.Statement] = (),
        audit: Bucket | None = None,
    ) -> Bucket:
        bucket = Bucket(
            f"{name}-{purpose}",
            BucketArgs(
                bucket=args.context.names.bucket(purpose),
                partition=args.context.names.partition,
                kms_key_arn=kms_key_arn,
                expire_days=expire_days,
                previous_version_days=args.settings.previous_version_days,
                force_destroy=args.context.teardown,
                statements=statements,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        if audit is not None:
            aws.s3.BucketLogging(
                f"{name}-{purpose}-access-log",
                bucket=bucket.name,
                target_bucket=audit.name,
                target_prefix=f"{purpose}/",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[audit.policy]),
            )
        return bucket

    def _ledger(self, name: str, args: DataArgs) -> None:
        ledger = aws.dynamodb.Table(
            f"{name}-ledger",
            name=self.ledger.name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="business_date",
            range_key="manifest",
            attributes=[{"name": "business_date", "type": "S"}, {"name": "manifest", "type": "S"}],
            server_side_encryption={"enabled": True, "kms_key_arn": args.context.data_key_arn},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=not args.context.teardown,
            ttl={"attribute_name": "expires_at", "enabled": True},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ledger_name, self.ledger_arn = ledger.name, ledger.arn


def _access_logs_may_be_written(names: Names, source: str) -> iam.Statement:
    """Lets S3 deliver the access log of one of this platform's buckets into its folder of the audit bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return iam.statement(
        f"AccessLogOf{source.capitalize()}",
        ["s3:PutObject"],
        [f"{names.bucket_arn('audit')}/{source}/*"],
        principal={"Service": "logging.s3.amazonaws.com"},
        conditions={
            "ArnLike": {"aws:SourceArn": names.bucket_arn(source)},
            "StringEquals": {"aws:SourceAccount": names.account},
        },
    )
