"""Rules about VPC endpoints: the only way from a private task to AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ...graph import Graph, Known, Resource, Undecided, Unknown, kinds, read, value
from ...graph.groups import GroupRule, group_rules
from ...graph.launches import STARTERS, TaskLaunch, containers, launches_of, task_launches
from ...rule import Level, Problem, Severity, View, rule

_ECR_GUIDE: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
_LINK_GUIDE: Final = "https://docs.aws.amazon.com/vpc/latest/privatelink"
_HOURS_A_MONTH: Final = 730


def _service(endpoint: Resource) -> str:
    """Short service name, for example `ecr.api`; raises Undecided."""
    return re.sub(r"^(com|cn\.com)\.amazonaws\.[a-z0-9-]+\.", "", str(value(endpoint, "serviceName", "")))


def _is_gateway(endpoint: Resource) -> bool:
    return bool(value(endpoint, "vpcEndpointType", "Gateway") == "Gateway")


def _vpc(graph: Graph, resource: Resource) -> Resource | None:
    return next(iter(graph.resolve(resource, "vpcId", kinds.VPC)), None)


def _endpoints(graph: Graph, vpc: Resource) -> list[Resource]:
    return [endpoint for endpoint in graph.of_type(kinds.ENDPOINT) if _vpc(graph, endpoint) is vpc]


def _interfaces(graph: Graph, vpc: Resource) -> list[Resource]:
    return [endpoint for endpoint in _endpoints(graph, vpc) if not _is_gateway(endpoint)]


def _route_tables(graph: Graph, subnet: Resource) -> list[Resource]:
    return [
        table
        for association in graph.attached(subnet, "subnetId", kinds.ROUTE_ASSOCIATION)
        for table in graph.resolve(association, "routeTableId", kinds.ROUTE_TABLE)
    ]


def _has_nat(graph: Graph, subnets: tuple[Resource, ...]) -> bool:
    def routed(table: Resource) -> bool:
        separate = graph.attached(table, "routeTableId", kinds.ROUTE)
        return bool(graph.targets(table, "routes", kinds.NAT)) or any(
            graph.targets(route, "natGatewayId", kinds.NAT) for route in separate
        )

    return bool(subnets) and all(any(map(routed, _route_tables(graph, subnet))) for subnet in subnets)


def _wanted_by_containers(definition: Resource) -> set[str]:
    """Services that a task definition's containers need an endpoint for; raises Undecided."""
    wanted: set[str] = set()
    for container in containers(definition):
        if value(dict(container), "logConfiguration.logDriver") == "awslogs":
            wanted.add("logs")
        for secret in container.get("secrets", ()):
            source = str(secret.get("valueFrom", ""))
            wanted.add("secretsmanager" if ":secretsmanager:" in source else "ssm")
    return wanted


@rule(
    "private-tasks-have-endpoints",
    *STARTERS,
    severity=Severity.CRITICAL,
    fix="Add the endpoint to the VPC of the task's subnets (interface with private DNS; S3 as a gateway)",
    url=_ECR_GUIDE,
    tags=("graph",),
    settings=("ecs_endpoint",),
)
def private_tasks_have_endpoints(starter: Resource, view: View) -> Iterator[Problem]:
    """Tasks without public address and NAT have the endpoints that pulling images, logging and secrets need."""
    graph = view.graph
    for launch in launches_of(graph, starter):
        if launch.public or _has_nat(graph, launch.subnets):
            continue
        if not launch.subnets:
            if launch.networked is None:
                yield Problem(message="", property=launch.settings, undecided=True)
            continue  # `fargate-task-shape` and `event-target-can-run-task` report missing network settings
        for vpc in dict.fromkeys(_vpc(graph, subnet) for subnet in launch.subnets):
            if vpc is None:
                continue  # `no-foreign-infrastructure` reports a VPC of another stack
            present = {_service(endpoint) for endpoint in _interfaces(graph, vpc)}
            gateways = {_service(endpoint) for endpoint in _endpoints(graph, vpc) if _is_gateway(endpoint)}
            wanted = {"ecr.api", "ecr.dkr"} | ({"ecs"} if view.settings.ecs_endpoint else set())
            unknown: list[str] = []
            for definition in launch.definitions:
                try:
                    wanted |= _wanted_by_containers(definition)
                except Undecided as undecided:
                    unknown.append(f"{definition.name}.{undecided.path}")
            for service in sorted(wanted - present):
                yield _missing(launch, vpc, f"interface endpoint for {service}")
            if "s3" not in gateways:
                yield _missing(launch, vpc, "gateway endpoint for s3 (image layers lie there)")
            if unknown and not {"logs", "secretsmanager", "ssm"} <= present:
                yield Problem(message="", property=unknown[0], undecided=True)
            elif not launch.definitions:
                yield Problem(message="", property="taskDefinition", undecided=True)


