"""What a run of the program registered, as a JSON document: so that two commits, each run with its own code, compare.

A document holds the inputs of every resource with values resolved. Secret values are not in it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from batchctl.errors import OperatorError
from policy.rules import UNKNOWN, Graph, Options, Resource

from .recording import Recording

HIDDEN: Final = "[secret]"
NOT_KNOWN: Final = "[not known]"
"""Stands for a value that only the cloud can tell, beside those that a recording makes up."""


@dataclass(frozen=True)
class Snapshot:
    """One stack as a run of the program registered it."""

    graph: Graph
    computed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By URN: properties that are no inputs."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By URN: earlier URNs of the same resource."""
    acknowledged: tuple[str, ...] = ()
    """`platform.acknowledge` of the stack file."""

    def inputs(self, resource: Resource) -> dict[str, Any]:
        """What the program says of a resource, without what the cloud fills in."""
        computed = self.computed.get(resource.urn, frozenset())
        return {key: value for key, value in resource.props.items() if key not in computed}

    def engine_urn(self, urn: str) -> str:
        """The URN by which the engine knows the resource: with the types of all components above it."""
        kinds, at = [], self.graph.get(urn)
        while at is not None:
            kinds.append(at.token)
            at = self.graph.get(at.parent) if at.parent else None
        head, _, name = urn.rsplit("::", 2)
        return f"{head}::{'$'.join(reversed(kinds))}::{name}"

    def label(self, urn: str) -> str:
        """`keys / keys-data` for a resource: its components under the stack, then its own logical name."""
        names, at = [], self.graph.get(urn)
        while at is not None:
            names.append(at.name)
            at = self.graph.get(at.parent) if at.parent else None
        return " / ".join(reversed(names)) or urn.rpartition("::")[2]


def of_recording(recording: Recording, project: str, acknowledged: Sequence[str] = ()) -> Snapshot:
    """The snapshot of a recording, its secrets hidden."""
    resources = []
    for resource in recording.resources:
        props = copy.deepcopy(dict(resource.props))
        for path in recording.secrets.get(resource.urn, ()):
            _hide(props, path)
        resources.append(_resource({**_fields(resource), "props": _written(props)}))
    graph = Graph(resources, project=project, stack=recording.stack, outputs=_written(recording.outputs))
    return Snapshot(graph, dict(recording.computed), dict(recording.aliases), tuple(acknowledged))


def _hide(props: Any, path: Sequence[str | int]) -> None:
    for step in path[:-1]:
        props = props[step]
    if path:
        props[path[-1]] = HIDDEN


def _written(value: Any) -> Any:
    """`value` as JSON can hold it."""
    if value is UNKNOWN:
        return NOT_KNOWN
    if isinstance(value, Mapping):
        return {key: _written(member) for key, member in value.items()}
    return [_written(member) for member in value] if isinstance(value, (list, tuple)) else value


def to_document(snapshot: Snapshot) -> dict[str, Any]:
    """`snapshot` as plain JSON values; `from_document` reads it."""
    graph = snapshot.graph
    return {
        "stack": graph.stack,
        "project": graph.project,
        "resources": [_fields(resource) for resource in graph.resources],
        "outputs": graph.outputs or {},
        "computed": {urn: sorted(names) for urn, names in snapshot.computed.items() if names},
        "aliases": {urn: list(urns) for urn, urns in snapshot.aliases.items()},
        "acknowledged": list(snapshot.acknowledged),
    }


def _fields(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "custom": resource.custom,
        "props": dict(resource.props),
        "dependencies": list(resource.dependencies),
        "propertyDependencies": {key: list(urns) for key, urns in resource.property_dependencies.items()},
        "options": asdict(resource.options),
    }


def from_document(document: Mapping[str, Any]) -> Snapshot:
    """The snapshot in `document`; raises OperatorError for another document."""
    try:
        graph = Graph(
            [_resource(entry) for entry in document["resources"]],
            project=document["project"],
            stack=document["stack"],
            outputs=document["outputs"],
        )
        return Snapshot(
            graph,
            {urn: frozenset(names) for urn, names in document["computed"].items()},
            {urn: tuple(urns) for urn, urns in document["aliases"].items()},
            tuple(document["acknowledged"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise OperatorError(f"this is no recording of a stack ({type(error).__name__}: {error}).") from error


def _resource(entry: Mapping[str, Any]) -> Resource:
    options = {**entry["options"], "ignore_changes": tuple(entry["options"]["ignore_changes"])}
    return Resource(
        urn=entry["urn"],
        type=entry["type"],
        name=entry["name"],
        parent=entry["parent"],
        custom=entry["custom"],
        props=entry["props"],
        dependencies=tuple(entry["dependencies"]),
        property_dependencies={key: tuple(urns) for key, urns in entry["propertyDependencies"].items()},
        options=Options(**options),
    )


def digest(value: object) -> str:
    """Eight characters that differ when `value` does, to name a value that is too long to show."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:8]
