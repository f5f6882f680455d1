"""What policies allow in the end: IAM's own logic over statements, with Deny, exceptions, wildcards and boundaries.

`tests/policy/test_effective.py` compares it with an evaluator that nobody here wrote, over generated policies.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from .actions import by_service
from .conditions import Context, conditions_hold, glob
from .policies import Statement

Answer = Literal["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"]


@cache
def expanded(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern such as `ecr:Batch*` means, as AWS spells them; of other services the text itself."""
    if pattern == "*":
        return ("*",)
    service, _, name = pattern.partition(":")
    actions = by_service().get(service.lower(), ())
    matcher = glob(name, ignore_case=True)
    return tuple(f"{service.lower()}:{one}" for one in actions if matcher.fullmatch(one)) or (pattern,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource by a principal."""

    principal: str
    """The ARN of a role or user, or the name of a service."""
    action: str
    resource: str
    """An ARN, or `*` for an action that takes none."""
    context: Context = field(default_factory=dict)


def applies_to(one: Statement, request: Request) -> bool:
    """Whether the statement is about the request, whatever it says of it."""
    action = request.action
    if one.not_actions:
        about = not any(glob(text, ignore_case=True).fullmatch(action) for text in one.not_actions)
    else:
        about = any(glob(text, ignore_case=True).fullmatch(action) for text in one.actions)
    if about and one.not_resources:
        about = not any(glob(text).fullmatch(request.resource) for text in one.not_resources)
    elif about:
        about = any(glob(text).fullmatch(request.resource) for text in one.resources)
    return about and conditions_hold(one.conditions, request.context)


def of_policy(statements: Iterable[Statement], request: Request) -> Answer:
    """What one policy, or several of one kind together, say of a request; principals are the caller's matter."""
    allowed = False
    for one in statements:
        if applies_to(one, request):
            if not one.allows:
                return "ExplicitlyDenied"
            allowed = True
    return "Allowed" if allowed else "ImplicitlyDenied"


def admits(one: Statement, principal: str) -> bool:
    """Whether a resource's statement means the principal: itself, its account, its service or everybody."""
    listed = one.principals
    if "*" in listed.get("*", ()):
        return True
    account = principal.split(":")[4] if principal.startswith("arn:") else ""
    names = (principal, account, f"arn:{principal.split(':')[1]}:iam::{account}:root" if account else principal)
    return any(name in listed.get(kind, ()) for kind in ("AWS", "Service", "Federated") for name in names)


def decide(
    request: Request,
    identity: Sequence[Statement] = (),
    boundary: Sequence[Statement] | None = None,
    resource: Sequence[Statement] = (),
) -> Answer:
    """What becomes of a request within one account.

    A Deny anywhere wins. A statement of the resource that names the principal itself is enough without the role's own,
    boundary or not; one that names the account leaves it to the role's policies, within the boundary.
    """
    admitting = [one for one in resource if admits(one, request.principal)]
    answers = [of_policy(identity, request), of_policy(admitting, request)]
    bounded = "Allowed" if boundary is None else of_policy(boundary, request)
    if "ExplicitlyDenied" in (*answers, bounded):
        return "ExplicitlyDenied"
    by_name = [one for one in admitting if _names_itself(one, request.principal)]
    if of_policy(by_name, request) == "Allowed":
        return "Allowed"
    return "Allowed" if answers[0] == "Allowed" and bounded == "Allowed" else "ImplicitlyDenied"


def _names_itself(one: Statement, principal: str) -> bool:
    listed = {name for names in one.principals.values() for name in names}
    return principal in listed or "*" in one.principals.get("*", ())


def denies_everywhere(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether a Deny covers the action on every resource that the pattern `resource` means."""
    request = Request(principal="", action=action, resource=resource, context=context)
    return any(not one.allows and applies_to(one, request) for one in statements)
