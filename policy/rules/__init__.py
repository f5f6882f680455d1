"""The policy rules: pure functions over a stack's resources, with nothing of the program and of pulumi_policy in them.

`policy/pack.py` adapts them to the engine, `evaluate` runs them without one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from . import checks
from .configuration import committed, overlay
from .exemptions import exempted
from .graph import (
    IDENTIFYING,
    UNKNOWN,
    Absent,
    Graph,
    Known,
    Options,
    Resource,
    Unknown,
    has_unknown,
    identities,
    kinds,
    normal_token,
    read,
)
from .rule import Finding, Kind, Level, Rule, Severity, Verdict, View, registered, run, subjects
from .settings import Exemption, Settings, exemptions_of, from_config, schema

for _module in sorted(one.name for one in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}.")):
    importlib.import_module(_module)

ALL_RULES: Final[tuple[Rule, ...]] = registered()
"""Every rule of the modules in `checks`, in the order of documents; those that run last are last."""


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
    configured = overlay(committed(), config or {})
    day = today or date.today()
    exempt = tuple(e for one in rules for e in exemptions_of(one.name, configured.get(one.name, {})))
    findings: list[Finding] = []
    for one in sorted(rules, key=lambda one: one.last):
        view = View(
            settings=from_config(configured.get(one.name, configured["all"]), graph.stack),
            stack=graph if one.kind is Kind.STACK else None,
            today=day,
            findings=tuple(findings) if one.last else (),
            exemptions=exempt if one.last else (),
        )
        findings += exempted(_findings(one, graph, view), exempt, day)
    return findings


def _findings(one: Rule, graph: Graph, view: View) -> Iterator[Finding]:
    for subject in subjects(one, graph):
        yield from run(one, subject, view)


__all__ = [
    "ALL_RULES",
    "IDENTIFYING",
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
    "has_unknown",
    "identities",
    "kinds",
    "normal_token",
    "read",
    "run",
    "schema",
    "subjects",
]
