"""The same stack written otherwise: each rewriting keeps what AWS does with it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from batchctl.policy.mutants.operators import with_resources
from policy.rules import Graph, Resource, has_unknown, kinds

_POLICIES: Final = ("policy", "assumeRolePolicy", "policyDocument")
_DOCUMENTS: Final = ("definition", "containerDefinitions", "eventPattern", "dashboardBody")
_SETS: Final = frozenset(
    (
        "subnets",
        "securityGroups",
        "subnetIds",
        "securityGroupIds",
        "routeTableIds",
        "capacityProviders",
        "attributes",
        "alarmActions",
        "okActions",
        "metricQueries",
        "capacityProviderStrategies",
        "requiresCompatibilities",
    )
)
"""Lists of which AWS keeps no order."""


def respelled(graph: Graph, seed: int) -> Graph:
    """The stack with about half of what can be written otherwise written so."""
    draw = random.Random(seed)
    return with_resources(graph, (other for one in graph for other in _resource(one, graph, draw)))


def _resource(one: Resource, graph: Graph, draw: random.Random) -> Iterator[Resource]:
    props = {name: _value(name, value, draw) for name, value in one.props.items()}
    names = [*props]
    draw.shuffle(names)
    one = replace(one, props={name: props[name] for name in names})
    for kind, rewrite in _OF_TYPES:
        if one.type == kind and draw.random() < 0.5:
            one = rewrite(one, draw)
    if draw.random() < 0.3:
        one = _by_text(one)
    if one.type == kinds.ROLE_POLICY and draw.random() < 0.3:
        yield from _attached(one, graph)
    else:
        yield one


def _value(name: str, value: Any, draw: random.Random) -> Any:
    if isinstance(value, str) and draw.random() < 0.5:
        if name in _POLICIES and '"Statement"' in value:
            return _dumped(_policy(json.loads(value), draw), draw)
        if name in _DOCUMENTS:
            return _dumped(_shuffled(json.loads(value), draw), draw)
    if isinstance(value, Mapping):
        return {key: _value(key, member, draw) for key, member in value.items()}
    if isinstance(value, list) and name in _SETS:
        return draw.sample(value, len(value))
    return value


def _dumped(value: Any, draw: random.Random) -> str:
    return json.dumps(value, indent=draw.choice((None, 2)), separators=draw.choice((None, (",", ":"), (" , ", " : "))))


def _shuffled(value: Any, draw: random.Random) -> Any:
    """An object's members in another order, at every depth; and variables, of which ECS keeps no order."""
    if isinstance(value, Mapping):
        names = draw.sample([*value], len(value))
        return {
            name: draw.sample(members, len(members)) if name in ("environment", "Environment") else members
            for name in names
            for members in [_shuffled(value[name], draw)]
        }
    return [_shuffled(member, draw) for member in value] if isinstance(value, list) else value


def _policy(document: Any, draw: random.Random) -> Any:
    statements = [_statement(part, draw) for one in document["Statement"] for part in _split(one, draw)]
    draw.shuffle(statements)
    for number, one in enumerate(statements):
        if draw.random() < 0.3:
            one["Sid"] = f"S{number}"
        elif draw.random() < 0.2:
            one.pop("Sid", None)
    lone = len(statements) == 1 and draw.random() < 0.5
    return {"Statement": statements[0] if lone else statements, "Version": document["Version"]}


def _split(one: Any, draw: random.Random) -> Iterator[Any]:
    """A statement, or two that allow the same together."""
    name = draw.choice(("Action", "Resource"))
    values = one.get(name)
    if one["Effect"] == "Allow" and isinstance(values, list) and len(values) > 1 and draw.random() < 0.5:
        cut = draw.randint(1, len(values) - 1)
        for number, part in enumerate((values[:cut], values[cut:])):
            yield {**one, "Sid": f"{one.get('Sid', 'S')}{number}", name: part}
    else:
        yield {**one}


def _statement(one: Any, draw: random.Random) -> Any:
    for name in ("Action", "Resource"):
        if name in one:
            one[name] = _listed(one[name], draw)
    if one.get("Principal") in ("*", {"AWS": "*"}) and draw.random() < 0.5:
        one["Principal"] = draw.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
    elif isinstance(one.get("Principal"), Mapping):
        one["Principal"] = {kind: _listed(names, draw) for kind, names in one["Principal"].items()}
    if "Condition" in one:
        one["Condition"] = {
            _operator(operator, values, draw): {key: _listed(value, draw) for key, value in values.items()}
            for operator, values in one["Condition"].items()
        }
    return _shuffled(one, draw)


