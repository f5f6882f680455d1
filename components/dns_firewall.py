"""Default deny for names: the VPC's resolver answers for the services that tasks use, and for nothing else.

Without it a task that reaches no address can still ask the resolver for `secret.attacker.example`, and the question
carries data out. When the firewall itself does not answer, nothing resolves, which is AWS's default
(docs/aws-facts.md#dns-firewall).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from conventions.naming import Names

PRIORITY = 101
"""Of the rule group among those of the VPC: the lowest that AWS accepts (docs/aws-facts.md#dns-firewall)."""


@dataclass(frozen=True, kw_only=True)
class DnsFirewallArgs:
    """Inputs of `DnsFirewall`."""

    names: Names
    vpc_id: pulumi.Input[str]
    domains: Sequence[str]
    """What resolves; a leading `*.` stands for any name below."""


class DnsFirewall(pulumi.ComponentResource):
    """A rule group that allows `domains` and answers NXDOMAIN to everything else."""

    rule_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: DnsFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:dns_firewall:DnsFirewall", name, None, opts)
        self._name, self._names, self._child = name, args.names, pulumi.ResourceOptions(parent=self)
        group = aws.route53.ResolverFirewallRuleGroup(
            f"{name}-rules", name=args.names.name("firewall", "rules"), opts=self._child
        )
        self._rule(group, "allowed", args.domains, priority=100, action="ALLOW")
        self._rule(group, "others", ["*"], priority=200, action="BLOCK")
        aws.route53.ResolverFirewallRuleGroupAssociation(
            f"{name}-association",
            name=args.names.name("firewall", "association"),
            firewall_rule_group_id=group.id,
            vpc_id=args.vpc_id,
            priority=PRIORITY,
            # protected, it could not be destroyed with the stack
            mutation_protection="DISABLED",
            opts=self._child,
        )
        self.rule_group_id = group.id
        self.register_outputs({"rule_group_id": group.id})

    def _rule(
        self,
        group: aws.route53.ResolverFirewallRuleGroup,
        purpose: str,
        domains: Sequence[str],
        *,
        priority: int,
        action: str,
    ) -> None:
        listed = aws.route53.ResolverFirewallDomainList(
            f"{self._name}-{purpose}",
            name=self._names.name("firewall", purpose),
            domains=list(domains),
            opts=self._child,
        )
        aws.route53.ResolverFirewallRule(
            f"{self._name}-{purpose}-rule",
            name=self._names.name("firewall", purpose),
            firewall_rule_group_id=group.id,
            firewall_domain_list_id=listed.id,
            # S3 answers with an alias of a bucket's name: only the first name of the chain is checked
            firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN",
            priority=priority,
            action=action,
            block_response="NXDOMAIN" if action == "BLOCK" else None,
            opts=self._child,
        )
