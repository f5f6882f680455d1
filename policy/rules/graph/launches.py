"""Task launches: every place in a stack that starts a Fargate task, read in one form.

These are services, event and schedule targets, and `runTask` states of state machines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import kinds
from .resources import Known, Resource, Undecided, Unknown, read, value
from .stack import Graph

STARTERS: Final = (kinds.SERVICE, kinds.EVENT_TARGET, kinds.SCHEDULE, kinds.STATE_MACHINE)
"""Types that can start a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLaunch:
    """One place that starts tasks."""

    starter: Resource
    settings: str
    """Top-level property that holds the network settings."""
    subnets: tuple[Resource, ...]
    groups: tuple[Resource, ...]
    definitions: tuple[Resource, ...]
    public: bool | None
    """Whether tasks get a public address; None while unknown."""
    networked: bool | None
    """Whether network settings are there at all; None while unknown."""


_PATHS: Final[Mapping[str, tuple[str, str, str]]] = {
    kinds.SERVICE: ("networkConfiguration", "networkConfiguration", "taskDefinition"),
    kinds.EVENT_TARGET: ("ecsTarget", "ecsTarget.networkConfiguration", "ecsTarget.taskDefinitionArn"),
    kinds.SCHEDULE: (
        "target",
        "target.ecsParameters.networkConfiguration",
        "target.ecsParameters.taskDefinitionArn",
    ),
}
"""By starter: top-level property, path of the network settings, path of the task definition."""


def task_launches(graph: Graph) -> tuple[TaskLaunch, ...]:
    """Every place of the stack that starts tasks."""
    return graph.cached(
        ("task_launches",),
        lambda: tuple(result for starter in graph.of_type(*STARTERS) for result in _of(graph, starter)),
    )


def launches_of(graph: Graph, starter: Resource) -> list[TaskLaunch]:
    """The places of one starter."""
    return [launch for launch in task_launches(graph) if launch.starter is starter]


def starts_tasks(starter: Resource) -> bool | None:
    """Whether a service, target, schedule or state machine starts ECS tasks; None while unknown."""
    path = {
        kinds.SERVICE: "taskDefinition",
        kinds.EVENT_TARGET: "ecsTarget",
        kinds.SCHEDULE: "target.ecsParameters",
        kinds.STATE_MACHINE: "definition",
    }[starter.type]
    match read(starter, path):
        case Unknown():
            return None
        case Known(definition):
            return starter.type != kinds.STATE_MACHINE or "ecs:runTask" in str(definition)
    return False


def _of(graph: Graph, starter: Resource) -> Iterator[TaskLaunch]:
    if starts_tasks(starter) is False:
        return
    if starter.type == kinds.STATE_MACHINE:
        yield _state_machine(graph, starter)
        return
    prop, network, definition = _PATHS[starter.type]
    reading = read(starter, network)
    public = read(starter, f"{network}.assignPublicIp")
    yield TaskLaunch(
        starter=starter,
        settings=prop,
        subnets=tuple(_resolved(graph, starter, f"{network}.subnets", kinds.SUBNET)),
        groups=tuple(_resolved(graph, starter, f"{network}.securityGroups", kinds.SECURITY_GROUP)),
        definitions=tuple(_resolved(graph, starter, definition, kinds.TASK_DEFINITION)),
        public=None if isinstance(public, Unknown) else isinstance(public, Known) and public.value is True,
        networked=None if isinstance(reading, Unknown) else isinstance(reading, Known),
    )


def _resolved(graph: Graph, starter: Resource, path: str, kind: str) -> list[Resource]:
    """As `Graph.resolve`, and nothing while unknown: who needs to know asks `networked`."""
    try:
        return graph.resolve(starter, path, kind)
    except Undecided:
        return []


def _state_machine(graph: Graph, starter: Resource) -> TaskLaunch:
    def edges(kind: str) -> tuple[Resource, ...]:
        return tuple(graph.targets(starter, "definition", kind))

    match read(starter, "definition"):
        case Known(text):
            tasks = list(run_task_states(text))
            networks = [_network(arguments) for _, _, arguments in tasks]
            named = [member for network in networks for member in _leaves(network)]
            return TaskLaunch(
                starter=starter,
                settings="definition",
                subnets=edges(kinds.SUBNET) or _named(graph, named, kinds.SUBNET),
                groups=edges(kinds.SECURITY_GROUP) or _named(graph, named, kinds.SECURITY_GROUP),
                definitions=edges(kinds.TASK_DEFINITION)
                or _named(graph, [a.get("TaskDefinition") for _, _, a in tasks], kinds.TASK_DEFINITION),
                public=any(network.get("AssignPublicIp") == "ENABLED" for network in networks),
                networked=all(networks),
            )
    return TaskLaunch(
        starter=starter,
        settings="definition",
        subnets=edges(kinds.SUBNET),
        groups=edges(kinds.SECURITY_GROUP),
        definitions=edges(kinds.TASK_DEFINITION),
        public=None,
        networked=None,
    )


def _network(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    result = arguments.get("NetworkConfiguration", {})
    result = result.get("AwsvpcConfiguration", {}) if isinstance(result, Mapping) else {}
    return result if isinstance(result, Mapping) else {}


def _leaves(content: Any) -> list[Any]:
    if isinstance(content, Mapping):
        return [leaf for member in content.values() for leaf in _leaves(member)]
    if isinstance(content, list):
        return [leaf for member in content for leaf in _leaves(member)]
    return [content]


def _named(graph: Graph, content: list[Any], kind: str) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(resource for member in content for resource in graph.named(member, kind)))


def run_task_states(definition: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, integration (`ecs:runTask`, `ecs:runTask.sync`) and arguments of each task-running state, at any depth."""
    try:
        machine = json.loads(definition) if isinstance(definition, str) else definition
    except ValueError:
        return
    yield from _run_tasks(machine)


def _run_tasks(machine: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    states = machine.get("States", {}) if isinstance(machine, Mapping) else {}
    for name, state in states.items():
        if not isinstance(state, Mapping):
            continue
        integration = str(state.get("Resource", "")).rpartition(":::")[2]
        if integration.startswith("ecs:runTask"):
            arguments = state.get("Arguments", state.get("Parameters", {}))
            yield name, integration, arguments if isinstance(arguments, Mapping) else {}
        for inner in (state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())):
            yield from _run_tasks(inner)


def containers(definition: Resource) -> list[Mapping[str, Any]]:
    """The containers of a task definition; raises Undecided while unknown, ValueError when they are not JSON."""
    text = value(definition, "containerDefinitions", "[]")
    result = json.loads(text) if isinstance(text, str) else text
    return [entry for entry in result if isinstance(entry, Mapping)]
