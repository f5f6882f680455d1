"""Which words a change gets: every change has a line, and a property that no words fit is shown as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from batchctl.preview.changes import Change, Changed, Comparison, Path
from policy.rules import Resource

from . import documents, properties, protection, reach, statements
from .line import Concern, Line, code


def lines(comparison: Comparison) -> list[Line]:
    """Everything that differs, one or more lines a change, in the order of the resources."""
    made: list[Line] = []
    for resource in comparison.added:
        made += _added(comparison, resource)
    for resource in comparison.removed:
        made += _removed(comparison, resource)
    for changed in comparison.changed:
        made += _changed(comparison, changed)
    made += _outputs(comparison)
    return made


def _outputs(comparison: Comparison) -> Iterator[Line]:
    """A line for each output that differs; one that the output `platform` holds too is told once."""
    by_tail: dict[Path, list[Change]] = {}
    for change in comparison.outputs:
        by_tail.setdefault(change.path[1:] if change.path[:1] == ("platform",) else change.path, []).append(change)
    for tail, changes in by_tail.items():
        same = {repr((change.before, change.after)) for change in changes}
        if tail and len(same) == 1:
            told = replace(changes[0], path=tail)
            yield Line(Concern.OTHER, f"output {properties.generic(told)}", "", tuple(one.path for one in changes))
        else:
            yield from (Line(Concern.OTHER, f"output {properties.generic(one)}", "", (one.path,)) for one in changes)


def _added(comparison: Comparison, resource: Resource) -> Iterator[Line]:
    yield Line(Concern.OTHER, "new" if resource.custom else "new component", resource.urn)
    if opens := protection.WIDENING.get(resource.type):
        yield Line(opens[0], f"new: {opens[1]}", resource.urn)
    for prop, value in resource.props.items():
        if statements.holds_document(resource, prop):
            for concern, text in statements.words(resource, prop, "", value):
                yield Line(concern, text, resource.urn)
    for concern, text in (
        reach.words(comparison.base, comparison.head, None, resource) if resource.type in reach.TYPES else ()
    ):
        yield Line(concern, text, resource.urn)


def _removed(comparison: Comparison, resource: Resource) -> Iterator[Line]:
    yield Line(Concern.OTHER, "removed" if resource.custom else "component removed", resource.urn)
    if resource.type in protection.SAFEGUARDS:
        yield Line(Concern.PROTECTION, f"removed: {protection.SAFEGUARDS[resource.type]}", resource.urn)
    for prop, value in resource.props.items():
        if statements.holds_document(resource, prop):
            for concern, text in statements.words(resource, prop, value, ""):
                yield Line(concern, text, resource.urn)
    for concern, text in (
        reach.words(comparison.base, comparison.head, resource, None) if resource.type in reach.TYPES else ()
    ):
        yield Line(concern, text, resource.urn)


def _changed(comparison: Comparison, changed: Changed) -> Iterator[Line]:
    urn = changed.after.urn
    if changed.renamed:
        yield Line(Concern.OTHER if changed.aliased else Concern.REPLACED, _renamed(changed), urn)
    by_property: dict[str, list[Change]] = {}
    for change in changed.changes:
        by_property.setdefault(change.top, []).append(change)
    reached = (
        [*reach.words(comparison.base, comparison.head, changed.before, changed.after)]
        if any(reach.about_reach(changed.after, prop) for prop in by_property)
        else []
    )
    yield from (Line(concern, text, urn) for concern, text in reached)
    paths: dict[tuple[Concern, str], list[Path]] = {}
    for prop, changes in by_property.items():
        worded = list(_worded(comparison, changed, prop, changes))
        plain = not worded and not (reached and reach.about_reach(changed.after, prop))
        for change in changes:
            told = [*worded, *((Concern.OTHER, properties.generic(change)) for _ in range(plain))]
            told += [(Concern.PROTECTION, text) for text in protection.words(changed.after, change)]
            told += protection.opened(changed.after, change)
            for line in told:
                paths.setdefault(line, []).append(change.path)
    yield from (Line(concern, text, urn, tuple(at)) for (concern, text), at in paths.items())


def _worded(
    comparison: Comparison, changed: Changed, prop: str, changes: list[Change]
) -> Iterator[tuple[Concern, str]]:
    before, after, first = changed.before, changed.after, changes[0]
    if len(first.path) == 1 and statements.holds_document(after, prop):
        yield from statements.words(after, prop, first.before, first.after)
    elif len(first.path) == 1 and (found := list(documents.words(after.type, prop, first.before, first.after))):
        yield from found
    else:
        yield from properties.words(before, after, prop, changes, comparison.base, comparison.head)


def _renamed(changed: Changed) -> str:
    before, after = changed.before, changed.after
    what = f"was {code(before.name)}" if before.name != after.name else "has another parent"
    if changed.aliased:
        return f"{what}: an alias keeps it"
    return (
        f"{what}: the engine takes it for another resource, deletes the old one and makes a new one; "
        f"`{changed.alias}` keeps it"
    )
