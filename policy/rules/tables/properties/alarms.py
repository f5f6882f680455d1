"""Alarms."""

from __future__ import annotations

from typing import Any, Final

from ...graph import Resource, kinds
from ..metrics import COUNTED
from ..rows import (
    Context,
    Must,
    Table,
    exactly,
    free,
    holds,
    is_here,
    maybe,
    named,
    refers,
    row,
    text,
)

_CW: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"


def _statistic(value: Any, at: Context) -> bool:
    from ..metrics import PUBLISHED, STATISTICS

    namespace, metric = at.resource.props.get("namespace"), at.resource.props.get("metricName")
    if namespace not in PUBLISHED and not str(namespace).startswith("Batch/"):
        return True  # nobody here knows the metric, which its namespace's row says
    return value in STATISTICS.get((str(namespace), str(metric)), ("Sum", "Maximum"))


def _period(value: Any, at: Context) -> bool:
    return value in (10, 20, 30) or (isinstance(value, int) and 60 <= value <= 86400 and value % 60 == 0)


def _whole_window(value: Any, at: Context) -> bool:
    """CloudWatch takes periods times evaluations up to a day (up to seven days for periods from an hour)."""
    period = at.resource.props.get("period", 60)
    if not isinstance(period, int) or not isinstance(value, int):
        return True
    return value >= 1 and value * period <= (604800 if period >= 3600 else 86400)


def _threshold(value: Any, at: Context) -> bool:
    """What counts failures alarms at the first: 0 for what must not happen, more only for what is a rate or a time."""
    counts = any(metric in COUNTED for _, metric in metrics_of(at.resource))
    first = 1 if at.resource.props.get("comparisonOperator") == "GreaterThanOrEqualToThreshold" else 0
    if not isinstance(value, int | float) or value < 0:
        return False
    if _is_share(at):
        return value < _WHOLE
    if ("AWS/States", "ExecutionTime") in metrics_of(at.resource):
        return _MINUTE <= value <= _DAY
    return value == first if counts else value < 1e9


_WHOLE: Final = 100
"""Percent; an alarm above it never goes off."""
_MINUTE, _DAY = 60_000, 86_400_000
"""Milliseconds: no run is as short, and none may take longer."""


def _is_share(at: Context) -> bool:
    queries = at.resource.props.get("metricQueries") or ()
    return any("100*" in str(one.get("expression", "")).replace(" ", "") for one in queries if isinstance(one, dict))


def _at_once(value: Any, at: Context) -> bool:
    """Whether one period of what must not happen is enough."""
    counts = any(metric in COUNTED for _, metric in metrics_of(at.resource))
    return not counts or at.resource.props.get("datapointsToAlarm", value) == 1


def _datapoints(value: Any, at: Context) -> bool:
    return isinstance(value, int) and 1 <= value <= at.resource.props.get("evaluationPeriods", 1)


def metrics_of(alarm: Resource) -> list[tuple[str, str]]:
    """Namespace and name of each metric that an alarm is about, whether it stands by itself or in queries."""
    queries = [one.get("metric") for one in alarm.props.get("metricQueries") or () if isinstance(one, dict)]
    listed = [alarm.props, *(one for one in queries if isinstance(one, dict))]
    return [(str(one.get("namespace")), str(one["metricName"])) for one in listed if one.get("metricName")]


_DIMENSIONS: Final = {
    "StateMachineArn": kinds.STATE_MACHINE,
    "RuleName": kinds.EVENT_RULE,
    "QueueName": kinds.QUEUE,
    "ScheduleGroup": kinds.SCHEDULE_GROUP,
    "ClusterName": kinds.CLUSTER,
    "ServiceName": kinds.SERVICE,
    "TopicName": kinds.TOPIC,
    "LogGroupName": kinds.LOG_GROUP,
    "TableName": kinds.TABLE,
    "ProjectName": kinds.BUILD_PROJECT,
}


