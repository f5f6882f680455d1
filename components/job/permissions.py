"""What a job's task role may do: its data, its receipts, and the sessions that people open in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conventions import endpoint_services, iam
from conventions.naming import Names, Reference

if TYPE_CHECKING:
    from settings.jobs import Job


def data_statements(buckets: Mapping[str, Reference], name: str, job: Job) -> list[iam.Statement]:
    """Access to exactly the prefixes that the settings give the job, and a queue worker's to its receipts."""
    statements: list[iam.Statement] = []
    writes = [(access.bucket, access.prefix) for access in job.writes]
    if job.queue:
        writes.append(("output", f"receipts/{name}/"))
    reads = [(access.bucket, access.prefix) for access in job.reads]
    for verb, accesses, actions in (
        ("Read", reads, ("s3:GetObject", "s3:GetObjectVersion")),
        ("Write", writes, ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")),
    ):
        for purpose, bucket in buckets.items():
            prefixes = sorted({prefix for of, prefix in accesses if of == purpose})
            if not prefixes:
                continue
            title = purpose.capitalize()
            statements += [
                iam.statement(f"{verb}{title}", actions, [f"{bucket.arn}/{prefix}*" for prefix in prefixes]),
                iam.statement(
                    f"List{title}To{verb}",
                    ["s3:ListBucket"],
                    [bucket.arn],
                    conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
                ),
            ]
    return statements


def session_statements(names: Names) -> list[iam.Statement]:
    """What the agent of a session does with the task's role; source: docs/aws-facts.md#ecs-exec."""
    group = names.log_group_arn(names.log_group("sessions"))
    return [
        iam.statement("OpenSession", endpoint_services.OPTIONAL["ssmmessages"], ["*"]),
        iam.statement("FindSessionLog", ["logs:DescribeLogGroups"], ["*"]),
        iam.statement("WriteSessionLog", [*endpoint_services.LOG_ACTIONS, "logs:DescribeLogStreams"], [f"{group}:*"]),
    ]


def decrypt_sessions(key_arn: str, cluster: str) -> iam.Statement:
    """The data key, for sessions in tasks of the cluster only."""
    target = {"kms:EncryptionContext:aws:ssm:TargetId": f"ecs:{cluster}_*"}
    return iam.statement("DecryptSession", ["kms:Decrypt"], [key_arn], conditions={"StringLike": target})
