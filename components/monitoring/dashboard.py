"""The dashboard with its log queries, as plain values: what a person on call sees first.

A query is a widget and no saved query of Logs Insights: it runs by itself, opens in Logs Insights with one click, and
stands where the person on call already is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.shared.metrics import EVENTS, QUEUES, STATES, Metric

from .alarm_definitions import LOG_ERRORS, AlarmSources, series

WIDTH: Final = 24
INSIGHTS: Final = "ECS/ContainerInsights"

STOPPED_TASKS: Final = (
    "fields detail.stoppedAt, detail.group, detail.stopCode, detail.stoppedReason, detail.containers.0.exitCode "
    "| filter detail.stopCode != 'ServiceSchedulerInitiated' | sort @timestamp desc | limit 50"
)
STATE_FAILURES: Final = (
    "fields @timestamp, execution_arn, type, details.error, details.cause | filter type like /Failed|TimedOut|Aborted/ "
    "| sort @timestamp desc | limit 50"
)
JOB_QUERIES: Final[Mapping[str, str]] = {
    "Errors in the jobs' logs": "fields @timestamp, job, run_id, event, exception "
    "| filter level = 'error' or level = 'critical' | sort @timestamp desc | limit 100",
    "Runs by job: lines, errors, first and last": "stats count(*) as lines, sum(level = 'error') as errors, "
    "min(@timestamp) as first, max(@timestamp) as last by run_id, job | sort first desc | limit 50",
    "Shards done, by run": "filter event = 'shard_done' | stats count(*) as shards, sum(trades) as trades, "
    "min(@timestamp) as first, max(@timestamp) as last by run_id | sort first desc | limit 50",
}
"""Over all jobs' log groups; the keys are those of the jobs' runtime (jobs/runtime/batch_runtime/logs.py)."""


def body(
    sources: AlarmSources,
    *,
    region: str,
    cluster: str,
    window_minutes: int,
    task_log_group: str,
    job_log_groups: Sequence[str],
) -> dict[str, Any]:
    """The dashboard's body; source: CloudWatch-Dashboard-Body-Structure."""
    log_sources = " | ".join(f"SOURCE '{group}'" for group in job_log_groups)
    rows = [
        _runs(sources.nightly_arn, region, window_minutes),
        _tasks(sources, region, cluster),
        _faults(sources, region),
        [
            _table("Last failures of states", region, f"SOURCE '{_group_of(sources.nightly_arn)}' | {STATE_FAILURES}"),
            _table("Last stopped tasks", region, f"SOURCE '{task_log_group}' | {STOPPED_TASKS}"),
        ],
        [_table(title, region, f"{log_sources} | {query}") for title, query in JOB_QUERIES.items()],
    ]
    return {"widgets": list(_laid_out(rows))}


def _runs(nightly_arn: str, region: str, window_minutes: int) -> list[dict[str, Any]]:
    """How runs ended, and how long they took."""

    def machine(name: str, statistic: str = "Sum") -> Metric:
        return Metric(namespace=STATES, name=name, dimensions={"StateMachineArn": nightly_arn}, statistic=statistic)

    return [
        _graph(
            "Runs",
            region,
            series([machine(f"Executions{end}") for end in ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")]),
        ),
        _graph(
            "Duration of a run against its window (ms)",
            region,
            series([machine("ExecutionTime", "Maximum")], ["longest"]),
            limit=window_minutes * 60_000,
        ),
    ]


def _tasks(sources: AlarmSources, region: str, cluster: str) -> list[dict[str, Any]]:
    """How tasks ended, and what they reserve."""

    def rule(name: str, of: str) -> Metric:
        return Metric(namespace=EVENTS, name=name, dimensions={"RuleName": of})

    return [
        _graph(
            "Tasks that ended, and of those badly",
            region,
            series(
                [rule("TriggeredRules", sources.all_tasks_rule), rule("TriggeredRules", sources.failed_tasks_rule)],
                ["all", "failed"],
            ),
        ),
        _graph(
            "Cost drivers: tasks running, vCPU and memory reserved",
            region,
            [
                _insight("TaskCount", cluster),
                _insight("CpuReserved", cluster),
                _insight("MemoryReserved", cluster, axis="right"),
            ],
        ),
    ]


def _faults(sources: AlarmSources, region: str) -> list[dict[str, Any]]:
    """What was not delivered, and what the jobs call errors."""
    return [
        _graph(
            "Undelivered: dead letters",
            region,
            series(
                [
                    Metric(
                        namespace=QUEUES,
                        name="ApproximateNumberOfMessagesVisible",
                        dimensions={"QueueName": queue},
                        statistic="Maximum",
                    )
                    for queue in sources.dead_letter_queues.values()
                ],
                list(sources.dead_letter_queues),
            ),
        ),
        _graph(
            "Error lines in the jobs' logs",
            region,
            series([Metric(namespace=sources.log_namespace, name=LOG_ERRORS)]),
        ),
    ]


def _group_of(state_machine_arn: str) -> str:
    """The log group of a machine; `_names.workflow_log_group` turned round."""
    return "/aws/vendedlogs/states/" + state_machine_arn.rpartition(":")[2].removeprefix("statemachine-")


def _insight(name: str, cluster: str, *, axis: str = "left") -> list[Any]:
    return [INSIGHTS, name, "ClusterName", cluster, {"stat": "Maximum", "yAxis": axis}]


def _graph(title: str, region: str, metrics: list[list[Any]], *, limit: float | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "metrics": metrics,
        "period": 300,
        "view": "timeSeries",
    }
    if limit is not None:
        properties["annotations"] = {"horizontal": [{"label": "window", "value": limit}]}
    return {"type": "metric", "properties": properties}


def _table(title: str, region: str, query: str) -> dict[str, Any]:
    return {"type": "log", "properties": {"title": title, "region": region, "query": query, "view": "table"}}


def _laid_out(rows: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {**widget, "x": column * (WIDTH // len(row)), "y": line * 6, "width": WIDTH // len(row), "height": 6}
        for line, row in enumerate(rows)
        for column, widget in enumerate(row)
    ]
