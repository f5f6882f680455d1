"""Requests to IAM and STS."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy, trust
from tests.sandbox.strict.requests import ABSENT, Request, request


def _document(member: str = "PolicyDocument", **elements: Any) -> dict[str, Any]:
    statement = {**_READ, **elements}
    return {member: policy({name: value for name, value in statement.items() if value is not ABSENT})}


_READ_ALL: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


_READ: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


def _statement(**elements: Any) -> dict[str, Any]:
    statement = {**_READ, **elements}
    return {"PolicyDocument": policy({name: value for name, value in statement.items() if value is not ABSENT})}


def _trusted(**elements: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    statement = {name: value for name, value in {**base, **elements}.items() if value is not ABSENT}
    return {"AssumeRolePolicyDocument": policy(statement)}


def _own_policy(a: Strict, versions: int = 1) -> str:
    """A managed policy with so many versions."""
    iam = a.client("iam")
    arn = str(iam.create_policy(PolicyName=a.name(), PolicyDocument=policy(_READ))["Policy"]["Arn"])
    for _ in range(versions - 1):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(_READ))
    return arn


REQUESTS: Final[dict[str, list[Request]]] = {
    "iam": [
        request(
            "CreateRole",
            lambda a: {"RoleName": a.name(), "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")},
            name={"RoleName": "a role"},
            long={"RoleName": "r" * 65},
            taken={"RoleName": "states"},
            path={"Path": "batch"},
            description={"Description": "a\u0000b"},
            long_description={"Description": "d" * 1001},
            short_session={"MaxSessionDuration": 1800},
            long_session={"MaxSessionDuration": 43201},
            no_document={"AssumeRolePolicyDocument": ABSENT},
            no_json={"AssumeRolePolicyDocument": "trust"},
            resource=_trusted(Resource="*"),
            action=_trusted(Action="s3:GetObject"),
            effect=_trusted(Effect="Permit"),
            service=_trusted(Principal={"Service": "ecs-task.amazonaws.com"}),
            nobody=_trusted(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/ghost"}),
            operator=_trusted(Condition={"StringEqual": {"aws:SourceAccount": ACCOUNT}}),
            tag={"Tags": [{"Key": "Team", "Value": "a,b"}]},
            reserved_tag={"Tags": [{"Key": "aws:x", "Value": "v"}]},
            tag_in_another_case={"Tags": [{"Key": "Team", "Value": "v"}, {"Key": "team", "Value": "v"}]},
            many_tags={"Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]},
            boundary={"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        ),
        request(
            "PutRolePolicy",
            {"RoleName": "events", "PolicyName": "documented", **_document()},
            no_role={"RoleName": "ghost"},
            name={"PolicyName": "a policy"},
            principal=_document(Principal="*"),
            effect=_document(Effect="allow"),
            action=_document(Action="GetObject"),
            no_action=_document(Action=ABSENT),
            no_resource=_document(Resource=ABSENT),
            resource=_document(Resource="bucket"),
            both=_document(NotAction="s3:*"),
            element=_document(Conditions={}),
            sid=_document(Sid="read objects"),
            condition=_document(Condition={"StringLikes": {"s3:prefix": "x"}}),
            key=_document(Condition={"StringEquals": {"prefix": "x"}}),
            version={"PolicyDocument": policy(_READ, version="2012-10-18")},
            empty={"PolicyDocument": policy()},
            no_json={"PolicyDocument": "{"},
            large={"PolicyDocument": policy({**_READ, "Resource": [f"arn:aws:s3:::bucket-{n}/*" for n in range(500)]})},
            two_sids={"PolicyDocument": policy({**_READ, "Sid": "A"}, {**_READ, "Sid": "A"})},
            resource_with_two_wildcards_in_service=_document(Resource="arn:aws:s3::bucket"),
        ),
        request(
            "CreatePolicy",
            lambda a: {"PolicyName": a.name(), **_document()},
            name={"PolicyName": "a/b"},
            taken={"PolicyName": "spare"},
            path={"Path": "x"},
            description={"Description": "d" * 1001},
            long={"PolicyDocument": policy({**_READ, "Resource": [f"arn:aws:s3:::bucket-{n}/*" for n in range(300)]})},
        ),
        request(
            "AttachRolePolicy",
            lambda a: {"RoleName": "events", "PolicyArn": a.spare_policy},
            no_policy={"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"},
            no_role={"RoleName": "ghost"},
            malformed={"PolicyArn": "spare-policy-of-this-account"},
            eleventh={"RoleName": "states"},
            not_of_aws={"PolicyArn": "arn:aws:iam::aws:policy/NoSuchPolicyOfAws"},
        ),
        request(
            "DetachRolePolicy",
            lambda a: {"RoleName": "events", "PolicyArn": a.spare_policy},
            not_attached=lambda a: {"PolicyArn": a.boundary},
        ),
        request(
            "UpdateAssumeRolePolicy",
            {"RoleName": "events", "PolicyDocument": trust("events.amazonaws.com")},
            no_role={"RoleName": "ghost"},
            no_json={"PolicyDocument": "{"},
            identity=_document(),
        ),
        request(
            "UpdateRole", {"RoleName": "events"}, session={"MaxSessionDuration": 60}, no_role={"RoleName": "ghost"}
        ),
        request(
            "DeleteRole",
            lambda a: {"RoleName": a.new_role()},
            with_policies={"RoleName": "states"},
            none={"RoleName": "ghost"},
        ),
        request(
            "TagRole",
            {"RoleName": "events", "Tags": [{"Key": "k", "Value": "v"}]},
            reserved={"Tags": [{"Key": "aws:k", "Value": "v"}]},
        ),
        request(
            "CreateOpenIDConnectProvider",
            lambda a: {
                "Url": f"https://{a.name()}.example.org",
                "ThumbprintList": ["a" * 40],
                "ClientIDList": ["sts.amazonaws.com"],
            },
            plain={"Url": "http://example.org"},
            query={"Url": "https://example.org/?a=b"},
            thumbprint={"ThumbprintList": ["short"]},
            thumbprints={"ThumbprintList": ["a" * 40] * 6},
        ),
        request(
            "CreateServiceLinkedRole",
            {"AWSServiceName": "ecs.amazonaws.com"},
            service={"AWSServiceName": "ecs"},
            unknown={"AWSServiceName": "nothing.amazonaws.com"},
        ),
        request(
            "CreateOpenIDConnectProvider",
            lambda a: {"Url": f"https://{a.name()}.example.org", "ClientIDList": ["c"]},
            plain={"Url": "http://example.org"},
            clients={"ClientIDList": [f"c{n}" for n in range(101)]},
            client={"ClientIDList": ["c" * 256]},
            thumbprints={"ThumbprintList": [f"{n:040x}" for n in range(6)]},
        ),
        request(
            "CreatePolicy",
            lambda a: {"PolicyName": a.name(), "PolicyDocument": policy(_READ_ALL)},
            case={"PolicyName": "SPARE"},
            path={"Path": "/batch*/"},
        ),
        request(
            "CreateRole",
            lambda a: {
                "RoleName": a.name(),
                "AssumeRolePolicyDocument": policy(
                    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ),
            },
            case={"RoleName": "STATES"},
        ),
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
            name={"RoleSessionName": "a session"},
            short={"DurationSeconds": 899},
            long={"DurationSeconds": 43201},
            longer_than_the_role={"DurationSeconds": 7200},
            no_session={"RoleSessionName": ABSENT},
            policy={"Policy": "{"},
            external={"ExternalId": "x"},
            arn={"RoleArn": "role-of-somebody-else"},
            tags={"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
        ),
        request(
            "AssumeRole",
            lambda a: {"RoleArn": a.ecs_tasks_role, "RoleSessionName": "session"},
            ghost={"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ghost"},
            short={"RoleSessionName": "s"},
            long={"RoleSessionName": "s" * 65},
        ),
    ],
}
