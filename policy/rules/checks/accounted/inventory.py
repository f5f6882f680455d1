"""What the stack consists of: only types that are accounted for, each with what belongs beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...graph import UNKNOWN, Absent, Graph, Resource, kinds, read
from ...rule import EVERY, Level, Problem, Severity, View, rule
from ...tables.alarms import WATCHED, Watched
from ...tables.companions import COMPANIONS, USED_BY
from ...tables.order import BEFORE, Before
from ...tables.properties import BY_TYPE
from ..access.outsiders import is_assumed_from_outside

_ADR: Final = "https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/"


@rule(
    "types-accounted-for",
    severity=Severity.CRITICAL,
    fix="Remove it; or add its table to policy/rules/tables/properties; or exempt it with reason, owner and last day",
    url=_ADR,
    tags=("table",),
)
def types_accounted_for(stack: Resource, view: View) -> Iterator[Problem]:
    """The stack consists of types that the platform accounts for, made with the credentials of whoever deploys."""
    for one in view.graph:
        if (one.custom or one.type.startswith("aws:")) and one.type not in BY_TYPE and not _is_of_pulumi(one.type):
            yield Problem(message=f"{one.type} is no part of this platform", resource=one, property="type")
        for name in _CREDENTIALS if one.type.startswith("pulumi:providers:") else ():
            if not isinstance(read(one, name), Absent):
                message = f"{name} says in whose account the stack is made, which whoever deploys it says"
                yield Problem(message=message, resource=one, property=name)


def _is_of_pulumi(token: str) -> bool:
    """The stack itself and its providers, which `options-accounted-for` checks."""
    return token.startswith("pulumi:")


@rule(
    "companions-present",
    *dict.fromkeys(one.of for one in COMPANIONS),
    severity=Severity.HIGH,
    fix="Add it to the program beside the resource, and only once",
    url=_ADR,
    tags=("graph", "table"),
)
def companions_present(resource: Resource, view: View) -> Iterator[Problem]:
    """Each resource has beside it what makes it safe and useful, and not twice what AWS keeps once."""
    graph = view.graph
    for one in COMPANIONS:
        if one.of != resource.type or not one.applies(graph, resource):
            continue
        result = [other for other in _beside(graph, resource, one.by, one.needs) if one.such(other)]
        names = " or ".join(token.rpartition(":")[2] for token in one.needs) + one.which
        if len(result) < one.at_least:
            many = f"fewer than {one.at_least} " if one.at_least > 1 else "no "
            yield Problem(message=f"has {many}{names}: {one.why}", property=names)
        elif one.at_most is not None and len(result) > one.at_most:
            listed = ", ".join(other.name for other in result)
            yield Problem(
                message=f"has {len(result)} of {names} ({listed}), which overwrite each other", property=names
            )


def _beside(graph: Graph, resource: Resource, by: str, needs: tuple[str, ...]) -> list[Resource]:
    """Resources of the types that name `resource` with the property, also as a part of a longer text."""
    matching = graph.attached(resource, by, *needs)
    if by == "policyDocument":
        names = [str(resource.props.get(key)) for key in ("arn", "name")]
        matching = [one for one in graph.of_type(*needs) if any(name in str(one.props.get(by)) for name in names)]
    if by == "resourceId":
        identifier = resource.props.get("resourceId") or resource.props.get("name")
        matching = [
            one
            for one in graph.of_type(*needs)
            if (one in matching and _same(one.props.get(by), identifier)) or _ends(one.props.get(by), identifier)
        ]
    return matching


def _same(value: Any, identifier: Any) -> bool:
    return value is UNKNOWN or identifier is UNKNOWN or value is None or _ends(value, identifier)


def _ends(value: Any, identifier: Any) -> bool:
    return (
        isinstance(value, str)
        and isinstance(identifier, str)
        and (value == identifier or value.rpartition("/")[2] == identifier)
    )


@rule(
    "resources-are-used",
    *USED_BY,
    severity=Severity.HIGH,
    fix="Remove it, or let what needs it use it",
    url=_ADR,
    tags=("graph", "table"),
)
def resources_are_used(resource: Resource, view: View) -> Iterator[Problem]:
    """Roles, task definitions, machines, groups, queues and keys are used by something of the stack."""
    graph = view.graph
    users = USED_BY[resource.type]
    strange = [one for one in graph.dependents(resource) if one.custom and one.type not in BY_TYPE]
    is_role = resource.type == kinds.ROLE
    if strange or graph.dependents(resource, *users) or (is_role and is_assumed_from_outside(resource)):
        return
    names = {str(resource.props[key]) for key in ("arn", "name", "id", "family") if _text(resource.props.get(key))}
    if not any(name in text for one in graph.of_type(*users) for text in _texts(one) for name in names):
        listed = " or ".join(token.rpartition(":")[2] for token in users)
        yield Problem(message=f"nothing of the stack uses it: no {listed} names it", property="arn")


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 2


def _texts(one: Resource) -> Iterator[str]:
    waiting: list[Any] = [value for key, value in one.props.items() if key not in ("tags", "tagsAll", "arn", "id")]
    if one.type in (kinds.EVENT_TARGET, kinds.TOPIC_POLICY):
        waiting.append(one.props.get("arn"))
    while waiting:
        at = waiting.pop()
        if isinstance(at, str):
            yield at
        elif isinstance(at, dict | Mapping):
            waiting += at.values()
        elif isinstance(at, list):
            waiting += at


@rule(
    "alarms-watch-what-fails",
    *dict.fromkeys(one.of for one in WATCHED),
    severity=Severity.HIGH,
    fix="Add a metric alarm with this metric and dimension, and the topic as its action",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    tags=("graph", "table"),
)
def alarms_watch_what_fails(resource: Resource, view: View) -> Iterator[Problem]:
    """Each machine, rule, schedule group and dead-letter queue has the alarms that tell of its failures."""
    graph = view.graph
    if not graph.of_type(kinds.ALARM) and not graph.of_type(kinds.CLUSTER):
        return
    alarmed = graph.cached(("alarmed",), lambda: _alarmed(graph))
    for one in WATCHED:
        if one.of == resource.type and one.applies(graph, resource) and not _is_watched(graph, one, resource, alarmed):
            message = f"no alarm is on {one.metric} of {one.namespace} for it: {one.why}"
            yield Problem(message=message, property=one.metric)


def _alarmed(graph: Graph) -> dict[tuple[str, str], list[tuple[Resource, Any]]]:
    """Alarms by namespace and metric, with the dimensions."""
    result: dict[tuple[str, str], list[tuple[Resource, Any]]] = {}
    for alarm in graph.of_type(kinds.ALARM):
        queries = alarm.props.get("metricQueries")
        metrics = (
            [one.get("metric", {}) for one in queries if isinstance(one, Mapping)] if isinstance(queries, list) else []
        )
        for metric in (alarm.props, *metrics):
            key = (str(metric.get("namespace")), str(metric.get("metricName")))
            result.setdefault(key, []).append((alarm, metric.get("dimensions", {})))
    return result


def _is_watched(
    graph: Graph, one: Watched, resource: Resource, alarmed: Mapping[tuple[str, str], list[tuple[Resource, Any]]]
) -> bool:
    for alarm, dimensions in alarmed.get((one.namespace, one.metric), []):
        value = dimensions.get(one.dimension, UNKNOWN) if isinstance(dimensions, Mapping) else UNKNOWN
        if value is UNKNOWN:
            if dimensions is UNKNOWN or value is dimensions.get(one.dimension):
                return resource in graph.targets(alarm, "dimensions") or not graph.targets(alarm, "dimensions")
        elif resource in graph.named(value, resource.type):
            return True
    return False


@rule(
    "order-is-kept",
    *dict.fromkeys(one.later for one in BEFORE),
    severity=Severity.HIGH,
    fix="Add it to the resource's dependsOn, so that the engine waits for it",
    url="https://www.pulumi.com/docs/iac/concepts/options/dependson/",
    tags=("graph", "table"),
)
def order_is_kept(resource: Resource, view: View) -> Iterator[Problem]:
    """What AWS wants to exist first is a dependency: policies before users, associations before services."""
    graph = view.graph
    depended = {one.urn for one in graph.targets(resource, None)}
    for one in BEFORE:
        if one.later == resource.type and (not one.only_with or one.only_with in resource.props):
            for first in _first(graph, one, resource):
                if first.urn not in depended:
                    yield Problem(message=f"does not depend on {first.name}: {one.why}", property="dependsOn")


def _first(graph: Graph, one: Before, resource: Resource) -> list[Resource]:
    targets = [target for prop in one.through for target in graph.targets(resource, prop)]
    if one.first == kinds.LOG_GROUP:  # Container Insights' own group, which AWS would make without a key
        part = f"/{resource.props.get('name')}/"
        return [group for group in graph.of_type(kinds.LOG_GROUP) if part in str(group.props.get("name"))]
    if one.first == kinds.LOG_RESOURCE_POLICY:
        to_log = any(target.type == kinds.LOG_GROUP for target in targets)
        return graph.of_type(kinds.LOG_RESOURCE_POLICY) if to_log else []
    tasks = [target for target in targets if target.type == kinds.TASK_DEFINITION]
    targets += [role for task in tasks for role in graph.targets(task, "executionRoleArn", kinds.ROLE)]
    return [first for target in dict.fromkeys(targets) for first in graph.attached(target, one.belongs, one.first)]


@rule(
    "options-accounted-for",
    *EVERY,
    severity=Severity.HIGH,
    fix="Remove the option; what may be ignored stands in the type's table (policy/rules/tables/properties)",
    url="https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/",
    settings=("guarded_suffixes",),
    tags=("table",),
)
def options_accounted_for(resource: Resource, view: View) -> Iterator[Problem]:
    """Changes are ignored only where a table allows it, and resources are made with the stack's one provider."""
    table = BY_TYPE.get(resource.type)
    allowed = ("tags.CreatedAt", "tagsAll.CreatedAt", *(table.ignorable if table else ()))
    for name in resource.options.ignore_changes:
        if re.sub(r"\[\"?(\w+)\"?\]", r".\1", name) not in allowed:
            yield Problem(
                message=f"changes of {name} are ignored, so drift and corrections are, too", property="ignoreChanges"
            )
    provider = resource.options.provider
    if provider and "::default" not in provider:
        others = {one.options.provider for one in view.graph if one.custom and one is not resource}
        if others - {provider}:
            message = "is made with a provider of its own, which may be another account or Region"
            yield Problem(message=message, property="provider")


_CREDENTIALS: Final = ("accessKey", "secretKey", "token", "assumeRoles", "assumeRoleWithWebIdentity", "profile")
"""Of a provider: what belongs to the environment of the one who deploys, or into no state file."""


@rule(
    "creation-time-is-kept",
    *EVERY,
    level=Level.MANDATORY,
    severity=Severity.LOW,
    fix="Add tags.CreatedAt to ignoreChanges",
    url="https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/",
    tags=("closed",),
)
def creation_time_is_kept(resource: Resource, view: View) -> Iterator[Problem]:
    """The tag that says when a resource was made does not change with each deployment."""
    tags = resource.props.get("tags")
    if isinstance(tags, Mapping) and "CreatedAt" in tags and "tags.CreatedAt" not in resource.options.ignore_changes:
        yield Problem(message="each deployment sets the time of creation anew", property="tags.CreatedAt")
