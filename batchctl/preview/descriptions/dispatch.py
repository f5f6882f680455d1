"""A line for every change: as a sentence where one of the modules here has one, else as path and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from batchctl.preview.changes import OPTIONS, Change, Changed, Comparison, Path, compared
from batchctl.preview.snapshot import NOT_KNOWN, digest
from policy.rules import Resource

from . import documents, lifecycles, network_access, properties, protection, safe, statements
from .line import Concern, Line, code, dotted


def lines(comparison: Comparison) -> list[Line]:
    """Everything that differs, one or more lines per change, in the order of the resources."""
    usual = _usual_tags(comparison)
    changed_lines: list[Line] = []
    for resource in comparison.added:
        changed_lines += _added(comparison, resource, usual)
    for resource in comparison.removed:
        changed_lines += _removed(comparison, resource)
    for changed in comparison.changed:
        changed_lines += _changed(comparison, changed)
    changed_lines += _outputs(comparison)
    return changed_lines


def _readable(descriptions: Iterator[tuple[Concern, str]]) -> list[tuple[Concern, str]]:
    """The descriptions, or none where a document has not the form that AWS documents: then its plain values show."""
    try:
        return list(descriptions)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return []


def _usual_tags(comparison: Comparison) -> dict[str, Any]:
    """The tags that most resources have, which a new resource need not show."""
    resources = comparison.head.graph.resources
    tags = [value for one in resources if isinstance(value := compared(comparison.head, one).get("tags"), dict)]
    counted = Counter(map(repr, tags))
    return max(tags, key=lambda value: counted[repr(value)], default={})


def _shown_tags(tags: Any, usual: dict[str, Any]) -> str:
    """The tags, or the usual ones by that name and only the further ones in full."""
    if not usual or not isinstance(tags, dict) or any(tags.get(key) != value for key, value in usual.items()):
        return f"tags {code(properties.masked('tags', tags))}"
    further = {key: value for key, value in tags.items() if key not in usual}
    return "the usual tags" + (f" and {code(properties.masked('tags', further))}" if further else "")


def _outputs(comparison: Comparison) -> Iterator[Line]:
    """A line for each output that differs; one that the output `platform` holds too is shown once."""
    by_tail: dict[Path, list[Change]] = {}
    for change in comparison.outputs:
        by_tail.setdefault(change.path[1:] if change.path[:1] == ("platform",) else change.path, []).append(change)
    for tail, changes in by_tail.items():
        same = {repr((change.before, change.after)) for change in changes}
        if tail and len(same) == 1:
            once = replace(changes[0], path=tail)
            yield Line(Concern.OTHER, f"output {properties.generic(once)}", "", tuple(one.path for one in changes))
        else:
            yield from (Line(Concern.OTHER, f"output {properties.generic(one)}", "", (one.path,)) for one in changes)


def _added(comparison: Comparison, resource: Resource, usual_tags: dict[str, Any]) -> Iterator[Line]:
    if not resource.custom:
        yield Line(Concern.OTHER, "new component", resource.urn)
        return
    inputs = {prop: value for prop, value in compared(comparison.head, resource).items() if prop != OPTIONS}
    values = [
        _shown_tags(value, usual_tags) if prop == "tags" else f"{prop} {code(properties.masked(prop, value))}"
        for prop, value in inputs.items()
    ]
    listing = ", ".join(values)
    descriptions = _readable(_document_changes(comparison, resource, added=True))
    if opens := protection.presence(resource):
        descriptions.append((opens[0], f"new: {opens[1]}"))
    classified = resource.type in safe.ADDED or bool(descriptions) or resource.type in network_access.TYPES
    yield Line(Concern.OTHER if classified else Concern.UNKNOWN, f"new: {listing}" if listing else "new", resource.urn)
    yield from (Line(concern, text, resource.urn) for concern, text in descriptions)


def _removed(comparison: Comparison, resource: Resource) -> Iterator[Line]:
    if not resource.custom:
        yield Line(Concern.OTHER, "component removed", resource.urn)
        return
    descriptions = _readable(_document_changes(comparison, resource, added=False))
    if resource.type in protection.SAFEGUARDS:
        descriptions.append((Concern.PROTECTION, f"removed: {protection.SAFEGUARDS[resource.type]}"))
    classified = resource.type in safe.REMOVED or bool(descriptions)
    yield Line(Concern.OTHER if classified else Concern.UNKNOWN, "removed", resource.urn)
    yield from (Line(concern, text, resource.urn) for concern, text in descriptions)


def _document_changes(comparison: Comparison, resource: Resource, *, added: bool) -> Iterator[tuple[Concern, str]]:
    """What the documents of a new resource allow and delete, or those of a removed one no longer do."""
    before, after = (None, resource) if added else (resource, None)
    for prop, value in resource.props.items():
        if statements.holds_document(resource, prop):
            yield from statements.describe(resource, prop, *("", value) if added else (value, ""))
    if resource.type in network_access.TYPES:
        yield from network_access.describe(comparison.base, comparison.head, before, after)
    new = {one.urn for one in comparison.added}
    for concern, text in lifecycles.describe(before, after):
        target_is_new = added and any(one.urn in new for one in comparison.head.graph.targets(resource, None))
        yield Concern.OTHER if target_is_new else concern, text


def _changed(comparison: Comparison, changed: Changed) -> Iterator[Line]:
    urn, after = changed.after.urn, changed.after
    if changed.renamed:
        yield Line(Concern.OTHER if changed.aliased else Concern.REPLACED, _renamed(changed), urn)
    by_property: dict[str, list[Change]] = {}
    for change in changed.changes:
        by_property.setdefault(change.top, []).append(change)
    access_changes = (
        _readable(network_access.describe(comparison.base, comparison.head, changed.before, after))
        if any(network_access.is_about_access(after, prop) for prop in by_property)
        else []
    )
    yield from (Line(concern, text, urn) for concern, text in access_changes)
    paths: dict[tuple[Concern, str], list[Path]] = {}
    for prop, changes in by_property.items():
        known_later = any(change.after == NOT_KNOWN for change in changes)
        descriptions = [] if known_later else _readable(_described(comparison, changed, prop, changes))
        for change in changes:
            weakened = [(Concern.PROTECTION, text) for text in protection.describe(after, change)]
            weakened += protection.possible_exposure(after, change)
            classified = bool(
                weakened or descriptions or (access_changes and network_access.is_about_access(after, prop))
            )
            classified = classified or protection.strengthens(after, change)
            plain = (
                [_known_later(comparison, after, change)]
                if change.after == NOT_KNOWN
                else _plain(after, change, descriptions, classified=classified)
            )
            for line in (*descriptions, *weakened, *plain):
                paths.setdefault(line, []).append(change.path)
    yield from (Line(concern, text, urn, tuple(at)) for (concern, text), at in paths.items())


def _known_later(comparison: Comparison, resource: Resource, change: Change) -> tuple[Concern, str]:
    """A value that is known only after `pulumi up`; in a document it may hide anything."""
    sources = ", ".join(code(one.name) for one in comparison.head.graph.targets(resource, change.top))
    concern = Concern.UNKNOWN if is_document(change.before) else Concern.OTHER
    source = f", as it follows from {sources}" if sources else ""
    return concern, f"{code(dotted(change.path))}: {code(change.before)} → known only after `pulumi up`{source}"


def _plain(
    resource: Resource, change: Change, descriptions: list[tuple[Concern, str]], *, classified: bool
) -> Iterator[tuple[Concern, str]]:
    """The change as path and values, unless a description shows both values; a described document only by its hash."""
    if not descriptions:
        concern = Concern.OTHER if classified or safe.change_is_safe(resource, change) else Concern.UNKNOWN
        yield concern, properties.generic(change)
    elif is_document(change.before) or is_document(change.after):
        yield Concern.OTHER, f"{code(change.top)}: hash {digest(change.before)} → {digest(change.after)}"
    elif not any(_shows(text, change.before) and _shows(text, change.after) for _, text in descriptions):
        yield Concern.OTHER, properties.generic(change)


def is_document(value: Any) -> bool:
    """Whether a value is JSON in a text."""
    return isinstance(value, str) and value[:1] in ("{", "[")


def _shows(text: str, value: Any) -> bool:
    return isinstance(value, (str, int, float)) and bool(
        re.search(rf"(?<![\w.]){re.escape(str(value))}(?![\w.])", text)
    )


def _described(
    comparison: Comparison, changed: Changed, prop: str, changes: list[Change]
) -> Iterator[tuple[Concern, str]]:
    before, after, first = changed.before, changed.after, changes[0]
    if len(first.path) == 1 and statements.holds_document(after, prop):
        yield from statements.describe(after, prop, first.before, first.after)
    elif len(first.path) == 1 and (
        in_document := list(documents.describe(after.type, prop, first.before, first.after))
    ):
        yield from in_document
    elif prop == lifecycles.OBJECT_RULES.get(after.type):
        yield from lifecycles.describe(before, after)
    else:
        yield from properties.describe(before, after, prop, changes, comparison.base, comparison.head)


def _renamed(changed: Changed) -> str:
    before, after = changed.before, changed.after
    what = f"was {code(before.name)}" if before.name != after.name else "has another parent"
    if changed.aliased:
        return f"{what}: an alias keeps it"
    return (
        f"{what}: the engine takes it for another resource, deletes the old one and makes a new one; "
        f"`{changed.alias}` keeps it"
    )
