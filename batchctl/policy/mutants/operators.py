"""Operators that take a graph and return a changed copy.

A value that is unknown stays unknown where an operator would change its text, as in a preview.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from policy.rules import UNKNOWN, Graph, Resource, identities

Operator = Callable[[Graph, Resource], Graph]

FOREIGN = "foreign-0123456789"


def with_resources(graph: Graph, resources: Iterable[Resource], outputs: Mapping[str, Any] | None = None) -> Graph:
    """The graph with other resources, and other outputs if given."""
    return Graph(
        resources, project=graph.project, stack=graph.stack, outputs=graph.outputs if outputs is None else outputs
    )


def swapped(graph: Graph, old: Resource, new: Resource) -> Graph:
    """The graph with one resource replaced."""
    return with_resources(graph, (new if one is old else one for one in graph))


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")]


def _edited(props: Mapping[str, Any], path: str, act: Callable[[Any, str | int], None]) -> dict[str, Any]:
    """A copy of `props` in which `act` was applied to the holder of `path`; missing objects on the way are made."""
    result: dict[str, Any] = deepcopy(dict(props))
    *way, last = _steps(path)
    at: Any = result
    for step in way:
        if at is UNKNOWN:
            return result
        at = at.setdefault(step, {}) if isinstance(step, str) else at[step]
    if at is not UNKNOWN:
        act(at, last)
    return result


def change(path: str, new: Any) -> Operator:
    """Set a property."""

    def operate(graph: Graph, one: Resource) -> Graph:
        def act(holder: Any, last: str | int) -> None:
            holder[last] = new

        return swapped(graph, one, replace(one, props=_edited(one.props, path, act)))

    return operate


def delete(path: str) -> Operator:
    """Delete a property or list item; with a whole property its edges go, too."""

    def operate(graph: Graph, one: Resource) -> Graph:
        def act(holder: Any, last: str | int) -> None:
            if not isinstance(holder, dict) or last in holder:
                del holder[last]

        edges = {prop: urns for prop, urns in one.property_dependencies.items() if prop != path}
        return swapped(graph, one, replace(one, props=_edited(one.props, path, act), property_dependencies=edges))

    return operate


def text(path: str, old: str, new: str) -> Operator:
    """Replace part of a text, for example a region, an action or a version in a policy document."""

    def operate(graph: Graph, one: Resource) -> Graph:
        def act(holder: Any, last: str | int) -> None:
            result = holder[last]
            if result is UNKNOWN:
                return
            assert old in result, f"{one.name}.{path} does not hold {old!r}"
            holder[last] = result.replace(old, new)

        return swapped(graph, one, replace(one, props=_edited(one.props, path, act)))

    return operate


def edit(path: str, act: Callable[[Any], None]) -> Operator:
    """Change a JSON text; `act` gets what it holds, and must change it."""

    def operate(graph: Graph, one: Resource) -> Graph:
        def rewrite(holder: Any, last: str | int) -> None:
            if holder[last] is UNKNOWN:
                return
            result = json.loads(holder[last])
            before = json.dumps(result)
            act(result)
            assert json.dumps(result) != before, f"{one.name}.{path} was not changed"
            holder[last] = json.dumps(result)

        return swapped(graph, one, replace(one, props=_edited(one.props, path, rewrite)))

    return operate


def drop(graph: Graph, one: Resource) -> Graph:
    """Take a resource out of the stack, with all edges to it."""
    remaining = []
    for other in graph:
        if other is one:
            continue
        if one.urn in other.dependencies or any(one.urn in urns for urns in other.property_dependencies.values()):
            edges = {p: tuple(u for u in urns if u != one.urn) for p, urns in other.property_dependencies.items()}
            dependencies = tuple(urn for urn in other.dependencies if urn != one.urn)
            remaining.append(replace(other, dependencies=dependencies, property_dependencies=edges))
        else:
            remaining.append(other)
    return with_resources(graph, remaining)


def twin(graph: Graph, one: Resource) -> Graph:
    """Add a second resource like this one."""
    return with_resources(graph, (*graph, replace(one, urn=f"{one.urn}-twin", name=f"{one.name}-twin")))


def add(kind: str, name: str, props: Mapping[str, Any]) -> Operator:
    """Add a resource of a type to the stack."""

    def operate(graph: Graph, one: Resource) -> Graph:
        urn = f"urn:pulumi:{graph.stack}::{graph.project}::{kind}::{name}"
        return with_resources(graph, (*graph, Resource(urn=urn, type=kind, name=name, props=props)))

    return operate


def cut(prop: str, kind: str, path: str | None = None) -> Operator:
    """Cut the first edge of `prop` to a resource of `kind`: a list loses the member, a single value becomes foreign."""

    def operate(graph: Graph, one: Resource) -> Graph:
        target = graph.targets(one, prop, kind)[0]
        edges = {**one.property_dependencies}
        edges[prop] = tuple(urn for urn in edges[prop] if urn != target.urn)
        named = set(identities(target))

        def act(holder: Any, last: str | int) -> None:
            result = holder[last]
            if isinstance(result, list):
                at = next((i for i, member in enumerate(result) if member in named), 0)
                del result[at]
            else:
                holder[last] = FOREIGN

        props = _edited(one.props, path or prop, act)
        return swapped(graph, one, replace(one, props=props, property_dependencies=edges))

    return operate


def with_foreign_ids(prop: str, path: str | None = None) -> Operator:
    """Replace all that a property takes from the stack by ids of things outside it."""

    def operate(graph: Graph, one: Resource) -> Graph:
        edges = {**one.property_dependencies, prop: ()}

        def act(holder: Any, last: str | int) -> None:
            result = holder[last]
            holder[last] = [f"{FOREIGN}{i}" for i in range(len(result))] if isinstance(result, list) else FOREIGN

        return swapped(
            graph, one, replace(one, props=_edited(one.props, path or prop, act), property_dependencies=edges)
        )

    return operate


def retarget(prop: str, kind: str, sibling: Callable[[Graph, Resource], Resource]) -> Operator:
    """Let the edge of `prop` to a resource of `kind` lead to a sibling; known values follow."""

    def operate(graph: Graph, one: Resource) -> Graph:
        old, new = graph.targets(one, prop, kind)[0], sibling(graph, one)
        assert old is not new, f"{one.name}.{prop} already leads to {new.name}"
        edges = {
            key: tuple(new.urn if urn == old.urn and key == prop else urn for urn in urns)
            for key, urns in one.property_dependencies.items()
        }
        renamed = dict(zip(identities(old), identities(new), strict=False))
        result = one.props.get(prop)
        props = {**one.props, prop: renamed.get(result, result) if isinstance(result, str) else result}
        return swapped(graph, one, replace(one, props=props, property_dependencies=edges))

    return operate


def option(**changes: Any) -> Operator:
    """Change resource options."""
    return lambda graph, one: swapped(graph, one, replace(one, options=replace(one.options, **changes)))


def remove_from_outputs(graph: Graph, one: Resource) -> Graph:
    """Take everything that names the resource out of the stack's outputs."""
    named = set(identities(one))

    def without(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: without(member) for key, member in value.items() if not _is(member)}
        if isinstance(value, list):
            return [without(member) for member in value if not _is(member)]
        return value

    def _is(value: Any) -> bool:
        return isinstance(value, str) and value in named

    return with_resources(graph, graph, without(graph.outputs or {}))


def both(*operators: Operator) -> Operator:
    """One operator after the other; the resource is looked up again in between."""

    def operate(graph: Graph, one: Resource) -> Graph:
        for operator in operators:
            current = graph.get(one.urn)
            assert current is not None
            graph = operator(graph, current)
        return graph

    return operate
