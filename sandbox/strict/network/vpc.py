"""What EC2 demands of networks: address ranges, subnets, routes, endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.security_groups import API, is_block
from sandbox.strict.rules import Rules

_ENDPOINT = f"{API}API_CreateVpcEndpoint.html"
_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"

rules = Rules("ec2")


def subnet_of(account: Account, identifier: str) -> Any:
    """moto's subnet of this id; None where there is none."""
    zones = list(account.backend("ec2").subnets.values())
    return next((zone[identifier] for zone in zones if identifier in zone), None)


def group_of(account: Account, identifier: str) -> Any:
    """moto's security group of this id; None where there is none."""
    vpcs = list(account.backend("ec2").groups.values())
    return next((groups[identifier] for groups in vpcs if identifier in groups), None)


@rules.add(
    "CreateVpc",
    "CreateSubnet",
    "AssociateVpcCidrBlock",
    "CreateRoute",
    "ReplaceRoute",
    source=f"{API}API_CreateVpc.html",
    code="InvalidParameterValue",
)
def cidr_block(call: Call, _: Account) -> Iterator[str]:
    """An address range is a CIDR block."""
    for member, version in (("CidrBlock", 4), ("DestinationCidrBlock", 4), ("DestinationIpv6CidrBlock", 6)):
        block = call.parameters.get(member)
        if block is not None and not is_block(block, version):
            yield (
                f"Value ({block}) for parameter {member[0].lower() + member[1:]} is invalid. This is not a valid "
                "CIDR block."
            )


@rules.add(
    "CreateVpc",
    "AssociateVpcCidrBlock",
    source=f"{_GUIDE}vpc-cidr-blocks.html#vpc-sizing-ipv4",
    code="InvalidVpc.Range",
)
def vpc_size(call: Call, _: Account) -> Iterator[str]:
    """A VPC has between a /16 and a /28 of addresses."""
    block = call.parameters.get("CidrBlock")
    if block and not 16 <= ip_network(block, strict=False).prefixlen <= 28:
        yield f"The CIDR '{block}' is invalid."


@rules.add(
    "CreateSubnet",
    source=f"{_GUIDE}subnet-sizing.html",
    code="InvalidSubnet.Range",
)
def subnet_range(call: Call, account: Account) -> Iterator[str]:
    """A subnet has between a /16 and a /28 of addresses, and lies within its VPC."""
    text = call.parameters.get("CidrBlock")
    vpc = account.backend("ec2").vpcs.get(call.parameters["VpcId"])
    if text and vpc is not None:
        block = ip_network(text, strict=False)
        ranges = [ip_network(item["cidr_block"], strict=False) for item in vpc.get_cidr_block_association_set()]
        if not 16 <= block.prefixlen <= 28 or not any(block.subnet_of(item) for item in ranges):  # type: ignore[arg-type]
            yield f"The CIDR '{text}' is invalid."


@rules.add(
    "CreateSubnet",
    source=f"{_GUIDE}subnet-sizing.html",
    code="InvalidSubnet.Conflict",
)
def subnet_overlap(call: Call, account: Account) -> Iterator[str]:
    """The subnets of a VPC do not overlap."""
    text = call.parameters.get("CidrBlock")
    zones = list(account.backend("ec2").subnets.values())
    siblings = [item for zone in zones for item in list(zone.values()) if item.vpc_id == call.parameters["VpcId"]]
    blocks = [ip_network(item.cidr_block, strict=False) for item in siblings]
    if text and any(ip_network(text, strict=False).overlaps(block) for block in blocks):
        yield f"The CIDR '{text}' conflicts with another subnet"


@rules.add(
    "ModifyVpcAttribute",
    "ModifySubnetAttribute",
    source=f"{API}API_ModifyVpcAttribute.html",
    code="InvalidParameterCombination",
)
def vpc_attribute(call: Call, _: Account) -> Iterator[str]:
    """One attribute of a VPC or a subnet is changed at a time."""
    if len([member for member in call.parameters if member not in ("VpcId", "SubnetId", "DryRun")]) != 1:
        yield "Only one attribute can be modified at a time"


