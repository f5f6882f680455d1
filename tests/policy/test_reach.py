"""What reaches what is computed: equal meaning has an equal verdict, whatever the spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl.policy.mutants.matrix import base
from batchctl.policy.mutants.operators import with_resources
from policy.rules import Graph, Level, Resource, Verdict, evaluate, kinds
from policy.rules.graph.acls import ACL, DEFAULT_ACL

Spelling = Literal["separate", "inline", "legacy"]
SPELLINGS: Final[tuple[Spelling, ...]] = ("separate", "inline", "legacy")
REACH: Final = {
    "nothing-reaches-in",
    "tasks-reach-endpoints-only",
    "endpoint-group-admits-tasks",
    "routes-stay-inside",
    "subnet-ranges-are-apart",
    "network-acls-let-tasks-through",
}
SEPARATE: Final = {"ingress": kinds.GROUP_INGRESS, "egress": kinds.GROUP_EGRESS}
RULE_TYPES: Final = (kinds.GROUP_INGRESS, kinds.GROUP_EGRESS, kinds.GROUP_RULE)


def group(graph: Graph, name: str) -> Resource:
    return next(one for one in graph.of_type(kinds.SECURITY_GROUP) if one.name == f"network-{name}")


Peer = Mapping[str, Any]
"""`group`, `cidr`, `cidr6` or `list`: one peer in no spelling yet."""


def spelt(
    graph: Graph, owner: Resource, direction: str, peers: Iterable[Peer], spelling: Spelling, **form: Any
) -> Graph:
    """The stack with one more rule for each peer, written in that way."""
    protocol, low, high = form.get("protocol", "tcp"), form.get("low", 443), form.get("high", 443)
    resources = {one.urn: one for one in graph}
    for number, peer in enumerate(peers):
        described = {"description": "HTTPS between tasks and endpoints"}
        target = peer.get("group")
        edges = (target.urn,) if isinstance(target, Resource) else ()
        of_target = target.props["id"] if isinstance(target, Resource) else target
        if spelling == "inline":
            current = resources[owner.urn]
            written = {"protocol": protocol, "fromPort": low, "toPort": high, **described} | {
                key: [value]
                for key, value in (
                    ("securityGroups", of_target),
                    ("cidrBlocks", peer.get("cidr")),
                    ("ipv6CidrBlocks", peer.get("cidr6")),
                    ("prefixListIds", peer.get("list")),
                )
                if value
            }
            resources[owner.urn] = replace(
                current,
                props={**current.props, direction: [*current.props.get(direction, []), written]},
                property_dependencies={
                    **current.property_dependencies,
                    direction: (*current.property_dependencies.get(direction, ()), *edges),
                },
            )
            continue
        separate = spelling == "separate"
        kind = SEPARATE[direction] if separate else kinds.GROUP_RULE
        names = (
            ("referencedSecurityGroupId", "cidrIpv4", "cidrIpv6", "prefixListId")
            if separate
            else ("sourceSecurityGroupId", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
        )
        values = (of_target, peer.get("cidr"), peer.get("cidr6"), peer.get("list"))
        props: dict[str, Any] = {"securityGroupId": owner.props["id"], "fromPort": low, "toPort": high, **described}
        props |= {"ipProtocol": protocol} if separate else {"protocol": protocol, "type": direction}
        for position, (key, value) in enumerate(zip(names, values, strict=True)):
            if value:
                props[key] = value if separate or position == 0 else [value]
        if separate:
            props["tags"] = graph.of_type(kinds.VPC)[0].props["tags"]
        name = f"{owner.name}-{direction}-{number}-{len(resources)}"
        urn = f"urn:pulumi:{graph.stack}::{graph.project}::{kind}::{name}"
        resources[urn] = Resource(
            urn=urn,
            type=kind,
            name=name,
            props=props,
            dependencies=(owner.urn, *edges),
            property_dependencies={"securityGroupId": (owner.urn,), **({names[0]: edges} if edges else {})},
            options=graph.of_type(kinds.VPC)[0].options,
        )
    return with_resources(graph, resources.values())


def bare() -> Graph:
    """The dev stack without any security group rule."""
    graph = base("dev", "resolved")
    return with_resources(graph, (one for one in graph if one.type not in RULE_TYPES and "security" not in one.name))


def failing(graph: Graph) -> set[tuple[str, str]]:
    """Mandatory findings: rule and logical name."""
    return {
        (one.rule, one.resource)
        for one in evaluate(graph, {})
        if one.level is Level.MANDATORY and one.verdict in (Verdict.FAIL, Verdict.CRASH)
    }


def ranges(graph: Graph, how: str) -> list[Peer]:
    """The tasks' network by its whole range, by the subnets', or by halves of the subnets'."""
    vpc = graph.of_type(kinds.VPC)[0].props["cidrBlock"]
    subnets = [ip_network(one.props["cidrBlock"]) for one in graph.of_type(kinds.SUBNET)]
    if how == "network":
        return [{"cidr": vpc}]
    if how == "subnets":
        return [{"cidr": str(one)} for one in subnets]
    return [{"cidr": str(half)} for one in subnets for half in one.subnets()]


