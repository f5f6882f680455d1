"""Who makes a call, and with which policies: the account's root, a user, a role's session or a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

from sandbox.permissions import account
from sandbox.permissions.evaluator import Policy

_EVERYTHING: Final = Policy(
    "root of the account",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who asks."""

    kind: Literal["root", "user", "role", "service", "anonymous"]
    arn: str
    """Of the user, the session or the root; a service's name (`events.amazonaws.com`); `anonymous`."""
    account: str
    """Empty for a service and for nobody."""
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    """The condition keys that speak of the principal."""

    def __str__(self) -> str:
        return self.arn


def service(name: str) -> Principal:
    """A service that acts by itself, such as `logs.us-east-1.amazonaws.com`."""
    context = {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": name}
    return Principal(kind="service", arn=name, account="", context=context)


def anonymous() -> Principal:
    """Whoever does not sign."""
    return Principal(kind="anonymous", arn="anonymous", account="")


def root(account_id: str = account.DEFAULT) -> Principal:
    """The account itself; the account's own policies do not limit it, resource policies may."""
    arn = f"arn:aws:iam::{account_id}:root"
    context = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": account_id, "aws:PrincipalType": "Account"}
    return Principal(kind="root", arn=arn, account=account_id, identity=(_EVERYTHING,), context=context)


def of_role(arn: str, session: str = "session", policy: str | None = None) -> Principal:
    """A session of the role of this ARN, as one that has assumed it; `policy` is the session's own, as JSON.

    Raises LookupError when there is no such role.
    """
    account_id = account.parts(arn)[2]
    backend = iam_backends[account_id][account.PARTITION]
    role = next((r for r in list(backend.roles.values()) if r.arn == arn), None)
    if role is None:
        raise LookupError(f"there is no role {arn}")
    return Principal(
        kind="role",
        arn=f"arn:aws:sts::{account_id}:assumed-role/{role.name}/{session}",
        account=account_id,
        identity=tuple(_identity(role)),
        boundary=_boundary(backend, role.permissions_boundary_arn),
        session=Policy(f"session {session}", policy) if policy else None,
        context={
            "aws:PrincipalArn": arn,
            "aws:PrincipalAccount": account_id,
            "aws:PrincipalType": "AssumedRole",
            "aws:userid": f"{role.id}:{session}",
            **{f"aws:PrincipalTag/{key}": value for key, value in _tags(role.tags).items()},
        },
    )


def of_call(access_key: str | None, headers: Mapping[str, str]) -> Principal:
    """Who signed a call; a key that the account does not know is its root's, and no key at all is nobody's.

    `headers` are by lower-case name; `x-moto-account-id` names another account, as moto reads it.
    """
    if access_key is None:
        return anonymous()
    account_id = headers.get("x-moto-account-id") or get_account_id_from(access_key)
    backend = iam_backends[account_id][account.PARTITION]
    for role in sts_backends[account_id][account.PARTITION].assumed_roles:
        if role.access_key_id == access_key:
            return of_role(role.role_arn, role.session_name, role.policy or None)
    user = backend.get_user_from_access_key_id(access_key)
    return _user(backend, user) if user else root(account_id)


def _user(backend: Any, user: Any) -> Principal:
    groups = backend.get_groups_for_user(user.name)
    policies = [policy for holder in (user, *groups) for policy in _identity(holder)]
    return Principal(
        kind="user",
        arn=user.arn,
        account=account.parts(user.arn)[2],
        identity=tuple(policies),
        context={
            "aws:PrincipalArn": user.arn,
            "aws:PrincipalAccount": account.parts(user.arn)[2],
            "aws:PrincipalType": "User",
            "aws:userid": user.id,
            "aws:username": user.name,
        },
    )


def _identity(holder: Any) -> Iterator[Policy]:
    """Inline and attached policies of a role, user or group."""
    for name, document in holder.policies.items():
        yield Policy(f"{holder.name}/{name}", document)
    for managed in holder.managed_policies.values():
        yield Policy(managed.name, _default_version(managed))


def _boundary(backend: Any, arn: str | None) -> Policy | None:
    managed = backend.managed_policies.get(arn) if arn else None
    return Policy(managed.name, _default_version(managed)) if managed else None


def _default_version(managed: Any) -> str:
    version = next(v for v in managed.versions if v.version_id == managed.default_version_id)
    return str(version.document)


def _tags(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {key: tag["Value"] if isinstance(tag, Mapping) else str(tag) for key, tag in tags.items()}
    return {tag["Key"]: tag["Value"] for tag in tags or []}
