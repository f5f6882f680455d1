"""Seeds for the rules of KMS, Parameter Store, Secrets Manager and GuardDuty."""

from __future__ import annotations

from typing import Any, Final

from moto.secretsmanager.models import FakeSecret, secretsmanager_backends

from tests.sandbox.strict.conftest import ACCOUNT, EVERYTHING, NO_ROLE, Strict, policy
from tests.sandbox.strict.security.identity_seeds import _READ_ALL
from tests.sandbox.strict.seeds import Seed, seed

_KEY = ("CreateKey", {"Policy": policy(EVERYTHING)})


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


_S3 = {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}


_RUNTIME = {"Name": "RUNTIME_MONITORING", "Status": "ENABLED"}


_PARAMETER = ("PutParameter", lambda a: {"Name": f"/batch/{a.name()}", "Value": "v", "Type": "String"})


SEEDS: Final[list[Seed]] = [
    seed(
        "kms.key_policy",
        *_KEY,
        {"Policy": "{"},
        {"Policy": policy(EVERYTHING, {**EVERYTHING, "Principal": {"AWS": NO_ROLE}})},
        {"Policy": policy(EVERYTHING, {**EVERYTHING, "Action": "s3:GetObject"})},
        {"Policy": policy(EVERYTHING, {"Effect": "Allow", "Action": "kms:*", "Resource": "*"})},
    ),
    seed(
        "kms.key_policy_keeps_an_administrator",
        *_KEY,
        {"Policy": policy({**EVERYTHING, "Action": "kms:Decrypt"})},
        {"Policy": policy({**EVERYTHING, "Effect": "Deny"})},
        {"Policy": policy({**EVERYTHING, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}})},
    ),
    seed("kms.key_policy_size", *_KEY, {"Policy": policy({**EVERYTHING, "Resource": ["*"] * 7000})}),
    seed(
        "kms.deletion_window",
        "ScheduleKeyDeletion",
        lambda a: {"KeyId": a.old_key, "PendingWindowInDays": 7},
        {"PendingWindowInDays": 6},
        {"PendingWindowInDays": 31},
    ),
    seed(
        "kms.alias_name",
        "CreateAlias",
        lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.key},
        {"AliasName": "plain"},
        {"AliasName": "alias/aws/mine"},
    ),
    seed("kms.key_usage", *_KEY, {"KeyUsage": "SIGN_VERIFY"}, {"KeySpec": "ECC_NIST_P256"}, {"KeySpec": "HMAC_256"}),
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
]
