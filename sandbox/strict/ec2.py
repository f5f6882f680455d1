"""What EC2 demands of security groups and flow logs; its model holds no patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")

rules = Rules("ec2")

_AUTHORIZE = ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
_CHANGE = (
    *_AUTHORIZE,
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
)


def permissions_of(call: Call) -> list[dict[str, Any]]:
    """The rules in a request, the older way of writing one (members of the request itself) included."""
    parameters = call.parameters
    listed = list(parameters.get("IpPermissions", []))
    if "IpProtocol" in parameters or "CidrIp" in parameters:
        single = {key: parameters[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in parameters}
        ranges = [{"CidrIp": parameters["CidrIp"]}] if "CidrIp" in parameters else []
        listed.append({**single, "IpRanges": ranges})
    return listed


def _sources(permission: Mapping[str, Any]) -> list[dict[str, Any]]:
    members = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    return [item for member in members for item in permission.get(member, [])]


@rules.add(
    "CreateSecurityGroup",
    source=f"{API}API_CreateSecurityGroup.html",
    code="InvalidParameterValue",
)
def group_description(call: Call, _: Account) -> Iterator[str]:
    """A group's name and description have at most 255 characters of `a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`."""
    for member, name in (("Description", "GroupDescription"), ("GroupName", "GroupName")):
        value = call.parameters[member]
        if not value or not DESCRIPTION.fullmatch(value):
            yield f"Value ({value}) for parameter {name} is invalid. Invalid security group {name.lower()}."


@rules.add(
    "CreateSecurityGroup",
    source=f"{API}API_CreateSecurityGroup.html",
    code="InvalidParameterValue",
)
def group_name(call: Call, _: Account) -> Iterator[str]:
    """A group's name does not begin with `sg-` and is not `default`."""
    name = call.parameters["GroupName"]
    if name.startswith("sg-") or name == "default":
        yield f"invalid value for parameter groupName (reserved): {name}"


@rules.add(
    *_CHANGE,
    source=f"{API}API_IpRange.html",
    code="InvalidParameterValue",
)
def rule_description(call: Call, _: Account) -> Iterator[str]:
    """A rule's description has at most 255 characters of `a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`."""
    for permission in permissions_of(call):
        for source in _sources(permission):
            description = source.get("Description", "")
            if not DESCRIPTION.fullmatch(description):
                yield (
                    "Invalid rule description. Valid descriptions are strings less than 256 characters from the "
                    f"following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$* (was: {description})"
                )


@rules.add(
    *_AUTHORIZE,
    source=f"{API}API_IpPermission.html",
    code="InvalidParameterValue",
)
def rule_protocol(call: Call, _: Account) -> Iterator[str]:
    """A rule's protocol is tcp, udp, icmp, icmpv6, -1 or a number from 0 to 255."""
    for permission in permissions_of(call):
        protocol = str(permission.get("IpProtocol", "-1")).lower()
        number = protocol.isdigit() and int(protocol) <= 255
        if not number and protocol not in ("tcp", "udp", "icmp", "icmpv6", "-1", "all", "58"):
            yield f"Invalid value '{protocol}' for IP protocol. Unknown protocol."


@rules.add(
    *_AUTHORIZE,
    source=f"{API}API_IpPermission.html",
    code="InvalidParameterValue",
)
def rule_ports(call: Call, _: Account) -> Iterator[str]:
    """A rule for TCP or UDP has both ports, from 0 to 65535, the first no greater than the last."""
    for permission in permissions_of(call):
        protocol = str(permission.get("IpProtocol", "-1")).lower()
        if protocol in ("tcp", "udp", "6", "17"):
            first, last = permission.get("FromPort"), permission.get("ToPort")
            if first is None or last is None or not 0 <= first <= last <= 65535:
                yield f"Invalid value '{first}-{last}' for portRange. Invalid TCP/UDP port range ({first}:{last})"


@rules.add(
    *_AUTHORIZE,
    source=f"{API}API_IpRange.html",
    code="InvalidParameterValue",
)
def rule_cidr(call: Call, _: Account) -> Iterator[str]:
    """A rule's addresses are a CIDR block."""
    for permission in permissions_of(call):
        for source in _sources(permission):
            for member, version in (("CidrIp", 4), ("CidrIpv6", 6)):
                block = source.get(member)
                if block is not None and not is_block(block, version):
                    yield f"CIDR block {block} is malformed"


