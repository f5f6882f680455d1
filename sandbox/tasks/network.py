"""Whether a task in a subnet, behind its security groups, reaches what Fargate needs: registry, image layers, log.

Reads route tables, endpoints and security groups as the account has them; network access lists, prefix lists' entries
and endpoints' policies are not looked at here (policies are the permissions' business).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from sandbox.reactions.account import ACCOUNT_ID

HTTPS = 443


class UnreachableError(Exception):
    """Worded as the reason of a stopped task."""


@dataclass(frozen=True)
class TaskNetwork:
    """Where a task's network interface is."""

    region: str
    subnet: str
    security_groups: Sequence[str]

    def require(self, logs: bool) -> None:
        """Raises `UnreachableError` when the image, or with `logs` the awslogs driver's service, is out of reach."""
        if not self._reaches_endpoint("ecr.api"):
            raise UnreachableError(
                "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry "
                "auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task "
                f"network configuration. RequestError: send request failed caused by: Post "
                f'"https://api.ecr.{self.region}.amazonaws.com/": dial tcp: i/o timeout'
            )
        if not self._reaches_endpoint("ecr.dkr") or not self._reaches_s3():
            raise UnreachableError(
                "CannotPullContainerError: The task cannot pull the image from Amazon ECR. There is a connection issue "
                "between the task and Amazon ECR. Check your task network configuration."
            )
        if logs and not self._reaches_endpoint("logs"):
            raise UnreachableError(
                "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon "
                "CloudWatch log group defined in the task definition. There is a connection issue between the task "
                "and Amazon CloudWatch. Check your network configuration. : signal: killed"
            )

    @property
    def vpc(self) -> str:
        """Id of the VPC."""
        return str(self._ec2.get_subnet(self.subnet).vpc_id)

    @property
    def _ec2(self) -> Any:
        return ec2_backends[ACCOUNT_ID][self.region]

    def _reaches_endpoint(self, service: str) -> bool:
        """By an interface endpoint with private names in the VPC, or by a way out."""
        for endpoint in self._ec2.vpc_end_points.values():
            if (
                endpoint.vpc_id == self.vpc
                and endpoint.service_name == f"com.amazonaws.{self.region}.{service}"
                and endpoint.private_dns_enabled
                and endpoint.state == "available"
            ):
                return self._may_talk_to(endpoint.security_group_ids, endpoint.subnet_ids or [])
        return self._has_way_out()

    def _may_talk_to(self, groups: Sequence[str], subnets: Sequence[str]) -> bool:
        ranges = [self._ec2.get_subnet(subnet).cidr_block for subnet in subnets]
        own_range = [self._ec2.get_subnet(self.subnet).cidr_block]
        leaves = any(_allows(rule, groups, ranges) for rule in self._rules(self.security_groups, "egress_rules"))
        enters = any(_allows(rule, self.security_groups, own_range) for rule in self._rules(groups, "ingress_rules"))
        return leaves and enters

    def _reaches_s3(self) -> bool:
        """By the gateway endpoint on the subnet's route table, or by a way out."""
        table = self._route_table()
        for endpoint in self._ec2.vpc_end_points.values():
            is_ours = endpoint.state == "available" and endpoint.service_name.endswith(".s3")
            if is_ours and table.id in (endpoint.route_table_ids or []):
                prefix_list = endpoint.destination_prefix_list_id
                return any(
                    _is_https(rule)
                    and (
                        "0.0.0.0/0" in _ranges(rule) or _prefix_list(rule) in {prefix_list, *self._s3_lists()} - {None}
                    )
                    for rule in self._rules(self.security_groups, "egress_rules")
                )
        return self._has_way_out()

    def _s3_lists(self) -> set[str]:
        """AWS's own prefix lists of S3 in this region."""
        name = f"com.amazonaws.{self.region}.s3"
        return {one.id for one in self._ec2.managed_prefix_lists.values() if one.prefix_list_name == name}

    def _has_way_out(self) -> bool:
        """A default route to a NAT gateway; without a public address an internet gateway does not help a task."""
        opened = any(
            _is_https(rule) and "0.0.0.0/0" in _ranges(rule)
            for rule in self._rules(self.security_groups, "egress_rules")
        )
        return opened and any(
            route.destination_cidr_block == "0.0.0.0/0" and route.nat_gateway for route in self._route_table().routes
        )

    def _route_table(self) -> Any:
        tables = [table for table in self._ec2.route_tables.values() if table.vpc_id == self.vpc]
        for table in tables:
            if self.subnet in table._associations.values():
                return table
        return next(table for table in tables if table.main_association_id)

    def _rules(self, groups: Iterable[str], direction: str) -> list[Any]:
        known_groups = (self._ec2.get_security_group_from_id(group) for group in groups)
        return [rule for group in known_groups if group for rule in getattr(group, direction)]


def _allows(rule: Any, groups: Sequence[str], ranges: Sequence[str]) -> bool:
    if not _is_https(rule):
        return False
    if (rule.source_group or {}).get("GroupId") in groups:
        return True
    return any(
        ipaddress.ip_network(inner).subnet_of(ipaddress.ip_network(outer))  # type: ignore[arg-type]
        for outer in _ranges(rule)
        for inner in ranges
    )


def _prefix_list(rule: Any) -> str | None:
    """moto keeps the id alone or with its description."""
    prefix_list = rule.prefix_list_id
    return prefix_list.get("PrefixListId") if isinstance(prefix_list, dict) else prefix_list


def _is_https(rule: Any) -> bool:
    if str(rule.ip_protocol) == "-1":
        return True
    return rule.ip_protocol == "tcp" and int(rule.from_port) <= HTTPS <= int(rule.to_port)


def _ranges(rule: Any) -> list[str]:
    return [rule.ip_range["CidrIp"]] if (rule.ip_range or {}).get("CidrIp") else []
