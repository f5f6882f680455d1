"""Alarms, counted tasks, logs and the dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.shared.stack_context import FailureSources
from tests.mocks import CONTEXT, NAMES, SETTINGS, built
from tests.programs import Program
from tests.workflow.reading import ACCOUNT, ALARM, RULE, TARGET, matches, metrics

PUBLISHED: Mapping[str, tuple[set[str], set[str]]] = {
    # namespace: metrics, dimensions; sources: Step Functions "procedure-cw-metrics", EventBridge "eb-monitoring",
    # Scheduler "monitoring-cloudwatch", SQS "sqs-available-cloudwatch-metrics"
    "AWS/States": (
        {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled", "ExecutionTime"},
        {"StateMachineArn"},
    ),
    "AWS/Events": ({"TriggeredRules", "FailedInvocations", "InvocationsFailedToBeSentToDlq"}, {"RuleName"}),
    "AWS/Scheduler": ({"TargetErrorCount", "InvocationDroppedCount"}, {"ScheduleGroup"}),
    "AWS/SQS": (
        {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"},
        {"QueueName"},
    ),
}
"""What AWS publishes: an alarm on anything else would stand at INSUFFICIENT_DATA for ever.

Source: docs/aws-facts.md#ecs-metrics
"""


class TestAlarms:
    """FR-T9."""

    def test_none_stands_on_a_metric_that_nobody_publishes(self, program: Program) -> None:
        filters = program.all("aws:cloudwatch/logMetricFilter:LogMetricFilter")
        filter_metrics = {
            (f.props["metricTransformation"]["namespace"], f.props["metricTransformation"]["name"]) for f in filters
        }
        for alarm in program.all(ALARM):
            for namespace, name, dimensions in metrics(alarm):
                if (namespace, name) in filter_metrics:
                    assert dimensions == {}
                    continue
                names, dimensioned = PUBLISHED[namespace]
                assert name in names, alarm.name
                assert set(dimensions) == dimensioned, alarm.name

    def test_every_dimension_names_something_of_this_stack(self, program: Program) -> None:
        for alarm in program.all(ALARM):
            for _, _, dimensions in metrics(alarm):
                for value in dimensions.values():
                    assert value.endswith(f"-{program.stack}"), (alarm.name, value)

    def test_only_an_alarm_whose_end_is_news_tells_it(self, program: Program) -> None:
        """An OK action fires on the way out of INSUFFICIENT_DATA too: each alarm would send a message after `up`."""
        telling = {alarm.props["name"] for alarm in program.all(ALARM) if alarm.props.get("okActions")}
        assert telling, "a queue that was emptied is news"
        assert all("-dead-letters-" in name for name in telling), telling

    def test_the_failure_rate(self, program: Program) -> None:
        alarm = program.one(ALARM, "monitoring-task-failures").props
        expression, *inputs = alarm["metricQueries"]
        assert expression["expression"] == "IF(total>0,100*failed/total,0)"
        assert {q["id"]: q["metric"]["dimensions"]["RuleName"] for q in inputs} == {
            "failed": f"rule-tasks-failed-{program.stack}",
            "total": f"rule-tasks-stopped-{program.stack}",
        }
        assert {q["metric"]["metricName"] for q in inputs} == {"TriggeredRules"}
        assert {(q["metric"]["stat"], q["metric"]["period"]) for q in inputs} == {("Sum", 600)}
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 5)
        assert (alarm["evaluationPeriods"], alarm["treatMissingData"]) == (1, "notBreaching")

    def test_every_alarm_tells_the_topic_and_says_what_to_do(self, program: Program) -> None:
        for alarm in program.all(ALARM):
            assert alarm.props["alarmActions"][0].endswith(f":topic-notifications-{program.stack}"), alarm.name
            assert len(alarm.props["alarmDescription"]) > 20

    @pytest.mark.parametrize(
        "purpose",
        [
            "run-failed",
            "run-timed-out",
            "run-aborted",
            "run-throttled",
            "run-too-long",
            "log-errors",
            "start-failed-invocations",
            "start-dead-letters",
            "reconciler-dead-letters",
            "deadline-dead-letters",
            "reconciler-failed",
            "deadline-failed",
            "deadline-schedule-dropped",
        ],
    )
    def test_it_is_there(self, program: Program, purpose: str) -> None:
        assert program.one(ALARM, f"monitoring-{purpose}").props["name"] == f"alarm-{purpose}-{program.stack}"


class TestTaskEvents:
    """What counts as a task, and as a failed one (docs/aws-facts.md#task-state-change-events)."""

    def _stopped(self, program: Program, code: int | None, stop: str, *, sidecar: int | None = None) -> dict[str, Any]:
        """ECS's event, with the containers as EventBridge flattens an array: field by field."""
        codes = [c for c in (code, sidecar) if c is not None]
        return {
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "detail": {
                "clusterArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster-batch-{program.stack}",
                "lastStatus": "STOPPED",
                "stopCode": stop,
                "containers": {"exitCode": codes} if codes else {},
            },
        }

    @pytest.mark.parametrize(
        ("code", "stop", "failed"),
        [
            (0, "EssentialContainerExited", False),
            (1, "EssentialContainerExited", True),
            (137, "EssentialContainerExited", True),
            (None, "TaskFailedToStart", True),
            (143, "SpotInterruption", True),
            (143, "TerminationNotice", True),
            (0, "SpotInterruption", True),
            (143, "UserInitiated", True),
            (143, "ServiceSchedulerInitiated", False),
            (0, "ServiceSchedulerInitiated", False),
        ],
    )
    def test_a_stopped_task(self, program: Program, code: int | None, stop: str, failed: bool) -> None:
        event = self._stopped(program, code, stop)
        assert matches(program.one(RULE, "monitoring-tasks-stopped"), event)
        assert matches(program.one(RULE, "monitoring-tasks-failed"), event) is failed

    def test_one_bad_container_is_enough(self, program: Program) -> None:
        event = self._stopped(program, 1, "EssentialContainerExited", sidecar=0)
        assert matches(program.one(RULE, "monitoring-tasks-failed"), event)

    def test_another_cluster_and_a_running_task_do_not_count(self, program: Program) -> None:
        other = self._stopped(program, 1, "EssentialContainerExited")
        other["detail"]["clusterArn"] = "arn:aws:ecs:us-east-1:123456789012:cluster/other"
        running = self._stopped(program, 1, "EssentialContainerExited")
        running["detail"]["lastStatus"] = "RUNNING"
        for rule in ("monitoring-tasks-stopped", "monitoring-tasks-failed"):
            assert not matches(program.one(RULE, rule), other)
            assert not matches(program.one(RULE, rule), running)

    def test_both_rules_have_a_target_whose_policy_lets_them_write(self, program: Program) -> None:
        for purpose in ("tasks-stopped", "tasks-failed"):
            assert "/batch/task-events-" in program.one(TARGET, f"monitoring-{purpose}-target").props["arn"]
        (policy,) = program.all("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
        statements = {s["Action"]: s for s in json.loads(policy.props["policyDocument"])["Statement"]}
        for statement in statements.values():
            assert set(statement["Principal"]["Service"]) == {"events.amazonaws.com", "delivery.logs.amazonaws.com"}
        assert "Condition" not in statements["logs:CreateLogStream"], (
            "EventBridge names no source when it opens a stream"
        )
        sources = statements["logs:PutLogEvents"]["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert [source.rpartition("/")[2].rpartition("-")[0] for source in sources] == [
            "rule-tasks-stopped",
            "rule-tasks-failed",
        ]
        assert len(policy.props["policyDocument"]) < 5_120


class TestLogsAndDashboard:
    """Logging at ALL level to owned groups, tracing, and what people look at."""

    def test_every_machine_logs_everything_and_traces(self, program: Program) -> None:
        groups = {str(g.props["name"]) for g in program.all("aws:cloudwatch/logGroup:LogGroup")}
        for machine in program.all("aws:sfn/stateMachine:StateMachine"):
            logging = machine.props["loggingConfiguration"]
            assert (logging["level"], logging["includeExecutionData"]) == ("ALL", True)
            group = logging["logDestination"].removesuffix(":*").rpartition("log-group:")[2]
            assert group.startswith("/aws/vendedlogs/states/")
            assert group in groups
            assert machine.props["tracingConfiguration"] == {"enabled": True}

    def test_the_dashboard_shows_what_the_issue_asks_for(self, program: Program) -> None:
        (dashboard,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        widgets = json.loads(dashboard.props["dashboardBody"])["widgets"]
        titles = " ".join(widget["properties"]["title"] for widget in widgets)
        for word in ("Runs", "Duration", "badly", "Cost drivers", "dead letters", "Error", "Shards", "stopped tasks"):
            assert word in titles, word
        window = [w for w in widgets if "annotations" in w["properties"]]
        assert window[0]["properties"]["annotations"]["horizontal"][0]["value"] == 13.5 * 3600 * 1000

    def test_widgets_lie_side_by_side(self, program: Program) -> None:
        (dashboard,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        occupied: set[tuple[int, int]] = set()
        for widget in json.loads(dashboard.props["dashboardBody"])["widgets"]:
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            assert not occupied & cells
            assert max(x for x, _ in cells) < 24
            occupied |= cells

    def test_saved_queries_read_groups_that_exist(self, program: Program) -> None:
        groups = {str(g.props["name"]) for g in program.all("aws:cloudwatch/logGroup:LogGroup")}
        (dashboard,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        read = set(re.findall(r"SOURCE '([^']+)'", dashboard.props["dashboardBody"]))
        assert read <= groups
        assert len(read) == 5


def test_alone_it_watches_what_it_is_given_and_tells_the_topic() -> None:
    topic = NAMES.topic("notifications").arn
    mocks = built(
        lambda: Monitoring(
            "monitoring",
            MonitoringArgs(
                context=CONTEXT,
                limits=SETTINGS.alerts,
                topic_arn=topic,
                cluster=NAMES.cluster("batch"),
                nightly=NAMES.state_machine("nightly"),
                failure_sources=[FailureSources(dead_letter_queues={"start": "queue-start-dead-letters-dev"})],
                job_log_groups={"risk-calculation": "/batch/risk-calculation"},
                window_minutes=600,
            ),
        )
    )
    alarms = mocks.inputs(ALARM)
    assert all(alarm["alarmActions"] == [topic] for alarm in alarms)
    assert {"QueueName": "queue-start-dead-letters-dev"} in [alarm.get("dimensions") for alarm in alarms]
    assert len(mocks.inputs("aws:cloudwatch/dashboard:Dashboard")) == 1
