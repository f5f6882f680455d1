"""The grammar of policy documents, which IAM and every service with resource policies hold them against.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.strict.grammar.principals import is_service_principal

VERSIONS = ("2012-10-17", "2008-10-17")
TOP_ELEMENTS = {"Version", "Id", "Statement"}
STATEMENT_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
OPERATORS = frozenset(
    [
        "stringequals",
        "stringnotequals",
        "stringequalsignorecase",
        "stringnotequalsignorecase",
        "stringlike",
        "stringnotlike",
        "numericequals",
        "numericnotequals",
        "numericlessthan",
        "numericlessthanequals",
        "numericgreaterthan",
        "numericgreaterthanequals",
        "dateequals",
        "datenotequals",
        "datelessthan",
        "datelessthanequals",
        "dategreaterthan",
        "dategreaterthanequals",
        "bool",
        "binaryequals",
        "ipaddress",
        "notipaddress",
        "arnequals",
        "arnlike",
        "arnnotequals",
        "arnnotlike",
        "null",
    ]
)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+|\*")
_ARN = re.compile(r"arn:[a-z*?-]+:[A-Za-z0-9*?-]*:[A-Za-z0-9*?-]*:([0-9a-z*?]*|\$\{[^}]+\}):.+", re.DOTALL)
_AWS_PRINCIPAL = re.compile(
    r"\*|\d{12}|A(IDA|ROA)[A-Z0-9]{16,}|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/\S+)"
)
_PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a policy of one kind must and must not hold."""

    principal: bool
    """Whether each statement names a principal; otherwise none may."""
    resource: bool = True
    """Whether each statement names a resource; otherwise none may."""
    action_prefixes: tuple[str, ...] = ()
    """The services whose actions may be named; empty for any."""
    resource_optional: bool = False
    """Whether a statement may leave the resource out (the policies of ECR)."""
    resource_fits: Callable[[str], bool] | None = None
    """Whether a resource belongs to what the policy is attached to; None for no such demand."""
    principal_exists: Callable[[str], bool] | None = None
    """Whether the user or role with this ARN exists; None where the service does not look."""
    bare_actions: bool = False
    """Whether actions may do without a prefix, as SNS and SQS spell them in their own policies (`SQS:SendMessage`)."""


IDENTITY = Kind(principal=False)
TRUST = Kind(principal=True, resource=False, action_prefixes=("sts",))


def faults(text: str, kind: Kind) -> Iterator[str]:
    """Each fault of a policy document, in the words of IAM where IAM has words for it."""
    try:
        document = json.loads(text, object_pairs_hook=_without_doubles)
    except ValueError:
        yield "This policy contains invalid Json"
        return
    if not isinstance(document, dict):
        yield "Syntax errors in policy."
        return
    for element in sorted(set(document) - TOP_ELEMENTS):
        yield f"Syntax errors in policy. Unknown element: {element}"
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        yield f"The policy must contain a valid version string, not {document['Version']}"
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if statements is None or not listed:
        yield "Syntax errors in policy. The policy must have a statement."
        return
    sids = [item["Sid"] for item in listed if isinstance(item, dict) and item.get("Sid")]
    if len(set(map(str, sids))) != len(sids):
        yield "Statement IDs (SID) in a single policy must be unique."
    for statement in listed:
        if isinstance(statement, dict):
            yield from _statement(statement, kind)
        else:
            yield "Syntax errors in policy. A statement must be an object."


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the document; an element that stands in it twice is a fault."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("an element stands twice")
    return dict(pairs)


def statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a well-formed policy."""
    statements = json.loads(text)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def values(value: object) -> list[Any]:
    """A policy element as a list, whether it was written as one or alone."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _statement(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    for element in sorted(set(statement) - STATEMENT_ELEMENTS):
        yield f"Syntax errors in policy. Unknown element: {element}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Syntax errors in policy. Effect must be Allow or Deny."
    if kind in (IDENTITY, TRUST) and not re.fullmatch(r"[A-Za-z0-9]*", str(statement.get("Sid", ""))):
        yield (
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*"
        )
    yield from _actions(statement, kind)
    yield from _resources(statement, kind)
    yield from _principals(statement, kind)
    yield from _condition(statement.get("Condition", {}))


def _actions(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    if ("Action" in statement) == ("NotAction" in statement):
        yield "Policy statement must contain actions."
        return
    actions = values(statement.get("Action", statement.get("NotAction")))
    if not actions:
        yield "Policy statement must contain actions."
    for action in actions:
        if not isinstance(action, str) or not (_ACTION.fullmatch(action) or (kind.bare_actions and action.isalnum())):
            yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        elif not _of_services(action, kind.action_prefixes):
            yield f"Policy has invalid action: {action}"


def _of_services(action: str, prefixes: tuple[str, ...]) -> bool:
    return not prefixes or ":" not in action or action.split(":", maxsplit=1)[0].lower() in prefixes


def _resources(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    named = [element for element in ("Resource", "NotResource") if element in statement]
    if not kind.resource:
        if named:
            yield f"Has prohibited field {named[0]}"
        return
    if len(named) != 1:
        if not (kind.resource_optional and not named):
            yield "Policy statement must contain resources."
        return
    resources = values(statement[named[0]])
    if not resources:
        yield "Policy statement must contain resources."
    for resource in resources:
        if resource == "*":
            continue
        if not isinstance(resource, str) or not _ARN.fullmatch(resource):
            yield f'Resource {resource} must be in ARN format or "*".'
        elif kind.resource_fits and not kind.resource_fits(resource):
            yield f"Policy has invalid resource: {resource}"


def _principals(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    named = [element for element in ("Principal", "NotPrincipal") if element in statement]
    if not kind.principal:
        if named:
            yield "Policy document should not specify a principal."
        return
    if len(named) != 1:
        yield "Missing required field Principal"
        return
    principal = statement[named[0]]
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - _PRINCIPAL_KINDS:
        yield f"Invalid principal in policy: {json.dumps(principal)}"
        return
    for name, listed in principal.items():
        for value in values(listed):
            if not _is_principal(name, value, kind):
                yield f'Invalid principal in policy: "{name.upper()}":"{value}"'


def _is_principal(name: str, value: object, kind: Kind) -> bool:
    if not isinstance(value, str):
        return False
    if name == "AWS":
        exists = kind.principal_exists is None or ":role/" not in value or kind.principal_exists(value)
        return _AWS_PRINCIPAL.fullmatch(value) is not None and exists
    if name == "Service":
        return value == "*" or is_service_principal(value)
    return bool(value)


def _condition(condition: object) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield "Syntax errors in policy. Condition must be an object."
        return
    for operator, keys in condition.items():
        plain = re.sub(r"^forall(values)?:|^foranyvalue:", "", operator.lower()).removesuffix("ifexists")
        if plain not in OPERATORS:
            yield f"Invalid Condition type : {operator}."
        elif not isinstance(keys, dict):
            yield "Syntax errors in policy. A condition operator takes keys and their values."
        else:
            yield from _keys(keys)


def _keys(keys: Mapping[str, Any]) -> Iterator[str]:
    for key, value in keys.items():
        if ":" not in key:
            yield f"Condition keys must be prefaced by a vendor: {key}"
        if any(not isinstance(item, str | int | float | bool) for item in values(value)):
            yield f"Syntax errors in policy. The value of {key} must be text or a list of texts."
