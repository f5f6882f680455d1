"""Seeds for the rules of DynamoDB."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.seeds import ABSENT, Seed, seed


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


def _new_table(account: Strict, *, with_time_to_live: bool = False) -> str:
    name = account.name()
    account.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    if with_time_to_live:
        specification = {"Enabled": True, "AttributeName": "expires"}
        account.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    return name


def _index(name: str, *keys: str) -> dict[str, Any]:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


def _attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


_QUERY = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


SEEDS: Final[list[Seed]] = [
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
    seed(
        "dynamodb.time_to_live",
        "UpdateTimeToLive",
        lambda a: {
            "TableName": _new_table(a, with_time_to_live=True),
            "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires"},
        },
        {"TimeToLiveSpecification": {"Enabled": True}},
        {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "another"}},
    ),
    seed(
        "dynamodb.something_to_update",
        "UpdateTable",
        lambda a: {"TableName": _new_table(a), "DeletionProtectionEnabled": False},
        {"DeletionProtectionEnabled": ABSENT},
    ),
    seed(
        "dynamodb.indexes",
        "CreateTable",
        lambda a: {
            "TableName": a.name(),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": _attributes("pk", "b"),
            "GlobalSecondaryIndexes": [_index("index", "b")],
        },
        {"GlobalSecondaryIndexes": [_index(f"index{number}", "b") for number in range(21)]},
        {"GlobalSecondaryIndexes": ABSENT, "LocalSecondaryIndexes": [_index("local", "pk", "b")]},
    ),
    seed("dynamodb.known_index", "Query", lambda a: {"TableName": _new_table(a), **_QUERY}, {"IndexName": "none"}),
    seed(
        "dynamodb.number",
        "PutItem",
        lambda a: {"TableName": _new_table(a), "Item": {"pk": {"S": "a"}, "n": {"N": "1" * 38 + "00"}}},
        {"Item": {"n": {"N": "1" * 39}}},
        {"Item": {"n": {"N": ABSENT, "M": {"deep": {"NS": ["1." + "2" * 38]}}}}},
    ),
]
