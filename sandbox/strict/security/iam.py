"""What IAM and KMS demand of policies, roles and keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import IDENTITY, TRUST, Kind, faults, statements_of, values
from sandbox.strict.grammar.principals import is_service_principal
from sandbox.strict.rules import Rules

_IAM = "https://docs.aws.amazon.com/IAM/latest/"
_QUOTAS = f"{_IAM}UserGuide/reference_iam-quotas.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/"

rules = Rules("iam")
kms = Rules("kms")


@rules.add(
    "CreatePolicy",
    "CreatePolicyVersion",
    "PutGroupPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    source=f"{_IAM}UserGuide/reference_policies_grammar.html",
    code="MalformedPolicyDocument",
)
def identity_policy(call: Call, _: Account) -> Iterator[str]:
    """An identity policy follows the grammar: version, statements, actions, resources, conditions, no principal."""
    yield from faults(call.parameters["PolicyDocument"], IDENTITY)


@rules.add(
    "CreateRole",
    "UpdateAssumeRolePolicy",
    source=f"{_IAM}UserGuide/id_roles_update-role-trust-policy.html",
    code="MalformedPolicyDocument",
)
def trust_policy(call: Call, account: Account) -> Iterator[str]:
    """A trust policy names principals that exist and actions of STS, and no resource."""
    document = call.parameters.get("AssumeRolePolicyDocument") or call.parameters["PolicyDocument"]
    yield from faults(document, TRUST)
    for statement in statements_of(document):
        principal = statement.get("Principal")
        for arn in values(principal.get("AWS")) if isinstance(principal, dict) else []:
            if not account.principal_exists(arn):
                yield f'Invalid principal in policy: "AWS":"{arn}"'


def _size(document: str) -> int:
    """Characters of a policy, white space not counted."""
    return sum(not character.isspace() for character in document)


@rules.add(
    "CreatePolicy",
    "CreatePolicyVersion",
    source=_QUOTAS,
    code="LimitExceeded",
)
def managed_policy_size(call: Call, _: Account) -> Iterator[str]:
    """A managed policy has at most 6,144 characters, white space not counted."""
    if _size(call.parameters["PolicyDocument"]) > 6144:
        yield "Cannot exceed quota for PolicySize: 6144"


@rules.add(
    "CreateRole",
    "UpdateAssumeRolePolicy",
    source=_QUOTAS,
    code="LimitExceeded",
)
def trust_policy_size(call: Call, _: Account) -> Iterator[str]:
    """A trust policy has at most 2,048 characters, white space not counted."""
    if _size(call.parameters.get("AssumeRolePolicyDocument") or call.parameters["PolicyDocument"]) > 2048:
        yield "Cannot exceed quota for ACLSizePerRole: 2048"


@rules.add(
    "PutRolePolicy",
    "PutGroupPolicy",
    "PutUserPolicy",
    source=_QUOTAS,
    code="LimitExceeded",
)
def inline_policy_size(call: Call, account: Account) -> Iterator[str]:
    """The inline policies of a role have together at most 10,240 characters (of a group 5,120, of a user 2,048)."""
    kind = call.operation.removeprefix("Put").removesuffix("Policy")
    most = {"Role": 10240, "Group": 5120, "User": 2048}[kind]
    name = call.parameters[f"{kind}Name"]
    owner = account.role(name) if kind == "Role" else getattr(account.backend("iam"), f"{kind.lower()}s").get(name)
    sizes = {key: _size(_text(text)) for key, text in _inline(owner).items()}
    sizes[call.parameters["PolicyName"]] = _size(call.parameters["PolicyDocument"])
    if sum(sizes.values()) > most:
        yield f"Maximum policy size of {most} bytes exceeded for {kind.lower()} {name}"


def _inline(owner: Any) -> dict[str, Any]:
    policies = getattr(owner, "policies", {}) or {}
    if isinstance(policies, Mapping):
        return dict(policies)
    return {item["policy_name"]: item["policy_document"] for item in policies}


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)


@rules.add(
    "AttachRolePolicy",
    source=_QUOTAS,
    code="LimitExceeded",
)
def attached_policies(call: Call, account: Account) -> Iterator[str]:
    """At most 10 managed policies are attached to a role."""
    role = account.role(call.parameters["RoleName"])
    attached = set(role.managed_policies) if role else set()
    if call.parameters["PolicyArn"] not in attached and len(attached) >= 10:
        yield "Cannot exceed quota for PoliciesPerRole: 10"


@rules.add(
    "CreateRole",
    "CreateUser",
    "PutRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
    source=f"{_IAM}APIReference/API_PutRolePermissionsBoundary.html",
    code="NoSuchEntity",
    status=404,
)
def permissions_boundary(call: Call, account: Account) -> Iterator[str]:
    """A permissions boundary is a managed policy that exists."""
    arn = call.parameters.get("PermissionsBoundary")
    backend = account.backend("iam")
    if arn and arn not in backend.managed_policies:
        yield f"Scope ARN: {arn} does not exist or is not attachable."


@rules.add("CreateRole", source=f"{_IAM}APIReference/API_CreateRole.html", code="EntityAlreadyExists", status=409)
def role_name(call: Call, account: Account) -> Iterator[str]:
    """A role's name is taken once, whatever its case."""
    name = call.parameters["RoleName"].lower()
    if any(role.name.lower() == name for role in list(account.backend("iam").roles.values())):
        yield f"Role with name {call.parameters['RoleName']} already exists."


