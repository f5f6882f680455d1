"""Attempts of one task: what is tried again, when, on which capacity (docs/jobs.md, exit codes)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.stage import (
    DENIED,
    INTERRUPTED,
    NEVER_STARTED,
    NO_CAPACITY,
    NO_IMAGE,
    OK,
    OVER_QUOTA,
    REFUSED_BY_FAILURES,
    THROTTLED,
    THROTTLED_BY_EC2,
    THROTTLED_BY_ECS,
    Tasks,
    World,
    exits,
    failed,
    today,
)
from sandbox.workflow.executions import StartRefused, TaskNeverEnds


class TestRetries:
    """docs/jobs.md, exit codes."""

    @pytest.mark.parametrize("code", [69, 75, 143, 1, 137])
    def test_a_passing_fault_is_tried_again(self, emulated: Callable[..., World], code: int) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [exits(code), exits(code), OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert len(tasks.of("data-ingestion")) == 3

    def test_it_is_given_up_after_the_attempts_of_the_setting(self, emulated: Callable[..., World]) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [exits(75)] * 9})
        failed(world.run(world.manifest(today()), tasks), "Batch.TaskFailed")
        assert len(tasks.of("data-ingestion")) == 3
        assert "exit code 75" in world.ledger()[0]["error"]

    @pytest.mark.parametrize(("code", "error"), [(64, "Batch.Usage"), (65, "Batch.BadInput")])
    def test_what_a_retry_cannot_help_fails_at_once(self, world: World, code: int, error: str) -> None:
        tasks = Tasks(world, script={"data-ingestion": [exits(code)]})
        failed(world.run(world.manifest(today()), tasks), error)
        assert len(tasks.requests) == 1
        assert "turn" in world.announced()[0]["message"]

    def test_backoff_doubles_jittered_and_bounded(self, emulated: Callable[..., World]) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [exits(75)] * 9})
        execution = world.run(world.manifest(today()), tasks)
        waits = [
            json.loads(event["stateEnteredEventDetails"]["input"])["seconds"]
            for event in execution.history
            if event.get("stateEnteredEventDetails", {}).get("name") == "data-ingestion: wait"
        ]
        assert len(waits) == 2
        assert 1 <= waits[0] <= 15
        assert 1 <= waits[1] <= 30

    def test_a_throttled_call_is_tried_again_by_the_retrier(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [THROTTLED, THROTTLED, OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert [request.capacity_provider for request in tasks.of("data-ingestion")] == ["FARGATE_SPOT"] * 3

    @pytest.mark.parametrize("answer", [THROTTLED_BY_ECS, THROTTLED_BY_EC2], ids=["ecs", "ec2"])
    def test_throttling_under_another_name_is_no_lack_of_capacity(self, world: World, answer: Any) -> None:
        """It uses up neither the attempts nor the waits for capacity, and stays on Spot."""
        tasks = Tasks(world, script={"data-ingestion": [*[answer] * 12, NO_CAPACITY, exits(75), exits(75), OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert [request.capacity_provider for request in tasks.of("data-ingestion")][:13] == ["FARGATE_SPOT"] * 13

    def test_throttling_that_does_not_end_is_given_up(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [THROTTLED_BY_ECS] * 99})
        failed(world.run(world.manifest(today()), tasks), "Batch.Throttled")
        assert len(tasks.requests) == 41
        assert "concurrency" in world.announced()[0]["message"]

    def test_a_parameter_that_is_wrong_is_not_taken_for_throttling(self, world: World) -> None:
        wrong = StartRefused("ECS.InvalidParameterException", "No Container Instances were found in your cluster.")
        failed(
            world.run(world.manifest(today()), Tasks(world, script={"data-ingestion": [wrong] * 9})), "Batch.TaskFailed"
        )

    def test_the_container_is_found_by_name_not_by_place(self, world: World) -> None:
        """The stand-in puts a runtime monitor's container first, with exit code 0, as GuardDuty does."""
        tasks = Tasks(world, script={"data-ingestion": [exits(65)]})
        failed(world.run(world.manifest(today()), tasks), "Batch.BadInput")


class TestCapacity:
    """Spot with fallback, and no room at all."""

    @pytest.mark.parametrize("answer", [INTERRUPTED, exits(143), NO_CAPACITY, REFUSED_BY_FAILURES], ids=str)
    def test_a_spot_job_goes_on_on_plain_fargate(self, world: World, answer: Any) -> None:
        tasks = Tasks(world, script={"data-ingestion": [answer, OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert [request.capacity_provider for request in tasks.of("data-ingestion")] == ["FARGATE_SPOT", "FARGATE"]

    def test_the_fallback_costs_no_attempt(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [INTERRUPTED, exits(75), exits(75), OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"

    def test_a_failing_exit_code_stays_on_spot(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [exits(75), OK]})
        world.run(world.manifest(today()), tasks)
        assert [request.capacity_provider for request in tasks.of("data-ingestion")] == ["FARGATE_SPOT"] * 2

    def test_an_on_demand_job_never_sees_spot(self, emulated: Callable[..., World]) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [INTERRUPTED, OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert {request.capacity_provider for request in tasks.requests} == {"FARGATE"}

    @pytest.mark.parametrize("answer", [NO_CAPACITY, OVER_QUOTA], ids=str)
    def test_no_room_is_waited_for_apart_from_failures(self, emulated: Callable[..., World], answer: Any) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [*[answer] * 6, exits(75), exits(75), OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"

    def test_no_room_for_too_long_fails(self, emulated: Callable[..., World]) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [NO_CAPACITY] * 20})
        failed(world.run(world.manifest(today()), tasks), "Batch.NoCapacity")
        assert len(tasks.requests) == 7
        assert "quota" in world.announced()[0]["message"]


class TestTasksThatNeverWork:
    """Failures that no exit code describes."""

    def test_a_missing_image_fails_at_once_and_says_what_to_push(self, world: World) -> None:
        tasks = Tasks(world, script={"risk-calculation": [NO_IMAGE] * 3})
        failed(world.run(world.manifest(today()), tasks), "Batch.MissingImage")
        assert "build and push the job's image" in world.announced()[0]["message"]

    def test_a_task_that_never_starts_is_tried_again_then_fails(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [NEVER_STARTED] * 9})
        failed(world.run(world.manifest(today()), tasks), "Batch.NotStarted")
        assert len(tasks.requests) == 3
        assert "batchctl doctor" in world.announced()[0]["message"]

    def test_a_start_that_is_denied_fails_at_once(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [DENIED]})
        failed(world.run(world.manifest(today()), tasks), "Batch.StartDenied")
        assert len(tasks.requests) == 1

    def test_a_task_that_runs_into_its_timeout_fails_the_run(self, world: World) -> None:
        tasks = Tasks(world, script={"report-generation": [TaskNeverEnds()]})
        failed(world.run(world.manifest(today()), tasks), "Batch.Timeout")
        assert len(tasks.of("report-generation")) == 1
