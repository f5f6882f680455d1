"""Seeds for EC2."""

from __future__ import annotations

import itertools
from typing import Any

from tests.sandbox.strict.conftest import policy
from tests.sandbox.strict.seeds import ABSENT, seed

_PORTS = itertools.count(1000)


def rule(**members: Any) -> dict[str, Any]:
    """Permissions of one rule for a port that no rule is for."""
    port = next(_PORTS)
    base = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    return {"IpPermissions": [{name: v for name, v in {**base, **members}.items() if v is not ABSENT}]}


_GROUP = ("CreateSecurityGroup", lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc})
_INGRESS = ("AuthorizeSecurityGroupIngress", lambda a: {"GroupId": a.group, **rule()})
_SERVICES = iter(
    ("ecs", "logs", "kms", "sqs", "sns", "sts", "states", "ecr.api", "ecr.dkr", "monitoring", "events") * 3
)
_ENDPOINT = (
    "CreateVpcEndpoint",
    lambda a: {
        "VpcEndpointType": "Interface",
        "VpcId": a.vpc,
        "ServiceName": f"com.amazonaws.us-east-1.{next(_SERVICES)}",
        "SubnetIds": [a.subnet],
        "SecurityGroupIds": [a.group],
        "PrivateDnsEnabled": True,
    },
)
_S3 = {"VpcEndpointType": "Gateway", "ServiceName": "com.amazonaws.us-east-1.s3"}
_SUBNETS = itertools.count(32)
_SUBNET = ("CreateSubnet", lambda a: {"VpcId": a.vpc, "CidrBlock": f"10.0.{next(_SUBNETS)}.0/24"})
_FLOW = (
    "CreateFlowLogs",
    lambda a: {
        "ResourceIds": [a.subnet],
        "ResourceType": "Subnet",
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogDestination": a.log_group,
        "DeliverLogsPermissionArn": a.vpc_flow_logs_role,
    },
)
_S = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
_UNTYPED = {"VpcEndpointType": "Gateway", "SubnetIds": ABSENT, "SecurityGroupIds": ABSENT, "PrivateDnsEnabled": ABSENT}

