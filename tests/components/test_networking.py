"""Networking alone under mocks."""

from components.networking import Networking, NetworkingArgs
from tests.mocks import BUCKETS, CONTEXT, NAMES, SETTINGS, built


def test_a_vpc_with_private_subnets_and_endpoints_and_no_way_out() -> None:
    mocks = built(
        lambda: Networking(
            "network",
            NetworkingArgs(
                context=CONTEXT,
                settings=SETTINGS.network,
                zones=["us-east-1a", "us-east-1b", "us-east-1c"],
                services=["ecr.api", "ecr.dkr", "logs"],
                s3_prefix_list_id="pl-s3",
                repositories=[NAMES.repository("risk-calculation")],
                buckets=[*BUCKETS.values()],
            ),
        )
    )
    assert mocks.one("aws:ec2/vpc:Vpc")["enableDnsSupport"] is True
    subnets = mocks.inputs("aws:ec2/subnet:Subnet")
    assert sorted(subnet["availabilityZone"] for subnet in subnets) == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert {subnet["mapPublicIpOnLaunch"] for subnet in subnets} == {False}
    endpoints = mocks.inputs("aws:ec2/vpcEndpoint:VpcEndpoint")
    services = {endpoint["serviceName"].rpartition(".")[2] for endpoint in endpoints}
    assert services == {"s3", "api", "dkr", "logs"}
    assert mocks.inputs("aws:ec2/natGateway:NatGateway") == []
    assert mocks.inputs("aws:ec2/internetGateway:InternetGateway") == []
