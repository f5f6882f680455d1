"""What policies allow, compared with the rows of policy/rules/tables/grants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ...documents import Document, MalformedError, Statement
from ...graph import Graph, Resource, kinds
from ...graph.location import location_of
from ...rule import Problem
from ...tables.grants import Grant, filled

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"


def allowing(document: Document) -> list[Statement]:
    """The statements of a document that allow; none while it cannot be read."""
    try:
        return [one for one in document.statements if one.allows]
    except MalformedError:
        return []


def compared(
    graph: Graph, subject: Resource, held: list[Document], rows: list[Grant], *, strict: bool = True
) -> Iterator[Problem]:
    """Actions that no row accounts for, and rows of which a part is missing."""
    unknown = [f"{one.holder.name}.{one.path}" for one in held if one.text is None]
    met: dict[int, set[str]] = {}
    on: dict[int, set[Resource]] = {}
    for document in held:
        for one in allowing(document) if document.text is not None else ():
            for fault in _of_statement(graph, one, rows, met, on):
                if strict:
                    yield Problem(message=fault, property=document.path, resource=document.holder)
    for index, row in enumerate(rows):
        if row.covers and strict and not unknown and index in on:
            wanted = set(row.covers(graph, subject))
            actions = ", ".join(sorted(row.actions))
            for other in sorted(wanted - on[index], key=lambda one: one.urn):
                yield Problem(message=f"does not grant {actions} on {other.name}", property="policy")
            for other in sorted(on[index] - wanted, key=lambda one: one.urn) if wanted else ():
                yield Problem(
                    message=f"grants {actions} on {other.name}, which it has nothing to do with", property="policy"
                )
        have = met.get(index, set())
        if have and _whole_elsewhere(index, have, rows, met):
            continue
        if (have and row.complete and row.actions - have) or (not have and row.needed(graph, subject)):
            lacking = ", ".join(sorted(row.actions - have))
            if unknown:
                yield Problem(message="", property=unknown[0], undecided=True)
            elif strict:
                what = " or ".join(kind.rpartition(":")[2] for kind in row.on) or "*"
                ties = f", tied by {', '.join(sorted(row.when))}" if row.when else ""
                whom = f" to {_whom(row.principals)}" if row.principals else ""
                yield Problem(
                    message=f"does not grant {lacking} on {what} of this stack{whom}{ties}", property="policy"
                )


def _whole_elsewhere(index: int, have: set[str], rows: list[Grant], met: Mapping[int, set[str]]) -> bool:
    """Whether the actions granted of a row all belong to other rows, too, of which everything is granted."""
    whole = [rows[i].actions for i, result in met.items() if i != index and rows[i].actions <= result]
    return all(any(action in actions for actions in whole) for action in have)


def _whom(principals: tuple[str, ...]) -> str:
    return " or ".join(
        re.sub(r"[\\]|^Service:|^AWS:|\(\.cn\)\?", "", one).replace("arn:{partition}:", "") for one in principals
    )


def _of_statement(
    graph: Graph, one: Statement, rows: list[Grant], met: dict[int, set[str]], on: dict[int, set[Resource]]
) -> Iterator[str]:
    if one.not_actions:
        yield "a statement allows all but some actions (NotAction)"
    for action in one.actions:
        fitting = [
            i
            for i, row in enumerate(rows)
            if action in row.actions or (not row.complete and f"{action.partition(':')[0]}:*" in row.actions)
        ]
        faults = {i: list(_misfits(graph, one, rows[i])) for i in fitting}
        good = [i for i, result in faults.items() if not result]
        for i in good:
            met.setdefault(i, set()).add(action)
            if rows[i].covers:
                bare = (_without_tail(name, rows[i].part)[0] or name for name in one.resources)
                on.setdefault(i, set()).update(result for name in bare for result in graph.named(name, *rows[i].on))
        if not fitting:
            yield f"allows {action}, which nothing here needs"
        elif not good:
            yield f"allows {action} {min(faults.values(), key=len)[0]}"


def _misfits(graph: Graph, one: Statement, row: Grant) -> Iterator[str]:
    whom = [
        f"{kind}:{name}" if kind != "*" else name
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
            kind = " or ".join(token.rpartition(":")[2] for token in row.on) or "resource"
            yield f"on {resource}, which is no {kind} of this stack"
    for key, wanted in row.when.items():
        values = [(operator, value) for operator, keys in one.conditions.items() for value in keys.get(key, ())]
        if not values:
            yield f"without the condition {key}"
        for operator, value in values:
            if "IfExists" in operator or "Not" in operator or not wanted(value, graph):
                yield f"with {key} {value}"
    for strange in sorted(one.condition_keys() - set(row.when) - _FREE_KEYS):
        yield f"with the condition {strange}, which nobody has accounted for"


def _listed_apart(name: str, whom: list[str], graph: Graph) -> bool:
    """A statement may list several services; each is judged by the row that is about it."""
    return (
        len(whom) > 1
        and name.startswith("Service:")
        and name.partition(":")[2].endswith((".amazonaws.com", ".amazonaws.com.cn"))
    )


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
