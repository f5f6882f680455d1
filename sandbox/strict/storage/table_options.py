"""DynamoDB: throughput, encryption, updates, and items of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_DYNAMODB: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
_DOCS: Final = "https://docs.aws.amazon.com/"

rules = Rules("dynamodb")


@rules.add(
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


@rules.add("CreateTable", "UpdateTable", source=f"{_DYNAMODB}API_SSESpecification.html", code="ValidationException")
def table_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a table exists, is enabled and symmetric."""
    key = call.parameters.get("SSESpecification", {}).get("KMSMasterKeyId")
    if key and not (account.has_key(key) and account.is_symmetric(key)):
        yield f"One or more parameter values were invalid: KMSMasterKeyId {key} is no symmetric key that is enabled"


@rules.add("UpdateTable", source=f"{_DYNAMODB}API_UpdateTable.html", code="ValidationException")
def something_to_update(call: Call, _: Account) -> Iterator[str]:
    """An update of a table changes something."""
    if not [name for name in call.parameters if name not in ("TableName", "AttributeDefinitions")]:
        yield (
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )


@rules.add("TransactWriteItems", source=f"{_DYNAMODB}API_TransactWriteItem.html", code="ValidationException")
def transacted_item(call: Call, _: Account) -> Iterator[str]:
    """Each item of a transaction is checked, put, updated or deleted."""
    if any(len(item) != 1 for item in call.parameters["TransactItems"]):
        yield (
            "Invalid Request: TransactWriteRequest should contain exactly one of ConditionCheck, Put, Update and Delete"
        )


@rules.add(
    "TagResource",
    source=f"{_DOCS}amazondynamodb/latest/APIReference/API_TagResource.html#API_TagResource_Errors",
    code="ResourceNotFoundException",
)
def tagged_table(call: Call, account: Account) -> Iterator[str]:
    """The table that is tagged exists."""
    name = call.parameters["ResourceArn"].partition(":table/")[2]
    if name and name not in account.backend("dynamodb").tables:
        yield f"Requested resource not found: ResourcArn: {call.parameters['ResourceArn']} not found"


@rules.add(
    "BatchWriteItem",
    source=f"{_DOCS}amazondynamodb/latest/APIReference/API_WriteRequest.html",
    code="ValidationException",
)
def written_item(call: Call, _: Account) -> Iterator[str]:
    """Each item of a batch is put or deleted."""
    listed = [item for items in call.parameters["RequestItems"].values() for item in items]
    if any(len(item) != 1 for item in listed):
        yield "Each write request must contain exactly one of PutRequest and DeleteRequest."
