"""What the installed provider and AWS's own models say about a property: its name, its type, its enumeration.

The provider's schema is read from the classes of `pulumi_aws` (the SDK is generated from it), the enumerations from
botocore's service models (https://github.com/boto/botocore/tree/develop/botocore/data).
"""

from __future__ import annotations

import importlib
import re
import typing
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

from botocore.loaders import Loader
from pulumi import _types

Leaf = typing.Literal["boolean", "number", "text", "object"]

_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "appautoscaling": ("application-autoscaling",),
    "cloudwatch": ("cloudwatch", "events", "logs"),
    "sfn": ("stepfunctions",),
    "vpc": ("ec2",),
}
"""Modules of the provider whose AWS service has another name."""


def arguments(token: str) -> type | None:
    """The class with the inputs of the type, or None where the SDK has none under the usual name."""
    _, path, name = token.split(":")
    module = path.partition("/")[0]
    try:
        result = importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}")
    except ModuleNotFoundError:
        return None
    # the SDK says InitArgs where Args is the class of another resource's nested input
    return cast("type | None", getattr(result, f"{name}InitArgs", None) or getattr(result, f"{name}Args", None))


@cache
def inputs(token: str) -> Mapping[str, Any]:
    """The inputs of the type as the engine names them, with their Python types."""
    result = arguments(token)
    return _members(result) if result else {}


def _members(cls: type) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", _types.input_type_types(cls))


def _unwrapped(hint: Any) -> Any:
    """The type behind `Optional`, `Input` and the like."""
    if typing.get_origin(hint) is typing.Union:
        members = [one for one in typing.get_args(hint) if one is not type(None)]
        return _unwrapped(members[0])
    return hint


def properties(token: str) -> Iterator[tuple[str, Leaf]]:
    """Every input of the type at any depth: `networkConfiguration.subnets[]`, and what it holds."""
    for name, hint in inputs(token).items():
        yield from _below(name, hint, ())


def _below(path: str, hint: Any, above: tuple[type, ...]) -> Iterator[tuple[str, Leaf]]:
    hint = _unwrapped(hint)
    origin = typing.get_origin(hint)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        yield path, "object"
    elif origin is not None and isinstance(origin, type) and issubclass(origin, Sequence):
        yield from _below(f"{path}[]", typing.get_args(hint)[0], above)
    elif isinstance(hint, type) and _types.is_input_type(hint):
        if hint not in above:
            yield path, "object"
            for name, inner in _members(hint).items():
                yield from _below(f"{path}.{name}", inner, (*above, hint))
    elif hint is bool:
        yield path, "boolean"
    elif hint in (int, float):
        yield path, "number"
    else:
        yield path, "text"


@cache
def every_type() -> tuple[str, ...]:
    """Tokens of all resource types of the installed provider."""
    spec = find_spec("pulumi_aws")
    assert spec is not None and spec.submodule_search_locations
    matching = set()
    for path in Path(spec.submodule_search_locations[0]).rglob("*.py"):
        token = re.search(r"super\(\w+, __self__\)\.__init__\(\s*'(aws:[^']+)'", path.read_text(encoding="utf-8"))
        if token:
            matching.add(token[1])
    return tuple(sorted(matching))


@cache
def _model(service: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", Loader().load_service_model(service, "service-2"))


def _plain(name: str) -> str:
    return name.lower().rstrip("s")


@cache
def _enumerations(service: str) -> Mapping[str, tuple[frozenset[str], ...]]:
    """Enumerations of a service by the (plain) name of the members that take them, and of the shape."""
    shapes = _model(service)["shapes"]
    result: dict[str, set[frozenset[str]]] = defaultdict(set)
    for name, shape in shapes.items():
        if shape.get("enum"):
            result[_plain(name)].add(frozenset(shape["enum"]))
        for member, described in (shape.get("members") or {}).items():
            target = shapes[described["shape"]]
            if target.get("type") == "list":
                target = shapes[target["member"]["shape"]]
            if target.get("enum"):
                result[_plain(member)].add(frozenset(target["enum"]))
    return {name: tuple(sets) for name, sets in result.items()}


def services(token: str) -> tuple[str, ...]:
    """Names of the AWS services, as botocore has them, behind a type."""
    module = token.split(":")[1].partition("/")[0]
    return _SERVICES.get(module, (module,))


@cache
def alternatives(token: str, name: str, value: str) -> tuple[str, ...]:
    """The other values of the enumeration that `value` of the member `name` is one of; none if it is of none."""
    for service in services(token):
        for values in _enumerations(service).get(_plain(name), ()):
            if value in values:
                return tuple(sorted(values - {value}))
    return ()
