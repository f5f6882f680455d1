"""EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""

from __future__ import annotations

import itertools
from typing import Any

from tests.sandbox.strict.documented import ABSENT, request

_PORTS = itertools.count(2000)
_BLOCKS = itertools.count(100)


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


def _tags(kind: str, *tags: tuple[str, str]) -> dict[str, Any]:
    listed = [{"Key": key, "Value": value} for key, value in tags]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": listed}]}


REQUESTS = [
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
            "PolicyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
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
        "DescribeVpcEndpoints",
        {},
        filter={"Filters": [{"Name": "colour", "Values": ["red"]}]},
        no_endpoint={"VpcEndpointIds": ["vpce-00000000000000000"]},
    ),
    request(
        "DescribeSecurityGroups", {}, no_group={"GroupIds": ["sg-00000000000000000"]}, malformed={"GroupIds": ["g"]}
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
]
