"""Gateways, routes and entries of network ACLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_DOCS: Final = "https://docs.aws.amazon.com/"
_EC2: Final = f"{_DOCS}AWSEC2/latest/APIReference/"
_LAST_NUMBER: Final = 32_766
_PORTED: Final = ("6", "17", "tcp", "udp")

rules = Rules("ec2")


@rules.add("AttachInternetGateway", source=f"{_EC2}API_AttachInternetGateway.html", code="InvalidParameterValue")
def one_gateway(call: Call, account: Account) -> Iterator[str]:
    """A VPC has one internet gateway."""
    gateways = list(account.backend("ec2").internet_gateways.values())
    if call.parameters["VpcId"] in {gateway.vpc.id for gateway in gateways if gateway.vpc is not None}:
        yield f"Network {call.parameters['VpcId']} already has an internet gateway attached"


@rules.add("CreateNatGateway", source=f"{_EC2}API_CreateNatGateway.html", code="MissingParameter")
def gateway_address(call: Call, _: Account) -> Iterator[str]:
    """A public NAT gateway has an address."""
    if call.parameters.get("ConnectivityType", "public") == "public" and not call.parameters.get("AllocationId"):
        yield "The request must include the AllocationId parameter."


@rules.add("DeleteRoute", source=f"{_EC2}API_DeleteRoute.html", code="InvalidParameterValue")
def local_route(call: Call, account: Account) -> Iterator[str]:
    """The route within the VPC is not deleted."""
    table = account.backend("ec2").route_tables.get(call.parameters["RouteTableId"])
    for route in table.routes if table is not None else []:
        if route.local and route.destination_cidr_block == call.parameters.get("DestinationCidrBlock"):
            yield f"cannot remove local route {route.destination_cidr_block} in route table {table.id}"


@rules.add("CreateNetworkAclEntry", source=f"{_EC2}API_CreateNetworkAclEntry.html", code="InvalidParameterValue")
def list_entry(call: Call, _: Account) -> Iterator[str]:
    """An entry's number is from 1 to 32,766; TCP and UDP have ports, the first no greater than the last."""
    if not 1 <= call.parameters["RuleNumber"] <= _LAST_NUMBER:
        yield f"Value ({call.parameters['RuleNumber']}) for parameter ruleNumber is invalid: 1 to {_LAST_NUMBER}."
    protocol = str(call.parameters["Protocol"]).lower()
    if not re.fullmatch(r"-?\d{1,3}|tcp|udp|icmp|icmpv6", protocol):
        yield f"Invalid value '{protocol}' for IP protocol."
    ports = call.parameters.get("PortRange", {})
    if protocol in _PORTED and not 0 <= ports.get("From", -1) <= ports.get("To", -1) <= 65_535:
        yield "The request must include a port range from 0 to 65535, the first port no greater than the last."
