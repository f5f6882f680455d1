"""Seeds for DynamoDB."""

from __future__ import annotations

from typing import Any

from tests.sandbox.strict.seeds import ABSENT, seed


def _table(*keys: tuple[str, str], attributes: tuple[str, ...] | None = None) -> dict[str, Any]:
    names = tuple(name for name, _ in keys) if attributes is None else attributes
    return {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
    }


_CREATE_TABLE = (
    "CreateTable",
    lambda a: {"TableName": a.name(), "BillingMode": "PAY_PER_REQUEST", **_table(("pk", "HASH"))},
)
_UPDATE = (
    "UpdateItem",
    {
        "TableName": "ledger",
        "Key": {"pk": {"S": "x"}},
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":s": {"S": "y"}},
    },
)

_TABLES = [
    seed(
        "dynamodb.table_name",
        *_CREATE_TABLE,
        {"TableName": "ab"},
        {"TableName": "with space"},
        {"TableName": "x" * 256},
    ),
    seed(
        "dynamodb.key_schema",
        *_CREATE_TABLE,
        _table(("pk", "RANGE")),
        _table(("pk", "HASH"), ("sk", "HASH")),
        _table(("pk", "HASH"), attributes=("pk", "sk")),
        _table(("pk", "HASH"), attributes=("sk",)),
    ),
    seed(
        "dynamodb.billing",
        *_CREATE_TABLE,
        {"BillingMode": ABSENT},
        {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
    ),
    seed(
        "dynamodb.stream_and_encryption",
        *_CREATE_TABLE,
        {"StreamSpecification": {"StreamEnabled": True}},
        {"SSESpecification": {"Enabled": True, "SSEType": "AES256", "KMSMasterKeyId": "k"}},
    ),
    seed(
        "dynamodb.attribute_value",
        "PutItem",
        {"TableName": "ledger", "Item": {"pk": {"S": "x"}}},
        {"Item": {"pk": {"S": "x"}, "a": {}}},
        {"Item": {"pk": {"S": "x"}, "a": {"S": "x", "N": "1"}}},
    ),
    seed(
        "dynamodb.item_key",
        "PutItem",
        {"TableName": "ledger", "Item": {"pk": {"S": "x"}}},
        {"Item": {"pk": {"S": ""}}},
        {"Item": {"pk": {"S": ABSENT, "N": "1"}}},
        {"Item": {"pk": ABSENT, "a": {"S": "x"}}},
    ),
    seed(
        "dynamodb.placeholders",
        *_UPDATE,
        {"UpdateExpression": "SET #s = :t"},
        {"UpdateExpression": "SET #t = :s"},
        {"ExpressionAttributeValues": {":t": {"S": "z"}}},
    ),
]

SEEDS = _TABLES
