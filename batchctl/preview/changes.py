"""What differs between two snapshots of a stack, resource by resource and property by property.

Whatever differs is reported, and nothing else: applying the changes to the earlier inputs gives the later ones. Left
out are the tags that say when and by whom a deployment was made, and the order of registrations, which change nothing
in AWS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from policy.rules import Resource
from policy.rules.checks.naming import NAMING

from .snapshot import Snapshot

Path = tuple[str | int, ...]

PROVENANCE_TAGS: Final = frozenset({"CreatedAt", "CommitAuthor", "PRNumber"})
"""Tags of time and commit: they differ from run to run of the same program."""
OPTIONS: Final = "(options)"
"""First step of the path of a resource option, for example `(options).protect`."""


class Missing:
    """Type of `MISSING`."""

    def __repr__(self) -> str:
        return "(none)"


MISSING: Final = Missing()
"""Stands for a value that is not there on one side."""


@dataclass(frozen=True)
class Change:
    """One value that differs."""

    path: Path
    before: Any
    """`MISSING` where there was none."""
    after: Any
    """`MISSING` where there is none any more."""

    @property
    def top(self) -> str:
        """The property's name, without what lies below it."""
        return str(self.path[0]) if self.path else ""


@dataclass(frozen=True)
class Changed:
    """A resource that is on both sides and differs."""

    before: Resource
    after: Resource
    changes: tuple[Change, ...]
    """Of its inputs and options."""
    aliased: bool = False
    """Whether an alias gives the engine the earlier name or parent."""
    alias: str = ""
    """For a renamed resource, the option by which the engine would know it again, as Python."""

    @property
    def renamed(self) -> bool:
        """Whether its logical name or its parents are others: the engine takes it for another resource."""
        return self.before.urn != self.after.urn


@dataclass(frozen=True)
class Comparison:
    """A stack on both sides and everything that differs."""

    base: Snapshot
    head: Snapshot
    added: tuple[Resource, ...]
    removed: tuple[Resource, ...]
    changed: tuple[Changed, ...]
    outputs: tuple[Change, ...]
    """Of the stack's outputs."""
    planned_replacements: Mapping[str, tuple[str, ...]] | None = None
    """By URN: the properties for which the engine plans a replacement; None where no engine was used."""

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.head.graph.stack

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.outputs)


def compare(base: Snapshot, head: Snapshot) -> Comparison:
    """Everything that differs between `base` and `head`."""
    before = {resource.urn: resource for resource in base.graph.resources}
    after = {resource.urn: resource for resource in head.graph.resources}
    removed = {urn: resource for urn, resource in before.items() if urn not in after}
    added = {urn: resource for urn, resource in after.items() if urn not in before}
    pairs = [(before[urn], after[urn]) for urn in after if urn in before]
    renamed = _renamed(base, head, removed, added)
    for old, new in renamed:
        del removed[old.urn], added[new.urn]
    same_ids = _same_ids(base, head, renamed)
    changed = []
    for old, new in (*pairs, *renamed):
        changes = tuple(differences(compared(base, old), _translated(compared(head, new), same_ids)))
        if changes or old.urn != new.urn:
            aliased = old.urn in head.aliases.get(new.urn, ())
            changed.append(Changed(old, new, changes, aliased, _alias(base, old, new)))
    now = _translated(dict(head.graph.outputs or {}), same_ids)
    outputs = tuple(differences(dict(base.graph.outputs or {}), now))
    return Comparison(base, head, tuple(added.values()), tuple(removed.values()), tuple(changed), outputs)


