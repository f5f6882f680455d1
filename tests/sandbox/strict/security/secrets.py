"""Requests to Parameter Store, Secrets Manager and GuardDuty."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request


def _parameter(a: Strict) -> dict[str, Any]:
    return {"Name": f"/batch/{a.name()}", "Value": "v", "Type": "String"}


def _taken_parameter(a: Strict) -> str:
    parameters = _parameter(a)
    a.client("ssm").put_parameter(**parameters)
    return str(parameters["Name"])


def _secret(a: Strict) -> str:
    return str(a.client("secretsmanager").create_secret(Name=a.name(), SecretString="s")["ARN"])


def _secret_policy(**elements: Any) -> str:
    base = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    return policy({**base, **elements})


REQUESTS: Final[dict[str, list[Request]]] = {
    "guardduty": [
        request(
            "CreateDetector",
            {"Enable": True},
            no_switch={"Enable": ABSENT},
            frequency={"FindingPublishingFrequency": "DAILY"},
            feature={"Features": [{"Name": "EVERYTHING", "Status": "ENABLED"}]},
        ),
    ],
    "ssm": [
        request(
            "PutParameter",
            _parameter,
            reserved={"Name": "/aws/batch"},
            reserved_ssm={"Name": "ssm-batch"},
            relative={"Name": "batch/parameter"},
            depth={"Name": "/" + "/".join("abcdefghijklmnop")},
            characters={"Name": "/batch/a b"},
            long={"Value": "v" * 4097},
            no_type={"Type": ABSENT},
            kind={"Type": "Secret"},
            tier={"Tier": "Cheap"},
            key={"KeyId": "alias/aws/ssm"},
            empty={"Value": ""},
            tags_and_overwrite={"Overwrite": True, "Tags": [{"Key": "k", "Value": "v"}]},
            pattern={"AllowedPattern": "^\\d+$"},
            taken=lambda a: {"Name": _taken_parameter(a)},
        ),
        request("GetParameter", lambda a: {"Name": _taken_parameter(a)}, none={"Name": "/batch/ghost"}),
        request(
            "GetParametersByPath",
            {"Path": "/batch"},
            relative={"Path": "batch"},
            page={"MaxResults": 11},
        ),
    ],
    "secretsmanager": [
        request(
            "CreateSecret",
            lambda a: {"Name": a.name(), "SecretString": "s"},
            both={"SecretBinary": b"s"},
            characters={"Name": "a secret!"},
            long={"Name": "n" * 513},
            large={"SecretString": "s" * 65537},
            token={"ClientRequestToken": "short"},
        ),
        request("GetSecretValue", lambda a: {"SecretId": _secret(a)}, none={"SecretId": "ghost"}),
        request(
            "DeleteSecret",
            lambda a: {"SecretId": _secret(a)},
            short={"RecoveryWindowInDays": 6},
            long={"RecoveryWindowInDays": 31},
            both={"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
        ),
        request(
            "PutResourcePolicy",
            lambda a: {"SecretId": _secret(a), "ResourcePolicy": _secret_policy()},
            no_json={"ResourcePolicy": "{"},
            action={"ResourcePolicy": _secret_policy(Action="s3:GetObject")},
            nobody={"ResourcePolicy": _secret_policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/ghost"})},
        ),
    ],
}
