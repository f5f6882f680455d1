"""One run for one business date at a time (docs/adr/workflow/one-run-per-business-date.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.stage import OK, Tasks, World, exits, failed, today
from sandbox.workflow.executions import RunTaskRequest, TaskResult
from tests.workflow.test_watch import NIGHTLY, ended

FUTURE, PAST = "2999-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"


def setting(value: str) -> dict[str, Any]:
    return {"batch-platform:workflow": {"onNewerManifest": value}}


def under_way(world: World, started: str | None = None) -> str:
    """Another run of today, with an execution that can be stopped; its ARN."""
    states = world.furnished.client("stepfunctions")
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    states.create_state_machine(
        name=NIGHTLY.rpartition(":")[2], definition=definition, roleArn="arn:aws:iam::123456789012:role/x"
    )
    arn = str(states.start_execution(stateMachineArn=NIGHTLY, name="older", input="{}")["executionArn"])
    version = world.manifest(today())["manifest"]["version"]
    holder = {"business_date": today(), "run_id": "older", "execution_arn": arn}
    holder["started_at"] = started or f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%S.000Z}"
    for item in (
        {**holder, "manifest": f"incoming/{today()}/manifest.json#{version}", "status": "RUNNING"},
        {**holder, "manifest": "run"},
    ):
        world.dynamodb.put_item(TableName=world.table, Item={name: {"S": value} for name, value in item.items()})
    return arn


def status_of(world: World, arn: str) -> str:
    return str(world.furnished.client("stepfunctions").describe_execution(executionArn=arn)["status"])


def statuses(world: World) -> dict[str, str]:
    return {entry["run_id"]: entry["status"] for entry in world.ledger()}


class TestSupersede:
    """The default: a newer manifest takes the older run's place."""

    def test_the_older_run_is_stopped_and_closed_and_people_are_told(self, world: World) -> None:
        older = under_way(world)
        execution = world.run(world.manifest(today()))
        assert execution.output["outcome"] == "SUCCEEDED"
        assert status_of(world, older) == "ABORTED"
        assert statuses(world) == {"older": "SUPERSEDED", execution.name: "SUCCEEDED"}
        superseded, succeeded = world.announced()
        assert superseded["subject"] == f"[dev] Nightly run superseded: {today()}"
        assert older in superseded["message"]
        assert "succeeded" in succeeded["subject"]

    def test_no_task_is_started_before_the_older_runs_tasks_are_gone(self, world: World) -> None:
        under_way(world)
        execution = world.run(world.manifest(today()))
        begun = execution.states.index("data-ingestion")
        assert execution.states.index("Stop older run") < execution.states.index("Let older tasks end") < begun
        waits = world.blueprint.definition()["States"]["Run"]["Branches"][0]["States"]["Let older tasks end"]
        assert waits["Seconds"] == "{% 150 %}"

    def test_the_reconciler_leaves_the_superseded_entry(self, world: World) -> None:
        older = under_way(world)
        execution = world.run(world.manifest(today()))
        world.announced()
        event = ended(execution, {"business_date": today()}, "ABORTED")
        event["detail"] |= {"executionArn": older, "name": "older"}
        assert world.run(event, purpose="reconciler").output["outcome"] == "NOTHING_OPEN"
        assert statuses(world)["older"] == "SUPERSEDED"

    def test_an_older_run_that_cannot_be_stopped_cannot_succeed_any_more(self, world: World) -> None:
        """A newer run closes the entry while the older one's last task is at work."""
        tasks = Tasks(world)

        def slow(request: RunTaskRequest) -> TaskResult:
            if request.job == "report-generation":
                (entry,) = world.ledger()
                key = {name: {"S": entry[name]} for name in ("business_date", "manifest")}
                world.dynamodb.update_item(
                    TableName=world.table,
                    Key=key,
                    UpdateExpression="SET #s = :s",
                    ExpressionAttributeNames={"#s": "status"},
                    ExpressionAttributeValues={":s": {"S": "SUPERSEDED"}},
                )
            return tasks(request)

        execution = world.run(world.manifest(today()), slow)  # type: ignore[arg-type]
        assert execution.status == "FAILED"
        assert world.ledger()[0]["status"] == "SUPERSEDED"
        assert world.announced() == []
        late = world.run({"stage": "warn", "local": "08:30", "scheduled": f"{today()}T13:30:00Z"}, purpose="deadline")
        assert late.output["outcome"] in ("LATE", "NOT_DUE")

    def test_a_newer_run_that_holds_the_date_is_given_way_to(self, world: World) -> None:
        holder, tasks = under_way(world, FUTURE), Tasks(world)
        execution = world.run(world.manifest(today()), tasks)
        assert execution.output["outcome"] == "SUPERSEDED"
        assert tasks.requests == []
        assert status_of(world, holder) == "RUNNING"
        assert statuses(world) == {"older": "RUNNING", execution.name: "SUPERSEDED"}

    def test_an_event_of_an_older_version_does_not_begin(self, world: World) -> None:
        late, tasks = world.manifest(today()), Tasks(world)
        world.manifest(today())
        assert world.run(late, tasks).output["outcome"] == "SUPERSEDED"
        assert (tasks.requests, world.ledger()) == ([], [])

    @pytest.mark.parametrize("how", ["failed", "succeeded", "gone"])
    def test_a_run_that_has_ended_is_not_in_the_way(self, world: World, how: str) -> None:
        if how == "gone":
            under_way(world, PAST)
        else:
            answer = exits(65) if how == "failed" else OK
            world.run(world.manifest(today()), Tasks(world, script={"data-ingestion": [answer]}))
        execution = world.run(world.manifest(today()))
        assert execution.output["outcome"] == "SUCCEEDED"
        assert "Stop older run" not in execution.states


