"""By whom roles are assumed, and on whose behalf."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...documents import ATTACHED, Document, Statement, documents
from ...documents.held import allowing
from ...graph import Graph, Resource, kinds
from ...rule import Problem, Severity, View, rule
from ...tables.grants import TRUST, filled
from . import outsiders

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"


@rule(
    "trust-is-tied",
    kinds.ROLE,
    severity=Severity.CRITICAL,
    fix="Trust one service, with aws:SourceAccount and aws:SourceArn of this stack",
    url=f"{_IAM}/confused-deputy.html",
    tags=("table",),
)
def trust_is_tied(role: Resource, view: View) -> Iterator[Problem]:
    """A role is assumed by one service, on behalf of this account and stack; a role of the delivery by GitHub's
    workflows of one repository and branch, or by named roles of the tooling account. By nobody else."""
    graph = view.graph
    for document in documents(role, ATTACHED):
        for one in allowing(document):
            if (faults := outsiders.faults(graph, one)) is not None:
                yield from (Problem(message=fault, property=document.path) for fault in faults)
                continue
            strangers = [
                name
                for kind, names in one.principals.items()
                for name in names
                if kind != "Service" or name not in _PRINCIPALS
            ]
            for name in strangers:
                yield Problem(message=f"is assumed by {name}", property=document.path)
            if set(one.actions) - {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} or not one.actions:
                yield Problem(message=f"trusts with {', '.join(one.actions)}", property=document.path)
            if not strangers:  # what another service sends along is not known here
                yield from _ties(graph, document, one)


_PRINCIPALS: Final = frozenset(f"{service}.amazonaws.com" for service in TRUST)


def _ties(graph: Graph, document: Document, one: Statement) -> Iterator[Problem]:
    yield from _of_consumer(graph, document, one)
    service = next(iter(one.principals.get("Service", ("",)))).partition(".")[0]
    required = {"aws:sourceaccount": "{account}", **TRUST.get(service, {})}
    for key, pattern in required.items():
        matching = [(operator, value) for operator, keys in one.conditions.items() for value in keys.get(key, ())]
        if not matching:
            yield Problem(message=f"does not say {key}", property=document.path)
        for operator, value in matching:
            if "IfExists" in operator or "Not" in operator or not re.fullmatch(filled(pattern, graph), value):
                yield Problem(message=f"is assumed on behalf of {value}", property=document.path)


_CONSUMERS: Final = {
    "events": (kinds.EVENT_TARGET, "roleArn", "rule", kinds.EVENT_RULE),
    "scheduler": (kinds.SCHEDULE, "target", "groupName", kinds.SCHEDULE_GROUP),
    "states": (kinds.STATE_MACHINE, "roleArn", "", kinds.STATE_MACHINE),
}


def _of_consumer(graph: Graph, document: Document, one: Statement) -> Iterator[Problem]:
    """On behalf of exactly the rule, group or machine that uses the role."""
    for service in one.principals.get("Service", ()):
        result = _CONSUMERS.get(service.partition(".")[0])
        arns = [value for keys in one.conditions.values() for value in keys.get("aws:sourcearn", ())]
        if result is None or not arns:
            continue
        user, prop, through, kind = result
        users = graph.dependents(document.holder, user, prop=prop)
        sources = {source for one in users for source in (graph.targets(one, through, kind) if through else [one])}
        for arn in arns if sources else ():
            if not set(graph.named(re.sub(r"[/:*]+$", "", arn), kind)) & sources:
                listed = ", ".join(sorted(source.name for source in sources))
                yield Problem(
                    message=f"is assumed on behalf of {arn}, which is something else than {listed}",
                    property=document.path,
                )
