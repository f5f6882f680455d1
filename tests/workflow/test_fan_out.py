"""One shard, some, many; results that are missing; failures of everything around the work."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from sandbox.account import REGION
from sandbox.stage import INTERRUPTED, OK, Tasks, World, exits, failed, today


class TestFanOut:
    """One shard, some shards, many shards."""

    def test_one_shard_stays_a_list(self, world: World) -> None:
        tasks = Tasks(world, shards=1)
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        assert [request.shards for request in tasks.of("risk-calculation")] == [[0]]

    def test_up_to_the_limit_the_map_is_inline(self, world: World) -> None:
        execution = world.run(world.manifest(today()), Tasks(world, shards=40))
        assert "risk-calculation: inline" in execution.states
        assert execution.status == "SUCCEEDED"

    def test_above_the_limit_the_map_is_distributed_and_writes_its_results(self, world: World) -> None:
        tasks = Tasks(world, shards=41)
        execution = world.run(world.manifest(today()), tasks)
        assert "risk-calculation: distributed" in execution.states
        assert execution.status == "SUCCEEDED"
        assert sorted(n for request in tasks.of("risk-calculation") for n in request.shards) == list(range(41))
        written = world.s3.list_objects_v2(Bucket=world.output, Prefix=f"maps/{execution.name}/")["Contents"]
        assert [item["Key"].rpartition("/")[2] for item in written] == ["SUCCEEDED_0.json", "manifest.json"]

    def test_a_shard_that_fails_fails_the_run(self, world: World) -> None:
        tasks = Tasks(world, by_shard={1: lambda: exits(65)})
        failed(world.run(world.manifest(today()), tasks), "Batch.BadInput")
        assert "shards [1]" in world.ledger()[0]["error"]
        assert tasks.of("report-generation") == []

    def test_a_shard_is_tried_again_by_itself(self, world: World) -> None:
        left = [INTERRUPTED, exits(75)]
        tasks = Tasks(world, by_shard={1: lambda: left.pop(0) if left else OK})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"
        requests = [request.shards for request in tasks.of("risk-calculation")]
        assert (requests.count([0]), requests.count([1]), requests.count([2])) == (1, 3, 1)

    def test_a_shard_that_fails_in_a_distributed_map_fails_the_run(self, world: World) -> None:
        tasks = Tasks(world, shards=50, by_shard={7: lambda: exits(65)})
        failed(world.run(world.manifest(today()), tasks), "Batch.ExceedToleratedFailureThreshold")
        assert "maps/<run>" in world.announced()[0]["message"]

    def test_a_setting_tolerates_failures(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", _fan_out(toleratedFailurePercent=10))
        tasks = Tasks(world, shards=20, by_shard={7: lambda: exits(65)})
        execution = world.run(world.manifest(today()), tasks)
        assert execution.status == "SUCCEEDED"
        assert "risk-calculation: distributed" in execution.states  # an inline map tolerates nothing

    def test_a_report_that_lacks_shards_is_announced_and_recorded_as_partial(
        self, emulated: Callable[..., World]
    ) -> None:
        world = emulated("dev", _fan_out(toleratedFailurePercent=10))
        tasks = Tasks(world, shards=20, by_shard={7: lambda: exits(65)}, missing=1)
        assert world.run(world.manifest(today()), tasks).output["missing_shards"] == 1
        (message,) = world.announced()
        assert message["subject"] == f"[dev] Nightly run succeeded, PARTIAL: {today()}"
        assert "INCOMPLETE: 1 shards have no result" in message["message"]
        assert "batchctl run all --rerun" in message["message"]
        (entry,) = world.ledger()
        assert (entry["status"], entry["missing_shards"]) == ("SUCCEEDED", "1")

    @pytest.mark.timeout(300)
    def test_10_001_shards_are_all_done_once(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", _fan_out(batch=100))
        tasks = Tasks(world, shards=10_001)
        execution = world.run(world.manifest(today()), tasks)
        assert execution.status == "SUCCEEDED"
        requests = tasks.of("risk-calculation")
        assert len(requests) == 101
        assert sorted(n for request in requests for n in request.shards) == list(range(10_001))
        assert len(execution.history) < 120

    def test_the_override_budget_holds_for_the_largest_batch(self, emulated: Callable[..., World]) -> None:
        """RunTask takes 8,192 characters of overrides (docs/aws-facts.md#runtask-overrides)."""
        world = emulated("dev", _fan_out(batch=100))
        tasks = Tasks(world, shards=200)
        world.run(world.manifest(today()), tasks)
        longest = max(len(json.dumps(request.arguments["Overrides"])) for request in tasks.requests)
        # five-digit shard numbers instead of three
        assert longest + 100 * 2 < 8_192

    def test_more_shards_than_names_fails(self, world: World) -> None:
        run = {"id": "x", "business_date": today(), "bucket": "b", "key": "k", "version": ""}
        tasks = Tasks(world, silent=("data-ingestion",))
        tasks_effect = tasks._effect

        def too_many(request: Any) -> None:
            if request.job == "data-ingestion":
                name = request.environment["BATCH_RUN_ID"]
                world.put(f"shards/{name}/summary.json", {"run_id": run["id"], "shards": 100_001, "numbers": []})
            else:
                tasks_effect(request)

        tasks.silent, tasks._effect = (), too_many  # type: ignore[method-assign]
        failed(world.run(world.manifest(today()), tasks), "Batch.TooManyShards")


class TestResultsThatAreMissing:
    """A job that ends well without its results."""

    def test_an_empty_manifest_fails_and_names_the_sender(self, world: World) -> None:
        failed(world.run(world.manifest(today()), Tasks(world, shards=0)), "Batch.EmptyManifest")
        assert "sender's turn" in world.announced()[0]["message"]

    def test_no_summary(self, world: World) -> None:
        failed(world.run(world.manifest(today()), Tasks(world, silent=("data-ingestion",))), "Batch.NoSummary")

    def test_no_success_marker(self, world: World) -> None:
        failed(world.run(world.manifest(today()), Tasks(world, silent=("report-generation",))), "Batch.NoReport")

    def test_another_runs_success_marker(self, world: World) -> None:
        world.put(f"reports/{today()}/_SUCCESS", {"run_id": "another", "report_uri": "s3://old"})
        failed(world.run(world.manifest(today()), Tasks(world, silent=("report-generation",))), "Batch.NoReport")


class TestWhatFailsAroundTheWork:
    """The catch-all, the ledger and the topic themselves."""

    def test_an_unforeseen_error_is_recorded_and_announced(self, world: World) -> None:
        """A summary that is no JSON makes the state machine itself raise."""
        tasks = Tasks(world, silent=("data-ingestion",))
        original = tasks.__class__.__call__

        def broken(request: Any) -> Any:
            if request.job == "data-ingestion":
                world.s3.put_object(
                    Bucket=world.output, Key=f"shards/{request.environment['BATCH_RUN_ID']}/summary.json", Body=b"{"
                )
            return original(tasks, request)

        execution = world.run(world.manifest(today()), broken)  # type: ignore[arg-type]
        assert execution.status == "FAILED"
        assert world.ledger()[0]["status"] == "FAILED"
        assert len(world.announced()) == 1

    def test_without_a_topic_the_failure_is_still_recorded(self, world: World) -> None:
        boto3.client("sns", region_name=REGION).delete_topic(
            TopicArn="arn:aws:sns:us-east-1:123456789012:topic-notifications-dev"
        )
        tasks = Tasks(world, script={"data-ingestion": [exits(65)]})
        failed(world.run(world.manifest(today()), tasks), "Batch.BadInput")
        assert world.ledger()[0]["status"] == "FAILED"

    def test_a_success_nobody_could_be_told_of_ends_badly_so_that_the_alarm_speaks(self, world: World) -> None:
        boto3.client("sns", region_name=REGION).delete_topic(
            TopicArn="arn:aws:sns:us-east-1:123456789012:topic-notifications-dev"
        )
        execution = world.run(world.manifest(today()))
        assert execution.status == "FAILED"
        assert world.ledger()[0]["status"] == "SUCCEEDED"

    def test_without_a_ledger_nothing_is_run_and_people_are_told(self, world: World) -> None:
        run_input, tasks = world.manifest(today()), Tasks(world)
        world.dynamodb.delete_table(TableName=world.table)
        assert world.run(run_input, tasks).status == "FAILED"
        assert tasks.requests == []
        assert len(world.announced()) == 1


def _fan_out(**run_input: Any) -> dict[str, Any]:
    return {"batch-platform:jobs": {"risk-calculation": {"fanOut": run_input}}}
