"""Whether the conditions of a statement hold for a request.

Operators, missing keys, `IfExists` and sets of values as in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

Context = Mapping[str, tuple[str, ...]]
"""Keys of a request, in lower case, with their values."""
Compare = Callable[[str, str], bool]
"""Whether a value of the request is as a value of the policy says."""


@lru_cache(maxsize=4096)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """IAM's wildcards: `*` for any characters, `?` for one; nothing else is special."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _arn(value: str, pattern: str) -> bool:
    """Each of the six parts of an ARN is compared on its own, so that no wildcard reaches over a colon of the first
    five."""
    parts, expected = value.split(":", 5), pattern.split(":", 5)
    if len(parts) != len(expected):
        return False
    return all(glob(one).fullmatch(part) is not None for part, one in zip(parts, expected, strict=True))


def _number(compare: Callable[[float, float], bool]) -> Compare:
    def compared(value: str, expected: str) -> bool:
        try:
            return compare(float(value), float(expected))
        except ValueError:
            return False

    return compared


def _date(compare: Callable[[float, float], bool]) -> Compare:
    def seconds(text: str) -> float:
        return float(text) if text.isdigit() else datetime.fromisoformat(text).timestamp()

    def compared(value: str, expected: str) -> bool:
        try:
            return compare(seconds(value), seconds(expected))
        except ValueError:
            return False

    return compared


def _address(value: str, network: str) -> bool:
    try:
        return ip_address(value) in ip_network(network, strict=False)
    except ValueError:
        return False


_ORDERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
_OPERATORS: Final[Mapping[str, Compare]] = {
    "StringEquals": lambda value, expected: value == expected,
    "StringEqualsIgnoreCase": lambda value, expected: value.lower() == expected.lower(),
    "StringLike": lambda value, pattern: glob(pattern).fullmatch(value) is not None,
    "Bool": lambda value, expected: value.lower() == expected.lower(),
    "BinaryEquals": lambda value, expected: value == expected,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "IpAddress": _address,
    **{f"Numeric{name}": _number(compare) for name, compare in _ORDERS.items()},
    **{f"Date{name}": _date(compare) for name, compare in _ORDERS.items()},
}
_NEGATED: Final[Mapping[str, str]] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}


def holds(operator: str, key: str, expected: tuple[str, ...], context: Context) -> bool:
    """Whether one condition holds; an operator that IAM does not know never does."""
    values = context.get(key.lower())
    if operator == "Null":
        return any((values is None) is (text.lower() == "true") for text in expected)
    name = operator.removesuffix("IfExists")
    every, some = name.startswith("ForAllValues:"), name.startswith("ForAnyValue:")
    name = name.rpartition(":")[2]
    negated = name in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(name, name))
    if compare is None:
        return False
    if values is None or not values:
        return operator.endswith("IfExists") or every or (negated and not some)
    matching = [any(compare(value, one) for one in expected) is not negated for value in values]
    return all(matching) if every or (negated and not some) else any(matching)


def conditions_hold(conditions: Mapping[str, Mapping[str, tuple[str, ...]]], context: Context) -> bool:
    """Whether every condition of a statement holds."""
    return all(
        holds(operator, key, expected, context)
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )
