"""What policies allow, compared with the rows of policy/rules/tables/grants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ...documents import Document, Statement, effective
from ...documents.held import statements_of
from ...graph import Graph, Resource, kinds
from ...graph.location import location_of
from ...rule import Problem
from ...tables.grants import Grant, filled


@dataclass(slots=True)
class _Tally:
    """What the statements of a subject's documents grant, by row."""

    met: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    """By row: the resources as the statements name them, each with the actions."""
    tied: dict[int, set[str]] = field(default_factory=dict)
    """By row: the values of `aws:SourceArn`."""

    def actions(self, index: int) -> set[str]:
        return {action for actions in self.met.get(index, {}).values() for action in actions}


def compared(
    graph: Graph,
    subject: Resource,
    held: list[Document],
    rows: list[Grant],
    *,
    boundary: Sequence[Statement] | None = None,
    strict: bool = True,
) -> Iterator[Problem]:
    """Actions that no row accounts for, rows of which a part is missing, and grants that something takes away."""
    unknown = [f"{one.holder.name}.{one.path}" for one in held if one.text is None]
    refused = [one for document in held for one in statements_of(document) if not one.allows]
    tally = _Tally()
    for document in held:
        for one in statements_of(document):
            for fault in dict.fromkeys(_of_statement(graph, one, rows, tally, refused)) if one.allows else ():
                if strict:
                    yield Problem(message=fault, property=document.path, resource=document.holder)
    if strict:
        yield from _covered(graph, subject, rows, tally, bool(unknown))
        yield from _parts(rows, tally)
        yield from _taken_away(graph, tally, refused, boundary)
    for index, row in enumerate(rows):
        granted = tally.actions(index)
        lacking = row.actions - granted if row.complete or not granted else frozenset()
        if lacking and row.needed(graph, subject):
            if unknown:  # what is not granted here may be granted there
                yield Problem(message="", property=unknown[0], undecided=True)
            elif strict:
                yield Problem(message=f"does not grant {_described(row, lacking)}", property="policy")


def _described(row: Grant, actions: frozenset[str]) -> str:
    what = " or ".join(kind.rpartition(":")[2] for kind in row.on) or "*"
    ties = f", tied by {', '.join(sorted(row.when))}" if row.when else ""
    whom = f" to {_whom(row.principals)}" if row.principals else ""
    return f"{', '.join(sorted(actions))} on {what} of this stack{whom}{ties}"


def _covered(graph: Graph, subject: Resource, rows: list[Grant], tally: _Tally, open_: bool) -> Iterator[Problem]:
    """Whether each row is granted on just the resources that the graph says, and tied to just those."""
    for index, granted in tally.met.items():
        row = rows[index]
        actions = ", ".join(sorted(row.actions))
        sides = []
        if row.covers:
            bare = (_without_tail(name, row.part)[0] or name for name in granted)
            named = {other for name in bare for other in graph.named(name, *row.on)}
            sides.append(
                (set(row.covers(graph, subject)), named, f"grants {actions} on", f"does not grant {actions} on")
            )
        if row.sources:
            named = {other for value in tally.tied.get(index, ()) for other in graph.named(value, *row.sources_of)}
            needed = set(row.sources(graph, subject))
            sides.append((needed, named, f"grants {actions} for", f"does not grant {actions} for"))
        for needed, granted_on, too_much, too_little in sides:
            for other in sorted(needed - granted_on, key=lambda one: one.urn) if not open_ else ():
                yield Problem(message=f"{too_little} {other.name}", property="policy")
            for other in sorted(granted_on - needed, key=lambda one: one.urn) if needed else ():
                yield Problem(message=f"{too_much} {other.name}, which it has nothing to do with", property="policy")


