"""Services keep their desired count, which alarms and target tracking move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.reactions.cluster import Cluster
from tests.sandbox.reactions.world import World, eventually, hours


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
    (service,) = cluster.world.client("ecs").describe_services(cluster=cluster.arn, services=[name])["services"]
    return service["desiredCount"], service["runningCount"]


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


@pytest.mark.parametrize("most", [200, 100])
def test_a_service_replaces_a_task_that_is_not_healthy(
    timed: World, service: tuple[Cluster, str], most: int, tmp_path: Path
) -> None:
    """The replacement runs before the other is stopped, where more than the desired tasks may run."""
    cluster, name = service
    ecs, sick = timed.client("ecs"), tmp_path / "sick"
    catches_it = f"mv {sick} {sick}.caught 2>/dev/null && touch ill; test ! -e ill"  # the first task's folder alone
    check = {"command": ["CMD-SHELL", catches_it], "interval": 5, "retries": 1, "timeout": 20}
    ecs.update_service(
        cluster=cluster.arn,
        service=name,
        taskDefinition=cluster.register(health_check=check, STAY="1"),
        desiredCount=1,
        deploymentConfiguration={"maximumPercent": most, "minimumHealthyPercent": 0},
    )
    eventually(lambda: counts(cluster, name) == (1, 1))
    (first,) = ecs.list_tasks(cluster=cluster.arn, desiredStatus="RUNNING")["taskArns"]
    sick.touch()

    def found_sick() -> bool:
        timed.sandbox.post("clock", advance=6)
        return bool(cluster.task(first)["healthStatus"] == "UNHEALTHY")

    eventually(found_sick)

    def replaced() -> bool:
        timed.sandbox.post("clock", advance=6)
        return bool(cluster.task(first)["lastStatus"] == "STOPPED" and counts(cluster, name) == (1, 1))

    eventually(replaced)
    stopped = cluster.task(first)
    assert (stopped["stopCode"], stopped["stoppedReason"]) == (
        "ServiceSchedulerInitiated",
        "Task failed container health checks",
    )
    (second,) = ecs.list_tasks(cluster=cluster.arn, desiredStatus="RUNNING")["taskArns"]
    began_before_the_end = cluster.task(second)["startedAt"] < stopped["stoppedAt"]
    assert second != first
    assert began_before_the_end == (most == 200)


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
        (described,) = ecs.describe_services(cluster=cluster.arn, services=[name])["services"]
        return bool(described["taskDefinition"] == cluster.task_definition)

    eventually(rolled_back)
    assert timed.timeline_lines(name, "circuit breaker")
    assert counts(cluster, name) == (1, 1)
