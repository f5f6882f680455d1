"""Whether an event matches an EventBridge pattern.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html: every field of the pattern
must match, one of its values is enough; a value that is a list in the event matches when one of its elements does, and
fields below a list of objects must match within one and the same object.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

JsonObject = Mapping[str, Any]
_ABSENT = object()
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class UnknownOperatorError(Exception):
    """The pattern uses an operator that is not emulated."""


def matches(pattern: JsonObject, event: Any) -> bool:
    """Whether `event` (or, below a list, one of its elements) matches. Raises `UnknownOperatorError`."""
    if isinstance(event, list):
        return any(matches(pattern, element) for element in event)
    for name, rules in pattern.items():
        if name == "$or":
            if not any(matches(alternative, event) for alternative in rules):
                return False
            continue
        value = event.get(name, _ABSENT) if isinstance(event, Mapping) else _ABSENT
        if isinstance(rules, Mapping):
            if not matches(rules, {} if value is _ABSENT else value):
                return False
        elif not any(_holds(rule, value) for rule in rules):
            return False
    return True


def _holds(rule: Any, value: Any) -> bool:
    if isinstance(rule, Mapping) and "exists" in rule:
        return bool(rule["exists"]) == (value is not _ABSENT and not isinstance(value, Mapping))
    if value is _ABSENT:
        return False
    values = value if isinstance(value, list) else [value]
    if not isinstance(rule, Mapping):
        return any(_equal(rule, one) for one in values)
    ((name, argument),) = rule.items()
    if name not in _OPERATORS:
        raise UnknownOperatorError(f"the event pattern operator {name!r} is not emulated; known: {sorted(_OPERATORS)}")
    return any(_OPERATORS[name](argument, one) for one in values)


def _equal(rule: Any, value: Any) -> bool:
    """As JSON: true is not 1."""
    return isinstance(rule, bool) == isinstance(value, bool) and bool(rule == value)


def _affix(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def holds(argument: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(argument, Mapping):
            return test(value.lower(), str(argument["equals-ignore-case"]).lower())
        return any(test(value, one) for one in _listed(argument))

    return holds


def _ignoring_case(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() in [str(one).lower() for one in _listed(argument)]


def _wildcard(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and any(re.fullmatch(_expression(one), value, re.DOTALL) for one in _listed(argument))


def _expression(wildcard: str) -> str:
    """`*` stands for any characters; a backslash before `*` or a backslash takes its meaning away."""
    parts = re.findall(r"\\[*\\]|.", wildcard, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)


def _numeric(argument: Sequence[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARED[sign](value, number) for sign, number in pairs)


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        ((name, inner),) = argument.items()
        return isinstance(value, str) and not _OPERATORS[name](inner, value)
    return not any(_equal(one, value) for one in _listed(argument))


def _cidr(argument: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument)
    except ValueError:
        return False


def _listed(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "anything-but": _anything_but,
    "cidr": _cidr,
}
