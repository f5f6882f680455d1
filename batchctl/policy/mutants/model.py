"""What a mutant is, and the ways to choose and change a resource that the tables share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from policy.rules import Graph, Resource

from .operators import (
    Operator,
    add,
)

Choice = Callable[[Graph, Resource], Resource]


def first(graph: Graph, kind: str, name: str = "*") -> Resource:
    """The first resource of a type whose logical name matches."""
    if not kind:
        return graph.root
    return next(one for one in graph.of_type(kind) if fnmatchcase(one.name, name))


def at(kind: str, name: str = "*") -> Choice:
    """That resource, whatever was mutated."""
    return lambda graph, one: first(graph, kind, name)


def itself(graph: Graph, one: Resource) -> Resource:
    """The mutated resource."""
    return one


def new(kind: str, name: str) -> Choice:
    """The resource that the operator `add` adds."""
    return lambda graph, one: add(kind, name, {})(graph, one).of_type(kind)[-1]


def to(prop: str, kind: str) -> Choice:
    """What the mutated resource's property leads to."""
    return lambda graph, one: graph.targets(one, prop, kind)[0]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One breakage."""

    rule: str
    what: str
    kind: str = ""
    """Type of the resource that is mutated; empty: the stack."""
    name: str = "*"
    do: Operator = lambda graph, one: graph
    blames: Choice = itself
    also: frozenset[str] = frozenset()
    config: Mapping[str, Any] = field(default_factory=dict)
    stacks: tuple[str, ...] = ("dev", "prod")

    @property
    def label(self) -> str:
        """Unique name for reports and test ids."""
        return f"{self.rule}: {self.what}"


def mutant(rule: str, what: str, kind: str, name: str, do: Operator, blames: Choice = itself, *also: str) -> Mutant:
    """A breakage that this rule, and `also` others, must notice."""
    return Mutant(rule=rule, what=what, kind=kind, name=name, do=do, blames=blames, also=frozenset(also))


def statement(index: int, **changes: Any) -> Callable[[Any], None]:
    """Changes a statement of a policy document by its position."""
    return lambda document: document["Statement"][index].update(changes)


def without_statement(sid: str) -> Callable[[Any], None]:
    """Takes the statement with this Sid out."""

    def act(document: Any) -> None:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]

    return act


def with_statement(sid: str, **changes: Any) -> Callable[[Any], None]:
    """Changes the statement with this Sid."""

    def act(document: Any) -> None:
        next(one for one in document["Statement"] if one["Sid"] == sid).update(changes)

    return act


def without_condition(sid: str) -> Callable[[Any], None]:
    """Takes the conditions of the statement with this Sid out."""

    def act(document: Any) -> None:
        next(one for one in document["Statement"] if one["Sid"] == sid).pop("Condition")

    return act


def container(**changes: Any) -> Callable[[Any], None]:
    """Changes the first container of a task definition."""
    return lambda definitions: definitions[0].update(changes)


TAGS = dict.fromkeys(("Repository", "CommitAuthor", "PRNumber", "Team", "CreatedAt"), "x")
