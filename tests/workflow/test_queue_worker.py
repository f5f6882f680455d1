"""Queue-worker mode of one job."""

from __future__ import annotations

import json

import pytest

import settings
from policy.rules import Graph, Resource
from tests.unit.conftest import record_with, recording
from tests.workflow.reading import ALARM


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The dev stack with one queue worker."""
    return record_with(
        {
            "batch-platform:network": {"cidr": "10.0.0.0/16", "extraEndpoints": ["sqs"]},
            "batch-platform:jobs": {"risk-calculation": {"queue": {"tasksPerMessages": 20, "maxReceives": 4}}},
        }
    )


class TestQueueWorker:
    """Queue-worker mode of one job."""

    def _one(self, graph: Graph, token: str, name: str) -> Resource:
        (found,) = [resource for resource in graph.of_type(token) if resource.name == name]
        return found

    def test_without_the_setting_there_is_none(self) -> None:
        graph = recording("dev", "resolved").graph("batch-platform")
        assert graph.of_type("batch:queues:QueueWorker") == []

    def test_the_queue_is_encrypted_and_gives_up_to_its_dead_letters(self, graph: Graph) -> None:
        queue = self._one(graph, "aws:sqs/queue:Queue", "risk-calculation-worker-queue")
        assert queue.props["kmsMasterKeyId"]
        redrive = json.loads(queue.props["redrivePolicy"])
        assert redrive["maxReceiveCount"] == 4
        assert redrive["deadLetterTargetArn"].endswith(":queue-risk-calculation-letters-dev")

    def test_the_first_message_wakes_the_service_from_zero(self, graph: Graph) -> None:
        alarm = self._one(graph, ALARM, "risk-calculation-worker-backlog").props
        assert (alarm["threshold"], alarm["comparisonOperator"]) == (0, "GreaterThanThreshold")
        policy = self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-worker-out").props
        steps = policy["stepScalingPolicyConfiguration"]["stepAdjustments"]
        assert [(s["metricIntervalLowerBound"], s["scalingAdjustment"]) for s in steps] == [
            ("0", 1),
            ("20", 2),
            ("40", 4),
            ("60", 8),
        ]
        assert "metricIntervalUpperBound" not in steps[-1]

    def test_it_goes_back_to_zero_only_when_nothing_is_in_work(self, graph: Graph) -> None:
        alarm = self._one(graph, ALARM, "risk-calculation-worker-idle").props
        assert alarm["metricQueries"][0]["expression"] == "waiting+working"
        policy = self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-worker-in").props
        assert policy["stepScalingPolicyConfiguration"]["adjustmentType"] == "ExactCapacity"

    def test_cpu_tracking_stays_and_the_scaling_starts_at_zero(self, graph: Graph) -> None:
        target = self._one(graph, "aws:appautoscaling/target:Target", "risk-calculation-scaling").props
        assert target["minCapacity"] == 0
        assert self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-cpu-tracking")

    def test_its_dead_letters_are_watched(self, graph: Graph) -> None:
        assert self._one(graph, ALARM, "observability-risk-calculation-letters")

    def test_the_container_is_told_its_queue(self, graph: Graph) -> None:
        for task in graph.of_type("aws:ecs/taskDefinition:TaskDefinition"):
            (container,) = json.loads(task.props["containerDefinitions"])
            told = {pair["name"]: pair["value"] for pair in container["environment"]}.get("BATCH_QUEUE")
            assert told == ("queue-risk-calculation-dev" if task.name == "risk-calculation-task" else None)

    def test_without_an_endpoint_for_sqs_it_is_refused_in_words(self) -> None:
        with pytest.raises(settings.SettingsError, match="extraEndpoints"):
            settings.parse({"jobs": {"risk-calculation": {"queue": {}}}}, stack="dev")
