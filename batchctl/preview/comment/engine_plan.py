"""What the engine plans for a deployed stack, read from `pulumi preview --json --show-sames`, as two snapshots.

Deployed is what the last `pulumi up` left in the state, planned is what the program registers now: so the same
comparison and the same descriptions serve as for two revisions. With `--refresh` the document also has what AWS
answered, and what differs from the state is drift.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from batchctl.errors import OperatorError
from batchctl.preview.changes import Changed, Comparison, compare, differences
from batchctl.preview.snapshot import HIDDEN, NOT_KNOWN, Snapshot
from batchctl.preview.wire import SIGNATURE, UNKNOWNS
from policy.rules import Graph, Options, Resource

COMMAND: Final = "pulumi preview --json --show-sames"
_REPLACES: Final = frozenset({"replace", "create-replacement", "delete-replaced"})
_PLANNED: Final = frozenset({"same", "create", "update", "replace", "create-replacement", "delete", "import", "read"})
_IDENTITY: Final = ("id", "arn")

State = Mapping[str, Any]
"""A resource as the engine writes it into a step: `urn`, `type`, `inputs`, `outputs`, …"""


@dataclass(frozen=True)
class EnginePlan:
    """The engine's preview of one deployed stack."""

    deployed: Snapshot
    """What the state says, before a refresh."""
    planned: Snapshot
    """What the program registers, with ids that are known."""
    operations: Mapping[str, str]
    """By URN: what the engine would do (`update`, `create`, `delete`, `replace`); nothing for what stays."""
    reasons: Mapping[str, tuple[str, ...]]
    """By URN: top-level properties that the provider finds different."""
    replacements: Mapping[str, tuple[str, ...]]
    """By URN: top-level properties that force the replacement."""
    drift: tuple[Changed, ...]
    """Resources that AWS has otherwise than the state says: what the program sets, and the engine would set back."""
    gone: tuple[Resource, ...]
    """Resources of the state that AWS has no longer."""
    errors: tuple[str, ...]
    """What kept the engine from planning further."""

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.planned.graph.stack

    def comparison(self, acknowledged: Sequence[str] = ()) -> Comparison:
        """What the plan would change of what is deployed; `acknowledged` is the stack file's."""
        planned = replace(self.planned, acknowledged=tuple(acknowledged))
        return replace(compare(self.deployed, planned), planned_replacements=self.replacements)


def read(path: Path) -> EnginePlan:
    """The plan in `path`; raises OperatorError when that is no output of `COMMAND`."""
    try:
        document = json.loads(path.read_text())
        return parse(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        raise OperatorError(f"{path} is no output of `{COMMAND}` ({kind}: {error}).") from error


def parse(document: Mapping[str, Any]) -> EnginePlan:
    """The plan in a document of the engine; raises KeyError or TypeError for another document."""
    refreshed = {step["urn"]: step for step in document["steps"] if step["op"] == "refresh"}
    steps = {step["urn"]: step for step in document["steps"] if step["op"] in _PLANNED and step.get("newState")}
    deletions = {step["urn"]: step for step in document["steps"] if step["op"] == "delete"}
    if not steps and not deletions:
        raise ValueError("no step of a plan")
    stack, project = next(iter({**steps, **deletions})).split("::")[0].split(":")[2], ""
    project = next(iter({**steps, **deletions})).split("::")[1]
    last = {urn: step["oldState"] for urn, step in {**steps, **deletions, **refreshed}.items() if step.get("oldState")}
    next_up = {urn: step["newState"] for urn, step in steps.items() if step["op"] != "delete"}
    operations = {urn: "replace" if step["op"] in _REPLACES else step["op"] for urn, step in steps.items()}
    operations = {urn: op for urn, op in {**operations, **dict.fromkeys(deletions, "delete")}.items() if op != "same"}
    updated = {urn: last[urn] for urn, op in operations.items() if op == "update" and urn in last}
    updated |= {urn: last[urn] for urn in next_up if urn not in operations and urn in last}
    return EnginePlan(
        deployed=_snapshot(last, last, project, stack),
        planned=_snapshot(next_up, updated, project, stack),
        operations=operations,
        reasons={urn: _tops(step.get("diffReasons")) for urn, step in steps.items() if urn in operations},
        replacements={urn: _tops(step.get("replaceReasons")) for urn, step in steps.items() if step["op"] in _REPLACES},
        drift=tuple(_drift(refreshed, steps)),
        gone=tuple(_resource(refreshed[urn]["oldState"], {}) for urn in _vanished(refreshed, steps)),
        errors=tuple(
            one["message"].strip() for one in document.get("diagnostics") or [] if one.get("severity") == "error"
        ),
    )


def _vanished(refreshed: Mapping[str, State], steps: Mapping[str, State]) -> list[str]:
    """What the state had before the refresh, and the plan makes anew."""
    return [urn for urn, step in refreshed.items() if step.get("oldState") and steps.get(urn, {}).get("op") == "create"]


def _drift(refreshed: Mapping[str, State], steps: Mapping[str, State]) -> Iterator[Changed]:
    for urn, refresh in refreshed.items():
        before, after = refresh.get("oldState"), steps.get(urn, {}).get("oldState")
        if not before or not after or not before.get("custom"):
            continue
        old, new = _inputs(before), _inputs(after)
        undone = _tops(steps[urn].get("diffReasons"))
        changes = tuple(one for one in differences(old, new) if one.top in old and one.top in undone)
        if changes:
            yield Changed(_resource(before, before), _resource(after, after), changes)


def _tops(paths: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths or ()))


def _snapshot(states: Mapping[str, State], existing: Mapping[str, State], project: str, stack: str) -> Snapshot:
    """`existing` are the states whose ids stay what they are."""
    urns = [urn for urn, state in states.items() if ":providers:" not in state["type"] and state.get("parent")]
    resources = [_resource(states[urn], existing.get(urn, {})) for urn in urns]
    computed = {one.urn: frozenset(one.props) - frozenset(_inputs(states[one.urn])) for one in resources}
    return Snapshot(Graph(resources, project=project, stack=stack, outputs={}), computed)


def _resource(state: State, existing: State) -> Resource:
    inputs = _inputs(state)
    identity = {"id": existing.get("id"), "arn": (existing.get("outputs") or {}).get("arn")} if existing else {}
    parent = str(state.get("parent") or "")
    return Resource(
        urn=state["urn"],
        type=state["type"],
        token=state["type"],
        name=state["urn"].rpartition("::")[2],
        props={**{key: value for key, value in identity.items() if value}, **inputs},
        parent=None if parent.split("::")[2:3] == ["pulumi:pulumi:Stack"] else parent,
        custom=bool(state.get("custom")),
        dependencies=tuple(state.get("dependencies") or ()),
        property_dependencies={key: tuple(urns) for key, urns in (state.get("propertyDependencies") or {}).items()},
        options=Options(
            protect=bool(state.get("protect")),
            ignore_changes=tuple(state.get("ignoreChanges") or ()),
            retain_on_delete=bool(state.get("retainOnDelete")),
            deleted_with=state.get("deletedWith") or None,
        ),
    )


def _inputs(state: State) -> dict[str, Any]:
    ignored = {path for path in state.get("ignoreChanges") or () if "." not in path and "[" not in path}
    return {
        key: _plain(value)
        for key, value in (state.get("inputs") or {}).items()
        if key != "__defaults" and key not in ignored
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return HIDDEN
        return {key: _plain(member) for key, member in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return NOT_KNOWN if isinstance(value, str) and value in UNKNOWNS else value