class TestOtherSettings:
    def test_wait_begins_when_the_older_run_has_ended(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", setting("wait"))
        older = under_way(world)
        branch = world.blueprint.definition()["States"]["Run"]["Branches"][0]["States"]
        assert branch["Wait for older run"]["Seconds"] == "{% 120 %}"
        (entry,) = [one for one in world.ledger() if one["run_id"] == "older"]
        key = {name: {"S": entry[name]} for name in ("business_date", "manifest")}

        def end() -> None:
            world.dynamodb.update_item(
                TableName=world.table,
                Key=key,
                UpdateExpression="SET #s = :s",
                ExpressionAttributeNames={"#s": "status"},
                ExpressionAttributeValues={":s": {"S": "SUCCEEDED"}},
            )

        execution = world.run(world.manifest(today()), on_wait=end)
        assert execution.output["outcome"] == "SUCCEEDED"
        assert execution.states.count("Wait for older run") == 1
        assert status_of(world, older) == "RUNNING"  # nobody stopped it

    def test_refuse_says_so_and_the_manifest_may_begin_later(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", setting("refuse"))
        older, tasks = under_way(world), Tasks(world)
        run_input = world.manifest(today())
        execution = world.run(run_input, tasks)
        assert (execution.status, execution.output["outcome"]) == ("SUCCEEDED", "REFUSED")
        assert (tasks.requests, status_of(world, older)) == ([], "RUNNING")
        assert statuses(world) == {"older": "RUNNING", execution.name: "REFUSED"}
        (message,) = world.announced()
        assert message["subject"] == f"[dev] Manifest refused, no run: {today()}"
        (entry,) = [one for one in world.ledger() if one["run_id"] == "older"]
        world.dynamodb.delete_item(
            TableName=world.table, Key={name: {"S": entry[name]} for name in ("business_date", "manifest")}
        )
        assert world.run(run_input).output["outcome"] == "SUCCEEDED"

    def test_a_failed_run_of_the_date_is_recorded_under_every_setting(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", setting("wait"))
        failed(
            world.run(world.manifest(today()), Tasks(world, script={"data-ingestion": [exits(65)]})), "Batch.BadInput"
        )
        assert [entry["status"] for entry in world.ledger()] == ["FAILED"]
