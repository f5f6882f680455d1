"""Mutants of subnets, routes, security groups and endpoints."""

from __future__ import annotations

from dataclasses import replace

from policy.rules import Graph, Resource, kinds

from .model import (
    TAGS,
    Mutant,
    at,
    first,
    itself,
    mutant,
    new,
    to,
)
from .operators import (
    add,
    both,
    change,
    cut,
    delete,
    drop,
    retarget,
    swapped,
    text,
    twin,
)

NETWORK = [
    mutant("subnets-have-route-table", "dropped", kinds.ROUTE_ASSOCIATION, "*-a-*", drop, to("subnetId", kinds.SUBNET)),
    mutant("subnets-have-route-table", "doubled", kinds.ROUTE_ASSOCIATION, "*-a-*", twin, to("subnetId", kinds.SUBNET)),
    mutant(
        "subnets-have-route-table",
        "led to another subnet",
        kinds.ROUTE_ASSOCIATION,
        "*-a-*",
        retarget("subnetId", kinds.SUBNET, at(kinds.SUBNET, "*-b")),
        at(kinds.SUBNET, "*-a"),
    ),
    mutant(
        "no-eip-or-nat",
        "elastic IP added",
        "",
        "",
        add(kinds.EIP, "address", {"tags": TAGS}),
        new(kinds.EIP, "address"),
    ),
    mutant("no-eip-or-nat", "NAT added", "", "", add(kinds.NAT, "nat", {"tags": TAGS}), new(kinds.NAT, "nat")),
    mutant("no-public-address", "subnet", kinds.SUBNET, "*-a", change("mapPublicIpOnLaunch", True)),
    mutant(
        "no-public-address",
        "service",
        kinds.SERVICE,
        "*",
        change("networkConfiguration.assignPublicIp", True),
    ),
    mutant(
        "no-public-address",
        "state machine's task",
        kinds.STATE_MACHINE,
        "nightly*",
        text("definition", '"AssignPublicIp": "DISABLED"', '"AssignPublicIp": "ENABLED"'),
    ),
    mutant(
        "security-group-rules-unmixed",
        "inline beside separate",
        kinds.SECURITY_GROUP,
        "network-tasks",
        change("egress", [{"description": "to everywhere, for a while", "protocol": "-1"}]),
    ),
    mutant(
        "security-groups-documented",
        "stock description",
        kinds.SECURITY_GROUP,
        "network-endpoints",
        change("description", "Managed by Pulumi"),
    ),
    mutant(
        "security-groups-documented",
        "intent not said",
        kinds.SECURITY_GROUP,
        "network-tasks",
        text("description", "Outbound only", "Traffic rules"),
    ),
    mutant("security-groups-documented", "rule without description", kinds.GROUP_EGRESS, "*", delete("description")),
]


_SERVICE = at(kinds.SERVICE, "data-ingestion-*")


