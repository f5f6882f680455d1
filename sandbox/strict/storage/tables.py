"""What DynamoDB demands of tables and items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"

rules = Rules("dynamodb")


@rules.add(
    "CreateTable",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    code="ValidationException",
)
def table_name(call: Call, _: Account) -> Iterator[str]:
    """A table's name has 3 to 255 letters, digits, underscores, hyphens and dots."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", call.parameters["TableName"]):
        yield (
            "TableName must be at least 3 characters long and at most 255 characters long, of a-z, A-Z, 0-9, '_', "
            "'-', '.'"
        )


@rules.add(
    "CreateTable",
    source=f"{_API}API_CreateTable.html#DDB-CreateTable-request-AttributeDefinitions",
    code="ValidationException",
)
def key_schema(call: Call, _: Account) -> Iterator[str]:
    """A key has a HASH and at most one RANGE attribute; exactly the attributes of the keys are defined."""
    indexes = [*call.parameters.get("GlobalSecondaryIndexes", []), *call.parameters.get("LocalSecondaryIndexes", [])]
    schemas = [call.parameters.get("KeySchema", []), *(index.get("KeySchema", []) for index in indexes)]
    defined = [item.get("AttributeName") for item in call.parameters.get("AttributeDefinitions", [])]
    used = {element.get("AttributeName") for schema in schemas for element in schema}
    for schema in schemas:
        kinds = [element.get("KeyType") for element in schema]
        if kinds not in (["HASH"], ["HASH", "RANGE"]):
            yield "Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or the second is not a RANGE"
        if len({element.get("AttributeName") for element in schema}) != len(schema):
            yield "Both the Hash Key and the Range Key element in the KeySchema have the same name"
    if used - set(defined):
        yield (
            "One or more parameter values were invalid: Some index key attributes are not defined in "
            "AttributeDefinitions"
        )
    elif set(defined) != used or len(set(defined)) != len(defined):
        yield (
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match "
            "number of attributes defined in AttributeDefinitions"
        )
    names = [index.get("IndexName") for index in indexes]
    if len(set(names)) != len(names):
        yield "One or more parameter values were invalid: Duplicate index name"


@rules.add(
    "CreateTable",
    "UpdateTable",
    source=f"{_API}API_CreateTable.html#DDB-CreateTable-request-BillingMode",
    code="ValidationException",
)
def billing(call: Call, _: Account) -> Iterator[str]:
    """Capacity is given when it is provisioned, and only then."""
    mode = call.parameters.get("BillingMode", "PROVISIONED" if call.operation == "CreateTable" else None)
    throughput = call.parameters.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST" and throughput:
        yield (
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be "
            "specified when BillingMode is PAY_PER_REQUEST"
        )
    if mode == "PROVISIONED" and not throughput:
        yield (
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be "
            "specified when BillingMode is PROVISIONED"
        )


@rules.add(
    "CreateTable",
    "UpdateTable",
    source=f"{_API}API_StreamSpecification.html",
    code="ValidationException",
)
def stream_and_encryption(call: Call, _: Account) -> Iterator[str]:
    """A stream has a view exactly when it is on; encryption with a key of one's own is of the type KMS."""
    stream = call.parameters.get("StreamSpecification")
    if stream and bool(stream.get("StreamEnabled")) != bool(stream.get("StreamViewType")):
        yield "One or more parameter values were invalid: StreamViewType is required exactly when StreamEnabled is true"
    encryption = call.parameters.get("SSESpecification", {})
    if encryption.get("KMSMasterKeyId") and (
        encryption.get("SSEType") == "AES256" or not encryption.get("Enabled", True)
    ):
        yield "One or more parameter values were invalid: KMSMasterKeyId can be specified only with SSEType KMS"


@rules.add(
    "PutItem",
    "GetItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    source=f"{_API}API_AttributeValue.html",
    code="ValidationException",
)
def attribute_value(call: Call, _: Account) -> Iterator[str]:
    """An attribute's value has exactly one type."""
    for member in ("Item", "Key", "ExpressionAttributeValues"):
        for name, value in call.parameters.get(member, {}).items():
            if isinstance(value, Mapping) and len(value) != 1:
                yield (
                    f"Supplied AttributeValue has {len(value)} datatypes set, must contain exactly one of the "
                    f"supported datatypes: {name}"
                )


@rules.add(
    "PutItem",
    "GetItem",
    "UpdateItem",
    "DeleteItem",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes",
    code="ValidationException",
)
def item_key(call: Call, account: Account) -> Iterator[str]:
    """A key is complete, of the table's types, and not empty."""
    table = account.backend("dynamodb").tables.get(call.parameters["TableName"].rpartition("/")[2])
    if table is None:
        return
    types = {item["AttributeName"]: item["AttributeType"] for item in table.attr}
    names = [item["AttributeName"] for item in table.schema]
    key: Mapping[str, Any] = call.parameters.get("Key", call.parameters.get("Item", {}))
    if "Key" in call.parameters and set(key) != set(names):
        yield "The provided key element does not match the schema"
    for name in names:
        value = key.get(name)
        if value is None:
            yield f"One or more parameter values were invalid: Missing the key {name} in the item"
        elif set(value) != {types[name]}:
            yield f"One or more parameter values were invalid: Type mismatch for key {name} expected: {types[name]}"
        elif value[types[name]] in ("", b""):
            yield (
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty string value. Key: {name}"
            )


@rules.add(
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html",
    code="ValidationException",
)
def placeholders(call: Call, _: Account) -> Iterator[str]:
    """Every name and value placeholder that an expression uses is given, and every one that is given is used."""
    expressions = " ".join(str(value) for name, value in call.parameters.items() if name.endswith("Expression"))
    for member, mark in (("ExpressionAttributeNames", "#"), ("ExpressionAttributeValues", ":")):
        used = set(re.findall(rf"{mark}\w+", expressions))
        supplied = set(call.parameters.get(member, {}))
        if used - supplied:
            yield f"Invalid expression: An {member[:-1]} used in expression is not defined: {min(used - supplied)}"
        if supplied - used:
            yield f"Value provided in {member} unused in expressions: keys: {{{', '.join(sorted(supplied - used))}}}"


@rules.add("UpdateTimeToLive", source=f"{_API}API_UpdateTimeToLive.html", code="ValidationException")
def time_to_live(call: Call, account: Account) -> Iterator[str]:
    """A time to live that is on is not turned on, and one that is off not off; its attribute changes in between."""
    table = account.backend("dynamodb").tables.get(call.parameters["TableName"].rpartition("/")[2])
    enabled = call.parameters["TimeToLiveSpecification"]["Enabled"]
    if table is not None and (table.ttl["TimeToLiveStatus"] == "ENABLED") == enabled:
        yield f"TimeToLive is already {'enabled' if enabled else 'disabled'}"
