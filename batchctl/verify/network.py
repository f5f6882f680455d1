"""The private network: no way in or out besides the endpoints, and the endpoints where tasks need them (NETWORK).

No packet is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conventions import endpoint_services

from .model import Claim, Deployment, Subject
from .registry import by_key, check, each_of, single, where

HTTPS: Final = 443
_VPC = single("vpcId")


@check("NETWORK", _VPC)
def vpc(it: Subject) -> Iterator[Claim]:
    """The VPC has the range the settings give it."""
    (vpc,) = it.aws("ec2").describe_vpcs(VpcIds=[it.name])["Vpcs"]
    yield it.equals("state", vpc.get("State"), "available")
    if it.settings:
        ranges = [entry["CidrBlock"] for entry in vpc.get("CidrBlockAssociationSet", [])] or [vpc["CidrBlock"]]
        yield it.equals("the list of ranges", ranges, [str(it.settings.network.cidr)])


@check("NETWORK", _VPC)
def no_nat(it: Subject) -> Iterator[Claim]:
    """There is no NAT gateway."""
    gateways = it.aws.pages(
        "ec2", "describe_nat_gateways", "NatGateways", Filters=[{"Name": "vpc-id", "Values": [it.name]}]
    )
    live = [gateway["NatGatewayId"] for gateway in gateways if gateway.get("State") not in ("deleted", "deleting")]
    yield Claim("there is no NAT gateway", not live, live)


@check("NETWORK", _VPC)
def no_internet_gateway(it: Subject) -> Iterator[Claim]:
    """There is no internet gateway, in or out."""
    ec2, attached = it.aws("ec2"), [{"Name": "attachment.vpc-id", "Values": [it.name]}]
    gateways = [
        entry["InternetGatewayId"] for entry in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]
    ]
    yield Claim("there is no internet gateway", not gateways, gateways)
    egress = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    of_vpc = [
        entry["EgressOnlyInternetGatewayId"]
        for entry in egress
        if any(attachment["VpcId"] == it.name for attachment in entry.get("Attachments", []))
    ]
    yield Claim("there is no egress-only internet gateway", not of_vpc, of_vpc)


@check("NETWORK", _VPC)
def no_peering(it: Subject) -> Iterator[Claim]:
    """No other network is connected."""
    peerings = it.aws.pages("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections")
    of_vpc = [
        entry["VpcPeeringConnectionId"]
        for entry in peerings
        if it.name in (entry.get("RequesterVpcInfo", {}).get("VpcId"), entry.get("AccepterVpcInfo", {}).get("VpcId"))
        and entry.get("Status", {}).get("Code") not in ("deleted", "rejected", "expired", "failed")
    ]
    yield Claim("no other network is peered", not of_vpc, of_vpc)


def _filters_names(deployed: Deployment) -> bool:
    return deployed.settings is not None and deployed.settings.network.dns_firewall


@check("NETWORK", where(_VPC, _filters_names))
def dns_firewall(it: Subject) -> Iterator[Claim]:
    """With `network.dnsFirewall`, the resolver answers for this stack's services and blocks everything else."""
    client = it.aws("route53resolver")
    associated = client.list_firewall_rule_group_associations(VpcId=it.name)["FirewallRuleGroupAssociations"]
    yield Claim("one rule group filters names", len(associated) == 1, associated)
    for association in associated:
        group = association["FirewallRuleGroupId"]
        rules = sorted(
            client.list_firewall_rules(FirewallRuleGroupId=group)["FirewallRules"], key=lambda rule: rule["Priority"]
        )
        yield it.equals("the order of rules", [rule["Action"] for rule in rules], ["ALLOW", "BLOCK"])
        domains = [
            client.list_firewall_domains(FirewallDomainListId=rule["FirewallDomainListId"])["Domains"] for rule in rules
        ]
        foreign = [name for name in domains[0] if not name.rstrip(".").endswith(".amazonaws.com")] if domains else []
        yield Claim("only names of AWS resolve", not foreign and domains[1:] == [["*"]], domains)


@check("NETWORK", each_of("privateSubnetIds"))
def subnet(it: Subject) -> Iterator[Claim]:
    """The subnet is in the VPC, hands out no public address and has a route table of this stack."""
    (subnet,) = it.aws("ec2").describe_subnets(SubnetIds=[it.name])["Subnets"]
    yield it.equals("VPC", subnet.get("VpcId"), it.outputs.text("vpcId"))
    yield Claim(
        "it hands out no public address", subnet.get("MapPublicIpOnLaunch") is False, "MapPublicIpOnLaunch is on"
    )
    associated = [{"Name": "association.subnet-id", "Values": [it.name]}]
    tables = it.aws("ec2").describe_route_tables(Filters=associated)["RouteTables"]
    table_ids = [table["RouteTableId"] for table in tables]
    yield Claim(
        "its route table is this stack's",
        len(table_ids) == 1 and table_ids[0] in it.outputs.texts("routeTableIds"),
        table_ids,
    )


@check("NETWORK", each_of("routeTableIds"))
def routes(it: Subject) -> Iterator[Claim]:
    """The route table leads inside the VPC and to endpoints, nowhere else."""
    (table,) = it.aws("ec2").describe_route_tables(RouteTableIds=[it.name])["RouteTables"]
    away = [route for route in table.get("Routes", []) if not _inside(route)]
    yield Claim("every route stays inside or leads to an endpoint", not away, away)


