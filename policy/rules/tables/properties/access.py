"""Access: roles with their policies, and the keys."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from ..rows import JSON, Table, between, exactly, free, maybe, named, refers, row, suffixed, text

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"
_KMS: Final = "https://docs.aws.amazon.com/kms/latest/APIReference"
_DESCRIPTION: Final = text(r"[\t\n\r -~\u00A1-\u00FF]{1,1000}", "up to 1,000 printable Latin-1 characters")

TABLES: Final = (
    Table(
        type=kinds.ROLE,
        source=f"{_IAM}/API_CreateRole.html",
        rows=(
            row("name", named("role"), "policies and other stacks name roles"),
            row("description", _DESCRIPTION, "people read what a role is for; IAM refuses other characters"),
            row("assumeRolePolicy", JSON, "judged as a document (role-trusts-its-consumer, trust-is-tied)"),
            maybe(
                "permissionsBoundary",
                text(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+", "the ARN of a policy"),
                "the account's owners may demand one; a boundary only takes away",
            ),
            maybe(
                "path",
                text(r"/([A-Za-z0-9+=,.@_-]+/)*", "a path such as /batch/"),
                "the account's owners may name roles by it",
            ),
            maybe("maxSessionDuration", between(3600, 43200), "IAM takes one to twelve hours"),
            maybe("forceDetachPolicies", free(bool), "only helps a destroy along"),
        ),
    ),
    Table(
        type=kinds.ROLE_POLICY,
        source=f"{_IAM}/API_PutRolePolicy.html",
        rows=(
            row("role", refers(kinds.ROLE), "a role of this stack"),
            maybe("name", text(r"[\w+=,.@-]{1,128}", "up to 128 of letters, digits and +=,.@-_"), "IAM refuses others"),
            row("policy", JSON, "judged as a document (iam-least-privilege)"),
        ),
    ),
    Table(
        type=kinds.POLICY,
        source=f"{_IAM}/API_CreatePolicy.html",
        rows=(
            row("name", named("policy"), "two environments share an account"),
            maybe("description", _DESCRIPTION, "IAM refuses other characters"),
            row("policy", JSON, "judged as a document (iam-least-privilege)"),
        ),
    ),
    Table(
        type=kinds.POLICY_ATTACHMENT,
        source=f"{_IAM}/API_AttachRolePolicy.html",
        rows=(
            row("role", refers(kinds.ROLE), "a role of this stack"),
            row(
                "policyArn",
                text(
                    r"arn:aws[a-z-]*:iam::(\d{12}:policy/.+|aws:policy/service-role/AmazonECSTaskExecutionRolePolicy)",
                    "a policy of this stack, or AmazonECSTaskExecutionRolePolicy",
                ),
                "AWS's other managed policies reach every resource of the account",
            ),
        ),
    ),
    Table(
        type=kinds.KEY,
        source=f"{_KMS}/API_CreateKey.html",
        rows=(
            row("description", text(r".{1,8192}", "up to 8,192 characters"), "keys have no names of their own"),
            row("enableKeyRotation", exactly(True), "an old key's leak reaches less"),
            row(
                "deletionWindowInDays",
                between(7, 30),
                "how long a key can be brought back is said, not left to KMS's 30 days; it takes 7 to 30",
            ),
            maybe("policy", JSON, "judged as a document (resource-policies-accounted-for), here or attached"),
            maybe("rotationPeriodInDays", between(90, 2560), "KMS takes 90 to 2,560 days"),
        ),
    ),
    Table(
        type=kinds.KEY_POLICY,
        source=f"{_KMS}/API_PutKeyPolicy.html",
        rows=(
            row("keyId", refers(kinds.KEY), "a key of this stack"),
            row("policy", JSON, "judged as a document (key-rotation-and-principals)"),
        ),
    ),
    Table(
        type=kinds.ALIAS,
        source=f"{_KMS}/API_CreateAlias.html",
        rows=(
            row(
                "name",
                suffixed("alias/key-{purpose}-{suffix}", r"alias/key-[a-z0-9-]+-"),
                "two environments share an account",
            ),
            row("targetKeyId", refers(kinds.KEY), "a key of this stack"),
        ),
    ),
)
