"""Requests about security groups, endpoints, flow logs and the DNS firewall."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request

_PORTS = itertools.count(2000)


def _rule(**members: Any) -> dict[str, Any]:
    port = next(_PORTS)
    permission = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}],
        **members,
    }
    return {"IpPermissions": [{name: value for name, value in permission.items() if value is not ABSENT}]}


_EGRESS: Final = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}


_BUCKET_LOGS: Final = {
    "LogDestinationType": "s3",
    "LogGroupName": ABSENT,
    "DeliverLogsPermissionArn": ABSENT,
}


_NUMBERS: Final = itertools.count(130)
"""Second numbers of address blocks that no rule has yet."""


def _permission(**members: Any) -> dict[str, Any]:
    base = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
    permission = {name: value for name, value in {**base, **members}.items() if value is not ABSENT}
    return {"IpPermissions": [permission]}


def _new_group(a: Strict) -> str:
    name = a.name()
    return str(a.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=a.vpc)["GroupId"])


def _default_group(a: Strict) -> str:
    filters = [{"Name": "vpc-id", "Values": [a.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return str(a.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


REQUESTS: Final[dict[str, list[Request]]] = {
    "ec2": [
        request(
            "CreateSecurityGroup",
            lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc},
            apostrophe={"Description": "the run's group"},
            dash={"Description": "tasks — egress"},
            quote={"Description": 'a "group"'},
            arrow={"Description": "a > b"},
            empty={"Description": ""},
            long={"Description": "d" * 256},
            no_description={"Description": ABSENT},
            no_name={"GroupName": ABSENT},
            long_name={"GroupName": "n" * 256},
            prefix={"GroupName": "sg-mine"},
            default={"GroupName": "default"},
            taken={"GroupName": "spare_group"},
            no_vpc={"VpcId": "vpc-00000000000000000"},
        ),
        request(
            "AuthorizeSecurityGroupIngress",
            lambda a: {"GroupId": a.group, **_rule()},
            port=lambda _: _rule(FromPort=443, ToPort=70000),
            backwards=lambda _: _rule(FromPort=443, ToPort=80),
            one_port=lambda _: _rule(ToPort=ABSENT),
            no_ports=lambda _: _rule(FromPort=ABSENT, ToPort=ABSENT),
            protocol=lambda _: _rule(IpProtocol="https"),
            no_protocol=lambda _: _rule(IpProtocol=ABSENT),
            protocol_number=lambda _: _rule(IpProtocol="300"),
            mask=lambda _: _rule(IpRanges=[{"CidrIp": "10.0.0.0/33"}]),
            no_mask=lambda _: _rule(IpRanges=[{"CidrIp": "10.0.0.1"}]),
            ipv6=lambda _: _rule(IpRanges=ABSENT, Ipv6Ranges=[{"CidrIpv6": "::/129"}]),
            nowhere=lambda _: _rule(IpRanges=ABSENT),
            no_group=lambda _: _rule(IpRanges=ABSENT, UserIdGroupPairs=[{"GroupId": "sg-00000000000000000"}]),
            no_list=lambda _: _rule(IpRanges=ABSENT, PrefixListIds=[{"PrefixListId": "pl-00000000"}]),
            description=lambda _: _rule(IpRanges=[{"CidrIp": "10.0.0.0/16", "Description": "tasks — endpoints"}]),
            long_description=lambda _: _rule(IpRanges=[{"CidrIp": "10.0.0.0/16", "Description": "d" * 256}]),
            group_that_is_not_there={"GroupId": "sg-00000000000000000"},
            malformed_group={"GroupId": "group"},
            no_group_named={"GroupId": ABSENT},
            both_ways={"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"},
            nothing={"IpPermissions": []},
            twice=lambda a: _rule(FromPort=443, ToPort=443, IpRanges=[{"CidrIp": "10.0.0.0/8"}] * 2),
        ),
        request(
            "RevokeSecurityGroupEgress",
            lambda a: {
                "GroupId": a.full_group,
                "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            },
            not_there=lambda _: _rule(),
            no_group={"GroupId": "sg-00000000000000000"},
        ),
        request(
            "CreateVpcEndpoint",
            lambda a: {
                "VpcId": a.other_vpc,
                "VpcEndpointType": "Gateway",
                "ServiceName": "com.amazonaws.us-east-1.dynamodb",
                "RouteTableIds": [a.other_table],
            },
            service={"ServiceName": "com.amazonaws.us-east-1.s4"},
            of_another_region={"ServiceName": "com.amazonaws.eu-west-1.s3"},
            no_service={"ServiceName": ABSENT},
            no_vpc={"VpcId": "vpc-00000000000000000"},
            kind={"VpcEndpointType": "Bridge"},
            interface_with_routes={"VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-east-1.logs"},
            gateway_with_subnets=lambda a: {"SubnetIds": [a.other_subnet]},
            gateway_of_logs={"ServiceName": "com.amazonaws.us-east-1.logs"},
            private_dns_on_gateway={"PrivateDnsEnabled": True},
            policy={"PolicyDocument": "{"},
            policy_without_principal={
                "PolicyDocument": policy({"Effect": "Allow", "Action": "*", "Resource": "*"}),
            },
            table_of_another_vpc=lambda a: {"RouteTableIds": [a.table]},
            no_table={"RouteTableIds": ["rtb-00000000000000000"]},
            address_type={"IpAddressType": "ipv5"},
        ),
        request(
            "CreateVpcEndpoint",
            lambda a: {
                "VpcId": a.vpc,
                "VpcEndpointType": "Interface",
                "ServiceName": f"com.amazonaws.us-east-1.{a.unused_service()}",
                "SubnetIds": [a.subnet],
                "SecurityGroupIds": [a.group],
            },
            no_subnet={"SubnetIds": ["subnet-00000000000000000"]},
            subnet_of_another_vpc=lambda a: {"SubnetIds": [a.other_subnet]},
            two_subnets_of_a_zone=lambda a: {"SubnetIds": [a.subnet, a.second_subnet]},
            same_subnet_twice=lambda a: {"SubnetIds": [a.subnet, a.subnet]},
            no_group={"SecurityGroupIds": ["sg-00000000000000000"]},
            group_of_another_vpc=lambda a: {"SecurityGroupIds": [a.other_group]},
            without_dns_names=lambda a: {
                "VpcId": a.other_vpc,
                "SubnetIds": [a.other_subnet],
                "SecurityGroupIds": [a.other_group],
                "PrivateDnsEnabled": True,
            },
        ),
        request(
            "ModifyVpcEndpoint",
            lambda a: {"VpcEndpointId": a.endpoint, "AddSecurityGroupIds": [a.spare_group]},
            no_endpoint={"VpcEndpointId": "vpce-00000000000000000"},
            policy={"PolicyDocument": "{"},
            policy_twice={"PolicyDocument": '{"Statement":[]}', "ResetPolicy": True},
            no_group={"AddSecurityGroupIds": ["sg-00000000000000000"]},
            no_subnet={"AddSubnetIds": ["subnet-00000000000000000"]},
        ),
        request(
            "CreateFlowLogs",
            lambda a: {
                "ResourceIds": [a.vpc],
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestination": a.log_group,
                "DeliverLogsPermissionArn": a.vpc_flow_logs_role,
            },
            traffic={"TrafficType": "SOME"},
            no_traffic={"TrafficType": ABSENT},
            no_role={"DeliverLogsPermissionArn": ABSENT},
            role_of_another_service=lambda a: {"DeliverLogsPermissionArn": a.events_role},
            interval={"MaxAggregationInterval": 30},
            kind={"ResourceType": "Network"},
            kind_of_another=lambda a: {"ResourceType": "Subnet"},
            no_vpc={"ResourceIds": ["vpc-00000000000000000"]},
            none={"ResourceIds": []},
            destination_twice={"LogGroupName": "/batch/group"},
            no_destination={"LogDestination": ABSENT},
            bucket_with_role=lambda a: {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{a.bucket}"},
            kind_of_destination={"LogDestinationType": "sqs"},
            format={"LogFormat": "${srcaddr} ${colour}"},
        ),
        request(
            "DescribeVpcEndpoints",
            {},
            filter={"Filters": [{"Name": "colour", "Values": ["red"]}]},
            no_endpoint={"VpcEndpointIds": ["vpce-00000000000000000"]},
        ),
        request(
            "DescribeSecurityGroups", {}, no_group={"GroupIds": ["sg-00000000000000000"]}, malformed={"GroupIds": ["g"]}
        ),
        request(
            "CreateSecurityGroup",
            lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc},
            case={"GroupName": "SPARE_GROUP"},
        ),
        request(
            "AuthorizeSecurityGroupEgress",
            lambda a: {"GroupId": a.spare_group, "IpPermissions": [_EGRESS]},
            flat={"IpPermissions": ABSENT, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"},
            codes={"IpPermissions": [{**_EGRESS, "IpProtocol": "icmp", "FromPort": -1, "ToPort": 3}]},
            no_type={"IpPermissions": [{"IpProtocol": "icmp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]},
            pair=lambda a: {
                "IpPermissions": [
                    {
                        **{name: _EGRESS[name] for name in ("IpProtocol", "FromPort", "ToPort")},
                        "UserIdGroupPairs": [{"GroupId": a.group, "Description": "d" * 256}],
                    }
                ]
            },
        ),
        request(
            "CreateFlowLogs",
            data.flow_log,
            no_role={"DeliverLogsPermissionArn": ABSENT},
            many={"ResourceIds": [f"vpc-{n:017x}" for n in range(301)]},
            folder={**_BUCKET_LOGS, "LogDestination": "arn:aws:s3:::a-bucket-of-ours/AWSLogs/"},
            format={"LogFormat": ""},
            interval={"MaxAggregationInterval": 120},
        ),
        request(
            "CreateVpcEndpoint",
            data.endpoint,
            policy={"PolicyDocument": "allow"},
        ),
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
        request(
            "DeleteSecurityGroup",
            lambda a: {"GroupId": _new_group(a)},
            used=lambda a: {"GroupId": a.group},
            default=lambda a: {"GroupId": _default_group(a)},
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
}