@settings(max_examples=60, deadline=None)
@given(
    spelling=st.tuples(*[st.sampled_from(SPELLINGS)] * 2),
    out=st.sampled_from(("group", "network", "subnets", "halves")),
    back=st.sampled_from(("group", "network", "subnets", "halves")),
    protocol=st.sampled_from(("tcp", "6")),
)
def test_equal_meaning_has_an_equal_verdict(
    spelling: tuple[Spelling, Spelling], out: str, back: str, protocol: str
) -> None:
    graph = bare()
    tasks, endpoints = group(graph, "tasks"), group(graph, "endpoints")
    outgoing: list[Peer] = [{"group": endpoints}] if out == "group" else ranges(graph, out)
    incoming: list[Peer] = [{"group": tasks}] if back == "group" else ranges(graph, back)
    graph = spelt(graph, tasks, "egress", [*outgoing, {"list": "pl-6855ce84"}], spelling[0], protocol=protocol)
    graph = spelt(graph, endpoints, "ingress", incoming, spelling[1], protocol=protocol)
    assert failing(graph) == set()


ANYWHERE: Final[Mapping[str, Peer]] = {
    "anywhere": {"cidr": "0.0.0.0/0"},
    "anywhere, IPv6": {"cidr6": "::/0"},
    "half of the world": {"cidr": "128.0.0.0/1"},
    "another private network": {"cidr": "192.168.0.0/24"},
    "a wider range than the network's": {"cidr": "10.0.0.0/8"},
    "an address": {"cidr": "203.0.113.7/32"},
    "a group of elsewhere": {"group": "sg-0123456789abcdef0"},
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize("peer", ANYWHERE)
def test_whatever_is_outside_is_found_in_every_spelling(peer: str, direction: str, spelling: Spelling) -> None:
    graph = bare()
    tasks, endpoints = group(graph, "tasks"), group(graph, "endpoints")
    for owner in (tasks, endpoints):
        broken = spelt(graph, owner, direction, [ANYWHERE[peer]], spelling)
        rule = "nothing-reaches-in" if direction == "ingress" else "tasks-reach-endpoints-only"
        assert rule in {name for name, resource in failing(broken) if resource.startswith(owner.name)}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "form", [{"protocol": "-1", "low": 0, "high": 0}, {"low": 0, "high": 65535}, {"low": 22, "high": 22}]
)
def test_only_https_is_let_in(spelling: Spelling, form: Mapping[str, Any]) -> None:
    graph = bare()
    broken = spelt(graph, group(graph, "endpoints"), "ingress", [{"group": group(graph, "tasks")}], spelling, **form)
    assert "nothing-reaches-in" in {rule for rule, _ in failing(broken)}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_range_that_leaves_a_subnet_out_is_not_enough(spelling: Spelling) -> None:
    graph = bare()
    tasks, endpoints = group(graph, "tasks"), group(graph, "endpoints")
    graph = spelt(graph, tasks, "egress", [{"group": endpoints}, {"list": "pl-6855ce84"}], spelling)
    graph = spelt(graph, endpoints, "ingress", ranges(graph, "subnets")[:-1], spelling)
    assert {rule for rule, _ in failing(graph)} == {"endpoint-group-admits-tasks"}


def test_subnets_that_share_addresses() -> None:
    graph = base("dev", "resolved")
    first, second, *_ = graph.of_type(kinds.SUBNET)
    twice = replace(second, props={**second.props, "cidrBlock": first.props["cidrBlock"]})
    broken = with_resources(graph, (twice if one is second else one for one in graph))
    assert ("subnet-ranges-are-apart", second.name) in failing(broken)


