"""The policy rules: pure functions over a stack's resources.

Owns: the inventory of rules and their evaluation over one stack.
Refuses: pulumi_policy (`policy/pack.py` adapts rules to it) and anything of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from . import (
    compute,
    delivery,
    encryption,
    endpoints,
    events,
    exemptions,
    governance,
    identity,
    kinds,
    naming,
    network,
    reading,
    storage,
)
from .configuration import committed, layered
from .exemptions import exempted
from .reading import UNKNOWN, Absent, Graph, Known, Options, Resource, Unknown, normal_token, read
from .rule import Finding, Kind, Level, Rule, Severity, Verdict, View, run, subjects
from .settings import Exemption, Settings, exemptions_of, from_config, schema

ALL_RULES: Final[tuple[Rule, ...]] = (
    *governance.RULES,
    *network.RULES,
    *endpoints.RULES,
    *identity.RULES,
    *encryption.RULES,
    *storage.RULES,
    *compute.RULES,
    *events.RULES,
    *delivery.RULES,
    *naming.RULES,
    *exemptions.RULES,
)
"""Every rule, in the order in which documents list them; those that run last are last."""


def evaluate(
    graph: Graph,
    config: Mapping[str, Any] | None = None,
    *,
    rules: tuple[Rule, ...] = ALL_RULES,
    today: date | None = None,
) -> list[Finding]:
    """What the rules find in a stack; empty when everything passes.

    `config` is CrossGuard's (rule name to settings and exemptions) and goes over what policy/config.json says; a
    setting at its top level, such as `suffix`, is for every rule.
    """
    told = layered(committed(), config or {})
    day = today or date.today()
    exempt = tuple(e for one in rules for e in exemptions_of(one.name, told.get(one.name, {})))
    findings: list[Finding] = []
    for one in sorted(rules, key=lambda one: one.last):
        view = View(
            settings=from_config(told.get(one.name, told["all"]), graph.stack),
            stack=graph if one.kind is Kind.STACK else None,
            today=day,
            findings=tuple(findings) if one.last else (),
            exemptions=exempt if one.last else (),
        )
        findings += exempted(_found(one, graph, view), exempt, day)
    return findings


def _found(one: Rule, graph: Graph, view: View) -> Iterator[Finding]:
    for subject in subjects(one, graph):
        yield from run(one, subject, view)


__all__ = [
    "ALL_RULES",
    "UNKNOWN",
    "Absent",
    "Exemption",
    "Finding",
    "Graph",
    "Kind",
    "Known",
    "Level",
    "Options",
    "Resource",
    "Rule",
    "Settings",
    "Severity",
    "Unknown",
    "Verdict",
    "View",
    "committed",
    "evaluate",
    "exempted",
    "exemptions_of",
    "from_config",
    "kinds",
    "normal_token",
    "read",
    "reading",
    "run",
    "schema",
    "subjects",
]