def _missing(launch: TaskLaunch, vpc: Resource, what: str) -> Problem:
    return Problem(message=f"runs in private subnets of {vpc.name}, which has no {what}", property=launch.settings)


@rule(
    "gateway-on-task-routes",
    kinds.SUBNET,
    severity=Severity.HIGH,
    fix="Add the subnet's route table to the S3 gateway endpoint's routeTableIds",
    url=f"{_LINK_GUIDE}/gateway-endpoints.html",
    tags=("graph",),
)
def gateway_on_task_routes(subnet: Resource, view: View) -> Iterator[Problem]:
    """The S3 gateway is attached to the route table of every subnet that tasks run in."""
    graph = view.graph
    if not any(subnet in launch.subnets and not launch.public for launch in task_launches(graph)):
        return
    vpc = _vpc(graph, subnet)
    gateways = [] if vpc is None else [e for e in _endpoints(graph, vpc) if _is_gateway(e) and _service(e) == "s3"]
    attached = {
        table.urn for gateway in gateways for table in graph.resolve(gateway, "routeTableIds", kinds.ROUTE_TABLE)
    }
    for gateway in gateways:
        for association in graph.attached(gateway, "vpcEndpointId", kinds.ENDPOINT_ROUTE_ASSOCIATION):
            attached |= {table.urn for table in graph.resolve(association, "routeTableId", kinds.ROUTE_TABLE)}
    for table in _route_tables(graph, subnet) if gateways else ():
        if table.urn not in attached:
            yield Problem(message=f"tasks run here, and its route table {table.name} has no route to the S3 gateway")


@rule(
    "endpoint-dns-works",
    kinds.ENDPOINT,
    severity=Severity.HIGH,
    fix="Set privateDnsEnabled on the endpoint and both DNS flags on the VPC, and keep one endpoint a service",
    url=f"{_LINK_GUIDE}/interface-endpoints.html",
    tags=("graph",),
)
def endpoint_dns_works(endpoint: Resource, view: View) -> Iterator[Problem]:
    """Interface endpoints answer under the service's own name: private DNS on, VPC DNS on, one endpoint a service."""
    if _is_gateway(endpoint):
        return
    if value(endpoint, "privateDnsEnabled") is not True:
        yield Problem(
            message="has no private DNS, so tasks still resolve public addresses", property="privateDnsEnabled"
        )
    vpc = _vpc(view.graph, endpoint)
    if vpc is None:
        return
    if value(vpc, "enableDnsSupport", True) is not True:
        yield Problem(message="its VPC has DNS support off", property="enableDnsSupport", resource=vpc)
    if value(vpc, "enableDnsHostnames", False) is not True:
        yield Problem(message="its VPC has DNS host names off", property="enableDnsHostnames", resource=vpc)
    service = _service(endpoint)
    twins = [other for other in _interfaces(view.graph, vpc) if _service(other) == service]
    if twins[0] is not endpoint:
        yield Problem(message=f"{twins[0].name} already answers for {service} in this VPC", property="serviceName")


def _groups(graph: Graph, endpoint: Resource) -> list[Resource]:
    attached = graph.attached(endpoint, "vpcEndpointId", kinds.ENDPOINT_GROUP_ASSOCIATION)
    return [
        *graph.resolve(endpoint, "securityGroupIds", kinds.SECURITY_GROUP),
        *(group for one in attached for group in graph.resolve(one, "securityGroupId", kinds.SECURITY_GROUP)),
    ]


