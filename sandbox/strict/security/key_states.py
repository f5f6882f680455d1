"""What KMS keys do in each of their states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_STATES: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
_CRYPTOGRAPHIC: Final = (
    *("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "GetPublicKey", "ReEncrypt", "Sign", "Verify", "VerifyMac"),
)
_ROTATION: Final = ("EnableKeyRotation", "DisableKeyRotation")
_CHANGES: Final = (
    *("CreateAlias", "DisableKey", "EnableKey", "ScheduleKeyDeletion", "TagResource", "UntagResource"),
    "UpdateKeyDescription",
)

rules = Rules("kms")


def _key(call: Call, account: Account) -> Any:
    """moto's key that a request names by id, ARN or alias; None where it names none that exists."""
    identifier = call.parameters.get("KeyId") or call.parameters.get("TargetKeyId") or ""
    backend = account.backend("kms")
    if "alias/" in identifier:
        identifier = backend.get_key_id_from_alias("alias/" + identifier.rpartition("alias/")[2]) or ""
    return backend.keys.get(identifier.rpartition("key/")[2])


@rules.add(*_CRYPTOGRAPHIC, *_ROTATION, *_CHANGES, source=_STATES, code="KMSInvalidStateException")
def key_pending_deletion(call: Call, account: Account) -> Iterator[str]:
    """A key that waits for its deletion is neither used nor changed."""
    key = _key(call, account)
    if key is not None and key.key_state == "PendingDeletion":
        yield f"{key.arn} is pending deletion."


@rules.add(*_CRYPTOGRAPHIC, *_ROTATION, source=_STATES, code="DisabledException")
def key_disabled(call: Call, account: Account) -> Iterator[str]:
    """A key that is disabled is not used, and its rotation not changed."""
    key = _key(call, account)
    if key is not None and key.key_state == "Disabled":
        yield f"{key.arn} is disabled."


@rules.add("CancelKeyDeletion", source=_STATES, code="KMSInvalidStateException")
def key_not_pending_deletion(call: Call, account: Account) -> Iterator[str]:
    """A deletion is cancelled of a key that waits for it."""
    key = _key(call, account)
    if key is not None and key.key_state != "PendingDeletion":
        yield f"{key.arn} is not pending deletion."


@rules.add(
    *_ROTATION,
    source="https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html",
    code="UnsupportedOperationException",
)
def rotated_key(call: Call, account: Account) -> Iterator[str]:
    """Automatic rotation is of symmetric keys for encryption whose material is KMS's own."""
    key = _key(call, account)
    if key is not None and (key.key_spec != "SYMMETRIC_DEFAULT" or key.origin != "AWS_KMS"):
        yield f"{key.arn} does not support automatic rotation."