def _parts(rows: list[Grant], tally: _Tally) -> Iterator[Problem]:
    """On each resource, what is granted must be whole rows: a part of one lets nothing be done."""
    for index, granted in tally.met.items():
        row = rows[index]
        for resource, actions in granted.items() if row.complete else ():
            lacking = row.actions - actions
            others = (
                rows[other].actions
                for other, names in tally.met.items()
                if other != index
                and (rows[other].principals, set(rows[other].when)) == (row.principals, set(row.when))
                and (not rows[other].complete or rows[other].actions <= names.get(resource, set()))
            )
            if lacking and actions - {action for listed in others for action in listed}:
                yield Problem(
                    message=f"grants {', '.join(sorted(actions))} on {resource} and not {', '.join(sorted(lacking))}, "
                    "without which it is of no use",
                    property="policy",
                )


def _taken_away(
    graph: Graph, tally: _Tally, refused: Sequence[Statement], boundary: Sequence[Statement] | None
) -> Iterator[Problem]:
    """Whether a Deny, or a boundary that does not allow it, takes away what the rows need."""
    context = _usual(graph)
    for granted in tally.met.values():
        for resource, actions in granted.items():
            for action in sorted(actions):
                request = effective.Request(principal="", action=action, resource=resource, context=context)
                if effective.denies_everywhere(refused, action, resource, context):
                    yield Problem(message=f"grants {action} on {resource} and denies it again", property="policy")
                elif boundary is not None and effective.of_policy(boundary, request) != "Allowed":
                    yield Problem(
                        message=f"grants {action} on {resource}, which its boundary does not allow",
                        property="permissionsBoundary",
                    )


