"""Rules about VPC endpoints: the only way from a private task to AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...graph import Graph, Known, Resource, Undecided, Unknown, kinds, read, value
from ...graph.launches import STARTERS, TaskLaunch, containers, launches_of, task_launches
from ...rule import Level, Problem, Severity, View, rule

_ECR_GUIDE: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
_LINK_GUIDE: Final = "https://docs.aws.amazon.com/vpc/latest/privatelink"
_HOURS_A_MONTH: Final = 730


def service_of(endpoint: Resource) -> str:
    """Short service name, for example `ecr.api`; raises Undecided."""
    return re.sub(r"^(com|cn\.com)\.amazonaws\.[a-z0-9-]+\.", "", str(value(endpoint, "serviceName", "")))


def is_gateway(endpoint: Resource) -> bool:
    """Whether an endpoint is a route instead of an interface; raises Undecided."""
    return bool(value(endpoint, "vpcEndpointType", "Gateway") == "Gateway")


def vpc_of(graph: Graph, resource: Resource) -> Resource | None:
    """The network that a resource belongs to; raises Undecided."""
    return next(iter(graph.resolve(resource, "vpcId", kinds.VPC)), None)


def endpoints_of(graph: Graph, vpc: Resource) -> list[Resource]:
    """The endpoints of a network; raises Undecided."""
    return [endpoint for endpoint in graph.of_type(kinds.ENDPOINT) if vpc_of(graph, endpoint) is vpc]


def _interfaces(graph: Graph, vpc: Resource) -> list[Resource]:
    return [endpoint for endpoint in endpoints_of(graph, vpc) if not is_gateway(endpoint)]


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
    services: set[str] = set()
    for container in containers(definition):
        if value(dict(container), "logConfiguration.logDriver") == "awslogs":
            services.add("logs")
        for secret in container.get("secrets", ()):
            source = str(secret.get("valueFrom", ""))
            services.add("secretsmanager" if ":secretsmanager:" in source else "ssm")
    return services


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
        for vpc in dict.fromkeys(vpc_of(graph, subnet) for subnet in launch.subnets):
            if vpc is None:
                continue  # `no-foreign-infrastructure` reports a VPC of another stack
            present = {service_of(endpoint) for endpoint in _interfaces(graph, vpc)}
            gateways = {service_of(endpoint) for endpoint in endpoints_of(graph, vpc) if is_gateway(endpoint)}
            services = {"ecr.api", "ecr.dkr"} | ({"ecs"} if view.settings.ecs_endpoint else set())
            unknown: list[str] = []
            for definition in launch.definitions:
                try:
                    services |= _wanted_by_containers(definition)
                except Undecided as undecided:
                    unknown.append(f"{definition.name}.{undecided.path}")
            for service in sorted(services - present):
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
    fix="Add the subnet's route table to its routeTableIds",
    url=f"{_LINK_GUIDE}/gateway-endpoints.html",
    tags=("graph",),
)
def gateway_on_task_routes(subnet: Resource, view: View) -> Iterator[Problem]:
    """The S3 gateway is attached to the route table of every subnet that tasks run in."""
    graph = view.graph
    if not any(subnet in launch.subnets and not launch.public for launch in task_launches(graph)):
        return
    vpc = vpc_of(graph, subnet)
    gateways = [] if vpc is None else [e for e in endpoints_of(graph, vpc) if is_gateway(e) and service_of(e) == "s3"]
    attached = {
        table.urn for gateway in gateways for table in graph.resolve(gateway, "routeTableIds", kinds.ROUTE_TABLE)
    }
    for gateway in gateways:
        for association in graph.attached(gateway, "vpcEndpointId", kinds.ENDPOINT_ROUTE_ASSOCIATION):
            attached |= {table.urn for table in graph.resolve(association, "routeTableId", kinds.ROUTE_TABLE)}
    for table in _route_tables(graph, subnet) if gateways else ():
        if table.urn not in attached:
            message = f"has no route from {table.name}, the route table of {subnet.name}, in which tasks run"
            yield Problem(message=message, property="routeTableIds", resource=gateways[0])


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
    if is_gateway(endpoint):
        return
    if value(endpoint, "privateDnsEnabled") is not True:
        yield Problem(
            message="has no private DNS, so tasks still resolve public addresses", property="privateDnsEnabled"
        )
    vpc = vpc_of(view.graph, endpoint)
    if vpc is None:
        return
    if value(vpc, "enableDnsSupport", True) is not True:
        yield Problem(message="its VPC has DNS support off", property="enableDnsSupport", resource=vpc)
    if value(vpc, "enableDnsHostnames", False) is not True:
        yield Problem(message="its VPC has DNS host names off", property="enableDnsHostnames", resource=vpc)
    service = service_of(endpoint)
    twins = [other for other in _interfaces(view.graph, vpc) if service_of(other) == service]
    if twins[0] is not endpoint:
        yield Problem(message=f"{twins[0].name} already answers for {service} in this VPC", property="serviceName")


def endpoint_groups(graph: Graph, endpoint: Resource) -> list[Resource]:
    """The security groups of an endpoint; raises Undecided."""
    attached = graph.attached(endpoint, "vpcEndpointId", kinds.ENDPOINT_GROUP_ASSOCIATION)
    return [
        *graph.resolve(endpoint, "securityGroupIds", kinds.SECURITY_GROUP),
        *(group for one in attached for group in graph.resolve(one, "securityGroupId", kinds.SECURITY_GROUP)),
    ]


def task_groups(graph: Graph, vpc: Resource) -> list[Resource]:
    """The security groups that tasks of a network run with."""
    return list(
        dict.fromkeys(
            group
            for launch in task_launches(graph)
            for group in launch.groups
            if any(vpc_of(graph, subnet) is vpc for subnet in launch.subnets)
        )
    )


def endpoint_subnets(graph: Graph, endpoint: Resource) -> list[Resource]:
    """The subnets in which an interface endpoint has addresses; raises Undecided."""
    if is_gateway(endpoint):
        return []
    attached = graph.attached(endpoint, "vpcEndpointId", kinds.ENDPOINT_SUBNET_ASSOCIATION)
    return [
        *graph.resolve(endpoint, "subnetIds", kinds.SUBNET),
        *(subnet for one in attached for subnet in graph.resolve(one, "subnetId", kinds.SUBNET)),
    ]


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
        if is_gateway(endpoint):
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
            f"{view.settings.endpoint_budget:.0f}",
            property="subnetIds",
        )