@rules.add(
    "AssociateRouteTable",
    source=f"{API}API_AssociateRouteTable.html",
    code="InvalidParameterValue",
)
def association_vpc(call: Call, account: Account) -> Iterator[str]:
    """A route table and the subnet that it is associated with are of one VPC."""
    table = account.backend("ec2").route_tables.get(call.parameters["RouteTableId"])
    subnet = subnet_of(account, call.parameters.get("SubnetId", ""))
    if table is not None and subnet is not None and table.vpc_id != subnet.vpc_id:
        yield f"route table {table.id} and subnet {subnet.id} belong to different networks"


@rules.add(
    "AssociateRouteTable",
    source=f"{API}API_AssociateRouteTable.html",
    code="Resource.AlreadyAssociated",
)
def association_once(call: Call, account: Account) -> Iterator[str]:
    """A subnet has one route table."""
    subnet = call.parameters.get("SubnetId")
    for table in list(account.backend("ec2").route_tables.values()):
        if table.id != call.parameters["RouteTableId"] and subnet in list(table._associations.values()):
            yield f"the specified association for route table {table.id} conflicts with an existing association"


@rules.add(
    "CreateRoute",
    source=f"{API}API_CreateRoute.html",
    code="InvalidParameterCombination",
)
def route_target(call: Call, _: Account) -> Iterator[str]:
    """A route has one destination and one target."""
    destinations = [name for name in call.parameters if name.startswith("Destination")]
    targets = [
        name for name in call.parameters if name.endswith("Id") and not name.startswith(("Destination", "RouteT"))
    ]
    if len(destinations) != 1 or len(targets) != 1:
        yield "The request must contain exactly one destination and exactly one of gatewayId, natGatewayId, ..."


@rules.add(
    "CreateRoute",
    source="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-codes-table-client",
    code="RouteAlreadyExists",
)
def route_once(call: Call, account: Account) -> Iterator[str]:
    """A route table has one route to a destination."""
    table = account.backend("ec2").route_tables.get(call.parameters["RouteTableId"])
    destination = call.parameters.get("DestinationCidrBlock")
    if table is not None and destination in {route.destination_cidr_block for route in table.routes} - {None}:
        yield f"The route identified by {destination} already exists."


@rules.add("CreateRoute", "ReplaceRoute", source=f"{API}API_CreateRoute.html", code="InvalidParameterValue")
def route_gateway(call: Call, account: Account) -> Iterator[str]:
    """The internet gateway of a route is attached to the VPC of the route table."""
    backend = account.backend("ec2")
    table = backend.route_tables.get(call.parameters["RouteTableId"])
    gateway = backend.internet_gateways.get(call.parameters.get("GatewayId"))
    vpc = getattr(gateway, "vpc", None)
    if table is not None and gateway is not None and (vpc is None or vpc.id != table.vpc_id):
        yield f"route table {table.id} and network gateway {gateway.id} belong to different networks"


@rules.add(
    "CreateSubnet",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateVpc",
    "CreateVpcEndpoint",
    "CreateFlowLogs",
    source=f"{API}API_TagSpecification.html",
    code="InvalidParameterValue",
)
def tag_specification(call: Call, _: Account) -> Iterator[str]:
    """The tags given at creation are for the kind of resource that is created."""
    kind = {
        "CreateSubnet": "subnet",
        "CreateRouteTable": "route-table",
        "CreateSecurityGroup": "security-group",
        "CreateVpc": "vpc",
        "CreateVpcEndpoint": "vpc-endpoint",
        "CreateFlowLogs": "vpc-flow-log",
    }[call.operation]
    for item in call.parameters.get("TagSpecifications", []):
        if item.get("ResourceType") != kind:
            yield f"'{item.get('ResourceType')}' is not a valid taggable resource type for this operation."
