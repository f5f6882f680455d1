"""Metric math, as far as alarms of this platform and its users' likely ones need it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html: arithmetic, comparisons, AND, OR,
`IF`, `FILL`, `MIN`, `MAX`, `SUM`, `AVG`, `ABS` over one value each.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

Value = float | None
"""None: no data."""

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}
_COMPARED: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "MIN": min,
    "MAX": max,
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "ABS": lambda values: abs(values[0]),
}


class NotEmulatedError(Exception):
    """The expression uses what is not emulated."""


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """The expression's value; None where data is missing. Raises `NotEmulatedError`."""
    text = re.sub(r"(?<![<>=!])=(?!=)", "==", expression.replace("||", " or ").replace("&&", " and "))
    text = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", text))
    try:
        return _value(ast.parse(text.strip(), mode="eval").body, values)
    except SyntaxError as error:
        raise NotEmulatedError(f"metric math {expression!r} is not emulated: {error}") from error


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _value(operand, values)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=sign, right=right):
            return _calculated(_value(left, values), sign, _value(right, values))
        case ast.Compare() | ast.BoolOp():
            return _decided(node, values)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, arguments, values)
    raise NotEmulatedError(f"metric math {ast.unparse(node)!r} is not emulated")


def _decided(node: ast.Compare | ast.BoolOp, values: Mapping[str, Value]) -> Value:
    """1 or 0 of a comparison, or of comparisons joined by AND and OR."""
    match node:
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            first, second = _value(left, values), _value(right, values)
            return None if first is None or second is None else float(_COMPARED[type(sign)](first, second))
        case ast.BoolOp(op=joint, values=parts):
            truths = [bool(_value(part, values) or 0) for part in parts]
            return float(all(truths) if isinstance(joint, ast.And) else any(truths))
    raise NotEmulatedError(f"metric math {ast.unparse(node)!r} is not emulated")


def _calculated(left: Value, sign: ast.operator, right: Value) -> Value:
    if left is None or right is None:
        return None
    if isinstance(sign, ast.Div):
        return left / right if right else None
    if type(sign) not in _BINARY:
        raise NotEmulatedError(f"the operator {type(sign).__name__} is not emulated")
    return _BINARY[type(sign)](left, right)


def _called(name: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    if name == "IF" and len(arguments) in (2, 3):
        condition = _value(arguments[0], values)
        if condition is None:
            return None
        if condition:
            return _value(arguments[1], values)
        return _value(arguments[2], values) if len(arguments) == 3 else None
    if name == "FILL" and len(arguments) == 2:
        series = _value(arguments[0], values)
        return _value(arguments[1], values) if series is None else series
    if name in _FUNCTIONS:
        numbers = [value for value in (_value(argument, values) for argument in arguments) if value is not None]
        return _FUNCTIONS[name](numbers) if numbers else None
    raise NotEmulatedError(f"the metric math function {name} is not emulated")
