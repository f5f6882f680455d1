"""What happens by the clock: schedules, waits, alarms and scaling. The clock only moves forward within one account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import server
from sandbox.reactions.events import recurrence
from sandbox.reactions.monitoring import log_filters, metric_math
from tests.sandbox.reactions.world import Cluster, World, eventually


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-11-20T13:29:59", "2026-11-20T13:30"),
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-11-20T13:30", "2026-11-23T13:30"),
        # daylight saving: summer from 8 March 2026, winter from 1 November 2026
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-03-06T14:00", "2026-03-09T12:30"),
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-10-30T13:00", "2026-11-02T13:30"),
        # 02:30 does not exist on 8 March in New York, and comes twice on 1 November
        ("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T12:00", "2026-03-09T06:30"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T04:00", "2026-11-01T05:30"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T05:30", "2026-11-02T06:30"),
        ("cron(0 10 * * ? *)", "UTC", "2026-01-01T10:00", "2026-01-02T10:00"),
        ("cron(0/15 8-10 ? * 2-6 *)", "UTC", "2026-11-20T10:45", "2026-11-23T08:00"),
        ("cron(0 18 L * ? *)", "UTC", "2026-02-01T00:00", "2026-02-28T18:00"),
        ("cron(0 9 1W * ? *)", "UTC", "2026-08-01T00:00", "2026-08-03T09:00"),
        ("cron(0 9 ? * MON#2 *)", "UTC", "2026-11-01T00:00", "2026-11-09T09:00"),
        ("cron(0 9 ? * 6L *)", "UTC", "2026-11-01T00:00", "2026-11-27T09:00"),
        ("cron(0 9 1 1 ? 2030)", "UTC", "2026-11-01T00:00", "2030-01-01T09:00"),
        ("rate(5 minutes)", "UTC", "2026-11-01T00:01", "2026-11-01T00:05"),
        ("at(2026-11-20T08:30:00)", "America/New_York", "2026-11-01T00:00", "2026-11-20T13:30"),
    ],
)
def test_when_an_expression_is_due(expression: str, zone: str, after: str, expected: str) -> None:
    assert recurrence.following(expression, zone, utc(after)) == utc(expected)


@pytest.mark.parametrize("expression", ["cron(30 8 * * MON *)", "cron(30 8 ? * MON)", "cron(99 8 ? * MON *)", "daily"])
def test_an_expression_that_eventbridge_refuses(expression: str) -> None:
    with pytest.raises(recurrence.ExpressionError):
        recurrence.following(expression, "UTC", utc("2026-11-01T00:00"))


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ('{ ($.level = "error") || ($.level = "critical") }', '{"level": "error"}', True),
        ('{ ($.level = "error") || ($.level = "critical") }', '{"level": "info"}', False),
        ('{ $.level = "err*" && $.n > 3 }', '{"level": "error", "n": 4}', True),
        ('{ $.level = "err*" && $.n > 3 }', '{"level": "error", "n": 3}', False),
        ("{ $.a.b = 5 }", '{"a": {"b": 5}}', True),
        ("{ $.a NOT EXISTS }", '{"b": 1}', True),
        ("{ $.a IS TRUE }", '{"a": true}', True),
        ('{ $.a != "x" }', '{"a": "y"}', True),
        ('{ $.a != "x" }', '{"b": "y"}', False),
        ("ERROR", "an ERROR here", True),
        ("ERROR -retry", "an ERROR, will retry", False),
        ("?ERROR ?WARN", "a WARN", True),
        ('"two words"', "with two words in it", True),
        ("", "anything", True),
    ],
)
def test_filter_patterns(pattern: str, line: str, expected: bool) -> None:
    assert log_filters.matches(pattern, line) is expected


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("IF(total>0,100*failed/total,0)", {"total": 4.0, "failed": 1.0}, 25.0),
        ("IF(total>0,100*failed/total,0)", {"total": 0.0, "failed": 0.0}, 0.0),
        ("IF(total>0,100*failed/total,0)", {"total": None, "failed": None}, None),
        ("FILL(a,0)+1", {"a": None}, 1.0),
        ("MAX(a,b)", {"a": 1.0, "b": 2.0}, 2.0),
        ("a>1 AND b>1", {"a": 2.0, "b": 0.0}, 0.0),
    ],
)
def test_metric_math(expression: str, values: dict[str, float | None], expected: float | None) -> None:
    assert metric_math.evaluate(expression, values) == expected


def test_metric_math_says_what_it_cannot() -> None:
    with pytest.raises(metric_math.NotEmulatedError, match="ANOMALY_DETECTION_BAND"):
        metric_math.evaluate("ANOMALY_DETECTION_BAND(a)", {"a": 1.0})


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Sandbox]:
    """An account whose clock these tests move."""
    with server.running(log=tmp_path_factory.mktemp("later") / "server.log") as running:
        running.post("clock", set="2026-11-20T12:00:00Z")
        yield running
        assert [line["what"] for line in running.get("timeline") if "FAULT" in line["what"]] == []


@pytest.fixture
def timed(later: server.Sandbox, tmp_path: Any) -> World:
    return World(later, tmp_path)


def hours(world: World, number: float) -> None:
    world.sandbox.post("clock", advance=number * 3600)


def scheduled(world: World, machine: str, role: str, **target: Any) -> None:
    scheduler = world.client("scheduler")
    group = f"group-{world.name}"
    scheduler.create_schedule_group(Name=group)
    scheduler.create_schedule(
        Name=f"schedule-{world.name}",
        GroupName=group,
        ScheduleExpression="cron(30 8 ? * * *)",
        ScheduleExpressionTimezone="America/New_York",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": machine,
            "RoleArn": role,
            "Input": '{"scheduled": "<aws.scheduler.scheduled-time>"}',
            **target,
        },
    )


DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def test_a_schedule_starts_its_machine_once_a_day_at_the_local_time(timed: World) -> None:
    machine = timed.machine(DONE)
    scheduled(timed, machine, timed.role("scheduler", "scheduler.amazonaws.com"))
    hours(timed, 48)
    inputs = sorted(
        json.loads(timed.client("stepfunctions").describe_execution(executionArn=one["executionArn"])["input"])[
            "scheduled"
        ]
        for one in timed.executions(machine)
    )
    assert [moment[11:] for moment in inputs] == ["13:30:00Z", "13:30:00Z"]
    assert len({moment[:10] for moment in inputs}) == 2


def test_a_schedule_whose_role_is_not_trusted_leaves_a_dead_letter_or_nothing(timed: World) -> None:
    machine = timed.machine(DONE)
    role = timed.role("scheduler", "scheduler.amazonaws.com")
    scheduled(timed, machine, role)
    timed.distrust(role)
    hours(timed, 24)
    assert timed.executions(machine) == []
    assert timed.told(f"schedule-{timed.name}", "sts:AssumeRole")


def test_a_rule_on_a_schedule_fires(timed: World) -> None:
    url, arn = timed.queue("ticks")
    events = timed.client("events")
    events.put_rule(Name=f"tick-{timed.name}", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule=f"tick-{timed.name}", Targets=[{"Id": "one", "Arn": arn}])
    hours(timed, 3)
    assert len(timed.messages(url)) == 3
    events.disable_rule(Name=f"tick-{timed.name}")


def test_a_wait_lasts_as_long_as_the_clock_says(timed: World) -> None:
    machine = timed.machine({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 7200, "End": True}}})
    execution = timed.started(machine)
    hours(timed, 1)
    assert timed.executions(machine, "RUNNING")
    hours(timed, 1.1)
    assert timed.ended(execution)["status"] == "SUCCEEDED"


def alarm(world: World, **more: Any) -> tuple[str, str]:
    """An alarm on errors that tells a topic; its name and the URL of what hears the topic."""
    topic, inbox = world.heard("alarm")
    name = f"alarm-{world.name}"
    given = {
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
    world.client("cloudwatch").put_metric_alarm(**given)
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
    (found,) = timed.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert found["StateValue"] == "OK"


def test_muted_actions_say_nothing(timed: World) -> None:
    name, inbox = alarm(timed, ActionsEnabled=False)
    timed.sandbox.post("metrics", namespace=f"Batch/{timed.name}", name="LogErrors", value=3)
    timed.sandbox.post("clock", advance=60)
    (found,) = timed.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert found["StateValue"] == "ALARM" and subjects(timed, inbox) == []


def test_a_failed_execution_is_measured(timed: World) -> None:
    machine = timed.machine({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "No"}}})
    dimensions = [{"Name": "StateMachineArn", "Value": machine}]
    _, inbox = alarm(timed, Namespace="AWS/States", MetricName="ExecutionsFailed", Dimensions=dimensions)
    timed.ended(timed.started(machine))
    timed.sandbox.post("clock", advance=60)
    assert "ALARM" in subjects(timed, inbox)


@pytest.fixture
def service(timed: World) -> Iterator[tuple[Cluster, str]]:
    """A service at 0 whose tasks stay, and may be scaled to 5; its cluster and its name."""
    cluster = Cluster(timed)
    cluster.task_definition = cluster.register(STAY="1")
    name = f"service-{timed.name}"
    timed.client("ecs").create_service(
        cluster=cluster.arn,
        serviceName=name,
        taskDefinition=cluster.task_definition,
        desiredCount=0,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
        networkConfiguration=cluster.network,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    timed.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{cluster.name}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=0,
        MaxCapacity=5,
    )
    yield cluster, name
    timed.client("ecs").update_service(cluster=cluster.arn, service=name, desiredCount=0)
    eventually(lambda: counts(cluster, name) == (0, 0))


def counts(cluster: Cluster, name: str) -> tuple[int, int]:
    """Desired and running."""
    (found,) = cluster.world.client("ecs").describe_services(cluster=cluster.arn, services=[name])["services"]
    return found["desiredCount"], found["runningCount"]


def test_a_service_keeps_its_desired_count(timed: World, service: tuple[Cluster, str]) -> None:
    cluster, name = service
    ecs = timed.client("ecs")
    ecs.update_service(cluster=cluster.arn, service=name, desiredCount=2)
    eventually(lambda: counts(cluster, name) == (2, 2))
    first, _ = ecs.list_tasks(cluster=cluster.arn)["taskArns"]
    ecs.stop_task(cluster=cluster.arn, task=first, reason="test")
    cluster.stopped(first)
    timed.sandbox.post("clock", advance=5)
    eventually(lambda: len(ecs.list_tasks(cluster=cluster.arn)["taskArns"]) == 3)
    eventually(lambda: counts(cluster, name) == (2, 2))


def test_a_queue_wakes_a_service_by_steps_and_lets_it_rest(timed: World, service: tuple[Cluster, str]) -> None:
    cluster, name = service
    url, arn = timed.queue("work")
    scaling, cloudwatch = timed.client("application-autoscaling"), timed.client("cloudwatch")
    policies = {}
    for purpose, kind, steps in (
        (
            "out",
            "ChangeInCapacity",
            [
                {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 3, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 3, "ScalingAdjustment": 2},
            ],
        ),
        ("in", "ExactCapacity", [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": 0}]),
    ):
        policies[purpose] = scaling.put_scaling_policy(
            PolicyName=f"{purpose}-{timed.name}",
            ServiceNamespace="ecs",
            ResourceId=f"service/{cluster.name}/{name}",
            ScalableDimension="ecs:service:DesiredCount",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"AdjustmentType": kind, "Cooldown": 60, "StepAdjustments": steps},
        )["PolicyARN"]
    common = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": arn.rsplit(":", 1)[1]}],
        "Statistic": "Maximum",
        "Period": 60,
    }
    for purpose, comparison, threshold, periods in (
        ("out", "GreaterThanOrEqualToThreshold", 1, 1),
        ("in", "LessThanOrEqualToThreshold", 0, 5),
    ):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{purpose}-{timed.name}",
            ComparisonOperator=comparison,
            Threshold=threshold,
            EvaluationPeriods=periods,
            AlarmActions=[policies[purpose]],
            **common,
        )
    for number in range(4):
        timed.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    timed.sandbox.post("clock", advance=60)
    eventually(lambda: counts(cluster, name)[1] >= 2)
    timed.client("sqs").purge_queue(QueueUrl=url)
    hours(timed, 0.5)
    eventually(lambda: counts(cluster, name) == (0, 0))


def test_target_tracking_follows_the_services_cpu(timed: World, service: tuple[Cluster, str]) -> None:
    cluster, name = service
    timed.client("ecs").update_service(cluster=cluster.arn, service=name, desiredCount=1)
    eventually(lambda: counts(cluster, name) == (1, 1))
    timed.client("application-autoscaling").put_scaling_policy(
        PolicyName=f"cpu-{timed.name}",
        ServiceNamespace="ecs",
        ResourceId=f"service/{cluster.name}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleOutCooldown": 300,
        },
    )
    for _ in range(3):
        timed.sandbox.post(
            "metrics",
            namespace="AWS/ECS",
            name="CPUUtilization",
            value=95,
            unit="Percent",
            dimensions={"ClusterName": cluster.name, "ServiceName": name},
        )
        timed.sandbox.post("clock", advance=60)
    assert counts(cluster, name)[0] == 2


def test_a_deployment_that_cannot_start_is_given_up(timed: World, service: tuple[Cluster, str]) -> None:
    cluster, name = service
    ecs = timed.client("ecs")
    ecs.update_service(cluster=cluster.arn, service=name, desiredCount=1)
    eventually(lambda: counts(cluster, name) == (1, 1))
    broken = cluster.register(tag="never-pushed")
    ecs.update_service(cluster=cluster.arn, service=name, taskDefinition=broken)

    def rolled_back() -> bool:
        timed.sandbox.post("clock", advance=10)
        (found,) = ecs.describe_services(cluster=cluster.arn, services=[name])["services"]
        return bool(found["taskDefinition"] == cluster.task_definition)

    eventually(rolled_back)
    assert timed.told(name, "circuit breaker")
    assert counts(cluster, name) == (1, 1)
