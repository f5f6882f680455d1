"""A failed run goes on where it failed, on the same run id (docs/adr/workflow/resume-as-a-new-execution.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from batch_runtime.layout import RunLayout
from risk_results.files import result_uri
from sandbox.stage import OK, Tasks, World, exits, failed, today
from sandbox.workflow.executions import Execution
from tests.workflow.test_watch import ended
from workflow.finished_shards import RESULT_SUFFIX

BATCHES = {"batch-platform:jobs": {"risk-calculation": {"fanOut": {"batch": 10}}}}


def resume(world: World, execution: Execution, tasks: Tasks) -> Execution:
    tasks.requests.clear()
    return world.run({"business_date": today(), "resume": {"run_id": execution.name}}, tasks)


def bad_once(code: int = 65) -> Callable[[], Any]:
    left = [exits(code)]
    return lambda: left.pop() if left else OK


def test_a_shards_result_has_the_name_that_the_job_gives_it() -> None:
    layout = RunLayout(bucket="output", run_id="run-1", business_date=date(2026, 11, 20))
    assert result_uri(layout, 7, 7).key == f"results/run-1/shard-00007{RESULT_SUFFIX}"


@pytest.mark.timeout(300)
def test_one_bad_shard_of_1000_is_all_that_is_computed_again(emulated: Callable[..., World]) -> None:
    world = emulated("dev", BATCHES)
    tasks = Tasks(world, shards=1000, by_shard={777: bad_once()}, keeps_results=True)
    first = world.run(world.manifest(today()), tasks)
    failed(first, "Batch.ExceedToleratedFailureThreshold")
    assert world.ledger()[0]["stage"] == "risk-calculation"
    second = resume(world, first, tasks)
    assert second.output["outcome"] == "SUCCEEDED"
    assert tasks.of("data-ingestion") == []
    assert [request.shards for request in tasks.of("risk-calculation")] == [[777]]
    assert {request.environment["BATCH_RUN_ID"] for request in tasks.requests} == {first.name}
    (entry,) = world.ledger()
    assert (entry["run_id"], entry["status"], entry["execution_arn"]) == (first.name, "SUCCEEDED", second.arn)


def test_inline_shards_are_kept_as_well(world: World) -> None:
    tasks = Tasks(world, shards=5, by_shard={3: bad_once()}, keeps_results=True)
    first = world.run(world.manifest(today()), tasks)
    failed(first, "Batch.BadInput")
    assert resume(world, first, tasks).output["outcome"] == "SUCCEEDED"
    assert [3] in [request.shards for request in tasks.of("risk-calculation")]
    assert [0] not in [request.shards for request in tasks.of("risk-calculation")]


@pytest.mark.parametrize("job", ["data-ingestion", "risk-calculation", "report-generation"])
def test_it_begins_with_the_stage_that_failed(world: World, job: str) -> None:
    tasks = Tasks(world, script={job: [exits(65)] * 3}, keeps_results=True)
    first = world.run(world.manifest(today()), tasks)
    tasks.script = {}
    assert resume(world, first, tasks).output["outcome"] == "SUCCEEDED"
    order = ["data-ingestion", "risk-calculation", "report-generation"]
    assert not {request.job for request in tasks.requests} & set(order[: order.index(job)])


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_after_an_end_from_outside(world: World, status: str) -> None:
    """The entry as a stopped run leaves it: RUNNING with its stage, closed by the reconciler."""
    run_input = world.manifest(today())
    first = world.run(run_input, Tasks(world, script={"report-generation": [exits(65)]}))
    (entry,) = world.ledger()
    key = {name: {"S": entry[name]} for name in ("business_date", "manifest")}
    world.dynamodb.update_item(
        TableName=world.table,
        Key=key,
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "RUNNING"}},
    )
    assert world.run(ended(first, run_input, status), purpose="reconciler").output["outcome"] == "CLOSED"
    tasks = Tasks(world)
    assert resume(world, first, tasks).output["outcome"] == "SUCCEEDED"
    assert [request.job for request in tasks.requests] == ["report-generation"]


def test_a_resumed_run_that_is_stopped_is_closed_too(world: World) -> None:
    first = world.run(world.manifest(today()), Tasks(world, script={"report-generation": [exits(65)]}))
    second = resume(world, first, Tasks(world, script={"report-generation": [exits(65)]}))
    (entry,) = world.ledger()
    assert (entry["status"], entry["execution_arn"], entry["run_id"]) == ("FAILED", second.arn, first.name)


@pytest.mark.parametrize("case", ["unknown", "succeeded", "later"])
def test_what_cannot_be_resumed_changes_nothing_and_says_why(world: World, case: str) -> None:
    tasks = Tasks(world)
    wrong = Tasks(world, script={"data-ingestion": [exits(65)]} if case == "later" else {})
    first = world.run(world.manifest(today()), wrong)
    if case == "later":
        world.run(world.manifest(today()))
    before, _ = world.ledger(), world.announced()
    run_id = "unknown" if case == "unknown" else first.name
    execution = world.run({"business_date": today(), "resume": {"run_id": run_id}}, tasks)
    failed(execution, "Batch.NotResumable")
    assert (tasks.requests, world.ledger()) == ([], before)
    (message,) = world.announced()
    assert {"unknown": "knows no run", "succeeded": "is SUCCEEDED", "later": "a later run"}[case] in message["message"]


class TestRedrive:
    """A redrive from the console goes on at the Fail state; the reconciler resumes the run in its place."""

    @pytest.fixture
    def nightly(self, world: World) -> str:
        """The nightly machine as the account knows it; what it starts is only listed."""
        sfn, name = world.furnished.client("stepfunctions"), f"statemachine-nightly-{world.stack}"
        passes = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        role = "arn:aws:iam::123456789012:role/role-nightly-machine-dev"
        return str(sfn.create_state_machine(name=name, definition=passes, roleArn=role)["stateMachineArn"])

    def _redriven(self, world: World, run: Execution, run_input: Any, **more: Any) -> Execution:
        return world.run(ended(run, run_input, "RUNNING", redriveCount=1, **more), purpose="reconciler")

    def _started(self, world: World, nightly: str) -> list[tuple[str, dict[str, Any]]]:
        sfn = world.furnished.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=nightly)["executions"]
        return [
            (one["name"], json.loads(sfn.describe_execution(executionArn=one["executionArn"])["input"]))
            for one in listed
        ]

    def test_it_is_the_resumed_run(self, world: World, nightly: str) -> None:
        tasks, run_input = Tasks(world, by_shard={1: bad_once()}, keeps_results=True), world.manifest(today())
        first = world.run(run_input, tasks)
        assert self._redriven(world, first, run_input).output["outcome"] == "RESUMED"
        ((name, requests),) = self._started(world, nightly)
        assert name == f"{first.name}-redrive-1"
        tasks.requests.clear()
        assert world.run(requests, tasks).output["outcome"] == "SUCCEEDED"
        assert {request.environment["BATCH_RUN_ID"] for request in tasks.requests} == {first.name}
        assert [request.shards for request in tasks.of("risk-calculation")] == [[1]]

    def test_an_event_that_comes_twice_resumes_once(self, world: World, nightly: str) -> None:
        run_input = world.manifest(today())
        first = world.run(run_input, Tasks(world, script={"data-ingestion": [exits(65)]}))
        outcomes = [self._redriven(world, first, run_input).output["outcome"] for _ in range(2)]
        assert (outcomes, len(self._started(world, nightly))) == (["RESUMED", "RESUMED"], 1)

    def test_the_input_is_asked_for_when_the_event_has_none(self, world: World, nightly: str) -> None:
        """Events leave out a long input, and every input that a customer's key encrypts."""
        run_input = world.manifest(today())
        sfn = world.furnished.client("stepfunctions")
        described = sfn.start_execution(stateMachineArn=nightly, name="first", input=json.dumps(run_input))
        first = Execution(name="first", arn=described["executionArn"], status="FAILED")
        event = ended(first, run_input, "RUNNING", redriveCount=1)
        event["detail"]["input"] = None
        assert world.run(event, purpose="reconciler").output["outcome"] == "RESUMED"
        assert {name for name, _ in self._started(world, nightly)} == {"first", "first-redrive-1"}
