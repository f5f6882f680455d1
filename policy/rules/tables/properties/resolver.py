"""Names: what the VPC's resolver answers, where the stack has a DNS firewall."""

from __future__ import annotations

from typing import Any, Final

from ...graph import kinds
from ..rows import Context, Table, between, exactly, holds, named, refers, row

_GUIDE: Final = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide"
_API: Final = "https://docs.aws.amazon.com/Route53/latest/APIReference"


def _domain(value: Any, at: Context) -> bool:
    """A name of AWS's in the stack's Region for an allowing rule; everything for a blocking one."""
    rules = at.graph.attached(at.resource, "firewallDomainListId", kinds.FIREWALL_RULE)
    actions = {one.props.get("action") for one in rules}
    if actions == {"BLOCK"}:
        return bool(value == "*")
    zones = {str(one.props.get("availabilityZone", ""))[:-1] for one in at.graph.of_type(kinds.SUBNET)}
    return actions == {"ALLOW"} and any(str(value).endswith(f".{region}.amazonaws.com") for region in zones)


def _blocks_last(value: Any, at: Context) -> bool:
    """What is blocked is looked at after what is allowed, and there is one of each."""
    rules = {one.props.get("action"): one.props.get("priority") for one in at.graph.of_type(kinds.FIREWALL_RULE)}
    allowed, blocked = rules.get("ALLOW"), rules.get("BLOCK")
    return isinstance(allowed, int | float) and isinstance(blocked, int | float) and allowed < blocked


TABLES: Final = (
    Table(
        type=kinds.FIREWALL_RULES,
        source=f"{_GUIDE}/resolver-dns-firewall-rule-groups.html",
        rows=(row("name", named("firewall"), "two environments share an account"),),
    ),
    Table(
        type=kinds.FIREWALL_DOMAINS,
        source=f"{_GUIDE}/resolver-dns-firewall-domain-lists.html",
        rows=(
            row("name", named("firewall"), "two environments share an account"),
            row(
                "domains[]",
                holds("a name of AWS's in the stack's Region where allowed, * where blocked", _domain),
                "a name that anybody may own carries data out in the question",
            ),
        ),
    ),
    Table(
        type=kinds.FIREWALL_RULE,
        source=f"{_API}/API_route53resolver_CreateFirewallRule.html",
        rows=(
            row("name", named("firewall"), "two environments share an account"),
            row("firewallRuleGroupId", refers(kinds.FIREWALL_RULES), "the group of this stack"),
            row("firewallDomainListId", refers(kinds.FIREWALL_DOMAINS), "a list of this stack"),
            row(
                "firewallDomainRedirectionAction",
                exactly("TRUST_REDIRECTION_DOMAIN"),
                "a bucket's name is an alias; the name that was asked for decides",
            ),
            row("priority", holds("lower for what is allowed", _blocks_last), "the first rule that matches decides"),
            row("action", exactly("ALLOW", "BLOCK"), "an alert lets the question through"),
            row("blockResponse", exactly("NXDOMAIN"), "the task is told at once", when=("action", "BLOCK")),
        ),
    ),
    Table(
        type=kinds.FIREWALL_ASSOCIATION,
        source=f"{_API}/API_route53resolver_AssociateFirewallRuleGroup.html",
        rows=(
            row("name", named("firewall"), "two environments share an account"),
            row("firewallRuleGroupId", refers(kinds.FIREWALL_RULES), "the group of this stack"),
            row("vpcId", refers(kinds.VPC), "the network of this stack"),
            row("priority", between(100, 9900), "Firewall Manager keeps the numbers outside"),
            row("mutationProtection", exactly("DISABLED"), "protected, it cannot be destroyed with the stack"),
        ),
    ),
)
