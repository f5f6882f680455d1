"""EC2's networks and endpoints, and Route 53 Resolver's DNS Firewall."""

from __future__ import annotations

import itertools
from typing import Any

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.seeds import seed

_BLOCKS = itertools.count(40)
_PRIORITIES = itertools.count(200)


def _gateway(account: Strict) -> str:
    return str(account.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"])


def _vpc(account: Strict) -> str:
    return str(account.client("ec2").create_vpc(CidrBlock=f"10.{next(_BLOCKS)}.0.0/16")["Vpc"]["VpcId"])


def _default_group(account: Strict) -> str:
    filters = [{"Name": "vpc-id", "Values": [account.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups = account.client("ec2").describe_security_groups(Filters=filters)
    return str(groups["SecurityGroups"][0]["GroupId"])


def _group(account: Strict) -> str:
    created = account.client("ec2").create_security_group(GroupName=account.name(), Description="d", VpcId=account.vpc)
    return str(created["GroupId"])


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


def _list(account: Strict) -> str:
    resolver = account.client("route53resolver")
    created = resolver.create_firewall_domain_list(CreatorRequestId=account.name(), Name=account.name())
    return str(created["FirewallDomainList"]["Id"])


def _rule_group(account: Strict) -> str:
    resolver = account.client("route53resolver")
    created = resolver.create_firewall_rule_group(CreatorRequestId=account.name(), Name=account.name())
    return str(created["FirewallRuleGroup"]["Id"])


def _rule(account: Strict) -> dict[str, Any]:
    return {
        "CreatorRequestId": account.name(),
        "FirewallRuleGroupId": _rule_group(account),
        "FirewallDomainListId": _list(account),
        "Priority": 1,
        "Action": "ALLOW",
        "Name": "rule",
    }


def _existing_rule(account: Strict, *, same: str) -> dict[str, Any]:
    """The group of a rule that exists, and one thing of the rule."""
    rule = _rule(account)
    account.client("route53resolver").create_firewall_rule(**rule)
    other = {"Priority": 2} if same == "FirewallDomainListId" else {}
    return {"FirewallRuleGroupId": rule["FirewallRuleGroupId"], same: rule[same], **other}


def _association(account: Strict) -> dict[str, Any]:
    return {
        "CreatorRequestId": account.name(),
        "FirewallRuleGroupId": _rule_group(account),
        "VpcId": account.vpc,
        "Priority": next(_PRIORITIES),
        "Name": "association",
    }


def _associated(account: Strict, same: str) -> dict[str, Any]:
    """One thing of an association that exists."""
    association = _association(account)
    account.client("route53resolver").associate_firewall_rule_group(**association)
    return {same: association[same]}


_OVERRIDE = {"BlockOverrideDomain": "example.org", "BlockOverrideDnsType": "CNAME", "BlockOverrideTtl": 60}

SEEDS = [
    seed(
        "ec2.one_gateway",
        "AttachInternetGateway",
        lambda a: {"InternetGatewayId": _gateway(a), "VpcId": _vpc(a)},
        lambda a: {"VpcId": a.vpc},
    ),
    seed(
        "ec2.default_group",
        "DeleteSecurityGroup",
        lambda a: {"GroupId": _group(a)},
        lambda a: {"GroupId": _default_group(a)},
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
    seed(
        "route53resolver.domains",
        "UpdateFirewallDomains",
        lambda a: {
            "FirewallDomainListId": _list(a),
            "Operation": "ADD",
            "Domains": ["*.example.org", "a-b.example.org."],
        },
        {"Domains": ["a*b.example.org"]},
        {"Domains": ["a b.example.org"]},
        {"Domains": [f"d{number}.example.org" for number in range(1001)]},
    ),
    seed(
        "route53resolver.block_response",
        "CreateFirewallRule",
        _rule,
        {"Action": "BLOCK"},
        {"BlockResponse": "NODATA"},
        {"Action": "BLOCK", "BlockResponse": "OVERRIDE"},
        {"Action": "BLOCK", "BlockResponse": "NODATA", **_OVERRIDE},
    ),
    seed(
        "route53resolver.rule_once",
        "CreateFirewallRule",
        lambda a: {**_rule(a), "Action": "BLOCK", "BlockResponse": "OVERRIDE", **_OVERRIDE},
        lambda a: _existing_rule(a, same="Priority"),
        lambda a: _existing_rule(a, same="FirewallDomainListId"),
    ),
    seed(
        "route53resolver.association_priority",
        "AssociateFirewallRuleGroup",
        _association,
        {"Priority": 50},
        {"Priority": 9901},
    ),
    seed(
        "route53resolver.association_vpc",
        "AssociateFirewallRuleGroup",
        _association,
        {"VpcId": "vpc-0123456789abcdef0"},
    ),
    seed(
        "route53resolver.association_once",
        "AssociateFirewallRuleGroup",
        _association,
        lambda a: _associated(a, "Priority"),
        lambda a: _associated(a, "FirewallRuleGroupId"),
    ),
]
