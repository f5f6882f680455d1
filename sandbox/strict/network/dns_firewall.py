"""What Route 53 Resolver's DNS Firewall demands of domains, rules and associations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox import dns_firewall
from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_"
_MOST_DOMAINS: Final = 1000
_OVERRIDE: Final = ("BlockOverrideDomain", "BlockOverrideDnsType", "BlockOverrideTtl")

rules = Rules("route53resolver")


@rules.add("UpdateFirewallDomains", source=f"{_API}UpdateFirewallDomains.html", code="ValidationException")
def domains(call: Call, _: Account) -> Iterator[str]:
    """A domain has 1 to 255 letters, digits, hyphens and dots, and may begin with `*`; at most 1,000 in a request."""
    specified = call.parameters["Domains"]
    if len(specified) > _MOST_DOMAINS:
        yield f"A request can have at most {_MOST_DOMAINS} domains."
    for domain in specified:
        if not re.fullmatch(r"(?=.{1,255}$)\*?[A-Za-z0-9_.-]*", domain):
            yield f"The domain specification '{domain}' is not valid."


@rules.add("CreateFirewallRule", source=f"{_API}CreateFirewallRule.html", code="ValidationException")
def block_response(call: Call, _: Account) -> Iterator[str]:
    """What blocks says how, and only what blocks; an override has its domain, type and time to live, and only it."""
    parameters = call.parameters
    response = parameters.get("BlockResponse")
    if (parameters["Action"] == "BLOCK") != (response is not None):
        yield "BlockResponse is required with the action BLOCK, and not supported with any other."
    overridden = [name for name in _OVERRIDE if name in parameters]
    if overridden != (list(_OVERRIDE) if response == "OVERRIDE" else []):
        yield f"{', '.join(_OVERRIDE)} are required with the block response OVERRIDE, and not supported with any other."


@rules.add("CreateFirewallRule", source=f"{_API}CreateFirewallRule.html", code="ValidationException")
def rule_once(call: Call, _: Account) -> Iterator[str]:
    """A rule group has one rule of a priority, and one about a domain list."""
    for rule in dns_firewall.rules_of(call.parameters["FirewallRuleGroupId"]):
        if rule["Priority"] == call.parameters["Priority"]:
            yield f"The priority {rule['Priority']} is taken in the rule group."
        if rule["FirewallDomainListId"] == call.parameters.get("FirewallDomainListId"):
            yield f"The rule group has a rule about {rule['FirewallDomainListId']} already."


_ASSOCIATE: Final = f"{_API}AssociateFirewallRuleGroup.html"


@rules.add("AssociateFirewallRuleGroup", source=_ASSOCIATE, code="ValidationException")
def association_priority(call: Call, _: Account) -> Iterator[str]:
    """The priority of an association is between 100 and 9900."""
    if not 100 <= call.parameters["Priority"] <= 9900:
        yield "The allowed values for Priority are between 100 and 9900."


@rules.add(
    "AssociateFirewallRuleGroup",
    source=f"{_ASSOCIATE}#API_AssociateFirewallRuleGroup_Errors",
    code="ResourceNotFoundException",
)
def association_vpc(call: Call, account: Account) -> Iterator[str]:
    """The VPC that a rule group is put in front of exists."""
    if call.parameters["VpcId"] not in account.backend("ec2").vpcs:
        yield f"The VPC {call.parameters['VpcId']} does not exist."


@rules.add("AssociateFirewallRuleGroup", source=_ASSOCIATE, code="ConflictException")
def association_once(call: Call, _: Account) -> Iterator[str]:
    """A VPC has a rule group once, and one of each priority."""
    for other in dns_firewall.associations_of(call.parameters["VpcId"]):
        if other["FirewallRuleGroupId"] == call.parameters["FirewallRuleGroupId"]:
            yield f"The rule group is associated with the VPC already: {other['Id']}"
        if other["Priority"] == call.parameters["Priority"]:
            yield f"The priority {other['Priority']} is taken in the VPC."