def differences(before: Any, after: Any, at: Path = ()) -> Iterator[Change]:
    """Where two plain values differ, as deep as their shapes agree."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), (*at, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*at, index))
    elif not _same(before, after):
        yield Change(at, before, after)


def _same(before: Any, after: Any) -> bool:
    """Equality of plain values in which true is not 1 and an empty list is not an empty mapping."""
    if isinstance(before, bool) != isinstance(after, bool):
        return False
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    return bool(before == after)


def applied(before: Any, changes: Iterator[Change] | tuple[Change, ...]) -> Any:
    """`before` with `changes` made: the later value."""
    for change in changes:
        before = _put(before, change.path, change.after)
    return before


def _put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list) and isinstance(step, int):
        return [_put(member, rest, new) if index == step else member for index, member in enumerate(value)]
    members = dict(value)
    inner = _put(members.get(step, MISSING), rest, new)
    if inner is MISSING:
        members.pop(step, None)
    else:
        members[step] = inner
    return members


def compared(snapshot: Snapshot, resource: Resource) -> dict[str, Any]:
    """What of a resource is compared: its inputs without the tags of time and commit, and its options."""
    inputs = snapshot.inputs(resource)
    if isinstance(tags := inputs.get("tags"), Mapping):
        inputs["tags"] = {key: value for key, value in tags.items() if key not in PROVENANCE_TAGS}
    options = asdict(resource.options)
    options["ignore_changes"] = list(resource.options.ignore_changes)
    return {**inputs, OPTIONS: options}


def _alias(base: Snapshot, old: Resource, new: Resource) -> str:
    parts = []
    if old.name != new.name:
        parts.append(f'name="{old.name}"')
    if old.parent != new.parent:
        parent = base.graph.get(old.parent) if old.parent else None
        parts.append(f'parent="{base.engine_urn(parent.urn)}"' if parent else "parent=pulumi.ROOT_STACK_RESOURCE")
    return f"aliases=[pulumi.Alias({', '.join(parts)})]" if parts else ""


def _same_ids(base: Snapshot, head: Snapshot, renamed: list[tuple[Resource, Resource]]) -> dict[str, str]:
    """The ids made up for resources under a new name to those under the old one, where an alias keeps the resource."""
    return {
        later: earlier
        for old, new in renamed
        if old.urn in head.aliases.get(new.urn, ())
        for prop in head.computed.get(new.urn, ())
        if prop in base.computed.get(old.urn, ())
        and isinstance(later := new.props[prop], str)
        and isinstance(earlier := old.props[prop], str)
        and later != earlier
    }


def _translated(value: Any, texts: Mapping[str, str]) -> Any:
    if not texts:
        return value
    if isinstance(value, str):
        for text, other in texts.items():
            value = value.replace(text, other)
        return value
    if isinstance(value, Mapping):
        return {key: _translated(member, texts) for key, member in value.items()}
    return [_translated(member, texts) for member in value] if isinstance(value, list) else value


def physical_name(resource: Resource) -> str | None:
    """The name under which AWS knows it, where the program gives one."""
    prop = NAMING[resource.type].prop if resource.type in NAMING else "name"
    name = resource.props.get(prop)
    return name if isinstance(name, str) else None


def _renamed(
    base: Snapshot, head: Snapshot, removed: Mapping[str, Resource], added: Mapping[str, Resource]
) -> list[tuple[Resource, Resource]]:
    """Pairs of a removed and an added resource that are one: by alias, else by physical name, else by equal inputs."""
    pairs: list[tuple[Resource, Resource]] = []
    gone, fresh = dict(removed), dict(added)

    def pair(old: Resource, new: Resource) -> None:
        pairs.append((old, new))
        del gone[old.urn], fresh[new.urn]

    for new in list(fresh.values()):
        if old := next((gone[urn] for urn in head.aliases.get(new.urn, ()) if urn in gone), None):
            pair(old, new)
    for key in (_by_name, _by_inputs):
        candidates: dict[object, tuple[list[Resource], list[Resource]]] = defaultdict(lambda: ([], []))
        for resource in gone.values():
            candidates[key(base, resource)][0].append(resource)
        for resource in fresh.values():
            candidates[key(head, resource)][1].append(resource)
        for same, (olds, news) in candidates.items():
            if same is not None and len(olds) == len(news) == 1:
                pair(olds[0], news[0])
    return pairs


def _by_name(snapshot: Snapshot, resource: Resource) -> object:
    name = physical_name(resource)
    return (resource.type, name) if name and resource.custom else None


def _by_inputs(snapshot: Snapshot, resource: Resource) -> object:
    inputs = compared(snapshot, resource)
    if not resource.custom:
        return (resource.type, resource.name)
    inputs.pop("tags", None)
    inputs.pop(OPTIONS)
    return (resource.type, repr(sorted(inputs.items()))) if inputs else None
