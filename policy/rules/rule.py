"""What a rule and a finding are, and how a rule is run.

An unknown value makes a rule *undecided*; a crash is a finding that names the rule, so that it silences no other.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias

from .graph import Graph, Resource, Undecided, normal_token
from .settings import Exemption, Settings


class Kind(StrEnum):
    """What a rule sees: one resource's inputs before it is touched, or the whole stack with its edges."""

    RESOURCE = "resource"
    STACK = "stack"


class Level(StrEnum):
    """Mandatory for what breaks or exposes, advisory for cost and taste."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Severity(StrEnum):
    """How bad it is when the rule is broken."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(StrEnum):
    """What became of a rule on a resource; passing and not applying leave no finding."""

    FAIL = "fail"
    UNDECIDED = "undecided"
    EXEMPT = "exempt"
    CRASH = "crash"


EVERY: Final = ("aws:*",)
"""Subject types of a rule about every AWS resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a check yields: what is wrong, at which property, on which resource (the subject if none is given)."""

    message: str
    property: str
    resource: Resource | None = None
    fix: str = ""
    """What to change; the rule's own sentence if none is given."""
    undecided: bool = False
    """The check met an unknown value here and goes on with the rest; raising `Undecided` ends it instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule's verdict on a resource."""

    rule: str
    verdict: Verdict
    level: Level
    severity: Severity
    urn: str
    resource: str
    """Logical name of the resource."""
    property: str
    message: str
    id: str
    """Stays the same from run to run as long as rule, resource and property do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a check may look at besides its subject."""

    settings: Settings
    stack: Graph | None = None
    """None for a resource rule."""
    today: date = field(default_factory=date.today)
    findings: Sequence[Finding] = ()
    """The other rules' findings, for rules that run last."""
    exemptions: Sequence[Exemption] = ()

    @property
    def graph(self) -> Graph:
        """The whole stack; raises TypeError in a resource rule."""
        if self.stack is None:
            raise TypeError("a resource rule sees one resource only: make it a stack rule")
        return self.stack


Check: TypeAlias = Callable[[Resource, View], Iterable[Problem]]
Remedy: TypeAlias = Callable[[MutableMapping[str, Any], str, Settings], bool]
"""Changes a resource's inputs in place (so that secrets stay secret), given its type; says whether it changed any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: metadata for people and tools, the types it is about, and the check itself."""

    name: str
    kind: Kind
    types: tuple[str, ...]
    level: Level
    severity: Severity
    description: str
    fix: str
    """What to change, in one sentence."""
    url: str
    frameworks: tuple[str, ...]
    tags: tuple[str, ...]
    settings: tuple[str, ...]
    """Fields of `Settings` that the rule reads; they become its configuration schema."""
    check: Check
    remedy: Remedy | None
    last: bool
    """Runs after all others and sees their findings."""

    def about(self, token: str) -> bool:
        """Whether resources of this (raw or normalised) type are subjects of the rule."""
        token = normal_token(token)
        return token.startswith("aws:") if self.types == EVERY else token in self.types


def rule(
    name: str,
    *types: str,
    kind: Kind = Kind.STACK,
    level: Level = Level.MANDATORY,
    severity: Severity = Severity.MEDIUM,
    fix: str,
    url: str,
    frameworks: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
    remedy: Remedy | None = None,
    last: bool = False,
) -> Callable[[Check], Rule]:
    """Make the decorated check a rule about resources of `types`; its docstring becomes the rule's description."""

    def make(check: Check) -> Rule:
        result = Rule(
            name=name,
            kind=kind,
            types=types,
            level=level,
            severity=severity,
            description=" ".join((check.__doc__ or "").split()),
            fix=fix,
            url=url,
            frameworks=frameworks,
            tags=(check.__module__.rpartition(".")[2], *tags),
            settings=settings,
            check=check,
            remedy=remedy,
            last=last,
        )
        _registered.append(result)
        return result

    return make


_registered: list[Rule] = []


def registered() -> tuple[Rule, ...]:
    """Every rule that has been decorated so far; those that run last are last."""
    return tuple(sorted(_registered, key=lambda one: one.last))


def run(one: Rule, subject: Resource, view: View) -> Iterator[Finding]:
    """Findings of one rule on one resource; never raises."""
    result: dict[str, int] = {}

    def finding(verdict: Verdict, message: str, prop: str, on: Resource) -> Finding:
        key = f"{one.name}|{_steady(on)}|{prop}" + ("" if on is subject else f"|{_steady(subject)}")
        result[key] = result.get(key, 0) + 1
        numbered = key if result[key] == 1 else f"{key}|{result[key]}"
        return Finding(
            rule=one.name,
            verdict=verdict,
            level=one.level,
            severity=one.severity,
            urn=on.urn,
            resource=on.name,
            property=prop,
            message=message,
            id=hashlib.sha256(numbered.encode()).hexdigest()[:8],
        )

    def undecided(path: str, on: Resource) -> Finding:
        return finding(Verdict.UNDECIDED, f"{described(on)}: cannot be decided before {path} is known", path, on)

    try:
        for problem in one.check(subject, view):
            on = problem.resource or subject
            if problem.undecided:
                yield undecided(problem.property, on)
                continue
            yield finding(Verdict.FAIL, _worded(problem, on, problem.fix or one.fix), problem.property, on)
    except Undecided as unknown:
        yield undecided(unknown.path, subject)
    except Exception as error:
        # where, not what: an exception's text may hold a secret value
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].name}, line {frames[-1].lineno}"
        message = f"{described(subject)}: rule {one.name} crashed with {type(error).__name__} in {where}"
        yield finding(Verdict.CRASH, message, "", subject)


def _worded(problem: Problem, on: Resource, fix: str) -> str:
    """Which resource, which property, what it is, and what it must be."""
    named = "" if problem.property in problem.message else f", {problem.property}"
    return f"{described(on)}{named}: {problem.message}. {fix}"


def _steady(resource: Resource) -> str:
    """What identifies a resource in both evaluations, offline and on the engine: stack, project, type and name.

    The whole URN does not: recorders write other parent types into it than the engine does.
    """
    return "::".join((*resource.urn.split("::")[:2], resource.type, resource.name))


def described(resource: Resource) -> str:
    """A resource as messages name it, for example `subnet network-private-a`."""
    return f"{resource.type.rpartition(':')[2]} {resource.name}"


def subjects(one: Rule, graph: Graph) -> Iterable[Resource]:
    """The resources of a stack that a rule is about."""
    if one.types == EVERY:
        return (resource for resource in graph if resource.type.startswith("aws:"))
    if one.types == ():
        return (graph.root,)
    return graph.of_type(*one.types)
