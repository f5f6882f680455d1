"""What DynamoDB demands of expressions, of sets, and of the indexes of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"

_FUNCTIONS = frozenset(
    {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"}
)
_WORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "and", "or", "not", "in", "between"})

rules = Rules("dynamodb")


@rules.add(
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    source=f"{_GUIDE}Expressions.OperatorsAndFunctions.html",
    code="ValidationException",
)
def expression_syntax(call: Call, _: Account) -> Iterator[str]:
    """A condition and a filter follow the grammar of expressions."""
    names = call.parameters.get("ExpressionAttributeNames", {})
    items = call.parameters.get("ExpressionAttributeValues", {})
    for member in ("ConditionExpression", "FilterExpression"):
        text = call.parameters.get(member)
        if not text or not set(re.findall(r":\w+", text)) <= set(items):
            continue  # a placeholder without a value is refused by its own rule
        functions = set(re.findall(r"(\w+)\s*\(", text)) - {"AND", "OR", "NOT", "IN", "and", "or", "not", "in"}
        for unknown in sorted(functions - _FUNCTIONS):
            yield f"Invalid {member}: Invalid function name; function: {unknown}"
        words = set(re.findall(r"(?<![\w:#.])[A-Za-z_]\w*", text)) - functions - _WORDS
        for reserved in sorted(word for word in words if word.upper() in ReservedKeywords.get_reserved_keywords()):
            yield f"Invalid {member}: Attribute name is a reserved keyword; reserved keyword: {reserved}"
        try:
            get_filter_expression(text, names, items)
        except (ValueError, LookupError) as error:
            yield f"Invalid {member}: Syntax error; {error}"


@rules.add("Query", source=f"{_GUIDE}Query.FilterExpression.html", code="ValidationException")
def filter_of_keys(call: Call, account: Account) -> Iterator[str]:
    """A filter speaks of no attribute of the key; that is the key condition's."""
    table = account.backend("dynamodb").tables.get(call.parameters["TableName"])
    if table is None or not call.parameters.get("FilterExpression") or call.parameters.get("IndexName"):
        return
    names = call.parameters.get("ExpressionAttributeNames", {})
    words = re.findall(r"(?<![:\w])[#A-Za-z_][\w]*", call.parameters["FilterExpression"])
    keys = {table.hash_key_attr, table.range_key_attr} & {names.get(word, word) for word in words}
    if keys:
        yield (
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
            f"{min(key for key in keys if key)}"
        )


@rules.add("PutItem", source=f"{_API}API_AttributeValue.html", code="ValidationException")
def sets(call: Call, _: Account) -> Iterator[str]:
    """A set holds each of its values once."""
    for value in _values(call.parameters.get("Item", {})):
        for kind in ("SS", "NS", "BS"):
            members = value.get(kind, [])
            if len(set(members)) != len(members):
                yield "One or more parameter values were invalid: Input collection contains duplicates."


def _values(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in item.values():
        if isinstance(value, Mapping):
            yield value
            yield from _values(value.get("M", {}))


@rules.add("CreateTable", source=f"{_API}API_CreateTable.html", code="ValidationException")
def indexes(call: Call, _: Account) -> Iterator[str]:
    """An index that includes attributes names them; a local index has the table's hash key and a range key, as the
    table has; at most 20 global and 5 local ones.
    """
    kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    for index in [item for kind in kinds for item in call.parameters.get(kind, [])]:
        projection = index.get("Projection", {})
        if (projection.get("ProjectionType") == "INCLUDE") != bool(projection.get("NonKeyAttributes")):
            yield "One or more parameter values were invalid: ProjectionType INCLUDE and NonKeyAttributes go together"
    for kind, most in zip(kinds, (20, 5), strict=True):
        if len(call.parameters.get(kind, [])) > most:
            yield f"One or more parameter values were invalid: {kind} count exceeds the per-table limit of {most}"
    table_key = [key.get("AttributeName") for key in call.parameters["KeySchema"]][:1]
    if call.parameters.get("LocalSecondaryIndexes") and len(call.parameters["KeySchema"]) < 2:
        yield (
            "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required "
            "when specifying a LocalSecondaryIndex"
        )
    for index in call.parameters.get("LocalSecondaryIndexes", []):
        names = [key.get("AttributeName") for key in index.get("KeySchema", [])]
        if len(names) < 2 or names[:1] != table_key:
            yield (
                "One or more parameter values were invalid: a local secondary index must have the table's hash key "
                "and a range key"
            )


@rules.add("Query", "Scan", source=f"{_API}API_Query.html#DDB-Query-request-IndexName", code="ValidationException")
def known_index(call: Call, account: Account) -> Iterator[str]:
    """An index that is asked is one of the table."""
    table = account.backend("dynamodb").tables.get(call.parameters["TableName"].rpartition("/")[2])
    name = call.parameters.get("IndexName")
    if table is not None and name and name not in {index.name for index in table.all_indexes()}:
        yield f"The table does not have the specified index: {name}"


@rules.add(
    "PutItem",
    "UpdateItem",
    "Query",
    "Scan",
    source=f"{_GUIDE}HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number",
    code="ValidationException",
)
def number(call: Call, _: Account) -> Iterator[str]:
    """A number has at most 38 significant digits."""
    for member in ("Item", "Key", "ExpressionAttributeValues"):
        for value in _values(call.parameters.get(member, {})):
            for text in [value.get("N", "0"), *value.get("NS", [])]:
                digits = re.sub(r"[eE].*|[^0-9]", "", str(text)).strip("0")
                if len(digits) > 38:
                    yield "Attempting to store more than 38 significant digits in a Number"
