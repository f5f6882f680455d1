"""Requests to KMS."""

from __future__ import annotations

from typing import Final

from tests.sandbox.strict.conftest import ACCOUNT, EVERYTHING, Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.scenery import Scenery


def _key_of_queue(a: Strict) -> str:
    return str(a.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"])


def _taken_alias(a: Strict) -> str:
    name = f"alias/{a.name()}"
    a.client("kms").create_alias(AliasName=name, TargetKeyId=a.old_key)
    return name


def _encrypted(a: Strict) -> bytes:
    return bytes(a.client("kms").encrypt(KeyId=a.key, Plaintext=b"x")["CiphertextBlob"])


def _pending_key(a: Scenery) -> str:
    """A key that waits for its deletion."""
    key = a.new_key()
    a.client("kms").schedule_key_deletion(KeyId=key)
    return key


REQUESTS: Final[dict[str, list[Request]]] = {
    "kms": [
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
        request(
            "CreateKey",
            {"Description": "d"},
            no_usage={"KeySpec": "HMAC_256"},
            signing={"KeySpec": "ECC_NIST_P256"},
            store={"Origin": "AWS_CLOUDHSM"},
            external={"Origin": "EXTERNAL_KEY_STORE"},
            outside={"XksKeyId": "key-1"},
            twice={"Tags": [{"TagKey": "k", "TagValue": "v"}, {"TagKey": "k", "TagValue": "w"}]},
            everywhere={"MultiRegion": True, "CustomKeyStoreId": "cks-1"},
        ),
        request(
            "CreateAlias",
            lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.old_key},
            region={"TargetKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
            account={"TargetKeyId": "arn:aws:kms:us-east-1:210987654321:key/11111111-2222-3333-4444-555555555555"},
        ),
        request(
            "CreateGrant",
            lambda a: {"KeyId": a.old_key, "GranteePrincipal": a.events_role, "Operations": ["Decrypt"]},
            both={"GranteeServicePrincipal": "logs.amazonaws.com"},
            pairs={"Constraints": {"EncryptionContextEquals": {f"k{n}": "v" for n in range(9)}}},
            pair={"Constraints": {"EncryptionContextSubset": {"k": "v" * 385}}},
            operation={"Operations": ["Sign"]},
        ),
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
        request(
            "CancelKeyDeletion", lambda a: {"KeyId": _pending_key(a)}, not_pending=lambda a: {"KeyId": a.new_key()}
        ),
        request("DisableKey", lambda a: {"KeyId": a.new_key()}, pending=lambda a: {"KeyId": _pending_key(a)}),
        request(
            "Encrypt",
            lambda a: {"KeyId": a.new_key(), "Plaintext": b"x"},
            pending=lambda a: {"KeyId": _pending_key(a)},
        ),
        request(
            "GenerateDataKey",
            lambda a: {"KeyId": a.new_key(), "KeySpec": "AES_256"},
            pending=lambda a: {"KeyId": _pending_key(a)},
        ),
    ],
}
