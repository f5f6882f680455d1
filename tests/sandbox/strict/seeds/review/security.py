"""KMS, Secrets Manager, Parameter Store, GuardDuty, IAM's service-linked roles, and roles that are assumed."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import FakeSecret, secretsmanager_backends

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict, policy
from tests.sandbox.strict.seeds import seed

_READ_ALL = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _key(account: Strict, **kind: str) -> str:
    return str(account.client("kms").create_key(**kind)["KeyMetadata"]["KeyId"])


def _disabled_key(account: Strict) -> str:
    key = _key(account)
    account.client("kms").disable_key(KeyId=key)
    return key


def _pending_key(account: Strict) -> str:
    key = _key(account)
    account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return key


def _pending_alias(account: Strict) -> str:
    name = f"alias/{account.name()}"
    key = _key(account)
    account.client("kms").create_alias(AliasName=name, TargetKeyId=key)
    account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return name


def _secret(account: Strict) -> str:
    name = account.name()
    account.client("secretsmanager").create_secret(Name=name, SecretString="s")
    return name


def _deleted_secret(account: Strict) -> str:
    name = _secret(account)
    account.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
    return name


def _only_detector(account: Strict) -> dict[str, Any]:
    """A request for the account's one detector; what there is goes first."""
    guard = account.client("guardduty")
    for detector in guard.list_detectors()["DetectorIds"]:
        guard.delete_detector(DetectorId=detector)
    return {"Enable": True}


def _rotated_secret(account: Strict) -> str:
    """A secret with a function; moto would call it in a container."""
    name = _secret(account)
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"
    secret = secretsmanager_backends[ACCOUNT]["us-east-1"].secrets[name]
    assert isinstance(secret, FakeSecret)
    secret.rotation_lambda_arn = function
    return name


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


_S3 = {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}
_RUNTIME = {"Name": "RUNTIME_MONITORING", "Status": "ENABLED"}
_PARAMETER = ("PutParameter", lambda a: {"Name": f"/batch/{a.name()}", "Value": "v", "Type": "String"})

SEEDS = [
    seed(
        "kms.key_pending_deletion",
        "GenerateDataKey",
        lambda a: {"KeyId": _key(a), "KeySpec": "AES_256"},
        lambda a: {"KeyId": _pending_key(a)},
        lambda a: {"KeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{_pending_key(a)}"},
        lambda a: {"KeyId": _pending_alias(a)},
    ),
    seed(
        "kms.key_pending_deletion",
        "CreateAlias",
        lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": _disabled_key(a)},
        lambda a: {"TargetKeyId": _pending_key(a)},
    ),
    seed(
        "kms.key_pending_deletion",
        "ScheduleKeyDeletion",
        lambda a: {"KeyId": _disabled_key(a)},
        lambda a: {"KeyId": _pending_key(a)},
    ),
    seed(
        "kms.key_disabled",
        "Encrypt",
        lambda a: {"KeyId": _key(a), "Plaintext": b"x"},
        lambda a: {"KeyId": _disabled_key(a)},
    ),
    seed(
        "kms.key_not_pending_deletion",
        "CancelKeyDeletion",
        lambda a: {"KeyId": _pending_key(a)},
        lambda a: {"KeyId": _key(a)},
    ),
    seed(
        "kms.rotated_key",
        "EnableKeyRotation",
        lambda a: {"KeyId": _key(a)},
        lambda a: {"KeyId": _key(a, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")},
    ),
    seed(
        "secretsmanager.secret_name",
        "CreateSecret",
        lambda a: {"Name": f"batch/{a.name()}+=.@_", "SecretString": "s"},
        {"Name": "a password"},
        {"Name": "a#b"},
    ),
    seed(
        "secretsmanager.secret_value",
        "CreateSecret",
        lambda a: {"Name": a.name(), "SecretString": "s"},
        {"SecretBinary": b"b"},
    ),
    seed(
        "secretsmanager.secret_scheduled_for_deletion",
        "CreateSecret",
        lambda a: {"Name": a.name(), "SecretString": "s"},
        lambda a: {"Name": _deleted_secret(a)},
    ),
    seed(
        "secretsmanager.secret_policy",
        "PutResourcePolicy",
        lambda a: {
            "SecretId": _secret(a),
            "ResourcePolicy": policy(
                {**_READ_ALL, "Action": "secretsmanager:GetSecretValue", "Principal": {"AWS": ACCOUNT}}
            ),
        },
        {"ResourcePolicy": "{"},
        {"ResourcePolicy": policy({**_READ_ALL, "Action": "secretsmanager:*", "Principal": {"AWS": NO_ROLE}})},
    ),
    seed(
        "secretsmanager.rotation_function",
        "RotateSecret",
        lambda a: {"SecretId": _rotated_secret(a)},
        lambda a: {"SecretId": _secret(a)},
    ),
    seed(
        "ssm.parameter_name",
        *_PARAMETER,
        {"Name": "batch/dev/a"},
        {"Name": "/batch/my parameter"},
        {"Name": "/batch//a"},
    ),
    seed("ssm.parameter_levels", *_PARAMETER, {"Name": "/a" * 16}),
    seed(
        "ssm.parameter_value",
        *_PARAMETER,
        {"Value": "v" * 4097},
        {"Value": "v" * 8193, "Tier": "Advanced"},
        {"Value": "{{ssm:/batch/a}}"},
        {"KeyId": "alias/aws/ssm"},
        {"Policies": '[{"Type": "Expiration", "Version": "1.0"}]'},
    ),
    seed("ssm.allowed_pattern", *_PARAMETER, {"AllowedPattern": "[a"}),
    seed("ssm.matching_value", *_PARAMETER, {"AllowedPattern": r"^\d+$"}),
    seed("ssm.parameter_key", *_PARAMETER, {"Type": "SecureString", "KeyId": "alias/none-such"}),
    seed("ssm.parameter_path", "GetParametersByPath", {"Path": "/batch"}, {"Path": "batch"}),
    seed("guardduty.one_detector", "CreateDetector", {"Enable": True}, {"ClientToken": "again"}),
    seed(
        "guardduty.detector_features",
        "CreateDetector",
        _only_detector,
        {"Features": [_S3], "DataSources": {"S3Logs": {"Enable": True}}},
        {"Features": [_RUNTIME, {**_RUNTIME, "Name": "EKS_RUNTIME_MONITORING"}]},
        {"Features": [{**_S3, "AdditionalConfiguration": [{"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"}]}]},
    ),
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
]
