"""The form of a row: actions that are granted together, to whom, on what, and under which conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ...documents.effective import expanded
from ...graph import Graph, Resource, kinds
from ...graph.location import location_of

Needed = Callable[[Graph, Resource], bool]


Covers = Callable[[Graph, Resource], list[Resource]]


Accepts = Callable[[str, Graph], bool]


def never(graph: Graph, holder: Resource) -> bool:
    """Nobody needs the row as such; but whoever is granted a part of it needs the rest."""
    return False


def always(graph: Graph, holder: Resource) -> bool:
    """Every document of the context needs the row."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Actions that are granted together."""

    to: str
    """Who: the service that assumes the role, or the type of the resource whose policy it is."""
    actions: frozenset[str]
    on: tuple[str, ...] = ()
    """Types that the resources must be of; none: `*`, or what `form` says."""
    form: str = ""
    """A pattern for the resources, with {account}, {region}, {partition} and {suffix}; instead of `on`."""
    within: str = ""
    """What the resource's ARN must hold, such as `-output-`."""
    part: str = ""
    """What follows the ARN: a pattern such as `/.+`; empty: nothing."""
    when: Mapping[str, Accepts] = field(default_factory=dict)
    """Condition keys that must be there, and what their values must be."""
    principals: tuple[str, ...] = ()
    """For a resource's policy: the principals, with {account} and {region}."""
    needed: Needed = never
    covers: Covers | None = None
    """The resources on which it must be granted, all of them."""
    sources: Covers | None = None
    """The resources that `aws:SourceArn` must name, all of them and no others."""
    sources_of: tuple[str, ...] = ()
    """The types of those."""
    complete: bool = True
    """Whether all of the actions are granted where one is."""
    any_of: frozenset[str] = frozenset()
    """Services any of whose actions may be granted: `sqs:*`."""


def like(pattern: str) -> Accepts:
    """The value matches the pattern."""

    def accepts(value: str, graph: Graph) -> bool:
        return re.fullmatch(filled(pattern, graph), value) is not None

    return accepts


def filled(pattern: str, graph: Graph) -> str:
    """The pattern with account, Region and suffix of the stack in place."""
    return graph.cached(("filled", pattern), lambda: _filled(pattern, graph))


def _filled(pattern: str, graph: Graph) -> str:
    location = location_of(graph)
    suffix = graph.cached(("suffix_of",), lambda: _suffix(graph))
    return (
        pattern.replace("{account}", location.account or r"\d{12}")
        .replace("{region}", location.region or "[a-z0-9-]+")
        .replace("{partition}", location.partition)
        .replace("{suffix}", re.escape(suffix))
    )


def _suffix(graph: Graph) -> str:
    """The environment as the names of the cluster or of most resources end."""
    names = [str(one.props.get("name", "")) for one in graph.of_type(kinds.CLUSTER, kinds.LOG_GROUP, kinds.ROLE)]
    ends = [name.rpartition("-")[2] for name in names if "-" in name]
    return max(set(ends), key=ends.count) if ends else graph.stack


def names_one_of(kind: str) -> Accepts:
    """The value names a resource of the type in this stack."""
    return lambda value, graph: bool(graph.named(value, kind))


OWN_ACCOUNT: Final = {"aws:sourceaccount": like("{account}")}


ARN: Final = "arn:{partition}:"


def has(kind: str) -> Needed:
    """The stack has a resource of the type."""
    return lambda graph, holder: bool(graph.of_type(kind))


def grant(to: str, actions: str, *on: str, **more: object) -> Grant:
    """A row; `actions` are separated by spaces."""
    texts = actions.split()
    services = frozenset(text for text in texts if text.endswith(":*"))
    listed = frozenset(name for text in texts if text not in services for name in expanded(text))
    return Grant(to=to, actions=listed, any_of=services, on=on, **more)  # type: ignore[arg-type]  # the fields of `Grant`