def _task_groups(graph: Graph, vpc: Resource) -> list[Resource]:
    return list(
        dict.fromkeys(
            group
            for launch in task_launches(graph)
            for group in launch.groups
            if any(_vpc(graph, subnet) is vpc for subnet in launch.subnets)
        )
    )


@rule(
    "endpoint-group-admits-tasks",
    kinds.ENDPOINT,
    severity=Severity.CRITICAL,
    fix="Allow TCP 443 out of the tasks' group to the endpoint (its group or S3's prefix list), and into its group",
    url=f"{_LINK_GUIDE}/create-interface-endpoint.html",
    tags=("graph",),
)
def endpoint_group_admits_tasks(endpoint: Resource, view: View) -> Iterator[Problem]:
    """HTTPS is allowed from every task to every endpoint: out of the task's security group, and into the endpoint's."""
    graph = view.graph
    vpc = _vpc(graph, endpoint)
    if vpc is None:
        return
    if _is_gateway(endpoint):
        for group in _task_groups(graph, vpc) if _service(endpoint) == "s3" else ():
            if not _any(graph, group, "egress", lambda r: r.is_anywhere() or bool(_prefix_lists(r))):
                yield Problem(message=f"{group.name} lets no HTTPS out to S3's prefix list", resource=group)
        return
    groups = _groups(graph, endpoint)
    for tasks in _task_groups(graph, vpc):
        if not _any(graph, tasks, "egress", lambda r: _reaches(r, groups, vpc)):
            yield Problem(message=f"{tasks.name} lets no HTTPS out to the endpoint", property="securityGroupIds")
        if not any(_any(graph, group, "ingress", lambda r, t=tasks: _reaches(r, [t], vpc)) for group in groups):
            yield Problem(message=f"lets no HTTPS in from {tasks.name}", property="securityGroupIds")


def _any(graph: Graph, group: Resource, direction: str, holds: Any) -> bool:
    """Whether one HTTPS rule of the group holds; Undecided only if none of the known ones does."""
    unknown: Undecided | None = None
    for one in group_rules(graph, group):
        if one.direction != direction:
            continue
        try:
            if one.lets_https() and holds(one):
                return True
        except Undecided as undecided:
            unknown = undecided
    if unknown is not None:
        raise unknown
    return False


def _prefix_lists(one: GroupRule) -> bool:
    return any(
        isinstance(read(one.source, one.at + name), Known | Unknown) for name in ("prefixListId", "prefixListIds")
    )


def _reaches(one: GroupRule, groups: list[Resource], vpc: Resource) -> bool:
    if any(peer in groups for peer in one.peers) or one.is_anywhere():
        return True
    return value(vpc, "cidrBlock") in one.peer_values("cidrIpv4", "cidrBlocks")


@rule(
    "endpoint-cost-budget",
    level=Level.ADVISORY,
    severity=Severity.LOW,
    fix="Put endpoints into fewer zones (one is enough outside production), drop one, or raise endpointBudget",
    url="https://aws.amazon.com/privatelink/pricing/",
    tags=("cost", "graph"),
    settings=("endpoint_budget", "endpoint_hour"),
)
def endpoint_cost_budget(stack: Resource, view: View) -> Iterator[Problem]:
    """Interface endpoints, which cost by the hour in each zone, stay within a monthly sum."""
    zones = 0
    for endpoint in view.graph.of_type(kinds.ENDPOINT):
        if _is_gateway(endpoint):
            continue
        match read(endpoint, "subnetIds"):
            case Known(subnets):
                zones += len(subnets)
            case Unknown():
                zones += len(view.graph.targets(endpoint, "subnetIds", kinds.SUBNET))
        zones += len(view.graph.attached(endpoint, "vpcEndpointId", kinds.ENDPOINT_SUBNET_ASSOCIATION))
    month = zones * view.settings.endpoint_hour * _HOURS_A_MONTH
    if month > view.settings.endpoint_budget:
        yield Problem(
            message=f"{zones} endpoint zones cost about {month:.0f} USD a month, more than the budget of "
            f"{view.settings.endpoint_budget:.0f}"
        )
