"""What CloudFormation's schemas demand of a property, as malformed requests of the API that takes it.

The schemas are those that cfn-lint ships: AWS's own for each type of resource, with what cfn-lint's maintainers added.
Each constraint of a property that is a member of a request is broken in turn, in a request that is otherwise fine.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from botocore.model import ListShape, Shape, StructureShape

from sandbox.strict.codes import service_model

Schema = Mapping[str, Any]
CANDIDATES: Final = ("", " ", "a b", "a?b", "ä", "☃", "a\nb", "a;b", "<a>", "a'b", "a|b", "-", "/", "..", "1", "A_")
"""Tried against each pattern; those that do not match it are broken values."""
FORMATS: Final = {
    "AWS::EC2::SecurityGroup.Id": "group",
    "AWS::EC2::Subnet.Id": "network",
    "AWS::EC2::VPC.Id": "network",
    "AWS::IAM::Role.Arn": "role",
    "AWS::KMS::Key.Arn": "key",
    "AWS::Logs::LogGroup.Name": "a group",
    "AWS::SNS::Topic.Arn": "topic",
    "AWS::SQS::Queue.Arn": "queue",
    "date-time": "tomorrow",
    "ipv4-network": "10.0.0.0/33",
    "ipv6-network": "10.0.0.0/16",
    "json": "{",
}
"""Formats that cfn-lint checks, with a value that has not the format."""


@dataclass(frozen=True)
class Kind:
    """A type of CloudFormation's, and the operation that makes such a resource."""

    name: str
    service: str
    operation: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Property to member, where they differ by more than their case; empty for one that the operation has not."""
    of: str = ""
    """The property that the operation is about, where it is not about the whole resource."""
    within: str = ""
    """The member that holds what the type has as properties, where it is not the request itself."""


@dataclass(frozen=True)
class Broken:
    """A request in which one constraint is broken."""

    path: str
    """The property, such as `Tags/0/Key`."""
    constraint: str
    """The schema's keyword."""
    request: Mapping[str, Any]
    value: object


@functools.cache
def _providers() -> dict[str, str]:
    providers: dict[str, str] = json.loads(_data().joinpath("providers", "us-east-1.json").read_text("utf-8"))
    return providers


def _data() -> Any:
    return resources.files("cfnlint").joinpath("data", "schemas")


@functools.cache
def schema_of(kind: str) -> Schema:
    """The schema of a type: `AWS::SQS::Queue`."""
    schema: Schema = json.loads(_data().joinpath("resources", f"{_providers()[kind]}.json").read_text("utf-8"))
    return schema


def broken(kind: Kind, fine: Mapping[str, Any]) -> Iterator[Broken]:
    """Requests like `fine`, each of which breaks one constraint of the type's schema."""
    root = schema_of(kind.name)
    schema = _resolved(root, root["properties"][kind.of]) if kind.of else root
    shape: Shape | None = service_model(kind.service).operation_model(kind.operation).input_shape
    prefix: tuple[str, ...] = ()
    valid = fine
    if kind.within and isinstance(shape, StructureShape):
        shape, prefix, valid = shape.members[kind.within], (kind.within,), fine[kind.within]
    assert isinstance(shape, StructureShape), kind
    read_only = {pointer.removeprefix("/properties/") for pointer in root.get("readOnlyProperties", ())}
    for path, value, constraint in _of_object(kind, root, schema, shape, valid, set() if kind.of else read_only):
        yield Broken("/".join(map(str, (*prefix, *path))), constraint, _with(fine, (*prefix, *path), value), value)


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()
Breach = tuple[tuple[str | int, ...], object, str]


def _of_object(
    kind: Kind, root: Schema, schema: Schema, shape: StructureShape, valid: Mapping[str, Any], hidden: set[str]
) -> Iterator[Breach]:
    """Breaches within an object of the request."""
    members = {name.lower(): name for name in shape.members}
    named = {
        name: member
        for name in schema.get("properties", {})
        if name not in hidden and (member := kind.renamed.get(name, members.get(name.lower(), "")))
    }
    for constraint, name in _needed(schema, {name for name, member in named.items() if member in valid}):
        yield (named[name],), ABSENT, constraint
    attributes = valid.get("Attributes")
    for name, inner in schema.get("properties", {}).items():
        resolved = _resolved(root, inner)
        if name in named:
            member = named[name]
            for path, value, constraint in _of_value(
                kind, root, resolved, shape.members[member], valid.get(member, ABSENT)
            ):
                yield (member, *path), value, constraint
        elif isinstance(attributes, Mapping) and name not in hidden and kind.renamed.get(name) != "":
            for constraint, scalar in _of_scalar(resolved, attributes.get(name, ABSENT)):
                yield ("Attributes", name), str(scalar), constraint


