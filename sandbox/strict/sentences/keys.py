"""KMS, IAM and DynamoDB: keys in stores, grants, names in another case, throughput."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rule, Rules

_KMS: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/"
_DYNAMODB: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
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

kms, iam, dynamodb = Rules("kms"), Rules("iam"), Rules("dynamodb")


@kms.add("CreateKey", source=f"{_KMS}API_CreateKey.html", code="ValidationException")
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


@kms.add("CreateGrant", source=f"{_KMS}API_CreateGrant.html", code="ValidationException")
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


@iam.add(
    "CreatePolicy",
    source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
    code="EntityAlreadyExists",
    status=409,
)
def policy_name(call: Call, account: Account) -> Iterator[str]:
    """A policy's name is taken once in an account, whatever its case."""
    name = call.parameters["PolicyName"].lower()
    policies = list(account.backend("iam").managed_policies.values())
    if name in {p.name.lower() for p in policies if p.arn.split(":")[4] == account.id}:
        yield f"A policy called {call.parameters['PolicyName']} already exists. Duplicate names are not allowed."


@dynamodb.add(
    "CreateTable",
    "UpdateTable",
    source=f"{_DYNAMODB}API_CreateTable.html",
    code="ValidationException",
)
def throughput_of_mode(call: Call, _: Account) -> Iterator[str]:
    """A maximum of on-demand requests is of tables on demand; a warm throughput says how much."""
    parameters = call.parameters
    default = "PROVISIONED" if call.operation == "CreateTable" else ""
    if parameters.get("OnDemandThroughput") and parameters.get("BillingMode", default) == "PROVISIONED":
        yield "OnDemandThroughput cannot be specified when BillingMode is PROVISIONED"
    if "WarmThroughput" in parameters and not parameters["WarmThroughput"]:
        yield "WarmThroughput: specify ReadUnitsPerSecond, WriteUnitsPerSecond, or both."


@dynamodb.add("CreateTable", "UpdateTable", source=f"{_DYNAMODB}API_SSESpecification.html", code="ValidationException")
def table_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a table exists, is enabled and symmetric."""
    key = call.parameters.get("SSESpecification", {}).get("KMSMasterKeyId")
    if key and not (account.has_key(key) and account.is_symmetric(key)):
        yield f"One or more parameter values were invalid: KMSMasterKeyId {key} is no symmetric key that is enabled"


@dynamodb.add("UpdateTable", source=f"{_DYNAMODB}API_UpdateTable.html", code="ValidationException")
def something_to_update(call: Call, _: Account) -> Iterator[str]:
    """An update of a table changes something."""
    if not [name for name in call.parameters if name not in ("TableName", "AttributeDefinitions")]:
        yield (
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )


@dynamodb.add("TransactWriteItems", source=f"{_DYNAMODB}API_TransactWriteItem.html", code="ValidationException")
def transacted_item(call: Call, _: Account) -> Iterator[str]:
    """Each item of a transaction is checked, put, updated or deleted."""
    if any(len(item) != 1 for item in call.parameters["TransactItems"]):
        yield (
            "Invalid Request: TransactWriteRequest should contain exactly one of ConditionCheck, Put, Update and Delete"
        )


RULES: tuple[Rule, ...] = (*kms.all, *iam.all, *dynamodb.all)
