"""VPCs, endpoints and flow logs: options that exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_LONGEST_KEY: Final = 127

rules = Rules("ec2")


@rules.add("CreateVpc", source=f"{_API}API_CreateVpc.html", code="InvalidParameterCombination")
def vpc_ipv6(call: Call, _: Account) -> Iterator[str]:
    """An IPv6 block of one's own comes with its pool and not beside Amazon's, whose border group needs Amazon's."""
    parameters = call.parameters
    custom_block, amazon_provided = parameters.get("Ipv6CidrBlock"), parameters.get("AmazonProvidedIpv6CidrBlock")
    if custom_block and not parameters.get("Ipv6Pool"):
        yield "Ipv6Pool must be specified with Ipv6CidrBlock."
    if custom_block and amazon_provided:
        yield "AmazonProvidedIpv6CidrBlock and Ipv6CidrBlock are mutually exclusive."
    if parameters.get("Ipv6CidrBlockNetworkBorderGroup") and not amazon_provided:
        yield "Ipv6CidrBlockNetworkBorderGroup requires AmazonProvidedIpv6CidrBlock."


@rules.add("CreateVpc", source=f"{_API}API_CreateVpc.html", code="InvalidParameterValue")
def vpc_tenancy(call: Call, _: Account) -> Iterator[str]:
    """The tenancy of a VPC is default or dedicated."""
    if call.parameters.get("InstanceTenancy") == "host":
        yield "Value (host) for parameter instanceTenancy is invalid."


@rules.add("CreateFlowLogs", source=f"{_API}API_CreateFlowLogs.html", code="InvalidParameter")
def flow_log_place(call: Call, _: Account) -> Iterator[str]:
    """A flow log's format has a field, and its folder in a bucket is not called AWSLogs, which is AWS's own."""
    if call.parameters.get("LogFormat", "x").strip() == "":
        yield "LogFormat must include at least one field."
    folders = call.parameters.get("LogDestination", "").partition("/")[2].split("/")
    if "AWSLogs" in folders:
        yield "LogDestination: AWSLogs is reserved and can't be a subfolder's name."


@rules.add("CreateTags", source=f"{_API}API_Tag.html", code="InvalidParameterValue")
def tag_key_length(call: Call, _: Account) -> Iterator[str]:
    """A key of EC2's tags has at most 127 characters, one fewer than elsewhere."""
    for tag in call.parameters["Tags"]:
        if len(tag.get("Key", "")) > _LONGEST_KEY:
            yield "Tag key exceeds the maximum length of 127 characters"


@rules.add("CreateVpcEndpoint", source=f"{_API}API_CreateVpcEndpoint.html", code="InvalidParameter")
def endpoint_kind(call: Call, _: Account) -> Iterator[str]:
    """A service of AWS has endpoints of the types Gateway and Interface."""
    service, kind = call.parameters.get("ServiceName", ""), call.parameters.get("VpcEndpointType", "Gateway")
    if re.fullmatch(r"(com|cn)\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+", service) and kind not in ("Gateway", "Interface"):
        yield f"The VPC Endpoint Service {service} does not support VPC endpoints of the type {kind}."
