"""What a row of a property table says, and the predicates that rows are made of.

A table accounts for one type: each property that the platform sets, at any depth, has a row that says what it must be
and why. `[]` stands for the members of a list, `.*` for those of an object whose keys are free. A property without a
row is a finding of its own: nobody has thought about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, Final, TypeAlias

from ..graph import Graph, Resource, kinds
from ..graph.location import location_of
from ..settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a predicate may look at beside the value."""

    resource: Resource
    graph: Graph
    settings: Settings
    name: str
    """The property's top-level name, to which the engine's edges belong."""


Test: TypeAlias = Callable[[Any, Context], bool]


@dataclass(frozen=True, slots=True)
class Must:
    """What a value must be: in words, and as a test."""

    words: str
    test: Test
    free: bool = False
    """Any value will do, for the reason that the row gives."""
    document: bool = False
    """A text that holds JSON, whose members have rows of their own below this path."""
    types: tuple[str, ...] = ()
    """For a reference: the types of resources that it may lead to; an edge to one decides while it is unknown."""
    by_edge: bool = False
    """The test looks at where the property leads, so it decides while the value is unknown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One property of a type: where it stands, what it must be, and why."""

    path: str
    must: Must
    why: str
    optional: bool = False
    when: tuple[str, Any] | None = None
    """Another property and the value of it for which the row holds; `refers(…)`: where that property must lead."""
    source: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All that is accounted for of one type."""

    type: str
    source: str
    """Where AWS or the provider documents the properties."""
    rows: tuple[Row, ...] = ()
    ignorable: tuple[str, ...] = ()
    """Properties that `ignoreChanges` may name, beside the tag that keeps the time of creation."""
    by_path: Mapping[str, tuple[Row, ...]] = field(init=False, default_factory=dict)
    tops: frozenset[str] = field(init=False, default=frozenset())
    """The top-level properties that have rows."""
    stars: str = field(init=False, default="")
    """All paths in one text, to see at once whether one has free keys in its middle."""

    def __post_init__(self) -> None:
        grouped: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            grouped[row.path] = (*grouped.get(row.path, ()), row)
        object.__setattr__(self, "by_path", grouped)
        object.__setattr__(self, "tops", frozenset(path.partition("[")[0].partition(".")[0] for path in grouped))
        object.__setattr__(self, "stars", " ".join(grouped))


def row(path: str, must: Must, why: str, **more: Any) -> Row:
    """A property that must be there."""
    return Row(path, must, why, **more)


def maybe(path: str, must: Must, why: str, **more: Any) -> Row:
    """A property that may be left out."""
    return replace(row(path, must, why, **more), optional=True)


def exactly(*values: Any) -> Must:
    """One of these values."""
    listed = " or ".join(repr(value).replace("True", "true").replace("False", "false") for value in values)
    return Must(listed, lambda value, at: any(value == one and type(value) is type(one) for one in values))


def between(low: float, high: float) -> Must:
    """A number, as a number or as text."""
    return Must(f"from {low} to {high}", lambda value, at: _number(value) is not None and low <= _number(value) <= high)  # type: ignore[operator]


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def text(pattern: str, words: str) -> Must:
    """A text that the whole pattern matches."""
    compiled = re.compile(pattern)
    return Must(words, lambda value, at: isinstance(value, str) and bool(compiled.fullmatch(value)))


def free(shape: type | tuple[type, ...] = str) -> Must:
    """Anything of this type; the row's reason says why."""
    return Must("set", lambda value, at: isinstance(value, shape), free=True)


def refers(*types: str) -> Must:
    """The id, ARN, URL or name of a resource of this stack of one of the types."""
    words = " or ".join(token.rpartition(":")[2] for token in types)
    return Must(
        f"a {words} of this stack",
        lambda value, at: bool(at.graph.named(_bare(value), *types)) and is_here(value, at.graph),
        types=tuple(types),
    )


