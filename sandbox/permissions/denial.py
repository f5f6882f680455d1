"""Denials in the words of the service that would speak them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from sandbox.calls import Call
from sandbox.permissions.evaluator import Decision
from sandbox.permissions.principals import Principal

_WORDS: Final[Mapping[str, str]] = {
    "boundary": "permissions boundary",
    "endpoint": "VPC endpoint policy",
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "session": "session policy",
}
_BLOCKING: Final[Mapping[str, str]] = {"pb": "boundary", "vpce": "endpoint", "resource": "resource"}
"""The evaluator's short names of layers."""

_CODES: Final[Mapping[str, str]] = {
    "cloudwatch": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "sts": "AccessDenied",
}
"""Error code of a denial where it is not `AccessDeniedException`."""

FORBIDDEN: Final = 403
BAD_REQUEST: Final = 400


def layer(decision: Decision, principal: Principal) -> str:
    """The kind of policy that denies: by a statement, or by having none that allows."""
    if decision.denying:
        return decision.denying[0].layer
    for name in decision.blocked_by:
        if name in _BLOCKING:
            return _BLOCKING[name]
    for name in ("boundary", "endpoint"):
        if decision.layers.get(name, "Allowed") != "Allowed" and decision.layers.get("identity") == "Allowed":
            return name
    if decision.layers.get("session", "Allowed") != "Allowed" and decision.layers.get("identity") == "Allowed":
        return "session"
    return (
        "resource"
        if principal.kind in ("service", "anonymous") or decision.layers.get("identity") == "Allowed"
        else "identity"
    )


def reason(decision: Decision, principal: Principal, action: str) -> str:
    """The end of a denial's sentence."""
    words = _WORDS[layer(decision, principal)]
    if decision.result == "ExplicitlyDenied":
        return f"with an explicit deny in {'an' if words[0] in 'aeiou' else 'a'} {words}"
    return f"because no {words} allows the {action} action"


def sentence(principal: Principal, action: str, resource: str, why: str) -> str:
    """The whole sentence."""
    on = f" on resource: {resource}" if resource != "*" or action.startswith("kms:") else ""
    return f"User: {principal.arn} is not authorized to perform: {action}{on} {why}"


def words(call: Call, message: str) -> tuple[str, str, int]:
    """Code, message and HTTP status of a denial, as the service of `call` answers it."""
    code = _CODES.get(call.service, "AccessDeniedException")
    if call.service == "ec2":
        encoded = base64.b64encode(message.encode()).decode()
        message = (
            f"You are not authorized to perform this operation. {message}. "
            f"Encoded authorization failure message: {encoded}"
        )
    status = BAD_REQUEST if call.protocol == "json" else FORBIDDEN
    return code, message, status
