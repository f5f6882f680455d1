"""What EC2 demands of VPC endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.session import get_session

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.network.security_groups import API
from sandbox.strict.network.vpc import group_of, subnet_of
from sandbox.strict.rules import Rules

_ENDPOINT = f"{API}API_CreateVpcEndpoint.html"

rules = Rules("ec2")


def endpoints_of(account: Account) -> list[Any]:
    """moto's endpoints that there are; it keeps the deleted ones too."""
    endpoints = list(account.backend("ec2").vpc_end_points.values())
    return [endpoint for endpoint in endpoints if endpoint.state != "deleted"]


@rules.add(
    "CreateVpcEndpoint",
    source=_ENDPOINT,
    code="InvalidServiceName",
)
def endpoint_service(call: Call, account: Account) -> Iterator[str]:
    """The service of an endpoint exists in the region."""
    name = call.parameters.get("ServiceName", "")
    prefix, _, short = name.partition(f".{call.region}.")
    services = account.backend("ec2")._collect_default_endpoint_services(account.id, call.region)
    listed = name in {item["ServiceName"] for item in services} | set(account.backend("ec2").configurations)
    in_parts = any(item["ServiceName"].startswith(f"{name}.") for item in services)  # such as ecr: ecr.api and ecr.dkr
    aws = prefix in ("com.amazonaws", "aws.api") and short in get_session().get_available_services() and not in_parts
    if not listed and not aws and ".vpce." not in name:
        yield f"The Vpc Endpoint Service '{name}' does not exist"


@rules.add(
    "CreateVpcEndpoint",
    source=_ENDPOINT,
    code="InvalidParameter",
)
def endpoint_type(call: Call, _: Account) -> Iterator[str]:
    """A gateway endpoint is for S3 or DynamoDB and takes route tables; an interface endpoint takes subnets and
    groups.
    """
    kind = call.parameters.get("VpcEndpointType", "Gateway")
    service = call.parameters.get("ServiceName", "").rpartition(".")[2]
    if kind == "Gateway" and service not in ("s3", "dynamodb", "s3express"):
        yield f"Endpoint type ({kind}) does not match available service types ([Interface])."
    others = ("RouteTableIds",) if kind == "Interface" else ("SubnetIds", "SecurityGroupIds")
    for member in others if kind in ("Gateway", "Interface") else ():
        if call.parameters.get(member):
            yield f"{member} is not supported for endpoints of type {kind}."
    if kind == "Gateway" and call.parameters.get("PrivateDnsEnabled"):
        yield "Private DNS can't be enabled because the endpoint is of type Gateway."


@rules.add(
    "CreateVpcEndpoint",
    source=f"{_ENDPOINT}#API_CreateVpcEndpoint_RequestParameters",
    code="InvalidParameter",
)
def endpoint_private_dns(call: Call, account: Account) -> Iterator[str]:
    """Private DNS needs a VPC with DNS support and DNS hostnames, and no other endpoint with the same names."""
    if call.parameters.get("VpcEndpointType") != "Interface" or not call.parameters.get("PrivateDnsEnabled", True):
        return
    backend = account.backend("ec2")
    vpc = backend.vpcs.get(call.parameters["VpcId"])
    if vpc is not None and not (_is_on(vpc.enable_dns_support) and _is_on(vpc.enable_dns_hostnames)):
        yield (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}"
        )
    for other in endpoints_of(account):
        same = other.vpc_id == call.parameters["VpcId"] and other.service_name == call.parameters.get("ServiceName")
        if same and other.vpc_endpoint_type == "Interface" and other.private_dns_enabled is not False:
            yield (
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{other.service_name} in the VPC {other.vpc_id}"
            )


def _is_on(attribute: object) -> bool:
    return str(attribute).lower() == "true"


@rules.add(
    "CreateVpcEndpoint",
    source=_ENDPOINT,
    code="InvalidParameter",
)
def endpoint_subnets(call: Call, account: Account) -> Iterator[str]:
    """The subnets of an interface endpoint are of its VPC, and so are its groups."""
    vpc = call.parameters["VpcId"]
    for identifier in call.parameters.get("SubnetIds", []):
        subnet = subnet_of(account, identifier)
        if subnet is not None and subnet.vpc_id != vpc:
            yield f"The subnet ID '{identifier}' is not in the VPC {vpc}"
    for identifier in call.parameters.get("SecurityGroupIds", []):
        group = group_of(account, identifier)
        if group is None or group.vpc_id != vpc:
            yield f"The security group '{identifier}' does not exist in the VPC {vpc}"


@rules.add(
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    code="DuplicateSubnetsInSameZone",
)
def endpoint_zones(call: Call, account: Account) -> Iterator[str]:
    """An interface endpoint has at most one subnet in each zone."""
    endpoint = account.backend("ec2").vpc_end_points.get(call.parameters.get("VpcEndpointId", ""))
    left = set(endpoint.subnet_ids or []) - set(call.parameters.get("RemoveSubnetIds", [])) if endpoint else set()
    zones = {subnet.availability_zone for name in left if (subnet := subnet_of(account, name)) is not None}
    for identifier in [*call.parameters.get("SubnetIds", []), *call.parameters.get("AddSubnetIds", [])]:
        subnet = subnet_of(account, identifier)
        if subnet is not None and identifier not in left and subnet.availability_zone in zones:
            yield (
                f"Found another VPC endpoint subnet in the availability zone of {identifier}. VPC endpoint subnets "
                "should be in different availability zones supported by the VPC endpoint service."
            )
        zones |= {subnet.availability_zone} if subnet is not None else set()


@rules.add(
    "CreateVpcEndpoint",
    source=_ENDPOINT,
    code="RouteAlreadyExists",
)
def endpoint_route(call: Call, account: Account) -> Iterator[str]:
    """A route table has one gateway endpoint of a service."""
    for other in endpoints_of(account):
        shared = set(other.route_table_ids or []) & set(call.parameters.get("RouteTableIds", []))
        if shared and other.service_name == call.parameters.get("ServiceName"):
            yield (
                f"route table {min(shared)} already has a route with destination-prefix-list-id of {other.service_name}"
            )


@rules.add(
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    source="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    code="InvalidPolicyDocument",
)
def endpoint_policy(call: Call, _: Account) -> Iterator[str]:
    """An endpoint's policy follows the grammar of policies, in at most 20,480 characters."""
    text = call.parameters.get("PolicyDocument")
    if text:
        yield from faults(text, Kind(principal=True))
        if len(text) > 20480:
            yield "The policy document exceeds the maximum size of 20480 characters"
