"""Plausible mistakes in requests to IAM, STS and KMS."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, EVERYTHING, Strict, policy, trust
from tests.sandbox.strict.documented import ABSENT, Request, request

_READ: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


def _statement(**elements: Any) -> dict[str, Any]:
    statement = {**_READ, **elements}
    return {"PolicyDocument": policy({name: value for name, value in statement.items() if value is not ABSENT})}


def _trusted(**elements: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    statement = {name: value for name, value in {**base, **elements}.items() if value is not ABSENT}
    return {"AssumeRolePolicyDocument": policy(statement)}


def _key_of_queue(a: Strict) -> str:
    return str(a.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"])


def _own_policy(a: Strict, versions: int = 1) -> str:
    """A managed policy with so many versions."""
    iam = a.client("iam")
    arn = str(iam.create_policy(PolicyName=a.name(), PolicyDocument=policy(_READ))["Policy"]["Arn"])
    for _ in range(versions - 1):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(_READ))
    return arn


def _taken_alias(a: Strict) -> str:
    name = f"alias/{a.name()}"
    a.client("kms").create_alias(AliasName=name, TargetKeyId=a.old_key)
    return name


def _encrypted(a: Strict) -> bytes:
    return bytes(a.client("kms").encrypt(KeyId=a.key, Plaintext=b"x")["CiphertextBlob"])


REQUESTS: Final[dict[str, list[Request]]] = {
    "iam": [
        request(
            "CreateRole",
            lambda a: {"RoleName": a.name(), "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")},
            no_principal=_trusted(Principal=ABSENT),
            empty_principal=_trusted(Principal={}),
            bare_principal=_trusted(Principal="ecs-tasks.amazonaws.com"),
            kind_of_principal=_trusted(Principal={"Role": "x"}),
            action=_trusted(Action="ecs:RunTask"),
            tag_value={"Tags": [{"Key": "k", "Value": "a#b"}]},
            long_tag={"Tags": [{"Key": "k", "Value": "v" * 257}]},
            no_tag_value={"Tags": [{"Key": "k"}]},
            description={"Description": "a – b\u2028"},
            large={
                "AssumeRolePolicyDocument": policy(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": [f"arn:aws:iam::{n:012}:root" for n in range(80)]},
                        "Action": "sts:AssumeRole",
                    }
                )
            },
            case={"AssumeRolePolicyDocument": json.dumps({"version": "2012-10-17", "statement": []})},
            number={"MaxSessionDuration": "long"},
        ),
        request(
            "PutRolePolicy",
            {"RoleName": "events", "PolicyName": "further", **_statement()},
            no_effect=_statement(Effect=ABSENT),
            wildcard_service=_statement(Action="*:Get*"),
            space=_statement(Action="s3: GetObject"),
            resource_number=_statement(Resource=1),
            empty_resource=_statement(Resource=[]),
            empty_action=_statement(Action=[]),
            two_resources=_statement(NotResource="*"),
            condition_list=_statement(Condition=[{"StringEquals": {"aws:SourceAccount": ACCOUNT}}]),
            condition_value=_statement(Condition={"StringEquals": "x"}),
            colon=_statement(Resource="arn:aws:s3:bucket"),
            sid_twice={"PolicyDocument": policy({**_READ, "Sid": "A"}, {**_READ, "Sid": "A"})},
            trailing={"PolicyDocument": policy(_READ) + "x"},
            list={"PolicyDocument": json.dumps([_READ])},
        ),
        request(
            "CreatePolicyVersion",
            lambda a: {"PolicyArn": _own_policy(a), **_statement()},
            none={"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"},
            of_aws={"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            sixth=lambda a: {"PolicyArn": _own_policy(a, versions=5)},
        ),
        request("UntagRole", {"RoleName": "events", "TagKeys": ["k"]}, none={"RoleName": "ghost"}),
        request(
            "PutRolePermissionsBoundary",
            lambda a: {"RoleName": "events", "PermissionsBoundary": a.boundary},
            none={"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"},
            role={"RoleName": "ghost"},
            name={"PermissionsBoundary": "boundary"},
        ),
    ],
    "sts": [
        request(
            "AssumeRole",
            lambda a: {"RoleArn": a.ecs_tasks_role, "RoleSessionName": "session"},
            ghost={"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ghost"},
            short={"RoleSessionName": "s"},
            long={"RoleSessionName": "s" * 65},
        ),
    ],
    "kms": [
        request(
            "EnableKeyRotation",
            lambda a: {"KeyId": a.new_key()},
            asymmetric=lambda a: {"KeyId": _key_of_queue(a)},
        ),
        request(
            "CreateKey",
            {"Policy": policy(EVERYTHING)},
            no_principal={"Policy": policy({n: v for n, v in EVERYTHING.items() if n != "Principal"})},
            action={"Policy": policy(EVERYTHING, {**EVERYTHING, "Action": "s3:GetObject"})},
            empty={"Policy": policy()},
            large={"Policy": policy(*[{**EVERYTHING, "Sid": f"S{n}" + "x" * 200} for n in range(120)])},
            region={"MultiRegion": "yes"},
        ),
        request(
            "CreateAlias",
            lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.old_key},
            colon={"AliasName": "alias/a:b"},
            empty={"AliasName": "alias/"},
            long={"AliasName": "alias/" + "a" * 251},
            taken=lambda a: {"AliasName": _taken_alias(a)},
        ),
        request(
            "Decrypt",
            lambda a: {"KeyId": a.key, "CiphertextBlob": _encrypted(a)},
            garbage={"CiphertextBlob": b"garbage"},
            other=lambda a: {"KeyId": a.new_key()},
            context={"EncryptionContext": {"a": "b"}},
        ),
        request("DisableKeyRotation", lambda a: {"KeyId": a.new_key()}, none={"KeyId": "alias/none"}),
        request(
            "PutKeyPolicy",
            lambda a: {"KeyId": a.new_key(), "PolicyName": "default", "Policy": policy(EVERYTHING)},
            none={"KeyId": "none"},
        ),
    ],
}
