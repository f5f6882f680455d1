"""Seeds for the rules of VPCs, subnets, routes, endpoints and flow logs."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import Strict, policy
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

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


_BLOCKS = itertools.count(40)


def _gateway(account: Strict) -> str:
    return str(account.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"])


def _vpc(account: Strict) -> str:
    return str(account.client("ec2").create_vpc(CidrBlock=f"10.{next(_BLOCKS)}.0.0/16")["Vpc"]["VpcId"])


def _endpoint(account: Strict) -> dict[str, Any]:
    return {
        "VpcEndpointType": "Interface",
        "VpcId": account.vpc,
        "ServiceName": "com.amazonaws.us-east-1.ecr.api",
        "SubnetIds": [account.subnet],
        "PrivateDnsEnabled": False,
    }


def _flow_logs(account: Strict) -> dict[str, Any]:
    return {
        "ResourceIds": [account.vpc],
        "ResourceType": "VPC",
        "TrafficType": "REJECT",
        "LogDestinationType": "s3",
        "LogDestination": f"arn:aws:s3:::{account.open_bucket}/{account.name()}",
        "LogFormat": "${version} ${srcaddr} ${ecs-task-id}",
    }


SEEDS: Final[list[Seed]] = [
    seed(
        "ec2.flow_log_traffic",
        _FLOW[0],
        lambda a: {**_FLOW[1](a), "ResourceIds": [a.second_subnet]},
        {"TrafficType": ABSENT},
    ),
    seed("ec2.subnet_in_use", "DeleteSubnet", lambda a: {"SubnetId": a.spare_subnet}, lambda a: {"SubnetId": a.subnet}),
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
    seed("ec2.subnet_block", "CreateSubnet", data.subnet, {"CidrBlock": ABSENT}),
    seed(
        "ec2.subnet_ipv6", "CreateSubnet", data.subnet, {"Ipv6CidrBlock": "10.0.0.0/24"}, {"Ipv6CidrBlock": "2600::/66"}
    ),
    seed("ec2.endpoint_dns", "CreateVpcEndpoint", data.endpoint, {"DnsOptions": {"PrivateDnsPreference": "SOME"}}),
    seed("ec2.flow_log_group", "CreateFlowLogs", data.flow_log, {"LogGroupName": "flow logs"}),
    seed(
        "ec2.one_gateway",
        "AttachInternetGateway",
        lambda a: {"InternetGatewayId": _gateway(a), "VpcId": _vpc(a)},
        lambda a: {"VpcId": a.vpc},
    ),
    seed("ec2.endpoint_service", "CreateVpcEndpoint", _endpoint, {"ServiceName": "com.amazonaws.us-east-1.ecr"}),
    seed(
        "ec2.endpoint_zones",
        "CreateVpcEndpoint",
        _endpoint,
        lambda a: {"SubnetIds": [a.subnet, a.second_subnet]},
    ),
    seed(
        "ec2.endpoint_zones",
        "ModifyVpcEndpoint",
        lambda a: {"VpcEndpointId": a.endpoint, "AddSubnetIds": [a.subnet]},
        lambda a: {"AddSubnetIds": [a.second_subnet]},
    ),
    seed(
        "ec2.flow_log_format",
        "CreateFlowLogs",
        _flow_logs,
        {"LogFormat": "${version} ${source}"},
        {"LogFormat": "version srcaddr"},
    ),
]
