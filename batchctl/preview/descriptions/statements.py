"""Policy documents as sentences: who may do what now, and who no longer."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from batchctl.preview import synthetic
from batchctl.preview.changes import MISSING
from policy.rules import Resource, kinds
from policy.rules.documents import HOLDERS

from .line import Concern, arrow, code, short

PROPERTIES: Final = ("policy", "assumeRolePolicy", "policyDocument")
EVERYBODY: Final = "everybody"
THROUGH_ENDPOINT: Final = "whoever uses this endpoint"
_WHOLE_ACCOUNT: Final = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
"""A principal by which a policy leaves it to an account's IAM who of it may:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts"""
_VERBS: Final = {
    (True, True): "may now",
    (True, False): "may no longer",
    (False, True): "is now denied",
    (False, False): "is no longer denied",
}
"""By whether a statement allows and whether it is new."""


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource that one principal is allowed or denied."""

    allows: bool
    who: str
    what: str
    action: str
    condition: str


def holds_document(resource: Resource, prop: str) -> bool:
    """Whether the property holds a policy document."""
    return resource.type in HOLDERS and prop in PROPERTIES


def describe(resource: Resource, prop: str, before: Any, after: Any) -> Iterator[tuple[Concern, str]]:
    """What a document allows more and less."""
    earlier, later = (_grants(resource, prop, text) for text in (before, after))
    if earlier is None or later is None:
        yield Concern.ACCESS, f"{code(prop)} is no policy document that can be read: {arrow(before, after)}"
    elif earlier == later and before and after:
        yield Concern.OTHER, f"{code(prop)} is written otherwise and allows the same"
    else:
        yield from _differing(earlier, later)


def _differing(earlier: set[Grant], later: set[Grant]) -> Iterator[tuple[Concern, str]]:
    for grants, now in ((later - earlier, True), (earlier - later, False)):
        actions: dict[tuple[bool, str, str, str], list[str]] = defaultdict(list)
        for grant in sorted(grants):
            actions[grant.allows, grant.who, grant.condition, grant.what].append(grant.action)
        places: dict[tuple[bool, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
        for (allows, who, condition, what), names in actions.items():
            places[allows, who, condition, tuple(names)].append(what)
        for (allows, who, condition, same_actions), whats in places.items():
            when = f", if {code(condition)}" if condition else ""
            what, where = ", ".join(map(code, same_actions)), ", ".join(map(code, whats))
            concern = Concern.ACCESS if allows is now else Concern.OTHER
            yield concern, f"{who} {_VERBS[allows, now]} {what} on {where}{when}"


def _grants(resource: Resource, prop: str, text: Any) -> set[Grant] | None:
    if text is MISSING or text is None:  # an endpoint without a policy lets everything through
        return {Grant(True, THROUGH_ENDPOINT, "*", "*", "")} if resource.type == kinds.ENDPOINT else set()
    if text == "":  # the resource is not there on this side
        return set()
    try:
        document = json.loads(text) if isinstance(text, str) else text
        entries = document.get("Statement", [])
        return {
            grant
            for entry in (entries if isinstance(entries, list) else [entries])
            for grant in _of(resource, prop, entry)
        }
    except (ValueError, AttributeError, TypeError):
        return None


def _of(resource: Resource, prop: str, entry: Mapping[str, Any]) -> Iterator[Grant]:
    condition = _condition(entry.get("Condition") or {})
    everybody = THROUGH_ENDPOINT if resource.type == kinds.ENDPOINT else EVERYBODY
    whos = list(_principals(entry, everybody)) or [_holder(resource)]
    actions = [*_listed(entry.get("Action")), *(f"everything but {a}" for a in _listed(entry.get("NotAction")))]
    targets = [*_listed(entry.get("Resource")), *(f"everything but {r}" for r in _listed(entry.get("NotResource")))]
    if prop == "assumeRolePolicy" or resource.type in (kinds.KEY, kinds.KEY_POLICY) or not targets:
        targets = [f"{resource.name}"]
    for who in whos:
        for action in actions:
            for target in targets:
                yield Grant(entry.get("Effect") == "Allow", who, short(target), action, condition)


def _condition(condition: Mapping[str, Any]) -> str:
    """`aws:SourceAccount StringEquals 123456789012`, joined by "and"."""
    return " and ".join(
        f"{key} {operator} {' or '.join(sorted(_listed(values)))}"
        for operator, keys in sorted(condition.items())
        for key, values in sorted(keys.items())
    )


def _holder(resource: Resource) -> str:
    """Whose identity policy it is."""
    role = resource.props.get("role")
    name = role if isinstance(role, str) else resource.props.get("name") or resource.name
    return f"role {code(short(name))}" if resource.type in (kinds.ROLE_POLICY, kinds.ROLE) else code(resource.name)


def _principals(entry: Mapping[str, Any], everybody: str) -> Iterator[str]:
    for key, prefix in (("Principal", ""), ("NotPrincipal", "everybody but ")):
        principal = entry.get(key)
        groups = principal if isinstance(principal, Mapping) else {"AWS": principal} if principal else {}
        for names in groups.values():
            for name in _listed(names):
                yield f"{prefix}{everybody if name == '*' else _principal(name)}"


def _principal(name: str) -> str:
    if account := _WHOLE_ACCOUNT.fullmatch(name):
        same_account = account[1] == synthetic.ACCOUNT
        return f"whoever {'this account' if same_account else f'account {code(account[1])}'}'s IAM allows"
    return code(short(name))


def _listed(value: Any) -> list[str]:
    return [str(member) for member in value] if isinstance(value, list) else [] if value is None else [str(value)]