ENDPOINTS = [
    mutant("private-tasks-have-endpoints", f"no {label}", kinds.ENDPOINT, f"*-{label}", drop, _SERVICE)
    for label in ("ecr-api", "ecr-dkr", "logs", "s3")
] + [
    Mutant(
        rule="private-tasks-have-endpoints",
        what="ecs endpoint asked for",
        blames=_SERVICE,
        config={"private-tasks-have-endpoints": {"ecsEndpoint": True}},
    ),
    mutant(
        "gateway-on-task-routes",
        "route table cut off",
        kinds.ENDPOINT,
        "*-s3",
        cut("routeTableIds", kinds.ROUTE_TABLE),
    ),
    mutant("endpoint-dns-works", "private DNS off", kinds.ENDPOINT, "*-ecr-api", change("privateDnsEnabled", False)),
    mutant("endpoint-dns-works", "VPC DNS off", kinds.VPC, "*", change("enableDnsHostnames", False)),
    mutant(
        "endpoint-dns-works",
        "doubled",
        kinds.ENDPOINT,
        "*-ecr-api",
        twin,
        lambda graph, one: Resource(urn=f"{one.urn}-twin", type=one.type, name=f"{one.name}-twin"),
    ),
    mutant(
        "endpoint-group-admits-tasks",
        "no way out of the tasks' group",
        kinds.GROUP_EGRESS,
        "*-to-endpoints",
        drop,
        at(kinds.ENDPOINT, "*-ecr-api"),
    ),
    mutant(
        "endpoint-group-admits-tasks",
        "no way into the endpoints' group",
        kinds.GROUP_INGRESS,
        "*",
        drop,
        at(kinds.ENDPOINT, "*-ecr-api"),
        "security-groups-documented",
    ),
    mutant(
        "endpoint-group-admits-tasks",
        "another port",
        kinds.GROUP_INGRESS,
        "*",
        both(change("fromPort", 80), change("toPort", 80)),
        at(kinds.ENDPOINT, "*-ecr-api"),
    ),
    mutant(
        "endpoint-group-admits-tasks",
        "no way to S3",
        kinds.GROUP_EGRESS,
        "*-to-s3",
        drop,
        at(kinds.SECURITY_GROUP, "network-tasks"),
    ),
    Mutant(
        rule="endpoint-cost-budget",
        what="smaller budget",
        config={"endpoint-cost-budget": {"endpointBudget": 20}},
    ),
]


def _with_endpoints_group(graph: Graph, one: Resource) -> Graph:
    endpoints = first(graph, kinds.SECURITY_GROUP, "*-endpoints")
    edges = tuple(
        endpoints.urn if (other := graph.get(urn)) and other.type == kinds.SECURITY_GROUP else urn
        for urn in one.property_dependencies["networkConfiguration"]
    )
    network = {**one.props["networkConfiguration"], "securityGroups": [endpoints.props["id"]]}
    return swapped(
        graph,
        one,
        replace(
            one,
            props={**one.props, "networkConfiguration": network},
            property_dependencies={**one.property_dependencies, "networkConfiguration": edges},
        ),
    )


def _closed_acl(graph: Graph, one: Resource) -> Graph:
    kind = "aws:ec2/networkAcl:NetworkAcl"
    closed = add(kind, "closed", {"subnetIds": [one.props["id"]], "tags": TAGS})(graph, one)
    acl = closed.of_type(kind)[0]
    return swapped(closed, acl, replace(acl, property_dependencies={"subnetIds": (one.urn,)}))


def _same_range(graph: Graph, one: Resource) -> Graph:
    other = first(graph, kinds.SUBNET, "*-a")
    return swapped(graph, one, replace(one, props={**one.props, "cidrBlock": other.props["cidrBlock"]}))


REACH = [
    mutant(
        "nothing-reaches-in",
        "from anywhere",
        kinds.GROUP_INGRESS,
        "*-from-tasks",
        change("cidrIpv4", "0.0.0.0/0"),
    ),
    mutant("nothing-reaches-in", "SSH", kinds.GROUP_INGRESS, "*-from-tasks", change("fromPort", 22)),
    mutant(
        "tasks-reach-endpoints-only",
        "to anywhere",
        kinds.GROUP_EGRESS,
        "*-to-endpoints",
        change("cidrIpv6", "::/0"),
    ),
    mutant(
        "tasks-can-go-out",
        "endpoints' group",
        kinds.SERVICE,
        "*",
        _with_endpoints_group,
        itself,
        "endpoint-group-admits-tasks",
    ),
    mutant("subnet-ranges-are-apart", "twice", kinds.SUBNET, "*-b", _same_range),
    mutant(
        "routes-stay-inside",
        "internet gateway",
        kinds.ROUTE_TABLE,
        "*",
        change("routes", [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-0123456789abcdef0"}]),
    ),
    mutant("network-acls-let-tasks-through", "nothing let through", kinds.SUBNET, "*-a", _closed_acl),
]
