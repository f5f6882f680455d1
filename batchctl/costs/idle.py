"""What a stack costs a month when nothing runs, from its recorded graph; and with NAT gateways instead of endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Final

from policy.rules import Graph, Resource
from policy.rules.graph import kinds

from .night import RunAssumptions
from .prices import Prices
from .table import HOURS_A_MONTH, CostRow, CostTable, Counted, priced


def _endpoint(resource: Resource) -> list[Counted]:
    if resource.props.get("vpcEndpointType") != "Interface":
        return []
    zones = resource.props.get("subnetIds") or []
    return [("interface endpoints", "endpoint.hour", len(zones) * HOURS_A_MONTH)]


def _key(resource: Resource) -> list[Counted]:
    rotated = [("rotated key material, from the third year on", "kms.key", 2.0)]
    return [("KMS keys", "kms.key", 1.0), *(rotated if resource.props.get("enableKeyRotation") else [])]


def _scaling(resource: Resource) -> list[Counted]:
    """Target tracking makes an alarm for scaling out and one for scaling in."""
    tracking = resource.props.get("policyType") == "TargetTrackingScaling"
    return [("alarms of target tracking", "alarm", 2)] if tracking else []


def _image_counts(policy: object) -> list[int]:
    """How many images each rule of a lifecycle policy keeps; a part that ECR would refuse counts for nothing."""
    try:
        document = json.loads(str(policy))
    except ValueError:
        return []
    rules = document.get("rules") if isinstance(document, dict) else None
    return [
        rule["selection"]["countNumber"]
        for rule in (rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
        and isinstance(rule.get("selection"), dict)
        and rule["selection"].get("countType") == "imageCountMoreThan"
        and isinstance(rule["selection"].get("countNumber"), int)
    ]


def _images(resource: Resource) -> list[Counted]:
    """Release images that the repository keeps, as large as assumed."""
    most = max(_image_counts(resource.props.get("policy")), default=1)
    return [("images kept, at most", "ecr.storage", most * RunAssumptions().image_gigabytes)]


def _alarm(resource: Resource) -> list[Counted]:
    metrics = [query for query in resource.props.get("metricQueries") or [] if query.get("metric")]
    return [("alarms", "alarm", max(len(metrics), 1))]


_IDLE: Final[dict[str, Callable[[Resource], list[Counted]]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/natGateway:NatGateway": lambda _: [("NAT gateways", "nat.hour", HOURS_A_MONTH)],
    "aws:kms/key:Key": _key,
    "aws:appautoscaling/policy:Policy": _scaling,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _images,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": lambda resource: [
        ("DNS firewall domains", "dns.domain", len(resource.props.get("domains") or []))
    ],
    "aws:cloudwatch/dashboard:Dashboard": lambda _: [("dashboards", "dashboard", 1)],
}


def idle_cost(graph: Graph, prices: Prices) -> CostTable:
    """What a month costs when nothing runs, by resource."""
    return CostTable(
        tuple(
            priced(resource.name, counted, prices)
            for resource in graph.resources
            if resource.type in _IDLE
            for counted in _IDLE[resource.type](resource)
        )
    )


def endpoint_zones(graph: Graph) -> int:
    """Zones in which interface endpoints stand."""
    interfaces = [one for one in graph.of_type(kinds.ENDPOINT) if one.props.get("vpcEndpointType") == "Interface"]
    return max((len(one.props.get("subnetIds") or []) for one in interfaces), default=1)


def nat_alternative(graph: Graph, prices: Prices, zones: int | None = None) -> CostTable:
    """The network's idle month with NAT gateways instead of interface endpoints, in as many zones, or in `zones`.

    Each has a public address; the data through them comes on top.
    """
    return CostTable(
        tuple(
            priced(f"zone {zone + 1}", (what, name, HOURS_A_MONTH), prices)
            for zone in range(zones or endpoint_zones(graph))
            for what, name in (("NAT gateways", "nat.hour"), ("public addresses of NAT gateways", "ipv4.hour"))
        )
    )


def network_only(table: CostTable) -> float:
    """What of an idle month is the network's: the figure to hold against `nat_alternative`."""
    return sum(row.usd for row in _of(table.rows, "interface endpoints", "NAT gateways"))


def _of(rows: Iterable[CostRow], *what: str) -> list[CostRow]:
    return [row for row in rows if row.what in what]
