"""IAM, STS and KMS: each operation's page in its API reference."""

from __future__ import annotations

from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, EVERYTHING, policy, trust
from tests.sandbox.strict.documented import ABSENT, request

_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}


def _document(member: str = "PolicyDocument", **elements: Any) -> dict[str, Any]:
    statement = {**_READ, **elements}
    return {member: policy({name: value for name, value in statement.items() if value is not ABSENT})}


def _trusted(**elements: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    statement = {name: value for name, value in {**base, **elements}.items() if value is not ABSENT}
    return {"AssumeRolePolicyDocument": policy(statement)}


REQUESTS_IAM = [
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
    request("UpdateRole", {"RoleName": "events"}, session={"MaxSessionDuration": 60}, no_role={"RoleName": "ghost"}),
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
]
REQUESTS_STS = [
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
]
REQUESTS_KMS = [
    request(
        "CreateKey",
        {"Policy": policy(EVERYTHING)},
        policy={"Policy": "{"},
        no_administrator={"Policy": policy({**EVERYTHING, "Action": "kms:Decrypt"})},
        nobody={
            "Policy": policy(EVERYTHING, {**EVERYTHING, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/ghost"}})
        },
        kind={"KeySpec": "AES_256"},
        usage={"KeySpec": "RSA_2048"},
        symmetric_signs={"KeyUsage": "SIGN_VERIFY"},
        description={"Description": "d" * 8193},
        reserved_tag={"Tags": [{"TagKey": "aws:k", "TagValue": "v"}]},
        tag_twice={"Tags": [{"TagKey": "k", "TagValue": "v"}] * 2},
        origin={"Origin": "MINE"},
        store={"Origin": "AWS_CLOUDHSM"},
        statement_without_resource={"Policy": policy({n: v for n, v in EVERYTHING.items() if n != "Resource"})},
    ),
    request(
        "CreateAlias",
        lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.key},
        prefix={"AliasName": "batch"},
        of_aws={"AliasName": "alias/aws/batch"},
        characters={"AliasName": "alias/a b"},
        no_key={"TargetKeyId": "11111111-2222-3333-4444-555555555555"},
        alias_of_alias={"TargetKeyId": "alias/other"},
    ),
    request(
        "EnableKeyRotation",
        lambda a: {"KeyId": a.key},
        short={"RotationPeriodInDays": 89},
        long={"RotationPeriodInDays": 2561},
        none={"KeyId": "11111111-2222-3333-4444-555555555555"},
    ),
    request(
        "ScheduleKeyDeletion",
        lambda a: {"KeyId": a.new_key()},
        short={"PendingWindowInDays": 6},
        long={"PendingWindowInDays": 31},
        none={"KeyId": "11111111-2222-3333-4444-555555555555"},
    ),
    request(
        "GenerateDataKey",
        lambda a: {"KeyId": a.key, "KeySpec": "AES_256"},
        both={"NumberOfBytes": 32},
        neither={"KeySpec": ABSENT},
        spec={"KeySpec": "AES_512"},
        bytes={"KeySpec": ABSENT, "NumberOfBytes": 1025},
        no_key={"KeyId": "alias/none"},
    ),
    request(
        "Encrypt",
        lambda a: {"KeyId": a.key, "Plaintext": b"x"},
        large={"Plaintext": b"x" * 4097},
        empty={"Plaintext": b""},
        context={"EncryptionContext": {"k": 1}},
    ),
    request(
        "PutKeyPolicy",
        lambda a: {"KeyId": a.key, "PolicyName": "default", "Policy": policy(EVERYTHING)},
        name={"PolicyName": "mine"},
        policy={"Policy": "{"},
        lockout={"Policy": policy({**EVERYTHING, "Effect": "Deny"})},
    ),
    request(
        "CreateGrant",
        lambda a: {"KeyId": a.key, "GranteePrincipal": a.states_role, "Operations": ["Decrypt"]},
        operation={"Operations": ["Read"]},
        nobody={"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/ghost"},
        malformed={"GranteePrincipal": "somebody"},
        none={"Operations": ABSENT},
    ),
]
