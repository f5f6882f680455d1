"""Mutants of buckets, repositories, tables and log groups."""

from __future__ import annotations

from dataclasses import replace

from policy.rules import kinds

from .model import (
    Mutant,
    at,
    itself,
    mutant,
    to,
    with_statement,
)
from .operators import (
    change,
    delete,
    drop,
    edit,
    text,
    twin,
)

INPUT_BUCKET = at(kinds.BUCKET, "data-input")


STORAGE = [
    Mutant(
        rule="stores-empty-on-destroy",
        what="bucket stays",
        kind=kinds.BUCKET,
        do=change("forceDestroy", False),
        stacks=("dev",),
    ),
    Mutant(
        rule="stores-empty-on-destroy",
        what="repository stays",
        kind=kinds.REPOSITORY,
        do=delete("forceDelete"),
        stacks=("dev",),
    ),
    replace(
        mutant("stores-empty-on-destroy", "key for 30 days", kinds.KEY, "*", change("deletionWindowInDays", 30)),
        stacks=("dev",),
    ),
    *(
        mutant("bucket-blocks-public", flag, kinds.BUCKET_PUBLIC_ACCESS, "data-input-*", change(flag, False))
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    mutant("bucket-blocks-public", "dropped", kinds.BUCKET_PUBLIC_ACCESS, "data-input-*", drop, INPUT_BUCKET),
    mutant("bucket-tls-only", "policy dropped", kinds.BUCKET_POLICY, "data-input-*", drop, INPUT_BUCKET),
    mutant(
        "bucket-tls-only",
        "allowed instead of denied",
        kinds.BUCKET_POLICY,
        "data-input-*",
        edit("policy", with_statement("RefusePlainHttp", Effect="Allow")),
        itself,
        "iam-least-privilege",
    ),
    mutant(
        "bucket-tls-only",
        "objects left out",
        kinds.BUCKET_POLICY,
        "data-input-*",
        edit("policy", with_statement("RefusePlainHttp", Resource="arn:aws:s3:::bucket-input-123456789012-dev")),
    ),
    mutant(
        "bucket-and-queue-encryption",
        "S3's own key",
        kinds.BUCKET_ENCRYPTION,
        "data-input-*",
        change("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"),
    ),
    mutant(
        "bucket-and-queue-encryption",
        "no bucket key",
        kinds.BUCKET_ENCRYPTION,
        "data-input-*",
        change("rules[0].bucketKeyEnabled", False),
    ),
    mutant("bucket-and-queue-encryption", "dropped", kinds.BUCKET_ENCRYPTION, "data-input-*", drop, INPUT_BUCKET),
    mutant("bucket-and-queue-encryption", "queue", kinds.QUEUE, "*", delete("kmsMasterKeyId")),
    mutant("bucket-and-queue-encryption", "topic", kinds.TOPIC, "*", delete("kmsMasterKeyId")),
    mutant("ecr-scan-on-push", "off", kinds.REPOSITORY, "*", change("imageScanningConfiguration.scanOnPush", False)),
    mutant("ecr-scan-on-push", "not said", kinds.REPOSITORY, "*", delete("imageScanningConfiguration")),
    mutant(
        "ecr-lifecycle-policy",
        "dropped",
        kinds.REPOSITORY_LIFECYCLE,
        "*",
        drop,
        to("repository", kinds.REPOSITORY),
    ),
    mutant(
        "ecr-lifecycle-policy",
        "untagged images stay",
        kinds.REPOSITORY_LIFECYCLE,
        "*",
        text("policy", '"tagStatus": "untagged"', '"tagStatus": "tagged"'),
    ),
    mutant("ecr-lifecycle-policy", "not JSON", kinds.REPOSITORY_LIFECYCLE, "*", change("policy", "keep 10")),
    mutant("log-retention-value-valid", "31 days", kinds.LOG_GROUP, "*", change("retentionInDays", 31)),
    mutant("storage-and-logs-bounded", "10 years", kinds.LOG_GROUP, "*", change("retentionInDays", 3653)),
    mutant("storage-and-logs-bounded", "for ever", kinds.LOG_GROUP, "*", delete("retentionInDays")),
    mutant("storage-and-logs-bounded", "uploads stay", kinds.BUCKET_LIFECYCLE, "data-input-*", delete("rules[1]")),
    mutant("storage-and-logs-bounded", "lifecycle dropped", kinds.BUCKET_LIFECYCLE, "data-input-*", drop, INPUT_BUCKET),
    mutant("one-notification-per-bucket", "doubled", kinds.BUCKET_NOTIFICATION, "*", twin, INPUT_BUCKET),
]
