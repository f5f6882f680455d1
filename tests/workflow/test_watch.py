"""The reconciler and the deadline machine, run as they are deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jsonata
import pytest

from sandbox.stage import Tasks, World, exits, today
from sandbox.workflow.executions import Execution, WindowEnds
from workflow.run_input import local_date

NIGHTLY = "arn:aws:states:us-east-1:123456789012:stateMachine:statemachine-nightly-dev"


def ended(execution: Execution, run_input: Any, status: str, **more: Any) -> dict[str, Any]:
    """The event that Step Functions sends when an execution ends; fields as AWS documents them."""
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": execution.arn,
            "stateMachineArn": NIGHTLY,
            "name": execution.name,
            "status": status,
            "startDate": 1795136523123,
            "stopDate": 1795136600000,
            "input": json.dumps(run_input),
            "output": None,
            **more,
        },
    }


class TestClosing:
    """A run that was ended from outside is closed from outside."""

    def _timed_out(self, world: World, run_input: dict[str, Any]) -> Execution:
        """The run's own window runs out while a task is at work."""
        tasks = Tasks(world)

        def slow(request: Any) -> Any:
            if request.job == "risk-calculation":
                raise WindowEnds
            return tasks(request)

        execution = world.run(run_input, slow)  # type: ignore[arg-type]
        assert execution.status == "TIMED_OUT"
        return execution

    def test_a_run_past_its_window_is_closed_announced_and_can_be_claimed_again(self, world: World) -> None:
        run_input = world.manifest(today())
        execution = self._timed_out(world, run_input)
        assert world.ledger()[0]["status"] == "RUNNING"
        assert world.announced() == []
        closing = world.run(ended(execution, run_input, "TIMED_OUT"), purpose="reconciler")
        assert (closing.status, closing.output["outcome"]) == ("SUCCEEDED", "CLOSED")
        (entry,) = world.ledger()
        assert (entry["status"], entry["error"]) == ("TIMED_OUT", "the execution ended as TIMED_OUT")
        assert "duration_seconds" in entry
        (message,) = world.announced()
        assert message["subject"] == f"[dev] Nightly run TIMED_OUT: {today()}"
        assert "took longer than its window" in message["message"]
        assert world.run(run_input).output["outcome"] == "SUCCEEDED"

    def test_an_operators_abort_says_why(self, world: World) -> None:
        run_input = {"manifest": {"key": world.manifest(today())["manifest"]["key"]}}
        execution = self._timed_out(world, run_input)  # the operator's input names no version; the ledger knows it
        event = ended(execution, run_input, "ABORTED", error="Stopped", cause="wrong file, jane")
        assert world.run(event, purpose="reconciler").output["outcome"] == "CLOSED"
        assert world.ledger()[0]["status"] == "ABORTED"
        assert "wrong file, jane" in world.announced()[0]["message"]

    def test_a_run_that_said_everything_itself_is_left_alone(self, world: World) -> None:
        run_input = world.manifest(today())
        execution = world.run(run_input, Tasks(world, script={"data-ingestion": [exits(65)]}))
        before, _ = world.ledger(), world.announced()
        closing = world.run(ended(execution, run_input, "FAILED"), purpose="reconciler")
        assert closing.output["outcome"] == "NOTHING_OPEN"
        assert (world.ledger(), world.announced()) == (before, [])

    def test_it_never_closes_a_later_runs_entry(self, world: World) -> None:
        run_input = world.manifest(today())
        first = world.run(run_input, Tasks(world, script={"data-ingestion": [exits(65)]}))
        self._timed_out(world, run_input)
        world.announced()
        assert world.run(ended(first, run_input, "FAILED"), purpose="reconciler").output["outcome"] == "NOTHING_OPEN"
        assert world.ledger()[0]["status"] == "RUNNING"

    @pytest.mark.parametrize("run_input", [{}, {"manifest": {"key": "nonsense"}}])
    def test_an_execution_that_was_no_run_needs_nothing(self, world: World, run_input: Any) -> None:
        execution = Execution(name="x", arn=f"{NIGHTLY}:x", status="FAILED")
        event = ended(execution, run_input, "FAILED")
        assert world.run(event, purpose="reconciler").output["outcome"] == "NOTHING_OPEN"


