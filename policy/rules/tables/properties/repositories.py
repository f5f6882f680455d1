"""Image repositories."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from ..rows import JSON, Table, exactly, free, keyed, maybe, named, refers, row
from .documents.lifecycle import REPOSITORY_RULES

_ECR: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide"

TABLES: Final = (
    Table(
        type=kinds.REPOSITORY,
        source=f"{_ECR}/Repositories.html",
        rows=(
            row("name", named("repository"), "two environments share an account"),
            row("imageTagMutability", exactly("IMMUTABLE"), "what was scanned is what runs"),
            row("imageScanningConfiguration.scanOnPush", exactly(True), "the scan gate reads the findings"),
            row("encryptionConfigurations[].encryptionType", exactly("KMS"), "with a key of this stack"),
            row("encryptionConfigurations[].kmsKey", keyed("ecr"), "another key is not administered by this stack"),
            maybe("forceDelete", free(bool), "teardown decides; stores-empty-on-destroy judges it"),
        ),
    ),
    Table(
        type=kinds.REPOSITORY_LIFECYCLE,
        source=f"{_ECR}/LifecyclePolicies.html",
        rows=(
            row("repository", refers(kinds.REPOSITORY), "it belongs to a repository of this stack"),
            *REPOSITORY_RULES,
        ),
    ),
    Table(
        type=kinds.REPOSITORY_POLICY,
        source=f"{_ECR}/repository-policies.html",
        rows=(
            row("repository", refers(kinds.REPOSITORY), "it belongs to a repository of this stack"),
            row("policy", JSON, "judged as a document (iam-least-privilege)"),
        ),
    ),
)
