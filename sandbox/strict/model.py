"""What AWS's own service models say of a request: required members, types, enumerations, lengths, ranges, patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from sandbox.strict.grammar.patterns import matches

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, str),
    "timestamp": (datetime, int, float, str),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}


@dataclass(frozen=True)
class Violation:
    """One constraint of the model that a request breaks."""

    constraint: str
    """`required`, `type`, `enum`, `min`, `max`, `pattern` or `union`."""
    path: tuple[str, ...]
    """Where, from the request down: member names, list positions from 1, map keys."""
    value: object
    """What was sent; None for a required member that is missing."""
    demand: str
    """What the model demands, in the words that AWS's services use."""

    @property
    def sentence(self) -> str:
        """The violation as most services word it."""
        where = ".".join(self.path)
        value = "null" if self.constraint == "required" else f"'{self.value}'"
        return f"Value {value} at '{where}' failed to satisfy constraint: {self.demand}"


def violations(shape: Shape, value: object, path: tuple[str, ...] = ()) -> Iterator[Violation]:
    """Each constraint of `shape` that `value` breaks, all the way down."""
    if isinstance(shape, StructureShape) and getattr(shape, "is_document_type", False):
        return
    expected = _TYPES.get(shape.type_name)
    if expected and not _is(value, expected):
        yield Violation("type", path, value, f"Member must be a {shape.type_name}")
    elif isinstance(shape, StructureShape) and isinstance(value, Mapping):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        yield from _size(shape, value, len(value), path)
        for position, item in enumerate(value, 1):
            yield from violations(shape.member, item, (*path, str(position), "member"))
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        yield from _size(shape, value, len(value), path)
        for key, item in value.items():
            yield from violations(shape.key, key, (*path, "key"))
            yield from violations(shape.value, item, (*path, str(key)))
    elif isinstance(value, str) and isinstance(shape, StringShape):
        yield from _text(shape, value, path)
    elif isinstance(value, bytes):
        yield from _size(shape, value, len(value), path)
    elif isinstance(value, int | float) and not isinstance(value, bool) and shape.type_name != "timestamp":
        yield from _range(shape, value, path)


def _is(value: object, expected: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in expected
    if isinstance(value, float) and value.is_integer():
        return int in expected or float in expected
    return isinstance(value, expected)


def _structure(shape: StructureShape, value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Violation]:
    for name in shape.required_members:
        if value.get(name) is None and name in shape.members:
            yield Violation("required", (*path, name), None, "Member must not be null")
    if getattr(shape, "is_tagged_union", False) and len([v for v in value.values() if v is not None]) != 1:
        demand = f"Member must have exactly one of: {', '.join(shape.members)}"
        yield Violation("union", path, dict(value), demand)
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], (*path, name))


def _text(shape: StringShape, value: str, path: tuple[str, ...]) -> Iterator[Violation]:
    yield from _size(shape, value, len(value), path)
    if shape.enum and value not in shape.enum:
        yield Violation("enum", path, value, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not matches(pattern, value):
        yield Violation("pattern", path, value, f"Member must satisfy regular expression pattern: {pattern}")


def _size(shape: Shape, value: object, size: int, path: tuple[str, ...]) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield Violation("min", path, value, f"Member must have length greater than or equal to {least}")
    if most is not None and size > most:
        yield Violation("max", path, value, f"Member must have length less than or equal to {most}")


def _range(shape: Shape, value: float, path: tuple[str, ...]) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield Violation("min", path, value, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield Violation("max", path, value, f"Member must have value less than or equal to {most}")
