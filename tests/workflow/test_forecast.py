"""When a run will end, before it is late: what the deadline machine forecasts from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from sandbox.stage import Tasks, World, exits, today
from tests.workflow.test_watch import at

DAY, BEFORE = "2026-03-06", "2026-03-05"
NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
"""07:00 in New York; the report is due at 09:30, 14:30 UTC."""
FORECAST = {"stage": "forecast", **at(f"{DAY} 07:00")}


def entry(world: World, day: str, status: str, started: str, **more: str | int) -> None:
    """A run in the ledger; numbers as DynamoDB's."""
    item: dict[str, Any] = {
        "business_date": {"S": day},
        "manifest": {"S": f"incoming/{day}/manifest.json#v{started}"},
        "status": {"S": status},
        "run_id": {"S": f"run-{day}"},
        "execution_arn": {"S": f"arn:run-{day}"},
        "started_at": {"S": f"{day}T{started}:00.000Z"},
    }
    for name, value in more.items():
        item[name] = {"N": str(value)} if isinstance(value, int) else {"S": value}
    world.dynamodb.put_item(TableName=world.table, Item=item)


def under_way(world: World, stage: str, **more: str | int) -> None:
    entry(world, DAY, "RUNNING", "10:30", stage=stage, **more)


def in_shards(world: World, done: int, reused: int = 0) -> None:
    """A run whose 100 shards began an hour ago."""
    began = f"{DAY}T11:00:00.000Z"
    under_way(world, "risk-calculation", stage_started_at=began, shards=100, shards_done=done, shards_kept=reused)


@pytest.fixture
def forecast(world: World) -> Callable[[], dict[str, Any]]:
    def ask() -> dict[str, Any]:
        with time_machine.travel(NOW, tick=True):
            execution = world.run(FORECAST, purpose="deadline")
            announced = world.announced()
        assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
        return {**execution.output, "announced": announced}

    return ask


class TestFromItsOwnShards:
    def test_shards_that_are_too_slow_are_announced(self, world: World, forecast: Callable[[], dict[str, Any]]) -> None:
        in_shards(world, done=20)
        output = forecast()
        assert (output["outcome"], output["late_minutes"]) == ("EXPECTED_LATE", pytest.approx(90, abs=2))
        (message,) = output["announced"]
        assert message["subject"] == f"[dev] Forecast: report LATE for {DAY}"
        assert "20 of 100 shards of risk-calculation took 60 min" in message["message"]
        assert f"is to be expected at {DAY}T16:0" in message["message"]

    def test_shards_that_are_fast_enough_are_not(self, world: World, forecast: Callable[[], dict[str, Any]]) -> None:
        in_shards(world, done=60)
        output = forecast()
        assert (output["outcome"], output["announced"]) == ("ON_COURSE", [])

    def test_shards_that_were_finished_before_are_no_measure_and_no_work(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        in_shards(world, done=10, reused=80)
        assert forecast()["expected"].startswith(f"{DAY}T13:0")

    def test_what_comes_after_the_shards_is_taken_from_earlier_runs(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        entry(world, BEFORE, "SUCCEEDED", "08:00", duration_seconds=7200, ended_at=f"{BEFORE}T10:00:00.000Z")
        world.dynamodb.update_item(
            TableName=world.table,
            Key={"business_date": {"S": BEFORE}, "manifest": {"S": f"incoming/{BEFORE}/manifest.json#v08:00"}},
            UpdateExpression="SET #e = :t",
            ExpressionAttributeNames={"#e": "entered report-generation"},
            ExpressionAttributeValues={":t": {"S": f"{BEFORE}T09:00:00.000Z"}},
        )
        in_shards(world, done=60)
        assert forecast()["expected"].startswith(f"{DAY}T13:4"), "40 min of shards, an hour of report"


class TestFromEarlierRuns:
    def test_a_run_that_takes_as_long_as_usual_is_late(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        entry(world, BEFORE, "SUCCEEDED", "03:00", duration_seconds=18_000, ended_at=f"{BEFORE}T08:00:00.000Z")
        under_way(world, "data-ingestion")
        output = forecast()
        assert (output["outcome"], output["late_minutes"]) == ("EXPECTED_LATE", 60)
        assert output["basis"] == "the run is in data-ingestion, and runs of the last week took 300 min"

    def test_a_run_that_has_not_begun_in_time_is_late(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        entry(world, BEFORE, "SUCCEEDED", "03:00", duration_seconds=10_800, ended_at=f"{BEFORE}T06:00:00.000Z")
        output = forecast()
        assert (output["outcome"], output["late_minutes"]) == ("EXPECTED_LATE", pytest.approx(31, abs=2))
        assert output["basis"].startswith("no run is under way")

    def test_without_anything_to_go_by_nobody_is_called(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        output = forecast()
        assert (output["outcome"], output["announced"]) == ("UNKNOWN", [])

    def test_after_a_success_there_is_nothing_to_forecast(
        self, world: World, forecast: Callable[[], dict[str, Any]]
    ) -> None:
        entry(world, DAY, "SUCCEEDED", "10:30", duration_seconds=60, ended_at=f"{DAY}T10:31:00.000Z")
        assert forecast()["outcome"] == "ON_TIME"


class TestWhatARunLeaves:
    def test_each_stage_says_when_it_began(self, world: World) -> None:
        world.run(world.manifest(today()), Tasks(world))
        (run,) = world.ledger()
        began = [run[f"entered {job}"] for job in ("data-ingestion", "risk-calculation", "report-generation")]
        assert began == sorted(began)
        assert (run["stage"], run["shards_done"], "shards" in run) == ("report-generation", "0", False)

    def test_shards_are_counted_and_those_of_before_apart(self, emulated: Callable[..., World]) -> None:
        """A shard that fails every time keeps the run in its stage."""
        world = emulated("dev", {"batch-platform:jobs": {"risk-calculation": {"fanOut": {"inlineLimit": 0}}}})
        tasks = Tasks(world, shards=10, by_shard={3: lambda: exits(65)}, keeps_results=True)
        first = world.run(world.manifest(today()), tasks)
        (run,) = world.ledger()
        assert (run["shards"], run["shards_done"], run["shards_kept"]) == ("10", "9", "0")
        world.run({"business_date": today(), "resume": {"run_id": first.name}}, tasks)
        (run,) = world.ledger()
        assert (run["shards"], run["shards_done"], run["shards_kept"]) == ("10", "0", "9")
