"""Questions that tests ask of the recorded resources."""

from __future__ import annotations

import json
from typing import Any

from moto.events.models import EventPattern

from policy.rules import Graph, Resource

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ACCOUNT = "123456789012"


def matches(rule: Resource, event: dict[str, Any]) -> bool:
    """Whether EventBridge would hand `event` to the rule's targets."""
    raw = str(rule.props["eventPattern"])
    return bool(EventPattern(raw, json.loads(raw)).matches_event(event))  # type: ignore[arg-type]


def metrics(alarm: Resource) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of everything an alarm looks at."""
    props = alarm.props
    if props.get("metricName"):
        return [(props["namespace"], props["metricName"], props.get("dimensions") or {})]
    parts = [query["metric"] for query in props["metricQueries"] if query.get("metric")]
    return [(part["namespace"], part["metricName"], part["dimensions"]) for part in parts]


def policies_of(graph: Graph, role_name: str) -> list[dict[str, Any]]:
    """The statements of a role's inline policies."""
    policies = [p for p in graph.of_type("aws:iam/rolePolicy:RolePolicy") if p.props["role"] == role_name]
    assert policies, f"no policy of {role_name}"
    return [statement for policy in policies for statement in json.loads(policy.props["policy"])["Statement"]]


def as_list(value: Any) -> list[Any]:
    """A statement's actions or resources, one or several."""
    return value if isinstance(value, list) else [value]
