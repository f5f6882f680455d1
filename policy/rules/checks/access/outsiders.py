"""Roles that are assumed from outside of the stack: by GitHub's workflows, or by the steps of another account.

Such a role is what an attacker would want most, so nothing about its trust is left open: whole names, no patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...documents import ATTACHED, MalformedError, Statement, documents
from ...graph import Graph, Resource, kinds
from ...graph.location import location_of
from ...tables.grants import filled

GITHUB: Final = "token.actions.githubusercontent.com"
_SUBJECT: Final = re.compile(r"repo:[\w.@-]+/[\w.@-]+:(pull_request|ref:refs/heads/[\w./-]+|environment:[\w.-]+)")
_CLAIMS: Final = {
    "aud": re.compile(r"sts\.amazonaws\.com"),
    "repository": re.compile(r"[\w-]+/[\w.-]+"),
    "sub": _SUBJECT,
}
"""Claims that a trust must name, and how.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""


def is_assumed_from_outside(role: Resource) -> bool:
    """Whether something that is no AWS service assumes the role; raises Undecided."""
    return any(
        {"Federated", "AWS"} & set(one.principals)
        for document in documents(role, ATTACHED)
        for one in _allowed(document)
    )


def _allowed(document: object) -> list[Statement]:
    try:
        return [one for one in document.statements if one.allows]  # type: ignore[attr-defined]
    except MalformedError:
        return []  # iam-policy-version says so


def faults(graph: Graph, one: Statement) -> Iterator[str] | None:
    """What is too open in a statement of a trust policy; None where the statement is about AWS services."""
    if graph.of_type(kinds.CLUSTER):
        return None  # nobody outside runs a part of the platform
    if set(one.principals) == {"Federated"}:
        return _of_github(graph, one)
    return _of_account(graph, one) if set(one.principals) == {"AWS"} else None


def _of_github(graph: Graph, one: Statement) -> Iterator[str]:
    provider = filled(rf"arn:{{partition}}:iam::{{account}}:oidc-provider/{re.escape(GITHUB)}", graph)
    if not all(re.fullmatch(provider, name) for name in one.principals["Federated"]):
        yield "is assumed with tokens of somebody else than GitHub"
    if one.actions != ("sts:AssumeRoleWithWebIdentity",):
        yield f"trusts with {', '.join(one.actions)}"
    claims = {key: values for keys in one.conditions.values() for key, values in keys.items()}
    if set(one.conditions) != {"StringEquals"}:
        yield f"compares claims by {', '.join(sorted(one.conditions)) or 'nothing'}, not by StringEquals alone"
    for claim, pattern in _CLAIMS.items():
        values = claims.get(f"{GITHUB}:{claim}", ())
        if len(values) != 1 or not pattern.fullmatch(values[0]):
            yield f"does not name one whole {claim} of GitHub's token"
    subject = next(iter(claims.get(f"{GITHUB}:sub", ("",))))
    if ":environment:" in subject and not claims.get(f"{GITHUB}:ref", ("",))[0].startswith("refs/heads/"):
        yield "is assumed for an environment from every branch"


def _of_account(graph: Graph, one: Statement) -> Iterator[str]:
    owner = location_of(graph).account
    accounts = {
        name.split(":")[4] for name in one.principals["AWS"] if re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:root", name)
    }
    if len(accounts) != 1 or len(one.principals["AWS"]) != 1 or owner in accounts:
        yield f"is assumed by {', '.join(one.principals['AWS'])}"
    if one.actions != ("sts:AssumeRole",):
        yield f"trusts with {', '.join(one.actions)}"
    callers = [value for keys in one.conditions.values() for value in keys.get("aws:principalarn", ())]
    if not callers or set(one.conditions) - {"ArnEquals", "StringEquals"}:
        yield "does not say which roles of the account (aws:PrincipalArn)"
    pattern = filled(rf"arn:{{partition}}:iam::({'|'.join(sorted(accounts))}):role/role-[a-z0-9-]+-{{suffix}}", graph)
    for caller in callers:
        if not re.fullmatch(pattern, caller):
            yield f"is assumed by {caller}"
