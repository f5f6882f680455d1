"""EC2: addresses of VPCs, security groups, endpoints, flow logs and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import group_of
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_LONGEST_KEY: Final = 127
_PORTED: Final = ("icmp", "1", "icmpv6", "58")
_FLAT: Final = (
    "CidrIp",
    "FromPort",
    "IpProtocol",
    "SourceSecurityGroupName",
    "SourceSecurityGroupOwnerId",
    "ToPort",
)

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


@rules.add("CreateSecurityGroup", source=f"{_API}API_CreateSecurityGroup.html", code="InvalidGroup.Duplicate")
def group_name_once(call: Call, account: Account) -> Iterator[str]:
    """A group's name is given once in a VPC, whatever its case."""
    name, vpc = call.parameters["GroupName"], call.parameters.get("VpcId")
    groups = account.backend("ec2").groups.get(vpc, {})
    if name.lower() in {group.name.lower() for group in list(groups.values())}:
        yield f"The security group '{name}' already exists for VPC '{vpc}'"


@rules.add(
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupEgress",
    source=f"{_API}API_AuthorizeSecurityGroupEgress.html",
    code="InvalidParameterCombination",
)
def egress_permissions(call: Call, _: Account) -> Iterator[str]:
    """Rules of egress are given as permissions and in no other way."""
    flat = [name for name in _FLAT if name in call.parameters]
    if flat:
        yield f"{', '.join(flat)}: not supported; use IpPermissions."


@rules.add(
    "AuthorizeSecurityGroupEgress",
    "AuthorizeSecurityGroupIngress",
    source=f"{_API}API_IpPermission.html",
    code="InvalidParameterValue",
)
def rule_icmp_codes(call: Call, _: Account) -> Iterator[str]:
    """A rule of ICMP has its type and code; that of all types is of all codes."""
    for permission in call.parameters.get("IpPermissions", []):
        if str(permission.get("IpProtocol", "")).lower() in _PORTED[:2]:
            first, last = permission.get("FromPort"), permission.get("ToPort")
            if first is None or last is None:
                yield "ICMP type and code must be specified."
            elif first == -1 and last != -1:
                yield "ICMP code must be -1 (all codes) where the type is -1 (all types)."


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


@rules.add(
    "AuthorizeSecurityGroupEgress",
    "AuthorizeSecurityGroupIngress",
    source=f"{_API}API_UserIdGroupPair.html",
    code="InvalidGroup.NotFound",
)
def group_network(call: Call, account: Account) -> Iterator[str]:
    """The group that a rule names is of the same VPC, or of one that is connected with it by peering."""
    group = group_of(account, call.parameters.get("GroupId", ""))
    peered = bool(account.backend("ec2").vpc_pcxs)
    pairs = [pair for item in call.parameters.get("IpPermissions", []) for pair in item.get("UserIdGroupPairs", [])]
    others = [group_of(account, pair.get("GroupId", "")) for pair in pairs]
    if group is not None and not peered and any(other is not None and other.vpc_id != group.vpc_id for other in others):
        yield "You have specified two resources that belong to different networks."


@rules.add("DeleteSecurityGroup", source=f"{_API}errors-overview.html", code="CannotDelete")
def default_group(call: Call, account: Account) -> Iterator[str]:
    """The default group of a VPC is not deleted by a user."""
    group = group_of(account, call.parameters.get("GroupId", ""))
    if group is not None and group.name == "default":
        yield f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'


@rules.add("CreateVpcEndpoint", source=f"{_API}API_CreateVpcEndpoint.html", code="InvalidParameter")
def endpoint_kind(call: Call, _: Account) -> Iterator[str]:
    """A service of AWS has endpoints of the types Gateway and Interface."""
    service, kind = call.parameters.get("ServiceName", ""), call.parameters.get("VpcEndpointType", "Gateway")
    if re.fullmatch(r"(com|cn)\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+", service) and kind not in ("Gateway", "Interface"):
        yield f"The VPC Endpoint Service {service} does not support VPC endpoints of the type {kind}."
