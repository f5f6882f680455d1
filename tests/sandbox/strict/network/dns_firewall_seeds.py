"""Seeds for the rules of the DNS firewall."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.seeds import Seed, seed

_PRIORITIES = itertools.count(200)


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


SEEDS: Final[list[Seed]] = [
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
