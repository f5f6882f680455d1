"""Runs that between them evaluate every expression of the definitions, on what the expressions can meet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import time_machine

from sandbox.stage import (
    INTERRUPTED,
    NEVER_STARTED,
    NO_CAPACITY,
    NO_IMAGE,
    THROTTLED,
    Tasks,
    World,
    exits,
    today,
)
from sandbox.workflow.executions import Execution, TaskNeverEnds
from tests.workflow import test_business_date, test_forecast, test_resume
from workflow.run_ledger import DATE_ITEM


def close(world: World, execution: Execution, run_input: Any, status: str, **more: Any) -> None:
    """The reconciler hears that the execution was ended from outside."""
    detail = {
        "executionArn": execution.arn,
        "stateMachineArn": f"arn:aws:states:us-east-1:123456789012:stateMachine:statemachine-nightly-{world.stack}",
        "name": execution.name,
        "status": status,
        "startDate": 1795136523123,
        "stopDate": 1795136600000,
        "input": json.dumps(run_input),
        "output": None,
        **more,
    }
    world.run({"source": "aws.states", "detail": detail}, purpose="reconciler")


def reopen(world: World, execution: Execution) -> None:
    """The ledger has this execution's run as running, as if it had been ended from outside."""
    for item in world.dynamodb.scan(TableName=world.table)["Items"]:
        if item["run_id"]["S"] == execution.name and item["manifest"]["S"] != DATE_ITEM:
            world.dynamodb.put_item(TableName=world.table, Item={**item, "status": {"S": "RUNNING"}})


def nights(world: World) -> None:
    """Starts of every kind, tasks that end in every way, reports that are late, and services that do not answer."""
    good = world.manifest(today())
    world.run(good)
    world.run(good)
    world.run({**good, "rerun": True})
    world.run({"origin": "schedule", "scheduled": f"{today()}T11:00:00Z", "local": "06:00"})
    world.run({"business_date": today()})
    world.run({"business_date": today(-1)})
    world.run({"origin": "event", "manifest": {"key": "incoming/nothing", "version": "1"}})
    world.run(world.manifest(today(-300)))
    scripts: tuple[dict[str, list[Any]], ...] = (
        {"data-ingestion": [exits(65)]},
        {"data-ingestion": [exits(64)]},
        {"data-ingestion": [NO_IMAGE]},
        {"data-ingestion": [NEVER_STARTED] * 9},
        {"data-ingestion": [NO_CAPACITY] * 99},
        {"data-ingestion": [THROTTLED, exits(75)]},
        {"data-ingestion": [TaskNeverEnds()]},
        {"risk-calculation": [INTERRUPTED]},
        {"risk-calculation": [exits(1)] * 20},
        {"report-generation": [INTERRUPTED, exits(1)]},
    )
    for script in scripts:
        world.run(world.manifest(today()), Tasks(world, script=script))
    for shards in (0, 60, 100_001):
        world.run(world.manifest(today()), Tasks(world, shards=shards))
    world.run(world.manifest(today()), Tasks(world, shards=60, script={"risk-calculation": [exits(65)] * 20}))
    for silent in ("data-ingestion", "report-generation"):
        world.run(world.manifest(today()), Tasks(world, silent=(silent,)))
    stopped = world.manifest(today())
    execution = world.run(stopped, Tasks(world, script={"data-ingestion": [exits(65)]}))
    close(world, execution, stopped, "ABORTED", error="Operator", cause="wrong file")
    for day, status, more in ((-1, "TIMED_OUT", {}), (-2, "ABORTED", {"error": "Operator", "cause": "wrong file"})):
        outside = {"manifest": {"key": world.manifest(today(day))["manifest"]["key"]}}  # an operator may start any date
        execution = world.run(outside)
        reopen(world, execution)
        close(world, execution, outside, status, **more)
    for moment in (f"{today()}T13:30:00Z", "2026-11-21T13:30:00Z", "2030-05-06T12:30:00Z"):
        world.run({"stage": "warn", "local": "08:30", "scheduled": moment}, purpose="deadline")
    world.dynamodb.delete_table(TableName=world.table)
    world.run({"stage": "warn", "local": "08:30", "scheduled": "2030-05-06T12:30:00Z"}, purpose="deadline")
    world.run(world.manifest(today()))


def resumed(world: World) -> None:
    """Runs that are taken up again: with results of some shards and of all, and what cannot be resumed."""
    for shards in (5, 41):  # an inline map and a distributed one
        tasks = Tasks(world, shards=shards, by_shard={3: test_resume.bad_once()}, keeps_results=True)
        first = world.run(world.manifest(today()), tasks)
        test_resume.resume(world, first, tasks)
    test_resume.resume(world, first, tasks)  # it has succeeded
    late = Tasks(world, script={"report-generation": [exits(65)]}, keeps_results=True)
    test_resume.resume(world, world.run(world.manifest(today()), late), late)
    world.run({"business_date": today(), "resume": {"run_id": "unknown"}})
    earlier = world.run(world.manifest(today()), Tasks(world, script={"data-ingestion": [exits(65)]}))
    world.run(world.manifest(today()))
    test_resume.resume(world, earlier, Tasks(world))


def redriven(world: World) -> None:
    """A run that somebody redrives from the console, by an event with its input and by one without; twice."""
    sfn, name = world.furnished.client("stepfunctions"), f"statemachine-nightly-{world.stack}"
    passes = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/nightly"
    nightly = sfn.create_state_machine(name=name, definition=passes, roleArn=role)["stateMachineArn"]
    run_input = world.manifest(today())
    arn = sfn.start_execution(stateMachineArn=nightly, name="first", input=json.dumps(run_input))["executionArn"]
    first = Execution(name="first", arn=arn, status="FAILED")
    for _ in range(2):
        close(world, first, run_input, "RUNNING", redriveCount=1)
    close(world, first, run_input, "RUNNING", redriveCount=2, input=None)


def newer_manifest(world: World) -> None:
    """A run that finds an older one of the date under way, and takes its place."""
    test_business_date.under_way(world)
    world.run(world.manifest(today()))
    late = world.manifest(today())
    world.manifest(today())
    world.run(late)


def newer_run(world: World) -> None:
    """A run that finds a newer one of the date under way, and gives way."""
    test_business_date.under_way(world, test_business_date.FUTURE)
    world.run(world.manifest(today()))


def partial(world: World) -> None:
    """A report that lacks shards."""
    world.run(world.manifest(today()), Tasks(world, missing=2))


def forecasts(world: World) -> None:
    """Nothing to go by; earlier runs only; a run in its first stage; shards that are too slow, and fast enough."""

    def ask() -> None:
        with time_machine.travel(test_forecast.NOW, tick=True):
            world.run(test_forecast.FORECAST, purpose="deadline")

    ask()
    before = test_forecast.BEFORE
    test_forecast.entry(
        world,
        before,
        "SUCCEEDED",
        "03:00",
        duration_seconds=18_000,
        ended_at=f"{before}T08:00:00.000Z",
        **{"entered report-generation": f"{before}T07:00:00.000Z"},
    )
    ask()
    test_forecast.under_way(world, "data-ingestion")
    ask()
    for done in (20, 90):
        test_forecast.in_shards(world, done)
        ask()


STORIES: Final[tuple[Callable[[World], None], ...]] = (
    nights,
    resumed,
    redriven,
    newer_manifest,
    newer_run,
    partial,
    forecasts,
)
"""Each in an account of its own."""
