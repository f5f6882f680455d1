"""What reaches what: computed from group rules, network ACLs, routes and ranges, however they are written."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import takewhile
from typing import Any, Final

from ...graph import Graph, Resource, Undecided, kinds, members, value
from ...graph.acls import Ports, acl_of, admits_all, entries
from ...graph.groups import HTTPS, GroupRule, Range, covered, group_rules, parsed_ranges, vpc_ranges
from ...graph.launches import STARTERS, launches_of, task_launches
from ...rule import Problem, Severity, View, rule
from .endpoints import endpoint_groups, endpoint_subnets, endpoints_of, is_gateway, service_of, task_groups, vpc_of

_GUIDE: Final = "https://docs.aws.amazon.com/vpc/latest/userguide"
_EVERYWHERE: Final[Range] = ip_network("0.0.0.0/0")
_EPHEMERAL: Final[Ports] = (1024, 65535)
"""Ports that answers come back to, of any client (vpc-network-acls.html, "Ephemeral ports")."""


def _networks(graph: Graph, group: Resource) -> list[Resource | None]:
    """The network that the group is in; None where that is none of this stack."""
    return [*graph.resolve(group, "vpcId", kinds.VPC)] or [None]


def _outside(graph: Graph, one: GroupRule, vpc: Resource | None) -> Iterator[str]:
    """What the rule names that is not of this network, and where it is instead."""
    network_ranges, where = (
        ([], "no network of this stack has") if vpc is None else (vpc_ranges(graph, vpc), "is outside of the network")
    )
    for addresses in one.ranges(graph):
        if not covered(addresses, network_ranges):
            yield f"{addresses}, which {where}"
    for group in one.foreign_groups(graph):
        yield f"{group}, which is outside of the network"


@rule(
    "nothing-reaches-in",
    kinds.SECURITY_GROUP,
    severity=Severity.CRITICAL,
    fix="Let in HTTPS from the tasks' group, or from the subnets that tasks run in, and nothing else",
    url=f"{_GUIDE}/security-group-rules.html",
    frameworks=("FSBP EC2.18",),
    tags=("graph", "closed"),
)
def nothing_reaches_in(group: Resource, view: View) -> Iterator[Problem]:
    """No group lets in anything from outside of the network, nor anything but HTTPS; one of tasks nothing at all."""
    graph = view.graph
    for vpc in _networks(graph, group):
        of_tasks = vpc is not None and _is_of_tasks(graph, group, vpc)
        for one in group_rules(graph, group):
            if one.direction != "ingress":
                continue
            for what in _outside(graph, one, vpc):
                yield _problem(group, one, f"lets in {what}")
            if one.managed_prefix_lists(graph):
                yield _problem(group, one, "lets in AWS's own addresses, which is outside of the network")
            if _names_nobody(graph, one):
                yield _problem(group, one, "names nobody to let in, which EC2 refuses")
            if not one.admits_only_https():
                yield _problem(group, one, "lets in more than HTTPS, or something else")
            if of_tasks:
                yield _problem(group, one, "lets something in to tasks, to which nobody connects")


def _is_of_tasks(graph: Graph, group: Resource, vpc: Resource) -> bool:
    """Whether tasks run with the group, and no endpoint answers with it."""
    interfaces = [one for one in endpoints_of(graph, vpc) if not is_gateway(one)]
    return group in task_groups(graph, vpc) and not any(group in endpoint_groups(graph, one) for one in interfaces)


def _names_nobody(graph: Graph, one: GroupRule) -> bool:
    return not (one.peers or one.ranges(graph) or one.foreign_groups(graph) or one.managed_prefix_lists(graph))


def _problem(group: Resource, one: GroupRule, message: str) -> Problem:
    return Problem(message=message, property=one.at.rstrip(".") or "securityGroupId", resource=one.source)


@rule(
    "tasks-reach-endpoints-only",
    kinds.SECURITY_GROUP,
    severity=Severity.CRITICAL,
    fix="Let tasks out by HTTPS to the endpoints' group, or to the network's ranges, and to S3's prefix list",
    url=f"{_GUIDE}/security-group-rules.html",
    tags=("graph", "closed"),
)
def tasks_reach_endpoints_only(group: Resource, view: View) -> Iterator[Problem]:
    """Nothing leaves a group but HTTPS: to endpoints, within the network, and to S3 where it has a gateway."""
    graph = view.graph
    for vpc in _networks(graph, group):
        endpoints = endpoints_of(graph, vpc) if vpc is not None else []
        answering = {
            peer.urn for endpoint in endpoints if not is_gateway(endpoint) for peer in endpoint_groups(graph, endpoint)
        }
        gateways = any(is_gateway(endpoint) for endpoint in endpoints)
        served = {
            prefix_list
            for endpoint in endpoints
            if is_gateway(endpoint) and isinstance(prefix_list := endpoint.props.get("prefixListId"), str)
        }
        for one in group_rules(graph, group):
            if one.direction != "egress":
                continue
            for what in _outside(graph, one, vpc):
                yield _problem(group, one, f"lets out to {what}")
            for peer in one.peers:
                if answering and peer.urn not in answering:
                    yield _problem(group, one, f"lets out to {peer.name}, which no endpoint answers with")
            if one.managed_prefix_lists(graph) and not gateways:
                yield _problem(group, one, "lets out to a prefix list of AWS, and there is no gateway to it")
            elif strange := sorted(set(one.listed_prefix_lists()) - served if served else ()):
                yield _problem(group, one, f"lets out to {', '.join(strange)}, which is no gateway's prefix list")
            if _names_nobody(graph, one):
                yield _problem(group, one, "names nobody to let out to, which EC2 refuses")
            if not one.admits_only_https():
                yield _problem(group, one, "lets out more than HTTPS, or something else")


@rule(
    "tasks-can-go-out",
    *STARTERS,
    severity=Severity.CRITICAL,
    fix="Run the tasks with the group that lets HTTPS out to the endpoints",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
    tags=("graph", "closed"),
)
def tasks_can_go_out(starter: Resource, view: View) -> Iterator[Problem]:
    """Tasks run with groups that let HTTPS out: with an endpoint's group they could not pull their image."""
    graph = view.graph
    for launch in launches_of(graph, starter):
        if not launch.groups and launch.networked is None:
            yield Problem(message="", property=launch.settings, undecided=True)
        for group in launch.groups:
            if not _any(graph, group, "egress", lambda one: True):
                yield Problem(message=f"runs with {group.name}, which lets no HTTPS out", property=launch.settings)


