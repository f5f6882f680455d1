"""What the provider would replace, what hangs on that, and what data would be lost with it.

Which properties make the provider replace a resource is in `replacements.json`, written from the provider's own plans
(`sandbox/generators/replacements.py`). What is not in that table may replace, and is reported so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from policy.rules import Resource, kinds

from . import synthetic
from .changes import OPTIONS, Change, Changed, Comparison
from .snapshot import Snapshot

TABLE: Final = Path(__file__).with_name("replacements.json")
REVISED: Final = frozenset({kinds.TASK_DEFINITION, kinds.REPOSITORY_LIFECYCLE})
"""Types of which a replacement is an ordinary update: running tasks keep the old revision, images the new rules."""


@dataclass(frozen=True)
class Data:
    """What a type of resource holds."""

    lost: str
    """What happens to it when the resource is replaced or removed."""
    instead: str
    """What to do before."""


HOLDS_DATA: Final[Mapping[str, Data]] = {
    kinds.BUCKET: Data(
        "every object with all its versions is deleted",
        "copy the objects to another bucket first (`aws s3 sync`)",
    ),
    kinds.TABLE: Data(
        "every item is deleted, and a manifest that was processed may be processed again",
        "export the table first (`aws dynamodb export-table-to-point-in-time`)",
    ),
    kinds.REPOSITORY: Data(
        "every image is deleted, and tasks cannot start until images are pushed again",
        "copy the images first (`batchctl push`, or a copy by digest)",
    ),
    kinds.KEY: Data(
        "the key is deleted after its waiting period, and what it encrypted can never be read again",
        "cancel the deletion within the waiting period (`aws kms cancel-key-deletion`)",
    ),
    kinds.LOG_GROUP: Data(
        "every log event is deleted",
        "export the events first (`aws logs create-export-task`)",
    ),
    kinds.QUEUE: Data(
        "messages that wait in it are deleted",
        "let the workers empty the queue first",
    ),
}
"""Types that hold data."""


@dataclass(frozen=True)
class Replacement:
    """A resource that would be deleted and made anew."""

    resource: Resource
    properties: tuple[str, ...]
    """Those that force it."""
    certain: bool
    """False where the provider decides by the value, or the table does not know the property."""
    because_of: Resource | None = None
    """The replaced resource whose new id forces it; None where a change of its own does."""

    @property
    def routine(self) -> bool:
        """Whether it is what every update of the type does."""
        return self.resource.type in REVISED


@dataclass(frozen=True)
class Loss:
    """A resource with data that would be deleted."""

    resource: Resource
    """On the earlier side."""
    replaced: bool
    """False: removed for good, or under another name that the engine does not know."""
    certain: bool
    data: Data
    acknowledged: bool


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """By type and property: `always`, `never`, `sometimes`."""
    types: Mapping[str, Mapping[str, str]] = json.loads(TABLE.read_text())["types"]
    return types


def effect(kind: str, prop: str) -> str:
    """What the provider does when the property changes: `always`, `never`, `sometimes` or `not known` replace it."""
    if prop == "tags" or kind.startswith("pulumi:"):
        return "never"
    return table().get(kind, {}).get(prop, "not known")


def replacements(comparison: Comparison) -> list[Replacement]:
    """Every resource that would be replaced: by its own changes, or by the new ids of what it hangs on."""
    by_urn = _planned(comparison) if comparison.planned_replacements is not None else _expected(comparison)
    order = {resource.urn: index for index, resource in enumerate(comparison.head.graph.resources)}
    return sorted(by_urn.values(), key=lambda one: order.get(one.resource.urn, len(order)))


def _planned(comparison: Comparison) -> dict[str, Replacement]:
    """What the engine plans to replace."""
    planned = comparison.planned_replacements or {}
    by_urn: dict[str, Replacement] = {}
    for urn, properties in planned.items():
        resource = comparison.head.graph.get(urn)
        if resource is not None:
            causes = (
                one
                for prop in properties
                for one in comparison.head.graph.targets(resource, prop)
                if one.urn in planned and one.type not in REVISED
            )
            by_urn[urn] = Replacement(resource, properties, certain=True, because_of=next(causes, None))
    return by_urn


def _expected(comparison: Comparison) -> dict[str, Replacement]:
    """What would be replaced by the table of what the provider replaces."""
    by_urn: dict[str, Replacement] = {}
    for changed in comparison.changed:
        if changed.after.custom and (one := _by_its_changes(changed)):
            by_urn[changed.after.urn] = one
    queue = [one for one in by_urn.values() if not one.routine]
    while queue:
        cause = queue.pop(0)
        for one in _hanging(comparison.head, cause):
            earlier = by_urn.get(one.resource.urn)
            if earlier is not None and earlier.because_of is None and earlier.certain <= one.certain:
                properties = tuple(dict.fromkeys((*earlier.properties, *one.properties)))
                by_urn[one.resource.urn] = replace(one, properties=properties)
            elif earlier is None or (one.certain and not earlier.certain):
                by_urn[one.resource.urn] = one
                queue.append(one)
    return by_urn


def _by_its_changes(changed: Changed) -> Replacement | None:
    ignored = {
        path.partition(".")[0].partition("[")[0] for path in changed.after.options.ignore_changes if "." not in path
    }
    tops = dict.fromkeys(change.top for change in changed.changes if _counts(change) and change.top not in ignored)
    effects = {top: effect(changed.after.type, top) for top in tops}
    always = tuple(top for top, what in effects.items() if what == "always")
    maybe = tuple(top for top, what in effects.items() if what not in ("always", "never"))
    if always or maybe:
        return Replacement(changed.after, always or maybe, certain=bool(always))
    return None


def _counts(change: Change) -> bool:
    return change.top != OPTIONS


def _hanging(head: Snapshot, cause: Replacement) -> Iterator[Replacement]:
    """Resources that take an id which the replacement changes into a property that forces their own replacement."""
    new_values = _assigned(cause.resource)
    for dependent in head.graph.dependents(cause.resource):
        if not dependent.custom:
            continue
        forcing = [
            (prop, what)
            for prop, urns in dependent.property_dependencies.items()
            if cause.resource.urn in urns
            and (what := effect(dependent.type, prop)) != "never"
            and any(value in json.dumps(dependent.props.get(prop), default=str) for value in new_values)
        ]
        if forcing:
            certain = cause.certain and any(what == "always" for _, what in forcing)
            yield Replacement(dependent, tuple(prop for prop, _ in forcing), certain=certain, because_of=cause.resource)


def _assigned(resource: Resource) -> set[str]:
    """The ids and ARNs of a resource that AWS gives anew to a replacement: those that do not follow from its inputs."""
    region = "us-east-1"
    one, other = (synthetic.outputs(resource.type, name, _named(resource), region) for name in ("one", "other"))
    return {
        str(resource.props[key]) for key in one if one[key] != other[key] and isinstance(resource.props.get(key), str)
    }


def _named(resource: Resource) -> Mapping[str, Any]:
    """The inputs from which AWS derives ids; a name that the program did not give is not among them."""
    unnamed = synthetic.outputs(resource.type, resource.name, {}, "us-east-1")
    return {key: value for key, value in resource.props.items() if unnamed.get(key) != value}


def losses(comparison: Comparison) -> list[Loss]:
    """Every resource with data that would be deleted, and whether the stack file acknowledges it."""
    acknowledged = set(comparison.head.acknowledged)
    lost: list[Loss] = []

    def add(resource: Resource, urns: tuple[str, ...], *, replaced: bool, certain: bool) -> None:
        if data := HOLDS_DATA.get(resource.type):
            named = acknowledged & {resource.name, *urns}
            lost.append(Loss(resource, replaced, certain, data, bool(named)))

    before = {changed.after.urn: changed.before for changed in comparison.changed}
    for one in replacements(comparison):
        urn = one.resource.urn
        add(before.get(urn, one.resource), (comparison.head.engine_urn(urn),), replaced=True, certain=one.certain)
    for changed in comparison.changed:
        if changed.renamed and not changed.aliased:
            add(changed.before, (comparison.base.engine_urn(changed.before.urn),), replaced=False, certain=True)
    for resource in comparison.removed:
        add(resource, (comparison.base.engine_urn(resource.urn),), replaced=False, certain=True)
    return list({loss.resource.urn: loss for loss in lost}.values())


def stale_acknowledgements(comparison: Comparison) -> list[str]:
    """Names in `platform.acknowledge` of which this change deletes no data."""
    used: set[str] = set()
    for loss in losses(comparison):
        snapshots = (comparison.base, comparison.head)
        used |= {loss.resource.name, *(snapshot.engine_urn(loss.resource.urn) for snapshot in snapshots)}
    of_settings = re.compile(r"jobs\..+\.debug")  # `settings.rules.debug_problems` checks these
    return [name for name in comparison.head.acknowledged if name not in used and not of_settings.fullmatch(name)]