@rules.add(
    "CreateOpenIDConnectProvider",
    source=f"{_IAM}APIReference/API_CreateOpenIDConnectProvider.html",
    code="InvalidInput",
)
def provider_url(call: Call, _: Account) -> Iterator[str]:
    """An identity provider's address begins with https:// and has no query."""
    url = call.parameters["Url"]
    if not url.startswith("https://") or "?" in url or ":" in url.removeprefix("https://"):
        yield "Invalid Open ID Connect Provider URL"


@kms.add(
    "CreateKey",
    "PutKeyPolicy",
    source=f"{_KMS}developerguide/key-policy-overview.html",
    code="MalformedPolicyDocumentException",
)
def key_policy(call: Call, account: Account) -> Iterator[str]:
    """A key policy follows the grammar and names principals that exist."""
    if text := call.parameters.get("Policy"):
        kind = Kind(principal=True, action_prefixes=("kms",), principal_exists=account.principal_exists)
        yield from faults(text, kind)


@kms.add(
    "CreateKey",
    "PutKeyPolicy",
    source=f"{_KMS}APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-BypassPolicyLockoutSafetyCheck",
    code="MalformedPolicyDocumentException",
)
def key_policy_keeps_an_administrator(call: Call, account: Account) -> Iterator[str]:
    """A key policy lets its caller change it again, unless BypassPolicyLockoutSafetyCheck is set."""
    text = call.parameters.get("Policy", "")
    checked = text and not call.parameters.get("BypassPolicyLockoutSafetyCheck")
    if checked and not any(_lets_change(statement, account.id) for statement in statements_of(text)):
        yield "The new key policy will not allow you to update the key policy in the future."


def _lets_change(statement: Mapping[str, Any], account: str) -> bool:
    principal = statement.get("Principal")
    named = values(principal.get("AWS")) if isinstance(principal, dict) else values(principal)
    actions = {str(action).lower() for action in values(statement.get("Action"))}
    return (
        statement["Effect"] == "Allow"
        and any(item in ("*", account) or f"::{account}:" in str(item) for item in named)
        and bool(actions & {"*", "kms:*", "kms:put*", "kms:putkeypolicy", "kms:p*"})
    )