def _listed(value: Any, draw: random.Random) -> Any:
    """One value alone or as a list of one; several in another order."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 and draw.random() < 0.5 else draw.sample(value, len(value))
    return [value] if draw.random() < 0.5 else value


def _operator(operator: str, values: Any, draw: random.Random) -> str:
    """IAM compares ARNs alike with both operators, and texts without wildcards, too."""
    if operator in ("ArnLike", "ArnEquals"):
        return draw.choice(("ArnLike", "ArnEquals"))
    if operator == "StringEquals" and not any(mark in json.dumps(values) for mark in "*?$"):
        return draw.choice(("StringEquals", "StringLike"))
    return operator


def _attached(one: Resource, graph: Graph) -> Iterator[Resource]:
    """A managed policy of the stack with an attachment, instead of the role's own."""
    policy = replace(
        one,
        urn=one.urn.replace("rolePolicy:RolePolicy", "policy:Policy"),
        type=kinds.POLICY,
        token="",
        props={
            "name": f"policy-{one.name}-dev",
            "policy": one.props["policy"],
            "tags": next(other.props["tags"] for other in graph.of_type(kinds.ROLE)),
            "arn": f"arn:aws:iam::123456789012:policy/policy-{one.name}-dev",
        },
        property_dependencies={"policy": one.property_dependencies.get("policy", ())},
        options=replace(one.options, ignore_changes=("tags.CreatedAt",)),
    )
    yield policy
    yield replace(
        one,
        urn=one.urn.replace("rolePolicy:RolePolicy", "rolePolicyAttachment:RolePolicyAttachment"),
        type=kinds.POLICY_ATTACHMENT,
        token="",
        props={"role": one.props["role"], "policyArn": policy.props["arn"]},
        property_dependencies={"role": one.property_dependencies.get("role", ()), "policyArn": (policy.urn,)},
        dependencies=(*one.dependencies, policy.urn),
    )


def _by_text(one: Resource) -> Resource:
    """What is known is written out instead of taken from another resource; the order of deployment stays."""
    sources = (urn for urns in one.property_dependencies.values() for urn in urns)
    edges = {name: urns for name, urns in one.property_dependencies.items() if has_unknown(one.props.get(name))}
    return replace(one, dependencies=tuple(dict.fromkeys((*one.dependencies, *sources))), property_dependencies=edges)


def _protocol(one: Resource, draw: random.Random) -> Resource:
    return replace(one, props={**one.props, "ipProtocol": draw.choice(("tcp", "6"))})


def _legacy(one: Resource, draw: random.Random) -> Resource:
    """A rule of a group in the legacy type."""
    way = "ingress" if one.type == kinds.GROUP_INGRESS else "egress"
    names = {"ipProtocol": "protocol", "referencedSecurityGroupId": "sourceSecurityGroupId"}
    lists = {"cidrIpv4": "cidrBlocks", "prefixListId": "prefixListIds"}
    props: dict[str, Any] = {"type": way}
    for name, value in one.props.items():
        if name in lists:
            props[lists[name]] = [value]
        elif name not in ("tags", "arn", "tagsAll"):
            props[names.get(name, name)] = value
    edges = {names.get(k, lists.get(k, k)): urns for k, urns in one.property_dependencies.items() if k != "tags"}
    return replace(one, type=kinds.GROUP_RULE, token="", props=props, property_dependencies=edges)


def _days(one: Resource, draw: random.Random) -> Resource:
    days = draw.choice(("MON-FRI", "2-6", "MON,TUE,WED,THU,FRI"))
    expression = str(one.props.get("scheduleExpression")).replace("MON-FRI", days)
    return replace(one, props={**one.props, "scheduleExpression": expression})


_OF_TYPES: Final[tuple[tuple[str, Callable[[Resource, random.Random], Resource]], ...]] = (
    (kinds.GROUP_INGRESS, _protocol),
    (kinds.GROUP_EGRESS, _protocol),
    (kinds.GROUP_INGRESS, _legacy),
    (kinds.GROUP_EGRESS, _legacy),
    (kinds.SCHEDULE, _days),
)