def at(local: str, zone: str = "America/New_York") -> dict[str, str]:
    """What Scheduler hands over when it fires at this local moment, "2026-03-09 08:30"."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    return {"local": local[11:], "scheduled": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


class TestDeadline:
    """Warn, then escalate, on the right day."""

    def test_a_run_that_has_succeeded_is_on_time(self, world: World) -> None:
        key = world.manifest("2026-03-06")["manifest"]["key"]
        world.run({"manifest": {"key": key}})
        world.announced()
        execution = world.run({"stage": "warn", **at("2026-03-06 08:30")}, purpose="deadline")
        assert (execution.output["outcome"], execution.output["date"]) == ("ON_TIME", "2026-03-06")
        assert world.announced() == []

    def test_nothing_started_is_said(self, world: World) -> None:
        execution = world.run({"stage": "warn", **at("2026-03-06 08:30")}, purpose="deadline")
        assert execution.output["outcome"] == "LATE"
        (message,) = world.announced()
        assert message["subject"] == "[dev] Warning: no report yet for 2026-03-06"
        assert "no run has been started" in message["message"]
        assert "due at 09:30 America/New_York" in message["message"]

    def test_escalation_says_so(self, world: World) -> None:
        world.run({"stage": "escalate", **at("2026-03-06 09:15")}, purpose="deadline")
        (message,) = world.announced()
        assert message["subject"] == "[dev] ESCALATION: no report yet for 2026-03-06"

    def test_a_failed_run_is_described(self, world: World) -> None:
        key = world.manifest("2026-03-06")["manifest"]["key"]
        world.run({"manifest": {"key": key}}, Tasks(world, script={"data-ingestion": [exits(65)]}))
        world.announced()
        world.run({"stage": "warn", **at("2026-03-06 08:30")}, purpose="deadline")
        (message,) = world.announced()
        assert "is FAILED: Batch.BadInput" in message["message"]

    def test_one_success_among_several_runs_suffices(self, world: World) -> None:
        key = world.manifest("2026-03-06")["manifest"]["key"]
        world.run({"manifest": {"key": key}}, Tasks(world, script={"data-ingestion": [exits(65)]}))
        world.manifest("2026-03-06")
        world.run({"manifest": {"key": key}})
        world.announced()
        assert world.run({"stage": "warn", **at("2026-03-06 08:30")}, purpose="deadline").output["outcome"] == "ON_TIME"

    @pytest.mark.parametrize(
        "local", ["2026-03-06 08:30", "2026-03-09 08:30", "2026-10-30 08:30", "2026-11-02 08:30", "2026-12-31 09:15"]
    )
    def test_the_day_is_right_on_both_sides_of_a_clock_change(self, world: World, local: str) -> None:
        assert world.run({"stage": "warn", **at(local)}, purpose="deadline").output["date"] == local[:10]

    @pytest.mark.parametrize(
        "zone",
        ["Asia/Tokyo", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Honolulu", "America/Los_Angeles", "UTC"],
    )
    @pytest.mark.parametrize("day", ["2026-01-14", "2026-06-10"])
    @pytest.mark.parametrize("time", ["00:05", "12:00", "23:55"])
    def test_the_day_is_right_in_any_zone(self, zone: str, day: str, time: str) -> None:
        expression = f"($in := {json.dumps(at(f'{day} {time}', zone))}; {local_date('$in', zone)})"
        assert jsonata.Jsonata(expression).evaluate(None) == day

    @pytest.mark.parametrize("local", ["2026-03-07 08:30", "2026-03-08 08:30"])
    def test_nothing_is_due_at_the_weekend(self, world: World, local: str) -> None:
        assert world.run({"stage": "warn", **at(local)}, purpose="deadline").output["outcome"] == "NOT_DUE"
        assert world.announced() == []

    def test_nothing_is_due_on_a_holiday_of_the_settings(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", {"batch-platform:workflow": {"deadline": {"holidays": ["2026-12-25"]}}})
        assert world.run({"stage": "warn", **at("2026-12-25 08:30")}, purpose="deadline").output["outcome"] == "NOT_DUE"
        assert world.run({"stage": "warn", **at("2026-12-24 08:30")}, purpose="deadline").output["outcome"] == "LATE"

    @pytest.mark.parametrize(("calendar", "outcome"), [("XNYS", "NOT_DUE"), ("none", "LATE")])
    def test_nothing_is_due_on_a_holiday_of_the_exchange(
        self, emulated: Callable[..., World], calendar: str, outcome: str
    ) -> None:
        """The fourth Thursday of November; the stack file names no day."""
        year = datetime.now(UTC).year
        day = date(year, 11, 1) + timedelta(days=(3 - date(year, 11, 1).weekday()) % 7 + 21)
        world = emulated("dev", {"batch-platform:workflow": {"deadline": {"calendar": calendar}}})
        execution = world.run({"stage": "warn", **at(f"{day} 08:30")}, purpose="deadline")
        assert execution.output["outcome"] == outcome

    def test_a_ledger_that_does_not_answer_is_reported_as_that(self, world: World) -> None:
        world.dynamodb.delete_table(TableName=world.table)
        world.run({"stage": "warn", **at("2026-03-06 08:30")}, purpose="deadline")
        (message,) = world.announced()
        assert "the ledger did not answer" in message["message"]