SEEDS = [
    seed("ec2.group_vpc", *_GROUP, {"VpcId": "vpc-0123456789abcdef0"}),
    seed("ec2.rule_icmp", *_INGRESS, lambda a: rule(IpProtocol="icmp", FromPort=300, ToPort=0)),
    seed(
        "ec2.flow_log_traffic",
        _FLOW[0],
        lambda a: {**_FLOW[1](a), "ResourceIds": [a.second_subnet]},
        {"TrafficType": ABSENT},
    ),
    seed("ec2.subnet_in_use", "DeleteSubnet", lambda a: {"SubnetId": a.spare_subnet}, lambda a: {"SubnetId": a.subnet}),
    seed(
        "ec2.group_in_use", "DeleteSecurityGroup", lambda a: {"GroupId": a.spare_group}, lambda a: {"GroupId": a.group}
    ),
    seed(
        "ec2.group_description",
        *_GROUP,
        {"Description": "the task's"},
        {"Description": "x" * 256},
        {"Description": "é"},
        {"GroupName": "a|b"},
    ),
    seed("ec2.group_name", *_GROUP, {"GroupName": "sg-x"}, {"GroupName": "default"}),
    seed(
        "ec2.rule_description",
        *_INGRESS,
        lambda a: rule(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "S3's own"}]),
        lambda a: rule(IpRanges=ABSENT, PrefixListIds=[{"PrefixListId": a.prefix_list, "Description": "x" * 256}]),
        lambda a: rule(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "a -> b"}]),
    ),
    seed("ec2.rule_protocol", *_INGRESS, lambda a: rule(IpProtocol="http"), lambda a: rule(IpProtocol="256")),
    seed(
        "ec2.rule_ports",
        *_INGRESS,
        lambda a: rule(FromPort=444, ToPort=443),
        lambda a: rule(ToPort=65536),
        lambda a: rule(FromPort=ABSENT),
        lambda a: rule(FromPort=-1, ToPort=-1),
    ),
    seed(
        "ec2.rule_cidr",
        *_INGRESS,
        lambda a: rule(IpRanges=[{"CidrIp": "10.0.0.0"}]),
        lambda a: rule(IpRanges=[{"CidrIp": "10.0.0.0/33"}]),
        lambda a: rule(IpRanges=[{"CidrIp": "everybody"}]),
        lambda a: rule(IpRanges=[{"CidrIp": "::/0"}]),
    ),
    seed(
        "ec2.rule_source",
        *_INGRESS,
        {"IpPermissions": ABSENT},
        lambda a: rule(IpRanges=ABSENT),
        lambda a: rule(IpProtocol=ABSENT),
    ),
    seed("ec2.rule_groups", *_INGRESS, lambda a: rule(UserIdGroupPairs=[{"GroupId": "sg-0123456789abcdef0"}])),
    seed("ec2.rule_prefix_lists", *_INGRESS, lambda a: rule(PrefixListIds=[{"PrefixListId": "pl-0123456789abcdef0"}])),
    seed("ec2.rule_count", *_INGRESS, lambda a: {"GroupId": a.full_group}),
    seed(
        "ec2.flow_log_destination",
        *_FLOW,
        {"DeliverLogsPermissionArn": ABSENT},
        {"LogDestination": "arn:aws:s3:::bucket"},
        {"LogDestination": ABSENT},
        lambda a: {"DeliverLogsPermissionArn": a.events_role},
    ),
    seed("ec2.cidr_block", *_SUBNET, {"CidrBlock": "10.0.0.0"}, {"CidrBlock": "10.0.0.300/24"}),
    seed(
        "ec2.vpc_size",
        "CreateVpc",
        {"CidrBlock": "10.9.0.0/16"},
        {"CidrBlock": "10.0.0.0/8"},
        {"CidrBlock": "10.0.0.0/29"},
    ),
    seed("ec2.subnet_range", *_SUBNET, {"CidrBlock": "10.7.0.0/24"}, {"CidrBlock": "10.0.200.0/29"}),
    seed("ec2.subnet_overlap", *_SUBNET, {"CidrBlock": "10.0.1.0/24"}),
    seed(
        "ec2.vpc_attribute",
        "ModifyVpcAttribute",
        lambda a: {"VpcId": a.vpc, "EnableDnsSupport": {"Value": True}},
        {"EnableDnsHostnames": {"Value": True}},
        {"EnableDnsSupport": ABSENT},
    ),
    seed(
        "ec2.association_vpc",
        "AssociateRouteTable",
        lambda a: {"RouteTableId": a.second_table, "SubnetId": a.second_subnet},
        lambda a: {"RouteTableId": a.other_table},
    ),
    seed(
        "ec2.association_once",
        "AssociateRouteTable",
        lambda a: {"RouteTableId": a.second_table, "SubnetId": a.second_subnet},
        lambda a: {"SubnetId": a.subnet},
    ),
    seed(
        "ec2.route_target",
        "CreateRoute",
        lambda a: {"RouteTableId": a.table, "DestinationCidrBlock": "192.168.1.0/24", "GatewayId": a.gateway},
        {"GatewayId": ABSENT},
        {"NatGatewayId": "nat-1"},
        {"DestinationCidrBlock": ABSENT},
    ),
    seed(
        "ec2.route_once",
        "CreateRoute",
        lambda a: {"RouteTableId": a.table, "DestinationCidrBlock": "192.168.2.0/24", "GatewayId": a.gateway},
        {"DestinationCidrBlock": "0.0.0.0/0"},
    ),
    seed(
        "ec2.endpoint_service",
        *_ENDPOINT,
        {"ServiceName": "com.amazonaws.us-east-1.ecz"},
        {"ServiceName": "com.amazonaws.eu-west-1.sqs"},
    ),
    seed(
        "ec2.endpoint_type",
        "CreateVpcEndpoint",
        lambda a: {"VpcId": a.other_vpc, "RouteTableIds": [a.other_table], **_S3},
        {"ServiceName": "com.amazonaws.us-east-1.sqs"},
        lambda a: {"SubnetIds": [a.subnet]},
        {"PrivateDnsEnabled": True},
        {"VpcEndpointType": "Interface"},
    ),
    seed(
        "ec2.endpoint_private_dns",
        *_ENDPOINT,
        lambda a: {"VpcId": a.other_vpc},
        {"ServiceName": "com.amazonaws.us-east-1.ssm"},
    ),
    seed(
        "ec2.endpoint_subnets",
        *_ENDPOINT,
        lambda a: {"SubnetIds": [a.other_subnet]},
        lambda a: {"SecurityGroupIds": [a.other_group]},
    ),
    seed(
        "ec2.endpoint_route",
        "CreateVpcEndpoint",
        lambda a: {"VpcId": a.vpc, "RouteTableIds": [a.table], **_S3},
        {},
    ),
    seed(
        "ec2.endpoint_policy",
        "CreateVpcEndpoint",
        lambda a: {
            "VpcId": a.vpc,
            "VpcEndpointType": "Gateway",
            "ServiceName": "com.amazonaws.us-east-1.dynamodb",
            "PolicyDocument": policy(_S),
        },
        {"PolicyDocument": "{"},
        {"PolicyDocument": policy({**_S, "Effect": "Maybe"})},
        {"PolicyDocument": policy({**_S, "Resource": ["*"] * 7000})},
    ),
    seed(
        "ec2.tag_specification",
        "CreateVpc",
        {
            "CidrBlock": "10.8.0.0/16",
            "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        {"TagSpecifications": [{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "b"}]}]},
    ),
]