def _usual(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    """What a request of the platform's own tasks and machines carries with it."""
    here = location_of(graph)
    keys = {
        "aws:principalaccount": here.account,
        "aws:resourceaccount": here.account,
        "aws:sourceaccount": here.account,
        "aws:requestedregion": here.region,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }
    return {key: (value,) for key, value in keys.items() if value}


def _whom(principals: tuple[str, ...]) -> str:
    return " or ".join(
        re.sub(r"[\\]|^Service:|^AWS:|\(\.cn\)\?", "", one).replace("arn:{partition}:", "") for one in principals
    )


def _of_statement(
    graph: Graph, one: Statement, rows: list[Grant], tally: _Tally, refused: Sequence[Statement]
) -> Iterator[str]:
    if one.not_actions:
        yield "a statement allows all but some actions (NotAction)"
    if one.not_resources:
        yield "a statement allows something on all but some resources (NotResource)"
    whole_services = {service for row in rows for service in row.any_of}
    for action in dict.fromkeys(
        name
        for pattern in one.actions
        for name in ((pattern,) if pattern in whole_services else effective.expanded(pattern))
    ):
        if one.resources and all(effective.denies_everywhere(refused, action, name, {}) for name in one.resources):
            continue  # refused without a condition: as if it were not granted
        fitting = [
            i for i, row in enumerate(rows) if action in row.actions or f"{action.partition(':')[0]}:*" in row.any_of
        ]
        if not fitting:
            patterns = (pattern for pattern in one.actions if action in effective.expanded(pattern))
            yield f"allows {next(patterns, action)}, which no row accounts for"
            continue
        for part in _by_resource(one):
            faults = {i: list(_misfits(graph, part, rows[i])) for i in fitting}
            good = [i for i, listed in faults.items() if not listed]
            for i in good:
                for name in part.resources:
                    tally.met.setdefault(i, {}).setdefault(name, set()).add(action)
                tally.tied.setdefault(i, set()).update(
                    value for keys in one.conditions.values() for value in keys.get("aws:sourcearn", ())
                )
            if not good:
                yield f"allows {action} {min(faults.values(), key=len)[0]}"


def _by_resource(one: Statement) -> list[Statement]:
    """The statement as often as it names resources, each with one of them: each is checked against its row."""
    return [replace(one, resources=(name,)) for name in one.resources] if len(one.resources) > 1 else [one]


def _misfits(graph: Graph, one: Statement, row: Grant) -> Iterator[str]:
    whom = [
        f"{kind}:{_as_root(name, graph) if kind == 'AWS' else name}" if kind != "*" else name
        for kind, names in one.principals.items()
        for name in names
        if not (kind == "AWS" and name == "*")
    ]
    if row.principals:
        for name in whom:
            if not any(re.fullmatch(filled(pattern, graph), name) for pattern in row.principals) and not _listed_apart(
                name, whom, graph
            ):
                yield f"to {name.partition(':')[2] or name}"
        if not any(re.fullmatch(filled(pattern, graph), name) for pattern in row.principals for name in whom):
            yield "to nobody that needs it"
    if not one.resources:
        yield "on nothing it names"
    for resource in one.resources:
        if not _fits(graph, resource, row):
            kind = " or ".join(token.rpartition(":")[2] for token in row.on)
            yield (
                f"on {resource}, which is no {kind} of this stack"
                if kind
                else f"on {resource}, which its row does not list"
            )
    for key, accepts in row.when.items():
        values = [(operator, value) for operator, keys in one.conditions.items() for value in keys.get(key, ())]
        if not values:
            yield f"without the condition {key}"
        for operator, value in values:
            if "IfExists" in operator or "Not" in operator or not accepts(value, graph):
                yield f"with {key} {value}"
    extra = one.condition_keys() - set(row.when)
    yield from _of_other_accounts(graph, one, extra)
    free = _FREE_KEYS - {"kms:viaservice"} if row.to == kinds.KEY else _FREE_KEYS
    for strange in sorted(extra - free):
        yield f"with the condition {strange}, which nobody has accounted for"


def _as_root(principal: str, graph: Graph) -> str:
    """An account's number is another spelling of its root (reference_policies_elements_principal.html)."""
    account = re.fullmatch(r"\d{12}", principal)
    return f"arn:{location_of(graph).partition}:iam::{principal}:root" if account else principal


def _of_other_accounts(graph: Graph, one: Statement, keys: set[str]) -> Iterator[str]:
    account = location_of(graph).account
    for key in sorted(_OF_THE_ACCOUNT & keys):
        for value in (value for compared_ in one.conditions.values() for value in compared_.get(key, ())):
            if account and value != account:
                yield f"with {key} {value}"


def _listed_apart(name: str, whom: list[str], graph: Graph) -> bool:
    """A statement may list several services; each is checked against its row."""
    return (
        len(whom) > 1
        and name.startswith("Service:")
        and name.partition(":")[2].endswith((".amazonaws.com", ".amazonaws.com.cn"))
    )


_OF_THE_ACCOUNT: Final = frozenset(("aws:sourceaccount", "aws:resourceaccount", "aws:principalaccount"))
"""Conditions that compare with an account, which must be the stack's own."""
_FREE_KEYS: Final = frozenset(
    (
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:resourceaccount",
        "aws:principalaccount",
        "aws:securetransport",
        "s3:prefix",
        "kms:viaservice",
    )
)
"""Conditions that only take away, wherever they stand."""


def _fits(graph: Graph, resource: str, row: Grant) -> bool:
    if row.within and row.within not in resource:
        return False
    if row.form:
        return re.fullmatch(filled(row.form, graph), resource) is not None
    location = location_of(graph)
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return False
    if parts[3] not in ("", location.region) or parts[4] not in ("", location.account):
        return False
    bare, tail = _without_tail(resource, row.part)
    matching = graph.named(bare, *row.on) if bare is not None else []
    if row.to not in (kinds.BUCKET_POLICY, kinds.ENDPOINT):  # nobody but S3 touches the bucket of the access logs
        matching = [
            one
            for one in matching
            if one.type != kinds.BUCKET or not graph.attached(one, "targetBucket", kinds.BUCKET_LOGGING)
        ]
    return bool(matching) and tail


def _without_tail(resource: str, part: str) -> tuple[str | None, bool]:
    if not part:
        return resource, True
    match = re.fullmatch(r"(arn:[^*]*?)(" + part + ")", resource)
    return (match[1], True) if match else (None, False)
