"""Plausible mistakes in requests to EC2, Route 53 Resolver and GuardDuty."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import Strict, policy
from tests.sandbox.strict.documented import ABSENT, Request, request

_NUMBERS: Final = itertools.count(130)
"""Second numbers of address blocks that no rule has yet."""


def _permission(**members: Any) -> dict[str, Any]:
    base = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
    permission = {name: value for name, value in {**base, **members}.items() if value is not ABSENT}
    return {"IpPermissions": [permission]}


def _new_subnet(a: Strict) -> str:
    return str(a.client("ec2").create_subnet(**data.subnet(a))["Subnet"]["SubnetId"])


def _new_group(a: Strict) -> str:
    name = a.name()
    return str(a.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=a.vpc)["GroupId"])


def _default_group(a: Strict) -> str:
    filters = [{"Name": "vpc-id", "Values": [a.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return str(a.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


def _foreign_gateway(a: Strict) -> str:
    """A gateway of the other VPC."""
    ec2 = a.client("ec2")
    gateway = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    vpc = ec2.create_vpc(CidrBlock="10.61.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


REQUESTS: Final[dict[str, list[Request]]] = {
    "ec2": [
        request(
            "AuthorizeSecurityGroupIngress",
            lambda a: {"GroupId": a.spare_group, **_permission(IpRanges=[{"CidrIp": f"10.{next(_NUMBERS)}.0.0/16"}])},
            octet=_permission(IpRanges=[{"CidrIp": "10.300.0.0/16"}]),
            twice_in_request=_permission(IpRanges=[{"CidrIp": "10.77.0.0/16"}] * 2),
            ipv6_as_ipv4=_permission(IpRanges=[{"CidrIp": "::/0"}]),
            ipv4_as_ipv6=_permission(IpRanges=ABSENT, Ipv6Ranges=[{"CidrIpv6": "10.0.0.0/8"}]),
            description=_permission(IpRanges=[{"CidrIp": "10.9.0.0/16", "Description": "it's"}]),
            foreign_group=lambda a: _permission(IpRanges=ABSENT, UserIdGroupPairs=[{"GroupId": a.other_group}]),
            all_ports=_permission(FromPort=0, ToPort=65536),
            negative=_permission(FromPort=-1, ToPort=-1),
        ),
        request(
            "AuthorizeSecurityGroupEgress",
            lambda a: {"GroupId": a.spare_group, **_permission(IpRanges=[{"CidrIp": f"10.{next(_NUMBERS)}.0.0/16"}])},
            list_and_none=_permission(IpRanges=ABSENT, PrefixListIds=[{"PrefixListId": "pl-00000000"}]),
            malformed_list=_permission(IpRanges=ABSENT, PrefixListIds=[{"PrefixListId": "s3"}]),
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
        request(
            "CreateVpcEndpoint",
            lambda a: {
                "VpcId": a.vpc,
                "ServiceName": "com.amazonaws.us-east-1.s3",
                "VpcEndpointType": "Gateway",
                "RouteTableIds": [a.new_table()],
            },
            groups=lambda a: {"SecurityGroupIds": [a.group]},
            action={"PolicyDocument": policy({"Effect": "Allow", "Principal": "*", "Action": "s3", "Resource": "*"})},
            balancer={"VpcEndpointType": "GatewayLoadBalancer"},
        ),
        request("DeleteSubnet", lambda a: {"SubnetId": _new_subnet(a)}, used=lambda a: {"SubnetId": a.subnet}),
        request(
            "DeleteSecurityGroup",
            lambda a: {"GroupId": _new_group(a)},
            used=lambda a: {"GroupId": a.group},
            default=lambda a: {"GroupId": _default_group(a)},
        ),
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
    ],
    "route53resolver": [
        request(
            "CreateFirewallDomainList",
            lambda a: {"CreatorRequestId": a.name(), "Name": a.name()},
            characters={"Name": "a list!"},
            long={"Name": "n" * 65},
            digits={"Name": "12345"},
            no_name={"Name": ABSENT},
        ),
        request(
            "CreateFirewallRuleGroup",
            lambda a: {"CreatorRequestId": a.name(), "Name": a.name()},
            characters={"Name": "a group!"},
        ),
    ],
    "guardduty": [
        request(
            "CreateDetector",
            {"Enable": True},
            no_switch={"Enable": ABSENT},
            frequency={"FindingPublishingFrequency": "DAILY"},
            feature={"Features": [{"Name": "EVERYTHING", "Status": "ENABLED"}]},
        ),
    ],
}
