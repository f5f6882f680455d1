"""Requests about VPCs, subnets, routes, gateways and network ACLs."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.scenery import Scenery

_BLOCKS = itertools.count(100)


def _tags(kind: str, *tags: tuple[str, str]) -> dict[str, Any]:
    listed = [{"Key": key, "Value": value} for key, value in tags]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": listed}]}


def _new_subnet(a: Strict) -> str:
    return str(a.client("ec2").create_subnet(**data.subnet(a))["Subnet"]["SubnetId"])


def _foreign_gateway(a: Strict) -> str:
    """A gateway of the other VPC."""
    ec2 = a.client("ec2")
    gateway = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    vpc = ec2.create_vpc(CidrBlock="10.61.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def _gateway(a: Strict) -> str:
    return str(a.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"])


def _routed_table(a: Scenery) -> str:
    table = a.new_table()
    a.client("ec2").create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=a.gateway)
    return table


def _entry(a: Strict) -> dict[str, Any]:
    """An entry of a network access control list."""
    acl = a.client("ec2").create_network_acl(VpcId=a.vpc)["NetworkAcl"]["NetworkAclId"]
    return {
        "NetworkAclId": acl,
        "RuleNumber": 100,
        "Protocol": "6",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "10.0.0.0/8",
        "PortRange": {"From": 1, "To": 2},
    }


REQUESTS: Final[dict[str, list[Request]]] = {
    "ec2": [
        request(
            "CreateVpc",
            {"CidrBlock": "10.9.0.0/16"},
            too_large={"CidrBlock": "10.0.0.0/8"},
            too_small={"CidrBlock": "10.0.0.0/29"},
            no_address={"CidrBlock": "300.0.0.0/16"},
            empty={"CidrBlock": ""},
            tenancy={"InstanceTenancy": "shared"},
            no_range={"CidrBlock": ABSENT},
            reserved_tag=_tags("vpc", ("aws:name", "x")),
            long_key=_tags("vpc", ("k" * 129, "x")),
            long_value=_tags("vpc", ("k", "v" * 257)),
            same_key_twice=_tags("vpc", ("k", "a"), ("k", "b")),
            tags_of_another_kind=_tags("subnet", ("k", "v")),
        ),
        request(
            "CreateSubnet",
            lambda a: {"VpcId": a.vpc, "CidrBlock": f"10.0.{next(_BLOCKS)}.0/24"},
            no_vpc={"VpcId": "vpc-00000000000000000"},
            malformed_vpc={"VpcId": "network"},
            zone_of_another_region={"AvailabilityZone": "eu-west-1a"},
            no_zone={"AvailabilityZone": "us-east-1z"},
            zone_twice={"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az2"},
            outside={"CidrBlock": "10.7.0.0/24"},
            too_small={"CidrBlock": "10.0.250.0/30"},
            taken={"CidrBlock": "10.0.0.0/20"},
            no_vpc_named={"VpcId": ABSENT},
        ),
        request(
            "CreateRouteTable",
            lambda a: {"VpcId": a.vpc},
            no_vpc={"VpcId": "vpc-00000000000000000"},
            none_named={"VpcId": ABSENT},
        ),
        request(
            "CreateRoute",
            lambda a: {
                "RouteTableId": a.second_table,
                "DestinationCidrBlock": f"172.16.{next(_BLOCKS)}.0/24",
                "GatewayId": a.gateway,
            },
            no_gateway={"GatewayId": "igw-00000000000000000"},
            no_table={"RouteTableId": "rtb-00000000000000000"},
            no_target={"GatewayId": ABSENT},
            no_destination={"DestinationCidrBlock": ABSENT},
            destination={"DestinationCidrBlock": "everywhere"},
            two_targets={"NatGatewayId": "nat-00000000000000000"},
        ),
        request(
            "AssociateRouteTable",
            lambda a: {"RouteTableId": a.second_table, "SubnetId": a.second_subnet},
            nothing_to_associate={"SubnetId": ABSENT},
            no_subnet={"SubnetId": "subnet-00000000000000000"},
            of_another_vpc=lambda a: {"SubnetId": a.other_subnet},
            no_table={"RouteTableId": "rtb-00000000000000000"},
        ),
        request(
            "CreateTags",
            lambda a: {"Resources": [a.vpc], "Tags": [{"Key": "k", "Value": "v"}]},
            reserved={"Tags": [{"Key": "AWS:k", "Value": "v"}]},
            no_resource={"Resources": ["vpc-00000000000000000"]},
            too_many={"Tags": [{"Key": str(number), "Value": ""} for number in range(51)]},
            no_tags={"Tags": ABSENT},
        ),
        request(
            "ModifyVpcAttribute",
            lambda a: {"VpcId": a.vpc, "EnableDnsSupport": {"Value": True}},
            two={"EnableDnsHostnames": {"Value": True}},
            none={"EnableDnsSupport": ABSENT},
            no_vpc={"VpcId": "vpc-00000000000000000"},
        ),
        request(
            "ModifySubnetAttribute",
            lambda a: {"SubnetId": a.subnet, "MapPublicIpOnLaunch": {"Value": False}},
            two={"AssignIpv6AddressOnCreation": {"Value": False}},
            none={"MapPublicIpOnLaunch": ABSENT},
            no_subnet={"SubnetId": "subnet-00000000000000000"},
        ),
        request(
            "DescribeSubnets",
            lambda a: {"Filters": [{"Name": "vpc-id", "Values": [a.vpc]}]},
            filter={"Filters": [{"Name": "colour", "Values": ["red"]}]},
            no_subnet={"SubnetIds": ["subnet-00000000000000000"]},
            malformed={"SubnetIds": ["net"]},
            page={"MaxResults": 4},
        ),
        request(
            "DescribeVpcs",
            {},
            filter={"Filters": [{"Name": "colour", "Values": ["red"]}]},
            no_vpc={"VpcIds": ["vpc-00000000000000000"]},
            page={"MaxResults": 1001},
        ),
        request(
            "DeleteVpc",
            lambda a: {"VpcId": a.new_vpc()},
            in_use=lambda a: {"VpcId": a.vpc},
            none={"VpcId": "vpc-00000000000000000"},
        ),
        request(
            "DeleteRouteTable",
            lambda a: {"RouteTableId": a.new_table()},
            in_use=lambda a: {"RouteTableId": a.table},
            none={"RouteTableId": "rtb-00000000000000000"},
        ),
        request(
            "CreateVpc",
            {"CidrBlock": "10.50.0.0/16"},
            ipv6_without_pool={"Ipv6CidrBlock": "2600:1f18::/56"},
            border_without_ipv6={"Ipv6CidrBlockNetworkBorderGroup": "us-east-1"},
            host={"InstanceTenancy": "host"},
            own_and_amazons={"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlock": "2600:1f18::/56", "Ipv6Pool": "p"},
            no_block={"CidrBlock": ABSENT},
        ),
        request(
            "CreateTags",
            lambda a: {"Resources": [a.vpc], "Tags": [{"Key": "k", "Value": "v"}]},
            many={"Resources": [f"vpc-{n:017x}" for n in range(1001)]},
            key={"Tags": [{"Key": "k" * 128, "Value": "v"}]},
        ),
        request(
            "CreateSubnet",
            data.subnet,
            outside={"CidrBlock": "192.168.0.0/24"},
            overlap={"CidrBlock": "10.1.0.0/16"},
            mask={"CidrBlock": "10.1.240.0/29"},
        ),
        request(
            "CreateVpc",
            {"CidrBlock": "10.60.0.0/16"},
            ipv6={"CidrBlock": "fd00::/56"},
        ),
        request("DeleteSubnet", lambda a: {"SubnetId": _new_subnet(a)}, used=lambda a: {"SubnetId": a.subnet}),
        request(
            "CreateRoute",
            lambda a: {
                "RouteTableId": a.new_table(),
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": a.gateway,
            },
            local={"DestinationCidrBlock": "10.0.0.0/16"},
            gateway_of_another=lambda a: {"GatewayId": _foreign_gateway(a)},
            instance={"GatewayId": ABSENT, "InstanceId": "i-00000000000000000"},
        ),
        request(
            "AttachInternetGateway",
            lambda a: {"InternetGatewayId": _gateway(a), "VpcId": a.new_vpc()},
            second=lambda a: {"VpcId": a.vpc},
            ghost={"VpcId": "vpc-00000000"},
        ),
        request(
            "CreateNatGateway",
            lambda a: {"SubnetId": a.subnet, "ConnectivityType": "private"},
            public={"ConnectivityType": "public"},
            ghost={"SubnetId": "subnet-00000000"},
        ),
        request(
            "DeleteRoute",
            lambda a: {"RouteTableId": _routed_table(a), "DestinationCidrBlock": "0.0.0.0/0"},
            local={"DestinationCidrBlock": "10.0.0.0/16"},
            none={"DestinationCidrBlock": "192.168.0.0/16"},
        ),
        request(
            "CreateNetworkAclEntry",
            _entry,
            number={"RuleNumber": 40_000},
            action={"RuleAction": "permit"},
            backwards={"PortRange": {"From": 5, "To": 2}},
            no_ports={"PortRange": ABSENT},
            protocol={"Protocol": "tcpx"},
        ),
    ],
}
