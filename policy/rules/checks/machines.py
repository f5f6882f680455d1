"""State machines: their form, their data, what they hand to services, and what happens when a service fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..documents import machine_data, machine_grammar, machines
from ..documents.machines import Json, State
from ..graph import Known, Resource, kinds, read
from ..graph.texts import holds_member
from ..rule import Problem, Severity, View, rule
from ..tables.integrations import INTEGRATIONS, placeholder_faults
from ..tables.rows import Context
from .accounted.properties import violations

_SPEC: Final = "https://states-language.net/spec.html"
_LONGEST: Final = 48 * 3600


def _machine(resource: Resource) -> Json | None:
    match read(resource, "definition"):
        case Known(text):
            return machines.definition(text)
    return None


@rule(
    "state-machines-are-sound",
    kinds.STATE_MACHINE,
    severity=Severity.CRITICAL,
    fix="Correct the definition there",
    url=_SPEC,
    tags=("closed",),
)
def state_machines_are_sound(resource: Resource, view: View) -> Iterator[Problem]:
    """States lead to each other, have the fields of their types, and receive what they read."""
    match read(resource, "definition"):
        case Known(text) if machines.definition(text) is None:
            yield Problem(message="its definition is no JSON object", property="definition")
            return
    machine = _machine(resource)
    if machine is None:
        return
    for path, fault in (*machine_grammar.faults(machine), *machine_data.missing_data(machine)):
        yield Problem(message=f"definition: {path} {fault}", property=f"definition.{path}")


@rule(
    "state-machines-call-accounted-for",
    kinds.STATE_MACHINE,
    severity=Severity.CRITICAL,
    fix="Hand the service what its row in policy/rules/tables/integrations.py says",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html",
    settings=("suffix",),
    tags=("graph", "table"),
)
def state_machines_call_accounted_for(resource: Resource, view: View) -> Iterator[Problem]:
    """Each state calls a service that the platform accounts for, with arguments about this stack."""
    machine = _machine(resource)
    if machine is None:
        return
    context = Context(resource=resource, graph=view.graph, settings=view.settings, name="definition")
    for state in machines.states(machine):
        for path, body in _calls(state):
            yield from _call(path, body, context)


def _calls(state: State) -> Iterator[tuple[str, Json]]:
    if state.body.get("Type") == "Task":
        yield state.path, state.body
    for name in ("ItemReader", "ResultWriter"):
        if isinstance(state.body.get(name), Mapping):
            yield f"{state.path}.{name}", state.body[name]


def _call(path: str, body: Json, context: Context) -> Iterator[Problem]:
    where = f"definition.{path}"
    match = re.fullmatch(r"arn:aws[a-z-]*:states:::(.+)", str(body.get("Resource")))
    table = INTEGRATIONS.get(match[1]) if match else None
    arguments = body.get("Arguments")
    if table is None:
        yield Problem(
            message=f"{where} calls {body.get('Resource')}, which nobody has accounted for",
            property=f"{where}.Resource",
        )
        return
    if not isinstance(arguments, Mapping):
        yield Problem(message=f"{where}.Arguments is no object", property=f"{where}.Arguments")
        return
    yield from violations(table, arguments, context, f"{where}.Arguments.")
    if strange := placeholder_faults(arguments):
        message = f"{where}.Arguments uses or defines {', '.join(strange)} on one side only, which DynamoDB refuses"
        yield Problem(message=message, property=f"{where}.Arguments")
    if match and match[1] == "ecs:runTask.sync":
        yield from _of_task(arguments, where, context)


def _of_task(arguments: Json, where: str, context: Context) -> Iterator[Problem]:
    """The container that is overridden is the one of the definition."""
    overrides = (
        arguments.get("Overrides", {}).get("ContainerOverrides", [])
        if isinstance(arguments.get("Overrides"), Mapping)
        else []
    )
    variables = [
        pair.get("Name")
        for override in overrides
        if isinstance(override, Mapping)
        for pair in override.get("Environment", ())
        if isinstance(pair, Mapping)
    ]
    if "ItemProcessor" in where and "BATCH_SHARDS" not in variables:
        path = f"{where}.Arguments.Overrides"
        yield Problem(
            message=f"{path} is in a map and names no BATCH_SHARDS, so each task does all shards", property=path
        )
    for one in context.graph.named(arguments.get("TaskDefinition"), kinds.TASK_DEFINITION) or context.graph.named(
        re.sub(r":\d+$", "", str(arguments.get("TaskDefinition"))), kinds.TASK_DEFINITION
    ):
        text = one.props.get("containerDefinitions")
        for override in overrides:
            if isinstance(override, Mapping) and not holds_member(text, "name", override.get("Name")):
                message = f"{where} overrides {override.get('Name')}, which is no container of {one.name}"
                yield Problem(message=message, property=f"{where}.Arguments.Overrides")


@rule(
    "failures-are-handled",
    kinds.STATE_MACHINE,
    severity=Severity.HIGH,
    fix="Retry what passes, catch the rest, and bound the time",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    tags=("table",),
)
def failures_are_handled(resource: Resource, view: View) -> Iterator[Problem]:
    """Calls are retried with growing delays, tasks are caught and have a timeout, parallel work is caught."""
    machine = _machine(resource)
    for state in machines.states(machine) if machine is not None else ():
        where = f"definition.{state.path}"
        body = state.body
        task = "ecs:runTask" in str(body.get("Resource"))
        if body.get("Type") == "Task":
            yield from _retried(body, where)
            handled = [
                name
                for one in body.get("Catch") or ()
                if isinstance(one, Mapping)
                for name in one.get("ErrorEquals", ())
            ]
            if task and not {"States.TaskFailed", "States.ALL"} & set(handled):
                yield Problem(message=f"{where} does not catch a task that fails", property=f"{where}.Catch")
            if task and not {"States.Timeout", "States.ALL"} & set(handled):
                yield Problem(message=f"{where} does not catch a task that hangs", property=f"{where}.Catch")
            timeout = body.get("TimeoutSeconds")
            if task and not (isinstance(timeout, int) and 60 <= timeout <= _LONGEST):
                yield Problem(
                    message=f"{where} has no timeout between a minute and two days", property=f"{where}.TimeoutSeconds"
                )
        if body.get("Type") == "Parallel" and state.top:
            handled = [
                name
                for one in body.get("Catch") or ()
                if isinstance(one, Mapping)
                for name in one.get("ErrorEquals", ())
            ]
            if "States.ALL" not in handled:
                yield Problem(message=f"{where} does not catch what fails inside", property=f"{where}.Catch")


def _retried(body: Json, where: str) -> Iterator[Problem]:
    entries: list[Any] = [one for one in body.get("Retry") or () if isinstance(one, Mapping)]
    for one in entries:
        grows = one.get("MaxAttempts", 3) == 0 or {"IntervalSeconds", "BackoffRate", "MaxDelaySeconds"} <= set(one)
        if (
            not grows
            or one.get("JitterStrategy", "FULL") != "FULL"
            or one.get("MaxAttempts", 3) > 20
            or one.get("MaxDelaySeconds", 1) > 3600
        ):
            yield Problem(
                message=f"{where} retries without growing delay, jitter or bound (20 attempts, an hour)",
                property=f"{where}.Retry",
            )
    positive = [one for one in entries if one.get("MaxAttempts", 3) > 0]
    if not positive:
        yield Problem(message=f"{where} is not retried", property=f"{where}.Retry")
