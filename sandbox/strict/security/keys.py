"""KMS: keys in stores, and grants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_KMS: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/"
_IN_STORES: Final = ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
_OF_SYMMETRIC: Final = frozenset(
    {
        "CreateGrant",
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "RetireGrant",
    }
)

rules = Rules("kms")


@rules.add("CreateKey", source=f"{_KMS}API_CreateKey.html", code="ValidationException")
def key_store(call: Call, _: Account) -> Iterator[str]:
    """A key of a store names its store, and only such a one; an outside key is of an external store; neither is of
    several regions.
    """
    parameters = call.parameters
    store, origin = parameters.get("CustomKeyStoreId"), parameters.get("Origin", "AWS_KMS")
    if (origin in _IN_STORES) != bool(store):
        yield "CustomKeyStoreId is required for keys in custom key stores, and for no other."
    if (origin == "EXTERNAL_KEY_STORE") != bool(parameters.get("XksKeyId")):
        yield "XksKeyId is required with the origin EXTERNAL_KEY_STORE, and not valid with any other."
    if store and parameters.get("MultiRegion"):
        yield "A multi-Region key cannot be created in a custom key store."


@rules.add("CreateGrant", source=f"{_KMS}API_CreateGrant.html", code="ValidationException")
def grant_details(call: Call, account: Account) -> Iterator[str]:
    """A grant has one grantee, operations that its key has, and at most 8 pairs of 384 characters a constraint."""
    parameters = call.parameters
    if bool(parameters.get("GranteePrincipal")) == bool(parameters.get("GranteeServicePrincipal")):
        yield "Specify either GranteePrincipal or GranteeServicePrincipal, but not both."
    for pairs in parameters.get("Constraints", {}).values():
        if isinstance(pairs, dict) and (len(pairs) > 8 or any(len(value) > 384 for value in pairs.values())):
            yield "A constraint has at most 8 pairs, whose values have at most 384 characters."
    key = account.backend("kms").keys.get(parameters["KeyId"].rpartition("key/")[2])
    if key is not None and key.key_spec == "SYMMETRIC_DEFAULT":
        for operation in parameters["Operations"]:
            if operation not in _OF_SYMMETRIC:
                yield f"The operation {operation} is not supported on a symmetric encryption key."
