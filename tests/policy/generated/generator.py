"""The mutants of a recorded stack, each with what it changes and the resources that a finding may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from batchctl.policy.mutants.operators import drop, swapped, with_resources
from policy.rules import UNKNOWN, Graph, Resource, identities, kinds
from policy.rules.graph.launches import task_launches

from . import schema
from .positions import GONE, Position, changed, positions, put
from .values import in_other_environment, misspelt, neighbours

Kind = Literal[
    "deleted",
    "added",
    "enumeration",
    "neighbour",
    "sibling",
    "environment",
    "edge",
    "order",
    "companion",
    "type",
    "option",
]
KINDS: Final[tuple[Kind, ...]] = Kind.__args__

COMPUTED: Final = frozenset(("id", "arn", "url", "keyId", "repositoryUrl", "registryId", "revision"))
"""Properties that only AWS decides, in the recordings beside the inputs."""

ATTACHMENTS: Final = (
    kinds.ROLE_POLICY,
    kinds.QUEUE_POLICY,
    kinds.TOPIC_POLICY,
    kinds.BUCKET_POLICY,
    kinds.ROLE,
    kinds.GROUP_INGRESS,
    kinds.GROUP_EGRESS,
)
"""Resources that say what others may do: a mistake in one is found where it is missed, one step further."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One mutant: one change to one resource."""

    kind: Kind
    type: str
    path: str
    slip: str
    resource: str
    make: Callable[[], Graph]
    blamable: frozenset[str]
    """URNs of the resources on which a finding is on the right resource."""

    @property
    def label(self) -> str:
        """For reports."""
        return f"{self.kind}: {self.type.rpartition(':')[2]} {self.resource} {self.path} {self.slip}".strip()