@rule(
    "endpoint-group-admits-tasks",
    kinds.ENDPOINT,
    severity=Severity.CRITICAL,
    fix="Allow TCP 443 out of the tasks' group to the endpoint (its group or S3's prefix list), and into its group",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    tags=("graph",),
)
def endpoint_group_admits_tasks(endpoint: Resource, view: View) -> Iterator[Problem]:
    """HTTPS is allowed from every task to every endpoint: out of the task's security group, and into the endpoint's."""
    graph = view.graph
    vpc = vpc_of(graph, endpoint)
    if vpc is None:
        return
    if is_gateway(endpoint):
        for group in task_groups(graph, vpc) if service_of(endpoint) == "s3" else ():
            if not _any(graph, group, "egress", lambda one: _reaches_s3(graph, one)):
                yield Problem(
                    message=f"{group.name} lets no HTTPS out to S3's prefix list", property="egress", resource=group
                )
        return
    groups = endpoint_groups(graph, endpoint)
    there = endpoint_subnets(graph, endpoint)
    here = [subnet for launch in task_launches(graph) for subnet in launch.subnets]
    for tasks in task_groups(graph, vpc):
        if not _any(graph, tasks, "egress", lambda one: any(peer in groups for peer in one.peers)) and not _by_range(
            graph, tasks, "egress", there
        ):
            yield Problem(message=f"{tasks.name} lets no HTTPS out to the endpoint", property="securityGroupIds")
        if not any(
            _any(graph, group, "ingress", lambda one, tasks=tasks: tasks in one.peers)
            or _by_range(graph, group, "ingress", here)
            for group in groups
        ):
            yield Problem(message=f"lets no HTTPS in from {tasks.name}", property="securityGroupIds")


def _reaches_s3(graph: Graph, one: GroupRule) -> bool:
    return one.managed_prefix_lists(graph) or covered(_EVERYWHERE, one.ranges(graph))


def _any(graph: Graph, group: Resource, direction: str, holds: Any) -> bool:
    """Whether one HTTPS rule of the group holds; Undecided only if none of the known ones does."""
    unknown: Undecided | None = None
    for one in group_rules(graph, group):
        if one.direction != direction:
            continue
        try:
            if one.admits_https() and holds(one):
                return True
        except Undecided as undecided:
            unknown = undecided
    if unknown is not None:
        raise unknown
    return False