def is_here(value: Any, graph: Graph) -> bool:
    """Whether an ARN or a queue's URL is of the stack's own account, Region and partition; other texts are."""
    location = location_of(graph)
    if not isinstance(value, str):
        return True
    if value.startswith("arn:"):
        _, partition, _, region, account, *_ = (*value.split(":", 5), "", "", "", "")
        return (
            partition == location.partition
            and region in ("", location.region)
            and account in ("", "aws", location.account)
        )
    if value.startswith("https://sqs."):
        return f".{location.region}." in value and f"/{location.account}/" in value
    return True


def _bare(value: Any) -> Any:
    return value.removesuffix(":*") if isinstance(value, str) else value


def named(prefix: str) -> Must:
    """A physical name `{prefix}-{purpose}-{suffix}`."""
    return _suffixed(f"{prefix}-{{purpose}}-{{suffix}}", rf"{re.escape(prefix)}-[a-z0-9-]+-")


def _suffixed(words: str, pattern: str) -> Must:
    return Must(
        words,
        lambda value, at: (
            isinstance(value, str) and re.fullmatch(pattern + re.escape(at.settings.suffix), value) is not None
        ),
    )


def suffixed(words: str, pattern: str) -> Must:
    """A text of the pattern that ends in the environment's suffix."""
    return _suffixed(words, pattern)


def holds(words: str, test: Test) -> Must:
    """What the test says."""
    return Must(words, test)


_ON_THE_WAY: Final = (kinds.SECURITY_GROUP, kinds.VPC)


def inside(*path: str) -> Must:
    """A range of addresses within the one of the VPC that `path` leads to, a property for each step on the way."""

    def test(value: Any, at: Context) -> bool:
        holders = [at.resource]
        for step in path:
            holders = [target for one in holders for target in at.graph.resolve(one, step, *_ON_THE_WAY)]
        try:
            block = ip_network(value)
            return all(block.subnet_of(ip_network(vpc.props["cidrBlock"])) for vpc in holders)  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError):
            return False

    return Must("a range within the VPC's", test)


PRIVATE_RANGE: Final = Must(
    "a private range of /16 to /28 (RFC 1918)",
    lambda value, at: _private(value),
)


def _private(value: Any) -> bool:
    try:
        network = ip_network(value)
    except ValueError:
        return False
    return network.is_private and 16 <= network.prefixlen <= 28


JSON: Final = Must("JSON", lambda value, at: isinstance(value, str | dict), free=True)
"""A document; the rules about documents read it."""


DISTINCT: Final = Must(
    "a list without repetition",
    lambda value, at: (
        isinstance(value, list) and len(listed := [one for one in value if isinstance(one, str)]) == len(set(listed))
    ),
)


def keyed(service: str) -> Must:
    """A key of this stack whose policy speaks of the service."""

    def test(value: Any, at: Context) -> bool:
        keys = at.graph.named(value, kinds.KEY)
        texts = [key.props.get("policy") for key in keys]
        return (
            bool(keys)
            and is_here(value, at.graph)
            and any(not isinstance(text, str) or f'"{service}.' in text for text in texts)
        )

    return Must(f"a Key of this stack that {service} may use", test, types=(kinds.KEY,))


_SECRETS: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # access keys of AWS
    r"|\b(?:ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20}|\bpul-[0-9a-f]{40}\b"
    r"|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{16,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|://[^\s:/@]+:[^\s/@]+@"  # an address with a password
)
NO_SECRET: Final = Must(
    "a text without a password, key or token in it",
    lambda value, at: isinstance(value, str) and not _SECRETS.search(value),
)
"""Secrets that one knows by their form; others nobody can tell from a setting.

https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
"""

DOCUMENT: Final = Must("JSON", lambda value, at: parsed(value) is not None, document=True)
"""A document whose members have rows of their own: `policy.rules[].action.type`."""


def parsed(value: Any) -> Any:
    """The object or list behind a text, or the value itself where it is one; None if it is neither."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict | list) else None