class Generator:
    """Makes the mutants of one recorded stack."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.custom = [one for one in graph if one.custom and one.name != "synthetic-pipeline"]

    def all(self) -> Iterator[Generated]:
        """Every mutant of the stack."""
        for one in self.custom:
            yield from self._of_values(one)
            yield from self._added(one)
            yield from self._of_edges(one)
            yield from self._of_options(one)
            make = lambda one=one: drop(self.graph, one)  # type: ignore[misc]  # noqa: E731
            yield Generated("companion", one.type, "", "", one.name, make, self._missing(one))
        yield from self._types()

    def _mutant(self, kind: Kind, one: Resource, path: str, slip: str, make: Callable[[], Graph]) -> Generated:
        return Generated(kind, one.type, path, slip, one.name, make, self._around(one))

    def _around(self, one: Resource) -> frozenset[str]:
        """The resource, its neighbours, and for what is attached to another the neighbours of that one."""
        return self._blamable[one.urn]

    def _missing(self, one: Resource) -> frozenset[str]:
        """Where it is missed that a resource is gone: what it was next to, what that is next to, and the stack."""
        near = self._around(one)
        if one.type == kinds.ENDPOINT:
            near |= {launch.starter.urn for launch in task_launches(self.graph)}
        return near.union(*(self._blamable[urn] for urn in near if urn in self._blamable), {self.graph.root.urn})

    @cached_property
    def _blamable(self) -> Mapping[str, frozenset[str]]:
        near = {
            one.urn: {one.urn}
            | {other.urn for other in (*self.graph.targets(one, None), *self.graph.dependents(one)) if other.custom}
            for one in self.custom
        }
        for one in self.custom:
            for urn in {self._identities[text][0].urn for text in self._names(one)} | self._named_by_arn(one):
                near[one.urn].add(urn)
                near[urn].add(one.urn)
        return {
            one.urn: frozenset().union(*(near.get(urn, {urn}) for urn in near[one.urn]))
            if one.type in ATTACHMENTS
            else frozenset(near[one.urn])
            for one in self.custom
        }

    def _with(self, one: Resource, position: Position, new: Any, **more: Any) -> Callable[[], Graph]:
        return lambda: swapped(self.graph, one, replace(one, props=put(one.props, position.steps, new), **more))

    def _of_values(self, one: Resource) -> Iterator[Generated]:
        inputs = schema.inputs(one.type)
        for position in positions(one.props):
            top = str(position.steps[0])
            if top not in inputs or position.value is UNKNOWN:
                continue
            edges: dict[str, Any] = {}
            if len(position.steps) == 1:
                without = {key: urns for key, urns in one.property_dependencies.items() if key != top}
                edges = {"property_dependencies": without}
            slip = position.value if isinstance(position.steps[-1], int) and isinstance(position.value, str) else ""
            yield self._mutant("deleted", one, position.path, slip, self._with(one, position, GONE, **edges))
            yield from self._other_values(one, position)

    def _other_values(self, one: Resource, position: Position) -> Iterator[Generated]:
        value = position.value
        if isinstance(value, str) and "{" not in value[:2]:
            others = schema.alternatives(one.type, position.name, value)
            for other in others:
                yield self._mutant("enumeration", one, position.path, other, self._with(one, position, other))
            if not others:
                yield from self._neighbours(one, position)
            yield from self._references(one, position)
        elif not isinstance(value, str):
            yield from self._neighbours(one, position)

    def _neighbours(self, one: Resource, position: Position) -> Iterator[Generated]:
        for slip, new in neighbours(position.value):
            yield self._mutant("neighbour", one, position.path, slip, self._with(one, position, new))

    def _references(self, one: Resource, position: Position) -> Iterator[Generated]:
        text = position.value
        elsewhere = in_other_environment(text, self.graph.stack)
        if elsewhere != text:
            yield self._mutant("environment", one, position.path, "", self._with(one, position, elsewhere))
        if len(text) > 300 or "{%" in text:
            return
        for target, name, sibling, other in self._siblings(text):
            if target is one:
                continue
            edges = {
                prop: tuple(sibling.urn if urn == target.urn and prop == position.steps[0] else urn for urn in urns)
                for prop, urns in one.property_dependencies.items()
            }
            make = self._with(one, position, text.replace(name, other), property_dependencies=edges)
            near = self._around(one) | self._around(sibling) if one.type in ATTACHMENTS else self._around(one)
            yield Generated("sibling", one.type, position.path, sibling.name, one.name, make, near)

    def _siblings(self, text: str) -> Iterator[tuple[Resource, str, Resource, str]]:
        """The longest identity of a resource in `text`, with another resource of its type and that one's identity."""
        for name in self._identities:
            if name in text:
                target, at = self._identities[name]
                others = sorted(
                    (o for o in self.graph.of_type(target.type) if o is not target and isinstance(o.props[at], str)),
                    key=lambda one: one.name,  # a recording has them in another order each time
                )
                if others:
                    sibling = others[len(name) % len(others)]
                    yield target, name, sibling, sibling.props[at]
                return

    def _named_by_arn(self, one: Resource) -> set[str]:
        """What an alarm watches, by the name at the end of an ARN, or by the metric that a filter publishes."""
        if one.type != kinds.ALARM:
            return set()
        dimensions = one.props.get("dimensions")
        values = dimensions.values() if isinstance(dimensions, Mapping) else ()
        watched = {other.urn for text in values for other in self.graph.named(text, *self.graph.types)}
        return watched | {
            other.urn
            for other in self.graph.of_type(kinds.LOG_METRIC_FILTER)
            if other.props["metricTransformation"]["name"] == one.props.get("metricName")
        }

    def _names(self, one: Resource) -> set[str]:
        """The identities of resources that stand in the resource's texts: what an alarm watches is no edge."""
        return {
            position.value
            for position in positions(one.props)
            if isinstance(position.value, str) and position.value in self._identities
        }

    @cached_property
    def _identities(self) -> Mapping[str, tuple[Resource, str]]:
        result: dict[str, tuple[Resource, str]] = {}
        for one in self.custom:
            for prop in ("arn", "id", "name", "bucket", "family", "url"):
                value = one.props.get(prop)
                if isinstance(value, str) and len(value) > 7 and value in set(identities(one)):
                    result.setdefault(value, (one, prop))
        return dict(sorted(result.items(), key=lambda entry: -len(entry[0])))

    def _added(self, one: Resource) -> Iterator[Generated]:
        values = {"boolean": True, "number": 1, "text": "added", "object": {"added": "added"}}
        for path, kind in schema.properties(one.type):
            if "." in path or path.removesuffix("[]") in one.props:
                continue
            name, value = path.removesuffix("[]"), values[kind]
            new: Any = [value] if path.endswith("[]") else value
            yield self._mutant("added", one, name, "", self._with(one, Position((name,), None), new))

    def _of_edges(self, one: Resource) -> Iterator[Generated]:
        for prop, urns in one.property_dependencies.items():
            for urn in urns:
                target = self.graph.get(urn)
                if target is not None and target.custom:
                    yield self._mutant("edge", one, prop, target.name, lambda t=target, p=prop: self._cut(one, p, t))
        through = {urn for urns in one.property_dependencies.values() for urn in urns}
        for urn in one.dependencies:
            target = self.graph.get(urn)
            if urn not in through and target is not None and target.custom:
                rest = tuple(other for other in one.dependencies if other != urn)
                make = lambda rest=rest: swapped(self.graph, one, replace(one, dependencies=rest))  # type: ignore[misc]  # noqa: E731
                yield self._mutant("order", one, "dependsOn", target.name, make)

    def _cut(self, one: Resource, prop: str, target: Resource) -> Graph:
        """The property takes nothing from `target` any more, but something that is spelt nearly like it."""
        names = sorted(set(identities(target)), key=len, reverse=True)

        def elsewhere(text: str) -> str:
            for name in names:
                text = text.replace(name, misspelt(name))
            return text

        props = {**one.props, **changed({prop: one.props.get(prop)}, elsewhere)}
        if props[prop] is UNKNOWN:
            props[prop] = "elsewhere-0123456789"
        edges = {
            key: tuple(urn for urn in urns if key != prop or urn != target.urn)
            for key, urns in one.property_dependencies.items()
        }
        still = {urn for urns in edges.values() for urn in urns}
        rest = tuple(urn for urn in one.dependencies if urn != target.urn or urn in still)
        return swapped(self.graph, one, replace(one, props=props, property_dependencies=edges, dependencies=rest))

    def _of_options(self, one: Resource) -> Iterator[Generated]:
        def optioned(**changes: Any) -> Callable[[], Graph]:
            return lambda: swapped(self.graph, one, replace(one, options=replace(one.options, **changes)))

        for name in schema.inputs(one.type):
            if name in one.props and name not in one.options.ignore_changes:
                ignored = (*one.options.ignore_changes, name)
                yield self._mutant("option", one, f"ignoreChanges.{name}", "", optioned(ignore_changes=ignored))
        for name in one.options.ignore_changes:
            rest = tuple(other for other in one.options.ignore_changes if other != name)
            yield self._mutant("option", one, f"ignoreChanges.{name}", "removed", optioned(ignore_changes=rest))
        yield self._mutant("option", one, "protect", "", optioned(protect=not one.options.protect))
        provider = "urn:pulumi:other::p::pulumi:providers:aws::elsewhere::0"
        yield self._mutant("option", one, "provider", "", optioned(provider=provider))

    def _types(self) -> Iterator[Generated]:
        there = {one.type for one in self.graph}
        absent = [token for token in schema.every_type() if token not in there]
        for token in absent[:: max(1, len(absent) // 100)]:
            urn = f"urn:pulumi:{self.graph.stack}::{self.graph.project}::{token}::added"
            one = Resource(urn=urn, type=token, name="added", props={"tags": self._tags})
            make = lambda one=one: with_resources(self.graph, (*self.graph, one))  # type: ignore[misc]  # noqa: E731
            yield Generated("type", token, "", "", "added", make, frozenset((urn,)))

    @cached_property
    def _tags(self) -> Any:
        return next((one.props["tags"] for one in self.custom if isinstance(one.props.get("tags"), dict)), {})