@rules.add(
    *_AUTHORIZE,
    source=f"{API}API_AuthorizeSecurityGroupIngress.html",
    code="MissingParameter",
)
def rule_source(call: Call, _: Account) -> Iterator[str]:
    """A rule names where traffic comes from or goes to."""
    older = "SourceSecurityGroupName" in call.parameters
    if not permissions_of(call) and not older:
        yield "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided."
    for permission in permissions_of(call):
        if not permission.get("IpProtocol"):
            yield "The request must contain the parameter ipProtocol"
        if not _sources(permission) and not older:
            yield "The request must contain the parameter cidrIp, cidrIpv6, prefixListId or groupId"


@rules.add(
    *_AUTHORIZE,
    source="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-codes-table-client",
    code="InvalidGroup.NotFound",
)
def rule_groups(call: Call, account: Account) -> Iterator[str]:
    """The groups that a rule names exist."""
    existing = {group for groups in account.backend("ec2").groups.values() for group in groups}
    for permission in permissions_of(call):
        for pair in permission.get("UserIdGroupPairs", []):
            if pair.get("GroupId", "sg-") not in existing and pair.get("UserId", account.id) == account.id:
                if "GroupId" in pair:
                    yield f"The security group '{pair['GroupId']}' does not exist"


@rules.add(
    *_AUTHORIZE,
    source="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-codes-table-client",
    code="InvalidPrefixListID.NotFound",
)
def rule_prefix_lists(call: Call, account: Account) -> Iterator[str]:
    """The prefix lists that a rule names exist."""
    existing = account.backend("ec2").managed_prefix_lists
    for permission in permissions_of(call):
        for item in permission.get("PrefixListIds", []):
            if item.get("PrefixListId") not in existing:
                yield f"The prefix list ID '{item.get('PrefixListId')}' does not exist"


@rules.add(
    *_AUTHORIZE,
    source="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups",
    code="RulesPerSecurityGroupLimitExceeded",
)
def rule_count(call: Call, account: Account) -> Iterator[str]:
    """A security group has at most 60 rules in each direction."""
    group = next(
        (
            groups[call.parameters["GroupId"]]
            for groups in account.backend("ec2").groups.values()
            if call.parameters.get("GroupId") in groups
        ),
        None,
    )
    existing = getattr(group, "egress_rules" if "Egress" in call.operation else "ingress_rules", [])
    if len(existing) + sum(len(_sources(item)) for item in permissions_of(call)) > 60:
        yield "The maximum number of rules per security group has been reached."


@rules.add(
    "CreateFlowLogs",
    source=f"{API}API_CreateFlowLogs.html",
    code="InvalidParameter",
)
def flow_log_destination(call: Call, account: Account) -> Iterator[str]:
    """Flow logs go where their kind of destination is: a log group by ARN with a role that the service may assume."""
    parameters = call.parameters
    kind = parameters.get("LogDestinationType", "cloud-watch-logs")
    destination = parameters.get("LogDestination", "")
    if kind == "cloud-watch-logs":
        role = parameters.get("DeliverLogsPermissionArn")
        if not role:
            yield "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."
        elif not account.trusts(role, "vpc-flow-logs.amazonaws.com"):
            yield f"The service vpc-flow-logs.amazonaws.com may not assume the role {role}."
        if not destination and not parameters.get("LogGroupName"):
            yield "Either LogDestination or LogGroupName must be provided."
    service = {"cloud-watch-logs": "logs", "s3": "s3", "kinesis-data-firehose": "firehose"}[kind]
    if destination and not re.fullmatch(rf"arn:aws[a-z-]*:{service}:.+", destination):
        yield f"LogDestination: {destination} is not valid for LogDestinationType {kind}."


def is_block(text: str, version: int = 4) -> bool:
    """Whether this is a CIDR block of the IP version; EC2 itself takes away the bits behind the prefix."""
    try:
        return "/" in text and ip_network(text, strict=False).version == version
    except ValueError:
        return False