def _by_range(graph: Graph, group: Resource, direction: str, subnets: list[Resource]) -> bool:
    """Whether the group's HTTPS rules together hold all addresses of the subnets."""
    ranges = [
        addresses
        for one in group_rules(graph, group)
        if one.direction == direction and one.admits_https()
        for addresses in one.ranges(graph)
    ]
    return bool(ranges and subnets) and all(
        covered(addresses, ranges) for one in subnets for addresses in _range_of(one)
    )


def _range_of(subnet: Resource) -> list[Range]:
    return parsed_ranges([value(subnet, "cidrBlock")], subnet)


@rule(
    "subnet-ranges-are-apart",
    kinds.SUBNET,
    severity=Severity.HIGH,
    fix="Give each subnet a range of its own within the network's",
    url=f"{_GUIDE}/subnet-sizing.html",
    tags=("graph", "closed"),
)
def subnet_ranges_are_apart(subnet: Resource, view: View) -> Iterator[Problem]:
    """No two subnets of a network share addresses: EC2 refuses the second one."""
    graph = view.graph
    vpc, mine = vpc_of(graph, subnet), _range_of(subnet)
    for other in takewhile(lambda one: one is not subnet, graph.of_type(kinds.SUBNET)):
        shared = any(a.version == b.version and a.overlaps(b) for a in mine for b in _range_of(other))
        if shared and vpc_of(graph, other) is vpc:
            yield Problem(message=f"shares addresses with {other.name}", property="cidrBlock")


_TARGETS: Final = (
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
)
"""What a route may lead to beside an endpoint (API_CreateRoute)."""


@rule(
    "routes-stay-inside",
    kinds.ROUTE_TABLE,
    severity=Severity.CRITICAL,
    fix="Remove the route; tasks reach AWS through VPC endpoints",
    url=f"{_GUIDE}/VPC_Route_Tables.html",
    settings=("allow_nat",),
    tags=("graph", "closed"),
)
def routes_stay_inside(table: Resource, view: View) -> Iterator[Problem]:
    """No route leads out of the network: to no gateway, peering, transit or interface, only to endpoints."""
    inline = [(table, f"routes[{i}].") for i in range(len(members(table, "routes")))]
    separate = [(one, "") for one in view.graph.attached(table, "routeTableId", kinds.ROUTE)]
    for holder, at in (*inline, *separate):
        for name in _TARGETS:
            target = value(holder, at + name)
            if target in (None, "", "local") or (name == "natGatewayId" and view.settings.allow_nat):
                continue
            yield Problem(message=f"leads out of the network by {name}", property=at + name, resource=holder)


@rule(
    "network-acls-let-tasks-through",
    kinds.SUBNET,
    severity=Severity.HIGH,
    fix="Allow 443 to the endpoints and ports 1024 to 65535 back, or leave the network's default ACL as EC2 makes it",
    url=f"{_GUIDE}/vpc-network-acls.html",
    tags=("graph", "closed"),
)
def network_acls_let_tasks_through(subnet: Resource, view: View) -> Iterator[Problem]:
    """The network ACL of a subnet lets tasks reach the endpoints and S3, and the answers come back."""
    graph = view.graph
    acl, vpc = acl_of(graph, subnet), vpc_of(graph, subnet)
    if acl is None or vpc is None:
        return
    listed = entries(graph, acl)
    tasks = list(dict.fromkeys(one for launch in task_launches(graph) for one in launch.subnets))
    endpoints = endpoints_of(graph, vpc)
    answering = list(dict.fromkeys(one for endpoint in endpoints for one in endpoint_subnets(graph, endpoint)))
    flows: list[tuple[str, bool, Ports, Range]] = []
    if subnet in tasks:
        others = [addresses for one in answering if one is not subnet for addresses in _range_of(one)]
        others += [_EVERYWHERE] if any(is_gateway(one) and service_of(one) == "s3" for one in endpoints) else []
        flows += [("443 out to", True, (HTTPS, HTTPS), addresses) for addresses in others]
        flows += [("answers in from", False, _EPHEMERAL, addresses) for addresses in others]
    if subnet in answering:
        others = [addresses for one in tasks if one is not subnet for addresses in _range_of(one)]
        flows += [("443 in from", False, (HTTPS, HTTPS), addresses) for addresses in others]
        flows += [("answers out to", True, _EPHEMERAL, addresses) for addresses in others]
    for what, egress, ports, to in flows:
        if not admits_all(listed, egress=egress, ports=ports, to=to):
            yield Problem(message=f"its network ACL {acl.name} lets no {what} {to}", property="networkAcl")