def _own_dimensions(value: Any, at: Context) -> bool:
    return isinstance(value, dict) and all(
        not isinstance(member, str)
        or name not in _DIMENSIONS
        or (bool(at.graph.named(member, _DIMENSIONS[name])) and is_here(member, at.graph))
        for name, member in value.items()
    )


def _namespace(value: Any, at: Context) -> bool:
    from ..metrics import PUBLISHED

    return value == f"Batch/{at.settings.suffix}" or (value in PUBLISHED and bool(at.resource.props.get("dimensions")))


_ACTION: Final = refers(kinds.TOPIC, kinds.SCALING_POLICY)


_METRIC: Final = "metricQueries[].metric."


def _missing(value: Any, at: Context) -> bool:
    return value == "notBreaching" or _scales(at)


def _scales(at: Context) -> bool:
    """Whether the alarm's action is a scaling policy."""
    return bool(at.graph.targets(at.resource, "alarmActions", kinds.SCALING_POLICY))


def _comparison(value: Any, at: Context) -> bool:
    if value == "GreaterThanThreshold":
        return True
    if value == "GreaterThanOrEqualToThreshold":
        return bool(at.resource.props.get("threshold", 0) > 0)
    return str(value).startswith("LessThan") and _scales(at)


def _expression(value: Any, at: Context) -> bool:
    import re

    queries = at.resource.props.get("metricQueries", [])
    ids = {one.get("id") for one in queries if isinstance(one, dict)}
    text_ = str(value)
    named_ = set(re.findall(r"(?<![A-Za-z0-9_])[a-z][A-Za-z0-9_]*", text_))
    balanced = text_.count("(") == text_.count(")")
    functions = set(re.findall(r"([A-Z_]+)(?=\()", text_)) <= {
        "IF",
        "FILL",
        "MAX",
        "MIN",
        "SUM",
        "AVG",
        "RATE",
        "CEIL",
        "FLOOR",
    }
    capitals = set(re.findall(r"(?<![A-Za-z_])[A-Z_]{2,}(?![A-Z_(])", text_)) <= {"REPEAT", "LINEAR", "AND", "OR"}
    used = {one.get("id") for one in queries if isinstance(one, dict) and one.get("metric")}
    return bool(named_) and named_ <= ids and used <= named_ and balanced and functions and capitals


def _computes(value: Any, at: Context) -> bool:
    """CloudWatch takes queries that are each a whole metric or an expression, of which exactly one is returned.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    """
    queries = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    ids = [one.get("id") for one in queries]
    returned = [one for one in queries if one.get("returnData") is True]
    metrics = [one["metric"] for one in queries if one.get("metric")]
    return (
        all(ids)
        and len(set(map(str, ids))) == len(queries)
        and len(returned) == 1
        and all(bool(one.get("metric")) != bool(one.get("expression")) for one in queries)
        and all({"metricName", "namespace", "period", "stat"} <= set(one) for one in metrics)
        and (bool(returned[0].get("expression")) or len(queries) == 1)
    )


def _queried(at: Context) -> bool:
    return bool(at.resource.props.get("metricQueries"))


def _either(must: Must) -> Must:
    """The same, and only where no queries are: CloudWatch refuses a metric beside them."""
    return Must(
        f"{must.words}, and not beside metricQueries", lambda value, at: not _queried(at) and must.test(value, at)
    )


