"""What a registration says on its way to the engine, as plain Python: values, where secrets stand, earlier names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from policy.rules import UNKNOWN

STACK: Final = "pulumi:pulumi:Stack"
"""Type of the resource above all others."""
UNKNOWNS: Final = frozenset({rpc.UNKNOWN, "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"})
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"


def plain(value: struct_pb2.Value | struct_pb2.Struct) -> Any:  # noqa: PLR0911 - one return a kind of value
    """A value from the wire as plain Python: secrets unwrapped, unknowns as UNKNOWN, whole numbers as int."""
    if isinstance(value, struct_pb2.Struct):
        fields = value.fields
        if SIGNATURE in fields:
            return plain(fields["value"]) if "value" in fields else UNKNOWN
        return {key: plain(item) for key, item in fields.items()}
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
    return value.bool_value if kind == "bool_value" else None


def secret_paths(value: struct_pb2.Value | struct_pb2.Struct) -> Iterator[tuple[str | int, ...]]:
    """Where secrets stand in a value from the wire; the path of the outermost one."""
    if isinstance(value, struct_pb2.Value):
        if value.WhichOneof("kind") == "list_value":
            for index, item in enumerate(value.list_value.values):
                yield from ((index, *path) for path in secret_paths(item))
        elif value.WhichOneof("kind") == "struct_value":
            yield from secret_paths(value.struct_value)
        return
    fields = value.fields
    if SIGNATURE in fields:
        if fields[SIGNATURE].string_value == _SECRET or ("secret" in fields and fields["secret"].bool_value):
            yield ()
        elif "value" in fields:
            yield from secret_paths(fields["value"])
        return
    for key, item in fields.items():
        yield from ((key, *path) for path in secret_paths(item))


def earlier_urns(urn: str, request: Any) -> Iterator[str]:
    """The earlier URNs that a registration names, by themselves or by what was different: name, type or parent."""
    for full in (*request.aliasURNs, *(alias.urn for alias in request.aliases if alias.urn)):
        head, kinds, name = full.rsplit("::", 2)
        above, _, kind = f"{STACK}${kinds}".rpartition("$")
        yield f"{head}::{_last(above)}${kind}::{name}"
    head, kinds, name = urn.rsplit("::", 2)
    for spec in (alias.spec for alias in request.aliases if not alias.urn):
        above = kinds.rpartition("$")[0]
        if spec.noParent:
            above = STACK
        elif spec.parentUrn:
            above = spec.parentUrn.split("::")[2]
        yield f"{head}::{_last(above)}${spec.type or request.type}::{spec.name or name}"


def _last(kinds: str) -> str:
    """The recorder's URNs name a resource's parent only, not what lies above that."""
    return kinds.rpartition("$")[2]
