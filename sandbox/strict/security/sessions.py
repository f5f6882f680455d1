"""What STS demands of sessions, and IAM of roles that services make for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import IDENTITY, faults
from sandbox.strict.grammar.principals import is_service_principal
from sandbox.strict.rules import Rules

_ASSUME = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"
_DEFAULT_SECONDS = 3600

iam = Rules("iam")
sts = Rules("sts")


@sts.add("AssumeRole", source=f"{_ASSUME}#API_AssumeRole_RequestParameters", code="ValidationError")
def session(call: Call, account: Account) -> Iterator[str]:
    """A session is of a role by its ARN, no longer than the role admits, with each tag's key once in any case."""
    arn = call.parameters["RoleArn"]
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", arn):
        yield f"{arn} is invalid"
    role = account.role(arn)
    longest = int(getattr(role, "max_session_duration", None) or _DEFAULT_SECONDS)
    if role is not None and call.parameters.get("DurationSeconds", 0) > longest:
        yield "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    keys = [tag["Key"].lower() for tag in call.parameters.get("Tags", [])]
    if len(set(keys)) != len(keys):
        yield "Duplicate tag keys found. Please note that Tag keys are case insensitive."


@sts.add("AssumeRole", source=f"{_ASSUME}", code="AccessDenied", status=403)
def known_role(call: Call, account: Account) -> Iterator[str]:
    """The role exists; of one that does not, nobody learns so."""
    arn = call.parameters["RoleArn"]
    if arn.split(":")[4:5] == [account.id] and account.role(arn) is None:
        yield f"User: arn:aws:iam::{account.id}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"


@sts.add("AssumeRole", source=f"{_ASSUME}#API_AssumeRole_Errors", code="MalformedPolicyDocument")
def session_policy(call: Call, _: Account) -> Iterator[str]:
    """A session policy follows the grammar of identity policies."""
    if text := call.parameters.get("Policy"):
        yield from faults(text, IDENTITY)


@iam.add(
    "CreateServiceLinkedRole",
    source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html",
    code="InvalidInput",
)
def linked_service(call: Call, _: Account) -> Iterator[str]:
    """A service-linked role is for a service, by its principal's name."""
    name = call.parameters["AWSServiceName"]
    if not is_service_principal(name):
        yield f"Service role name {name} is not valid: it must be a service principal, such as ecs.amazonaws.com"


@iam.add(
    "CreateServiceLinkedRole",
    source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html#API_CreateServiceLinkedRole_Errors",
    code="InvalidInput",
)
def linked_role_once(call: Call, account: Account) -> Iterator[str]:
    """A service has one service-linked role, or one of each suffix."""
    path, suffix = _path(call.parameters["AWSServiceName"]), call.parameters.get("CustomSuffix")
    for role in list(account.backend("iam").roles.values()):
        if role.path == path and (suffix is None or role.name.endswith(f"_{suffix}")):
            yield f"Service role name {role.name} has been taken in this account, please try a different suffix."


def _path(service: str) -> str:
    return f"/aws-service-role/{service}/"


@iam.add(
    "DeleteRole",
    "AttachRolePolicy",
    "DetachRolePolicy",
    "PutRolePolicy",
    "DeleteRolePolicy",
    "UpdateAssumeRolePolicy",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html",
    code="UnmodifiableEntity",
)
def linked_role_protected(call: Call, account: Account) -> Iterator[str]:
    """A service-linked role is its service's: its policies stay, and only DeleteServiceLinkedRole deletes it."""
    role = account.role(call.parameters["RoleName"])
    if role is not None and role.path.startswith("/aws-service-role/"):
        yield (
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS"
        )


RULES = [*iam.all, *sts.all]
