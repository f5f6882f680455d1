"""Statements: the elements that IAM's grammar asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...documents import ATTACHED, IDENTITY, MalformedError, documents, parse
from ...graph import Resource, kinds
from ...rule import Problem, Severity, View, rule

_GRAMMAR: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"


_OPERATOR: Final = re.compile(
    r"(For(Any|All)Values?:)?(String(Not)?(Equals|Like)(IgnoreCase)?|Numeric\w+|Date\w+|Bool|BinaryEquals|(Not)?IpAddress"
    r"|Arn(Not)?(Equals|Like))(IfExists)?|Null"
)

_LITERAL: Final = re.compile(r"(For(Any|All)Values?:)?String(Not)?Equals(IgnoreCase)?(IfExists)?")
"""Operators for which `*` is a character like any other (reference_policies_elements_condition_operators.html)."""


_ELEMENTS: Final = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


@rule(
    "statements-are-sound",
    *dict.fromkeys((*IDENTITY, *ATTACHED)),
    severity=Severity.CRITICAL,
    fix="Write the statement as IAM's grammar has it",
    url=_GRAMMAR,
    tags=("closed",),
)
def statements_are_sound(holder: Resource, view: View) -> Iterator[Problem]:
    """Each statement has the elements that IAM's grammar asks for, and no others."""
    for document in (*documents(holder, IDENTITY), *documents(holder, ATTACHED)):
        if document.text is None:
            continue
        try:
            result = parse(document.text).get("Statement", [])
        except MalformedError:
            continue  # iam-policy-version says so
        identity = document.path not in ATTACHED.get(holder.type, ())
        trust = holder.type == kinds.ROLE and not identity
        bound = holder.type == kinds.REPOSITORY_POLICY
        entries = result if isinstance(result, list) else [result]
        sids = [one.get("Sid") for one in entries if isinstance(one, Mapping) and one.get("Sid")]
        if len(set(sids)) != len(sids):
            yield Problem(message="two statements have the same Sid", property=document.path)
        for index, one in enumerate(entries):
            for fault in (
                _faults(one, identity=identity, trust=trust, bound=bound)
                if isinstance(one, Mapping)
                else ["is no object"]
            ):
                yield Problem(
                    message=f"statement {one.get('Sid', index) if isinstance(one, Mapping) else index} {fault}",
                    property=document.path,
                )


def _faults(one: Mapping[str, object], *, identity: bool, trust: bool, bound: bool) -> Iterator[str]:
    """What IAM refuses; the policy of a repository is `bound` to it: it names no resource, and its Sids are free.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """
    if strange := sorted(set(one) - _ELEMENTS):
        yield f"has {', '.join(strange)}, which IAM does not know"
    if one.get("Effect") not in ("Allow", "Deny"):
        yield "has no Effect that is Allow or Deny"
    for name in ("Action",) if trust or bound else ("Action", "Resource"):
        both = [key for key in (name, f"Not{name}") if one.get(key)]
        if len(both) != 1:
            yield f"must have exactly one of {name} and Not{name}"
    if trust and ("Resource" in one or "NotResource" in one):
        yield "names a resource, which a trust policy must not"
    if not identity and not (one.get("Principal") or one.get("NotPrincipal")):
        yield "names no principal"
    if identity and ("Principal" in one or "NotPrincipal" in one):
        yield "names a principal, which the policy of a role must not"
    if isinstance(sid := one.get("Sid", ""), str) and not bound and not re.fullmatch(r"[A-Za-z0-9]*", sid):
        yield "has a Sid of other characters than letters and digits"
    condition = one.get("Condition", {})
    if not isinstance(condition, Mapping) or ("Condition" in one and not condition):
        yield "has a Condition that is no object, or empty"
        return
    yield from _faults_of_condition(condition)


def _faults_of_condition(condition: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in condition.items():
        if not _OPERATOR.fullmatch(operator):
            yield f"has the condition operator {operator}, which IAM does not know"
        if not isinstance(keys, Mapping) or not keys or not all(value or value is False for value in keys.values()):
            yield f"has nothing under {operator}"
        elif _LITERAL.fullmatch(operator):
            # an encryption context may hold the character itself: that of log delivery ends in :*
            compared = [value for key, value in keys.items() if not key.lower().startswith("kms:encryptioncontext:")]
            values = [one for value in compared for one in (value if isinstance(value, list) else [value])]
            if patterns := [one for one in values if isinstance(one, str) and "*" in one]:
                yield f"compares by {operator}, which takes {patterns[0]} letter by letter (StringLike has wildcards)"
