"""Seeds for the rules of IAM and STS."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict, policy, trust
from tests.sandbox.strict.seeds import Seed, seed

_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


_ROLE = ("CreateRole", lambda a: {"RoleName": a.name(), "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")})


_POLICY = ("CreatePolicy", lambda a: {"PolicyName": a.name(), "PolicyDocument": policy(_READ)})


def _trust(**members: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"AssumeRolePolicyDocument": policy({**base, **members})}


def _document(*statements: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": list(statements), **top})}


def _long(characters: int) -> dict[str, Any]:
    return {**_READ, "Resource": ["arn:aws:s3:::bucket/" + "x" * 80] * (characters // 100)}


_DOUBLED = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)


_READ_ALL = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _linked_role(account: Strict) -> str:
    iam = account.client("iam")
    path = "/aws-service-role/spot.amazonaws.com/"
    linked = [role["RoleName"] for role in iam.list_roles(PathPrefix=path)["Roles"]]
    if not linked:
        linked = [iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")["Role"]["RoleName"]]
    return str(linked[0])


def _taken_service(account: Strict) -> str:
    _linked_role(account)
    return "spot.amazonaws.com"


def _inline(number: int) -> str:
    return policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::" + "b" * 60] * number})


def _role_with_policies(account: Strict) -> str:
    name = account.name()
    trusted = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trusted))
    account.client("iam").put_role_policy(RoleName=name, PolicyName="first", PolicyDocument=_inline(100))
    return name


SEEDS: Final[list[Seed]] = [
    seed("iam.role_name", *_ROLE, {"RoleName": "EVENTS"}, {"RoleName": "events"}),
    seed(
        "iam.provider_url",
        "CreateOpenIDConnectProvider",
        {
            "Url": "https://token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
            "ThumbprintList": ["a" * 40],
        },
        {"Url": "http://token.actions.githubusercontent.com"},
    ),
    seed(
        "iam.policy_in_use",
        "DeletePolicy",
        lambda a: {"PolicyArn": a.spare_policy},
        {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/policy-0"},
    ),
    seed(
        "iam.identity_policy",
        *_POLICY,
        {"PolicyDocument": "{not json"},
        {"PolicyDocument": "[]"},
        _document(_READ, Version="2012-10-18"),
        _document(_READ, Comment="mine"),
        {"PolicyDocument": json.dumps({"Version": "2012-10-17"})},
        _document({**_READ, "Effect": "allow"}),
        _document({**_READ, "Action": "GetObject"}),
        _document({**_READ, "Resource": "bucket"}),
        _document({"Effect": "Allow", "Action": "s3:GetObject"}),
        _document({"Effect": "Allow", "Resource": "*"}),
        _document({**_READ, "Principal": "*"}),
        _document({**_READ, "Condition": {"StringIs": {"aws:x": "y"}}}),
        _document({**_READ, "Condition": {"StringEquals": "y"}}),
        _document({**_READ, "Sid": "a"}, {**_READ, "Sid": "a"}),
        _document({**_READ, "Sid": "not-alphanumeric"}),
        _document({**_READ, "Actions": "s3:GetObject"}),
        _document({**_READ, "NotAction": "s3:PutObject"}),
        _document({**_READ, "Action": []}),
        {"PolicyDocument": _DOUBLED},
    ),
    seed(
        "iam.trust_policy",
        *_ROLE,
        _trust(Resource="*"),
        _trust(Principal={"Service": "ecs-task.amazonaws.com"}),
        _trust(Principal={"AWS": NO_ROLE}),
        _trust(Principal={"AWS": "not-a-principal"}),
        _trust(Principal={"Somebody": "x"}),
        _trust(Action="s3:GetObject"),
        {"AssumeRolePolicyDocument": policy({"Effect": "Allow", "Action": "sts:AssumeRole"})},
    ),
    seed("iam.managed_policy_size", *_POLICY, _document(_long(7000))),
    seed("iam.trust_policy_size", *_ROLE, _trust(Condition={"StringLike": {"aws:SourceArn": ["x" * 100] * 30}})),
    seed(
        "iam.inline_policy_size",
        "PutRolePolicy",
        lambda a: {"RoleName": "states", "PolicyName": "inline", "PolicyDocument": policy(_READ)},
        _document(_long(11000)),
        lambda a: {"PolicyName": "second", **_document(_long(10200))},
    ),
    seed(
        "iam.attached_policies",
        "AttachRolePolicy",
        lambda a: {"RoleName": "events", "PolicyArn": a.boundary},
        {"RoleName": "states"},
    ),
    seed("iam.permissions_boundary", *_ROLE, {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"}),
    seed(
        "iam.linked_role_once",
        "CreateServiceLinkedRole",
        {"AWSServiceName": "autoscaling.amazonaws.com"},
        lambda a: {"AWSServiceName": _taken_service(a)},
    ),
    seed(
        "iam.linked_role_protected",
        "PutRolePolicy",
        {"RoleName": "states", "PolicyName": "p", "PolicyDocument": policy(_READ_ALL)},
        lambda a: {"RoleName": _linked_role(a)},
    ),
    seed(
        "sts.known_role",
        "AssumeRole",
        lambda a: {"RoleArn": a.states_role, "RoleSessionName": "session"},
        {"RoleArn": NO_ROLE},
    ),
    seed(
        "iam.inline_policy_size",
        "PutRolePolicy",
        lambda a: {"RoleName": _role_with_policies(a), "PolicyName": "second", "PolicyDocument": _inline(10)},
        {"PolicyDocument": _inline(60)},
    ),
]