@kms.add(
    "CreateKey",
    "PutKeyPolicy",
    source=f"{_KMS}APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-Policy",
    code="LimitExceededException",
)
def key_policy_size(call: Call, _: Account) -> Iterator[str]:
    """A key policy has at most 32,768 bytes."""
    if len((call.parameters.get("Policy") or "").encode()) > 32768:
        yield "The key policy exceeds the maximum size of 32768 bytes."


@kms.add(
    "ScheduleKeyDeletion",
    source=f"{_KMS}APIReference/API_ScheduleKeyDeletion.html#KMS-ScheduleKeyDeletion-request-PendingWindowInDays",
    code="ValidationException",
)
def deletion_window(call: Call, _: Account) -> Iterator[str]:
    """The waiting period of a key's deletion is 7 to 30 days."""
    days = call.parameters.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        yield f"PendingWindowInDays must be between 7 and 30, not {days}."


@kms.add(
    "CreateAlias",
    source=f"{_KMS}APIReference/API_CreateAlias.html#KMS-CreateAlias-request-AliasName",
    code="ValidationException",
)
def alias_name(call: Call, _: Account) -> Iterator[str]:
    """An alias begins with `alias/`, and not with `alias/aws/`, which is for AWS's own keys."""
    name = call.parameters["AliasName"]
    if not name.startswith("alias/") or name.startswith("alias/aws/") or len(name) == len("alias/"):
        yield f"Invalid identifier: {name}"


@kms.add(
    "CreateKey",
    source=f"{_KMS}APIReference/API_CreateKey.html#KMS-CreateKey-request-KeyUsage",
    code="ValidationException",
)
def key_usage(call: Call, _: Account) -> Iterator[str]:
    """The use of a key fits its kind: a symmetric key encrypts, an elliptic curve signs or agrees, HMAC
    authenticates.
    """
    spec = call.parameters.get("KeySpec") or call.parameters.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    usage = call.parameters.get("KeyUsage", "ENCRYPT_DECRYPT")
    usages = {
        "SYMMETRIC": {"ENCRYPT_DECRYPT"},
        "HMAC": {"GENERATE_VERIFY_MAC"},
        "RSA": {"ENCRYPT_DECRYPT", "SIGN_VERIFY"},
        "ECC": {"SIGN_VERIFY", "KEY_AGREEMENT"},
        "ML": {"SIGN_VERIFY"},
        "SM2": {"ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"},
    }[spec.partition("_")[0]]
    if usage not in usages:
        yield f"KeyUsage {usage} is not compatible with KeySpec {spec}"
    elif spec != "SYMMETRIC_DEFAULT" and "KeyUsage" not in call.parameters:
        yield f"You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys, not for {spec}"
    if call.parameters.get("Origin") == "AWS_CLOUDHSM" and not call.parameters.get("CustomKeyStoreId"):
        yield "A key of the origin AWS_CLOUDHSM needs the CustomKeyStoreId of its key store"


@kms.add(
    "CreateGrant",
    source=f"{_KMS}APIReference/API_CreateGrant.html#API_CreateGrant_Errors",
    code="InvalidArnException",
)
def grantee(call: Call, account: Account) -> Iterator[str]:
    """Those whom a grant speaks of are ARNs of principals that exist, or services."""
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        name = call.parameters.get(member)
        if name and not (is_service_principal(name) or (name.startswith("arn:") and account.principal_exists(name))):
            yield f"ARN {name} is not valid for {member}"


@rules.add(
    "CreatePolicy",
    source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
    code="EntityAlreadyExists",
    status=409,
)
def policy_name(call: Call, account: Account) -> Iterator[str]:
    """A policy's name is taken once in an account, whatever its case."""
    name = call.parameters["PolicyName"].lower()
    policies = list(account.backend("iam").managed_policies.values())
    if name in {p.name.lower() for p in policies if p.arn.split(":")[4] == account.id}:
        yield f"A policy called {call.parameters['PolicyName']} already exists. Duplicate names are not allowed."


RULES = [*rules.all, *kms.all]