def _needed(schema: Schema, present_names: set[str]) -> Iterator[tuple[str, str]]:
    """Properties of the request that it cannot be without, with the constraint that says so."""
    for name in schema.get("required", ()):
        if name in present_names:
            yield "required", name
    for constraint in ("requiredXor", "requiredOr"):
        present = present_names & set(schema.get(constraint, ()))
        if len(present) == 1:
            yield constraint, present.pop()
    for name, needs in schema.get("dependentRequired", {}).items():
        for need in needs if name in present_names else ():
            if need in present_names:
                yield "dependentRequired", need


def _of_value(kind: Kind, root: Schema, schema: Schema, shape: Shape, valid: object) -> Iterator[Breach]:
    if isinstance(shape, StructureShape):
        if isinstance(valid, Mapping):
            yield from _of_object(kind, root, schema, shape, valid, set())
    elif isinstance(shape, ListShape):
        if isinstance(valid, list) and valid:
            for constraint, value in _of_list(schema, valid):
                yield (), value, constraint
            items = _resolved(root, schema.get("items", {}))
            for path, value, constraint in _of_value(kind, root, items, shape.member, valid[0]):
                yield (0, *path), value, constraint
    elif shape.type_name in ("string", "integer", "long", "double", "float"):
        for constraint, value in _of_scalar(schema, valid):
            if shape.type_name == "string" or isinstance(value, int | float):
                yield (), str(value) if shape.type_name == "string" else value, constraint


def _of_list(schema: Schema, valid: Sequence[Any]) -> Iterator[tuple[str, object]]:
    if schema.get("minItems"):
        yield "minItems", []
    if "maxItems" in schema:
        yield "maxItems", [_numbered(valid[0], n) for n in range(schema["maxItems"] + 1)]
    if schema.get("uniqueItems"):
        yield "uniqueItems", [*valid, valid[0]]


def _numbered(item: Any, number: int) -> Any:
    """The item again, as another one where that is possible."""
    if isinstance(item, Mapping):
        named = next((name for name in ("Key", "key", "Id", "name", "Name") if isinstance(item.get(name), str)), None)
        return {**item, **({named: f"{item[named]}{number}"} if named else {})}
    return item


def _of_scalar(schema: Schema, valid: object) -> Iterator[tuple[str, object]]:
    text = valid if isinstance(valid, str) and valid else "a"
    if "pattern" in schema:
        for value in (*CANDIDATES, f"{text} ", f"{text}☃"):
            if not regex.search(schema["pattern"], value) and (value or schema.get("minLength", 1)):
                yield "pattern", value
    if "enum" in schema:
        numbers = [item for item in schema["enum"] if isinstance(item, int)]
        yield "enum", max(numbers) + 1 if numbers else "no-such-value"
    if schema.get("minLength"):
        yield "minLength", text[: schema["minLength"] - 1]
    if "maxLength" in schema and schema["maxLength"] < 1_000_000:
        yield "maxLength", (text * (schema["maxLength"] // len(text) + 1))[: schema["maxLength"] + 1]
    for constraint, step in (("minimum", -1), ("maximum", 1)):
        if constraint in schema:
            yield constraint, schema[constraint] + step
    if schema.get("format") in FORMATS:
        yield "format", FORMATS[schema["format"]]


def _resolved(root: Schema, schema: Schema) -> Schema:
    """The schema with its references followed."""
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


def _with(request: Mapping[str, Any], path: Sequence[str | int], value: object) -> dict[str, Any]:
    """A copy of the request with another value at the path."""
    changed: Any = copy.deepcopy(dict(request))
    target = changed
    for part in path[:-1]:
        target = target[part]
    if value is ABSENT:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return dict(changed)
