"""IAM policy documents as JSON text: the document version, statements, and trust policies under a condition.

The version is written here only, because IAM reads a document with a wrong one by other rules or refuses it
(docs/aws-facts.md#policy-version). Wildcard actions are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

VERSION: Final = "2012-10-17"

Statement: TypeAlias = dict[str, Any]
Conditions: TypeAlias = Mapping[str, Mapping[str, object]]


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[object],
    *,
    principal: Mapping[str, object] | str | None = None,
    conditions: Conditions | None = None,
    effect: str = "Allow",
) -> Statement:
    """One statement; `sid` says in letters and digits what it is for.

    Raises ValueError for an action that is `*` or `service:*`, unless the statement denies.
    """
    too_wide = [action for action in actions if action.partition(":")[2] in ("", "*")]
    if too_wide and effect == "Allow":
        raise ValueError(f"statement {sid} allows {', '.join(too_wide)}: name the actions")
    document: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        document["Principal"] = principal
    document |= {"Action": _plain(actions), "Resource": _plain(resources)}
    if conditions:
        document["Condition"] = {operator: dict(values) for operator, values in conditions.items()}
    return document


def _plain(values: Sequence[object]) -> object:
    """A single value by itself, as AWS writes it when a document is read back."""
    return values[0] if len(values) == 1 else list(values)


def document(*statements: Statement) -> str:
    """The policy document that holds `statements`."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)})


def secret_arn(reference: str) -> str:
    """The ARN that IAM knows of a secret as ECS names it: without `:json-key:version-stage:version-id`.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    return ":".join(reference.split(":")[:7])


def trust(service: str, *, account: str, source_arn: str | Sequence[str] | None = None) -> str:
    """A trust policy that lets `service` assume the role for resources of `account` only.

    `source_arn` (wildcards allowed) narrows it to the resource on whose behalf the service acts.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    conditions: dict[str, dict[str, object]] = {"StringEquals": {"aws:SourceAccount": account}}
    if source_arn:
        conditions["ArnLike"] = {"aws:SourceArn": source_arn if isinstance(source_arn, str) else list(source_arn)}
    return json.dumps(
        {
            "Version": VERSION,
            "Statement": [
                {
                    "Sid": "AssumedByService",
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    "Condition": conditions,
                }
            ],
        }
    )