ALARM: Final = Table(
    type=kinds.ALARM,
    source=f"{_CW}/API_PutMetricAlarm.html",
    rows=(
        row("name", named("alarm"), "two environments share an account"),
        row("alarmDescription", text(r"(?s).{1,1024}", "up to 1,024 characters"), "who is woken reads it"),
        row(
            "comparisonOperator",
            holds(
                "GreaterThanThreshold or GreaterThanOrEqualToThreshold (Less… for what scales in)",
                lambda value, at: _comparison(value, at),
            ),
            "the alarm is raised by too much, not by too little",
        ),
        row(
            "threshold",
            holds(
                "above 0, or 1 and more, for a count of failures; below 100 for a percentage; a minute to a day in "
                "milliseconds for ExecutionTime; otherwise a number from 0 up",
                _threshold,
            ),
            "one failed night is one too many",
        ),
        row(
            "evaluationPeriods",
            holds("at least 1, and with the period at most a day", _whole_window),
            "CloudWatch refuses an alarm without, or with more",
        ),
        row(
            "evaluationPeriods",
            holds("1, or with datapointsToAlarm 1, for a count of failures", _at_once),
            "a night fails once, and nobody would hear of it",
        ),
        maybe("datapointsToAlarm", holds("1 to evaluationPeriods", _datapoints), "CloudWatch refuses more"),
        row(
            "treatMissingData",
            holds("notBreaching (anything for what scales in)", lambda value, at: _missing(value, at)),
            "failures are counted when there are some: none is no alarm, and ignore or missing keep the old state",
        ),
        row("alarmActions[]", _ACTION, "somebody is told, or something is scaled"),
        maybe("okActions[]", _ACTION, "somebody is told that it is over"),
        row("metricName", free(), "an alarm watches a metric, or computes one", when=("metricQueries", None)),
        row(
            "namespace",
            holds("one that policy/rules/tables/metrics.py lists, with dimensions, or Batch/{suffix}", _namespace),
            "these metrics are known here, and an alarm on what nobody publishes sleeps",
            when=("metricQueries", None),
        ),
        row("statistic", free(), "CloudWatch refuses an alarm without", when=("metricQueries", None)),
        row("period", free(int), "CloudWatch refuses an alarm without", when=("metricQueries", None)),
        maybe("metricName", _either(free()), "CloudWatch refuses both; judged with namespace (alarm-metric-exists)"),
        maybe("namespace", _either(free()), "CloudWatch refuses both; judged with the metric (alarm-metric-exists)"),
        maybe(
            "metricQueries",
            holds(
                "metrics with name, namespace, period and stat, and one expression over all that is returned", _computes
            ),
            "CloudWatch refuses others",
        ),
        maybe(
            "statistic",
            holds("a statistic that says something about the metric", _statistic),
            "the average of a count is never above 0 enough",
        ),
        maybe(
            "extendedStatistic",
            text(r"p\d{1,2}(\.\d{1,2})?", "a percentile such as p99"),
            "CloudWatch refuses others",
        ),
        maybe("period", holds("a multiple of 60 seconds up to a day", _period), "CloudWatch refuses others"),
        maybe("dimensions", free(dict), "judged as a whole (alarm-metric-exists)"),
        maybe(
            "dimensions",
            _either(holds("names of resources of this stack", _own_dimensions)),
            "an alarm on another's metric sleeps",
        ),
        maybe(
            "metricQueries[].id",
            text(r"[a-z][A-Za-z0-9_]{0,254}", "a name that begins with a small letter"),
            "CloudWatch refuses others",
        ),
        maybe(
            "metricQueries[].expression",
            holds("an expression over the ids of the queries", lambda value, at: _expression(value, at)),
            "CloudWatch refuses others",
        ),
        maybe("metricQueries[].label", free(), "shown in graphs only"),
        maybe("metricQueries[].returnData", free(bool), "exactly one query returns data (alarm-metric-exists)"),
        maybe(_METRIC + "metricName", free(), "judged as a whole (alarm-metric-exists)"),
        maybe(_METRIC + "namespace", free(), "judged as a whole (alarm-metric-exists)"),
        maybe(
            _METRIC + "dimensions",
            holds("names of resources of this stack", _own_dimensions),
            "an alarm on another's metric sleeps",
        ),
        maybe(_METRIC + "dimensions.*", free(), "judged as a whole (alarm-metric-exists)"),
        maybe(_METRIC + "period", holds("a multiple of 60 seconds up to a day", _period), "CloudWatch refuses others"),
        maybe(_METRIC + "stat", exactly("Sum", "Maximum", "Average"), "counts are added up, tasks averaged"),
    ),
)
