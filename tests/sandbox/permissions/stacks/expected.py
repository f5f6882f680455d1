"""What the permissions' suites find on the present state, as data with the reason beside it.

Patterns are those of `fnmatch`. An entry that no longer happens fails its suite, so a fix takes its entry away with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final


def listed(key: tuple[str, ...], table: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The entries of a table here that speak of `key`."""
    return [entry for entry in table if all(fnmatchcase(k, pattern) for k, pattern in zip(key, entry, strict=True))]


HARMLESS: Final[dict[tuple[str, str], str]] = {
    ("role-images-tooling", "ecr:CreateRepository"): "the tests' push makes the repository where there is none",
    ("role-*", "iam:GetUser"): "the provider tries it to learn the account's id, and goes on by sts:GetCallerIdentity",
}
"""(role, action) that are denied without harm."""

DENIED: Final[dict[tuple[str, str, str], str]] = {}
"""(role, action, resource) that a step needs and its role lacks."""

_READS = "`reads()` is shared by the steps up and verify; `batchctl verify` asks for none of this"

UNUSED: Final[dict[tuple[str, str], str]] = {
    ("role-verify-*-tooling", "ReadApplicationAutoscaling"): _READS,
    ("role-verify-*-tooling", "ReadLogs"): _READS,
    ("role-verify-*-tooling", "ReadPrefixLists"): _READS,
    ("role-verify-*-tooling", "ReadScheduler"): _READS,
}
"""(role, statement) that no recorded call used."""

_METADATA = "metadata: ReadMetadata names no resource, because these reads take none"

REACHED: Final[dict[tuple[str, str, str], str]] = {
    ("role-*-dev-tooling", "ec2:Describe*", "*"): _METADATA,
}
"""(role, action, resource) of prod that dev's roles reach."""

_DELIVERY = "log deliveries have no resource; Step Functions makes them with the machine's role, not with this one"
ACCOUNT_WIDE: Final[dict[tuple[str, str], str]] = {
    ("role-up-dev-tooling", "ecs:DeregisterTaskDefinition"): "has no resource: dev may end every revision of prod",
    ("role-up-dev-tooling", "kms:CreateKey"): "has no resource; the request's tag confines it",
    ("role-up-dev-tooling", "logs:*LogDelivery"): _DELIVERY,
    ("role-up-dev-tooling", "logs:DeleteResourcePolicy"): "has no resource: dev may silence prod's task events",
    ("role-up-dev-tooling", "logs:PutResourcePolicy"): "has no resource",
}
"""(role, action) that change something, and that no policy can confine to a resource."""