def _inside(route: dict[str, Any]) -> bool:
    return str(route.get("GatewayId", "")).startswith(("local", "vpce-"))


@check("NETWORK", by_key("endpointIds"))
def endpoint(it: Subject) -> Iterator[Claim]:
    """The endpoint answers where tasks are, for tasks only."""
    (endpoint,) = it.aws("ec2").describe_vpc_endpoints(VpcEndpointIds=[it.name])["VpcEndpoints"]
    yield it.equals("state", str(endpoint.get("State")).lower(), "available")
    yield it.equals("service", endpoint.get("ServiceName"), f"com.amazonaws.{it.outputs.region}.{it.key}")
    if it.key == "s3":
        tables = sorted(endpoint.get("RouteTableIds", []))
        yield it.equals("the list of its route tables", tables, sorted(it.outputs.texts("routeTableIds")))
    else:
        yield it.equals("private DNS", endpoint.get("PrivateDnsEnabled"), True)
        groups = [group["GroupId"] for group in endpoint.get("Groups", [])]
        yield it.equals("the list of its security groups", groups, [it.outputs.text("endpointSecurityGroupId")])
        subnets = it.outputs.texts("privateSubnetIds")
        if it.settings:
            subnets = subnets[: it.settings.network.endpoint_zones]
            yield it.equals("the list of its subnets", sorted(endpoint.get("SubnetIds", [])), sorted(subnets))
        else:
            yield Claim("it is in the private subnets", set(endpoint.get("SubnetIds", [])) <= set(subnets), endpoint)
    policy = str(endpoint.get("PolicyDocument", ""))
    yield Claim(
        "its policy names this account", it.outputs.account in policy, policy or "no policy: everything is allowed"
    )


@check("NETWORK", _VPC)
def endpoints_needed(it: Subject) -> Iterator[Claim]:
    """Every endpoint without which no task starts is there."""
    within = [{"Name": "vpc-id", "Values": [it.name]}]
    endpoints = it.aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=within)
    services = {entry["ServiceName"].removeprefix(f"com.amazonaws.{it.outputs.region}.") for entry in endpoints}
    missing = sorted({*endpoint_services.REQUIRED, "s3"} - services)
    yield Claim("ecr.api, ecr.dkr, logs and s3 have an endpoint", not missing, f"missing: {missing}")


@check("NETWORK", single("taskSecurityGroupId"))
def task_group(it: Subject) -> Iterator[Claim]:
    """Nothing connects to a task; a task connects to endpoints by HTTPS only."""
    (group,) = it.aws("ec2").describe_security_groups(GroupIds=[it.name])["SecurityGroups"]
    yield Claim("no ingress", not group.get("IpPermissions"), group.get("IpPermissions"))
    yield Claim("it says that outbound-only is meant", "outbound only" in group.get("Description", "").lower(), group)
    egress = group.get("IpPermissionsEgress", [])
    loose = [rule for rule in egress if not _to_endpoints(rule)]
    yield Claim("egress is HTTPS to endpoints and S3 only", bool(egress) and not loose, loose)


def _to_endpoints(rule: dict[str, Any]) -> bool:
    https = rule.get("FromPort") == rule.get("ToPort") == HTTPS
    return https and not rule.get("IpRanges") and not rule.get("Ipv6Ranges")


@check("NETWORK", single("endpointSecurityGroupId"))
def endpoint_group(it: Subject) -> Iterator[Claim]:
    """Only tasks reach the endpoints."""
    (group,) = it.aws("ec2").describe_security_groups(GroupIds=[it.name])["SecurityGroups"]
    rules = group.get("IpPermissions", [])
    sources = {pair["GroupId"] for rule in rules for pair in rule.get("UserIdGroupPairs", [])}
    ranges = [rule for rule in rules if rule.get("IpRanges") or rule.get("Ipv6Ranges") or rule.get("PrefixListIds")]
    ports = {(rule.get("FromPort"), rule.get("ToPort")) for rule in rules}
    tasks = {it.outputs.text("taskSecurityGroupId")}
    yield Claim(
        "ingress is HTTPS from tasks only", sources == tasks and not ranges and ports == {(HTTPS, HTTPS)}, rules
    )


def _default_group(deployed: Deployment) -> dict[str, str]:
    filters = [
        {"Name": "vpc-id", "Values": [deployed.outputs.text("vpcId")]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    groups = deployed.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    return {group["GroupName"]: group["GroupId"] for group in groups}


@check("NETWORK", _default_group)
def default_group(it: Subject) -> Iterator[Claim]:
    """The VPC's default group lets nothing through."""
    (group,) = it.aws("ec2").describe_security_groups(GroupIds=[it.name])["SecurityGroups"]
    rules = [*group.get("IpPermissions", []), *group.get("IpPermissionsEgress", [])]
    yield Claim("the default group is empty", not rules, rules)


@check("NETWORK", _VPC)
def flow_logs(it: Subject) -> Iterator[Claim]:
    """The VPC's traffic is logged when the settings say so."""
    logs = it.aws.pages("ec2", "describe_flow_logs", "FlowLogs", Filters=[{"Name": "resource-id", "Values": [it.name]}])
    active = [entry for entry in logs if entry.get("FlowLogStatus") == "ACTIVE"]
    expected = it.settings.network.flow_logs if it.settings else "flow-logs" in it.outputs.by_key("logGroupNames")
    yield Claim(f"flow logs are {'on' if expected else 'off'}", bool(active) is expected, f"{len(active)} active")
