"""Queue-worker mode of one job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

import settings
from components.job.queue_worker import QueueWorker, QueueWorkerArgs
from policy.rules import Graph, Resource
from tests.mocks import CONTEXT, built, task_network
from tests.programs import record_with, recording
from tests.workflow.reading import ALARM

POLICY = "aws:appautoscaling/policy:Policy"
WORKER = "batch:job:QueueWorker"


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The dev stack with one queue worker."""
    return record_with(
        {
            "batch-platform:network": {"cidr": "10.0.0.0/16", "extraEndpoints": ["sqs"]},
            "batch-platform:jobs": {
                "risk-calculation": {"queue": {"acceptableLatency": 600, "secondsPerMessage": 30, "maxReceives": 4}}
            },
        }
    )


class TestQueueWorker:
    """Queue-worker mode of one job."""

    def _one(self, graph: Graph, token: str, name: str) -> Resource:
        (resource,) = [resource for resource in graph.of_type(token) if resource.name == name]
        return resource

    def _policy(self, graph: Graph, purpose: str) -> Mapping[str, Any]:
        return self._one(graph, POLICY, f"risk-calculation-worker-{purpose}").props

    def test_without_the_setting_there_is_none(self) -> None:
        graph = recording("dev", "resolved").graph("batch-platform")
        assert graph.of_type(WORKER) == []

    def test_with_it_there_is_one(self, graph: Graph) -> None:
        assert [worker.name for worker in graph.of_type(WORKER)] == ["risk-calculation-worker"]

    def test_the_queue_is_encrypted_and_gives_up_to_its_dead_letters(self, graph: Graph) -> None:
        queue = self._one(graph, "aws:sqs/queue:Queue", "risk-calculation-worker-queue")
        assert queue.props["kmsMasterKeyId"]
        redrive = json.loads(queue.props["redrivePolicy"])
        assert redrive["maxReceiveCount"] == 4
        assert redrive["deadLetterTargetArn"].endswith(":queue-risk-calculation-dead-letters-dev")

    def test_the_first_message_wakes_the_service_to_one_task(self, graph: Graph) -> None:
        alarm = self._one(graph, ALARM, "risk-calculation-worker-waking").props
        assert alarm["metricQueries"][0]["expression"] == "IF(FILL(running,0)==0 AND waiting>0,1,0)"
        assert (alarm["threshold"], alarm["comparisonOperator"]) == (0, "GreaterThanThreshold")
        configuration = self._policy(graph, "out")["stepScalingPolicyConfiguration"]
        assert configuration["adjustmentType"] == "ExactCapacity"
        assert [step["scalingAdjustment"] for step in configuration["stepAdjustments"]] == [1]

    def test_the_backlog_of_a_task_is_what_it_works_off_in_time(self, graph: Graph) -> None:
        """600 s of latency at 30 s a message are 20 messages for each task."""
        tracking = self._policy(graph, "backlog")["targetTrackingScalingPolicyConfiguration"]
        assert tracking["targetValue"] == 20
        queries = {query["id"]: query for query in tracking["customizedMetricSpecification"]["metrics"]}
        assert [name for name, query in queries.items() if query["returnData"]] == ["backlog_per_task"]
        running = queries["running"]["metricStat"]["metric"]
        assert running["namespace"] == "ECS/ContainerInsights"
        assert {d["name"]: d["value"] for d in running["dimensions"]} == {
            "ClusterName": "cluster-batch-dev",
            "ServiceName": "service-risk-calculation-dev",
        }

    def test_it_goes_back_to_zero_only_when_nothing_is_in_work(self, graph: Graph) -> None:
        """A sum has no data when one of its metrics has none, so what is missing counts as 0."""
        alarm = self._one(graph, ALARM, "risk-calculation-worker-idle").props
        assert alarm["metricQueries"][0]["expression"] == "FILL(waiting,0)+FILL(working,0)"
        assert self._policy(graph, "in")["stepScalingPolicyConfiguration"]["adjustmentType"] == "ExactCapacity"

    def test_cpu_tracking_takes_no_task_away_in_mid_message(self, graph: Graph) -> None:
        """A worker that waits for a slow answer uses no CPU; only the other jobs' services scale in by CPU."""
        for job, disabled in (("risk-calculation", True), ("data-ingestion", False)):
            policy = self._one(graph, POLICY, f"{job}-cpu-tracking").props
            assert policy["targetTrackingScalingPolicyConfiguration"]["disableScaleIn"] is disabled

    def test_every_policy_comes_after_the_scalable_target(self, graph: Graph) -> None:
        target = self._one(graph, "aws:appautoscaling/target:Target", "risk-calculation-scaling")
        for name in ("out", "in", "backlog"):
            policy = self._one(graph, POLICY, f"risk-calculation-worker-{name}")
            assert target.urn in policy.property_dependencies["resourceId"]

    def test_a_worker_may_protect_its_task(self, graph: Graph) -> None:
        (work,) = [
            r for r in graph.of_type("aws:iam/rolePolicy:RolePolicy") if r.name == "risk-calculation-worker-work"
        ]
        statements = {s["Sid"]: s for s in json.loads(work.props["policy"])["Statement"]}
        assert "ecs:UpdateTaskProtection" in statements["ProtectTasks"]["Action"]
        assert statements["ProtectTasks"]["Resource"].endswith(":task/cluster-batch-dev/*")

    def test_the_scaling_starts_at_zero(self, graph: Graph) -> None:
        target = self._one(graph, "aws:appautoscaling/target:Target", "risk-calculation-scaling").props
        assert target["minCapacity"] == 0

    def test_its_dead_letters_are_watched(self, graph: Graph) -> None:
        assert self._one(graph, ALARM, "monitoring-risk-calculation-dead-letters")

    def test_the_container_is_told_its_queue(self, graph: Graph) -> None:
        for task in graph.of_type("aws:ecs/taskDefinition:TaskDefinition"):
            (container,) = json.loads(task.props["containerDefinitions"])
            queue = {pair["name"]: pair["value"] for pair in container["environment"]}.get("BATCH_QUEUE")
            assert queue == ("queue-risk-calculation-dev" if task.name == "risk-calculation-task" else None)

    def test_without_an_endpoint_for_sqs_it_is_refused_in_words(self) -> None:
        with pytest.raises(settings.SettingsError, match="extraEndpoints"):
            settings.parse({"jobs": {"risk-calculation": {"queue": {}}}}, stack="dev")


def test_alone_it_is_a_queue_with_dead_letters_and_scaling_by_depth() -> None:
    mocks = built(
        lambda: QueueWorker(
            "worker",
            QueueWorkerArgs(
                context=CONTEXT,
                task_network=task_network(),
                job="risk-calculation",
                queue=settings.jobs.Queue(),
                cooldown=300,
                scalable_resource_id="service/cluster-batch-dev/service",
                task_role_arn="arn:aws:iam::123456789012:role/role-task",
            ),
        )
    )
    queues = {queue["name"]: queue for queue in mocks.inputs("aws:sqs/queue:Queue")}
    assert set(queues) == {"queue-risk-calculation-dev", "queue-risk-calculation-dead-letters-dev"}
    assert {queue["kmsMasterKeyId"] for queue in queues.values()} == {CONTEXT.messages_key_arn}
    assert len(mocks.inputs("aws:appautoscaling/policy:Policy")) == 3, "wake, track the backlog, rest"
