"""Security groups: their names, and what their permissions may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import group_of
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
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
