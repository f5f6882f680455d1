"""From a log line or an execution to a metric, an alarm and a topic."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.reactions.world import World, hours


def alarm(world: World, **more: Any) -> tuple[str, str]:
    """An alarm on errors that tells a topic; its name and the URL of what hears the topic."""
    topic, inbox = world.subscribed_topic("alarm")
    name = f"alarm-{world.name}"
    request = {
        "AlarmName": name,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "EvaluationPeriods": 1,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
        "OKActions": [topic],
        "Namespace": f"Batch/{world.name}",
        "MetricName": "LogErrors",
        "Statistic": "Sum",
        "Period": 300,
        **more,
    }
    world.client("cloudwatch").put_metric_alarm(**request)
    return name, inbox


def subjects(world: World, inbox: str) -> list[str]:
    return [json.loads(message["Body"])["Subject"].split(":")[0] for message in world.messages(inbox)]


def test_a_log_line_moves_a_metric_an_alarm_and_a_topic(timed: World) -> None:
    name, inbox = alarm(timed)
    logs = timed.client("logs")
    logs.create_log_group(logGroupName=timed.name)
    logs.create_log_stream(logGroupName=timed.name, logStreamName="one")
    logs.put_metric_filter(
        logGroupName=timed.name,
        filterName="errors",
        filterPattern='{ $.level = "error" }',
        metricTransformations=[
            {"metricName": "LogErrors", "metricNamespace": f"Batch/{timed.name}", "metricValue": "1"}
        ],
    )
    timed.sandbox.post("clock", advance=60)
    assert subjects(timed, inbox) == ["OK"], "a new alarm leaves INSUFFICIENT_DATA and says so"
    now = int(datetime.fromisoformat(timed.sandbox.get("clock")["now"]).timestamp() * 1000)
    for line in ('{"level": "info"}', '{"level": "error"}'):
        logs.put_log_events(
            logGroupName=timed.name, logStreamName="one", logEvents=[{"timestamp": now, "message": line}]
        )
    timed.sandbox.post("clock", advance=60)
    assert subjects(timed, inbox) == ["ALARM"]
    hours(timed, 0.2)
    assert subjects(timed, inbox) == ["OK"]
    (described,) = timed.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert described["StateValue"] == "OK"


@pytest.mark.parametrize(
    ("pattern", "metric", "dimensions"),
    [
        ('{ $.level = "ERROR" }', "LogErrors", {}),
        ('{ $.severity = "error" }', "LogErrors", {}),
        ('{ $.level = "error" }', "Errors", {}),
        ('{ $.level = "error" }', "LogErrors", {"level": "$.level"}),
    ],
    ids=["another-value", "another-field", "another-metric", "a-dimension-that-the-alarm-has-not"],
)
def test_a_filter_that_misses_the_alarm_leaves_it_silent(
    timed: World, pattern: str, metric: str, dimensions: dict[str, str]
) -> None:
    name, inbox = alarm(timed, OKActions=[])
    logs = timed.client("logs")
    logs.create_log_group(logGroupName=timed.name)
    logs.create_log_stream(logGroupName=timed.name, logStreamName="one")
    transformation = {"metricName": metric, "metricNamespace": f"Batch/{timed.name}", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=timed.name,
        filterName="errors",
        filterPattern=pattern,
        metricTransformations=[{**transformation, "dimensions": dimensions} if dimensions else transformation],
    )
    now = int(datetime.fromisoformat(timed.sandbox.get("clock")["now"]).timestamp() * 1000)
    event = {"timestamp": now, "message": '{"level": "error"}'}
    logs.put_log_events(logGroupName=timed.name, logStreamName="one", logEvents=[event])
    timed.sandbox.post("clock", advance=120)
    (described,) = timed.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert described["StateValue"] == "OK" and subjects(timed, inbox) == []


def test_muted_actions_say_nothing(timed: World) -> None:
    name, inbox = alarm(timed, ActionsEnabled=False)
    timed.sandbox.post("metrics", namespace=f"Batch/{timed.name}", name="LogErrors", value=3)
    timed.sandbox.post("clock", advance=60)
    (described,) = timed.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert described["StateValue"] == "ALARM" and subjects(timed, inbox) == []


def test_a_failed_execution_is_measured(timed: World) -> None:
    machine = timed.machine({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "No"}}})
    dimensions = [{"Name": "StateMachineArn", "Value": machine}]
    _, inbox = alarm(timed, Namespace="AWS/States", MetricName="ExecutionsFailed", Dimensions=dimensions)
    timed.ended(timed.started(machine))
    timed.sandbox.post("clock", advance=60)
    assert "ALARM" in subjects(timed, inbox)