@pytest.mark.parametrize("name", ["gatewayId", "vpcPeeringConnectionId", "transitGatewayId", "networkInterfaceId"])
@pytest.mark.parametrize("inline", [True, False])
def test_routes_out_are_found_in_both_spellings(name: str, inline: bool) -> None:
    graph = base("dev", "resolved")
    table = graph.of_type(kinds.ROUTE_TABLE)[0]
    way = {"cidrBlock": "0.0.0.0/0", name: "x-0123456789abcdef0"}
    if inline:
        changed = replace(table, props={**table.props, "routes": [way]})
        broken = with_resources(graph, (changed if one is table else one for one in graph))
    else:
        props = {"routeTableId": table.props["id"], **way}
        route = Resource(urn=f"{table.urn}-out", type=kinds.ROUTE, name="out", props=props)
        broken = with_resources(graph, (*graph, route))
    assert "routes-stay-inside" in {rule for rule, _ in failing(broken)}


def acl(graph: Graph, *entries: tuple[str, str, str, int, int]) -> Graph:
    """The stack with a network ACL on all subnets: direction, action, range, first and last port, in this order."""
    subnets = graph.of_type(kinds.SUBNET)
    listed: dict[str, list[Any]] = {"ingress": [], "egress": []}
    for number, (direction, action, cidr, low, high) in enumerate(entries):
        entry = {"ruleNo": 100 + number, "action": action, "cidrBlock": cidr, "fromPort": low, "toPort": high}
        listed[direction].append({**entry, "protocol": "tcp"})
    props = {"vpcId": graph.of_type(kinds.VPC)[0].props["id"], "subnetIds": [one.props["id"] for one in subnets]}
    one = Resource(urn=f"urn:pulumi:dev::p::{ACL}::acl", type=ACL, name="acl", props={**props, **listed})
    return with_resources(graph, (*graph, one))


OPEN: Final = (
    ("egress", "allow", "0.0.0.0/0", 443, 443),
    ("ingress", "allow", "0.0.0.0/0", 1024, 65535),
    ("ingress", "allow", "10.0.0.0/16", 443, 443),
    ("egress", "allow", "10.0.0.0/16", 1024, 65535),
)


@pytest.mark.parametrize(
    ("entries", "passes"),
    [
        (OPEN, True),
        ((*OPEN[:1], *OPEN[2:]), False),  # no answers
        (OPEN[1:], False),  # nothing goes out
        ((("egress", "deny", "10.0.0.0/20", 443, 443), *OPEN), False),  # refused before it is allowed
        ((*OPEN, ("egress", "deny", "10.0.0.0/20", 443, 443)), True),  # allowed before it is refused
        ((("egress", "deny", "10.0.0.0/20", 80, 80), *OPEN), True),  # another port
        ((*OPEN[1:], ("egress", "allow", "0.0.0.0/1", 443, 443), ("egress", "allow", "128.0.0.0/1", 0, 65535)), True),
        ((*OPEN[1:], ("egress", "allow", "0.0.0.0/1", 443, 443)), False),  # half of S3
    ],
)
def test_network_acls_are_read_in_order(entries: tuple[tuple[str, str, str, int, int], ...], passes: bool) -> None:
    graph = acl(base("dev", "resolved"), *entries)
    assert ("network-acls-let-tasks-through" not in {rule for rule, _ in failing(graph)}) is passes


def test_a_default_acl_that_is_emptied_lets_nothing_through() -> None:
    graph = base("dev", "resolved")
    vpc = graph.of_type(kinds.VPC)[0]
    one = Resource(
        urn=f"urn:pulumi:dev::p::{DEFAULT_ACL}::acl",
        type=DEFAULT_ACL,
        name="acl",
        props={"defaultNetworkAclId": "acl-0123456789abcdef0"},
        property_dependencies={"defaultNetworkAclId": (vpc.urn,)},
    )
    assert "network-acls-let-tasks-through" in {rule for rule, _ in failing(with_resources(graph, (*graph, one)))}


def test_the_recorded_stacks_hold_every_statement() -> None:
    for stack in ("dev", "prod"):
        assert {rule for rule, _ in failing(base(stack, "resolved"))} & REACH == set()
