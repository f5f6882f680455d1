"""Observation: log groups, their filters and policies, dashboards and saved queries."""

from __future__ import annotations

import re
from typing import Any, Final

from ...graph import kinds
from ..rows import (
    JSON,
    Context,
    Table,
    exactly,
    free,
    holds,
    keyed,
    maybe,
    named,
    refers,
    row,
    suffixed,
)
from .alarms import ALARM, metrics_of
from .documents.dashboards import DASHBOARD

_CW: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"


_LOGS: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"


RETENTION: Final = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Days that CloudWatch Logs takes (PutRetentionPolicy)."""


_GROUP_NAME: Final = r"/(?:batch|aws/vendedlogs/states|aws/codebuild)/[A-Za-z0-9_-]+-{suffix}|/aws/ecs/containerinsights/[A-Za-z0-9_-]+-{suffix}/performance"


def _group_name(value: Any, at: Context) -> bool:
    return re.fullmatch(_GROUP_NAME.replace("{suffix}", re.escape(at.settings.suffix)), str(value)) is not None


TABLES: Final = (
    Table(
        type=kinds.LOG_GROUP,
        source=f"{_LOGS}/API_CreateLogGroup.html",
        rows=(
            row(
                "name",
                holds(
                    "/batch/, /aws/vendedlogs/states/ or the service's own prefix, then {purpose}-{suffix}", _group_name
                ),
                "the logs key admits groups by these prefixes",
            ),
            row("kmsKeyId", keyed("logs"), "with a key of this stack"),
            row(
                "retentionInDays",
                exactly(*RETENTION),
                "CloudWatch Logs takes no others, and none is for ever",
                source=f"{_LOGS}/API_PutRetentionPolicy.html",
            ),
            maybe("skipDestroy", free(bool), "no-retain-or-protect judges it"),
        ),
    ),
    Table(
        type=kinds.LOG_METRIC_FILTER,
        source=f"{_LOGS}/API_PutMetricFilter.html",
        rows=(
            row("name", suffixed("{what}-{job}-{suffix}", r"[a-z0-9-]+-"), "two environments share an account"),
            row("logGroupName", refers(kinds.LOG_GROUP), "a group of this stack"),
            row(
                "pattern",
                holds(
                    "a pattern that CloudWatch Logs can read, about the level", lambda value, at: _pattern(value, at)
                ),
                "lines of errors raise the alarm, not every line and not none",
            ),
            row(
                "metricTransformation.name",
                holds("a metric that an alarm of this stack watches", lambda value, at: _watched(value, at)),
                "a metric that nobody watches tells nobody",
            ),
            row(
                "metricTransformation.name",
                holds("a metric that no other filter of the log group feeds", lambda value, at: _alone(value, at)),
                "each line would count twice",
            ),
            row(
                "metricTransformation.namespace",
                suffixed("Batch/{suffix}", r"Batch/"),
                "two environments share an account",
            ),
            row("metricTransformation.value", exactly("1"), "each line counts once"),
            maybe("metricTransformation.defaultValue", exactly("0"), "no line is no error"),
            maybe("metricTransformation.unit", exactly("Count", "None"), "lines are counted"),
        ),
    ),
    Table(
        type=kinds.LOG_RESOURCE_POLICY,
        source=f"{_LOGS}/API_PutResourcePolicy.html",
        rows=(
            row("policyName", suffixed("{purpose}-{suffix}", r"[a-z0-9-]+-"), "two environments share an account"),
            row("policyDocument", JSON, "judged as a document (resource-policies-accounted-for)"),
        ),
    ),
    ALARM,
    Table(
        type=kinds.DASHBOARD,
        source=f"{_CW}/API_PutDashboard.html",
        rows=(
            row("dashboardName", named("dashboard"), "two environments share an account"),
            *DASHBOARD,
        ),
    ),
    Table(
        type=kinds.QUERY_DEFINITION,
        source=f"{_LOGS}/API_PutQueryDefinition.html",
        rows=(
            row("name", free(), "shown in the console only"),
            row("queryString", free(), "shown in the console only"),
            maybe("logGroupNames[]", refers(kinds.LOG_GROUP), "a group of this stack"),
        ),
    ),
)


def _watched(value: Any, at: Context) -> bool:
    namespace = at.resource.props.get("metricTransformation", {}).get("namespace")
    return any((namespace, value) in metrics_of(one) for one in at.graph.of_type(kinds.ALARM))


def _alone(value: Any, at: Context) -> bool:
    groups = at.graph.resolve(at.resource, "logGroupName", kinds.LOG_GROUP)
    filters = [one for group in groups for one in at.graph.attached(group, "logGroupName", kinds.LOG_METRIC_FILTER)]
    return [one.props.get("metricTransformation", {}).get("name") for one in filters].count(value) < 2


LEVELS: Final = frozenset(("debug", "info", "warning", "error", "critical"))
"""Levels of a line that the jobs' runtime writes (jobs/runtime/batch_runtime/logs.py)."""
_TERM: Final = r'\$\.level\s*=\s*(?:"[a-z]+"|%[a-z]+(?:\|[a-z]+)*%)'
_PATTERN: Final = re.compile(
    r"\{\s*(?:TERM|\(\s*TERM\s*\))(?:\s*\|\|\s*(?:TERM|\(\s*TERM\s*\)))*\s*\}".replace("TERM", _TERM)
)


def _pattern(value: Any, at: Context) -> bool:
    """Whether lines of known levels are counted, and of both that are errors by the filter that counts errors.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """
    if not _PATTERN.fullmatch(str(value)):
        return False
    levels = set(re.findall(r"[a-z]+", str(value).replace("$.level", "")))
    errors = str(at.resource.props.get("name", "")).startswith("errors-")
    return levels <= LEVELS and (not errors or {"error", "critical"} <= levels)
