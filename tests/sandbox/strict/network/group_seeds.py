"""Seeds for the rules of security groups."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

_PORTS = itertools.count(1000)


def rule(**members: Any) -> dict[str, Any]:
    """Permissions of one rule for a port that no rule is for."""
    port = next(_PORTS)
    base = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    return {"IpPermissions": [{name: v for name, v in {**base, **members}.items() if v is not ABSENT}]}


_GROUP = ("CreateSecurityGroup", lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc})


_INGRESS = ("AuthorizeSecurityGroupIngress", lambda a: {"GroupId": a.group, **rule()})


def _default_group(account: Strict) -> str:
    filters = [{"Name": "vpc-id", "Values": [account.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups = account.client("ec2").describe_security_groups(Filters=filters)
    return str(groups["SecurityGroups"][0]["GroupId"])


def _group(account: Strict) -> str:
    created = account.client("ec2").create_security_group(GroupName=account.name(), Description="d", VpcId=account.vpc)
    return str(created["GroupId"])


SEEDS: Final[list[Seed]] = [
    seed("ec2.group_vpc", *_GROUP, {"VpcId": "vpc-0123456789abcdef0"}),
    seed("ec2.rule_icmp", *_INGRESS, lambda a: rule(IpProtocol="icmp", FromPort=300, ToPort=0)),
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
        "ec2.default_group",
        "DeleteSecurityGroup",
        lambda a: {"GroupId": _group(a)},
        lambda a: {"GroupId": _default_group(a)},
    ),
]
