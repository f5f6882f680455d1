"""The nightly run, path by path: every row of docs/failure-matrix.md that a state machine decides is executed here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from batchctl.local_workflow import Execution, StartRefused, TaskNeverEnds
from tests.workflow.conftest import (
    INTERRUPTED,
    NEVER_STARTED,
    NO_IMAGE,
    OK,
    REGION,
    Tasks,
    World,
    exits,
    today,
)

NO_CAPACITY = StartRefused(
    "ECS.AmazonECSException",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
)
REFUSED_BY_FAILURES = StartRefused("AmazonECS.Unknown", '{"Failures":[{"Reason":"RESOURCE:CPU"}],"Tasks":[]}')
OVER_QUOTA = StartRefused(
    "ECS.ClientException", "You've reached the limit on the number of vCPUs you can run concurrently"
)
THROTTLED = StartRefused("ECS.ThrottlingException", "Rate exceeded")
DENIED = StartRefused("ECS.AccessDeniedException", "User: … is not authorized to perform: ecs:RunTask")


def failed(execution: Execution, error: str) -> None:
    """The execution ended badly with this error."""
    assert (execution.status, execution.error) == ("FAILED", error), execution


class TestSuccess:
    """A manifest becomes an announced report."""

    def test_the_event_of_a_manifest_leads_to_a_report(self, world: World) -> None:
        tasks = Tasks(world)
        execution = world.run(world.manifest(today()), tasks)
        assert execution.status == "SUCCEEDED"
        assert execution.output["outcome"] == "SUCCEEDED"
        assert [request.job for request in tasks.asked] == [
            "data-ingestion",
            *["risk-calculation"] * 3,
            "report-generation",
        ]

    def test_tasks_get_the_documented_variables_and_nothing_else(self, world: World) -> None:
        tasks, given = Tasks(world), world.manifest(today())
        execution = world.run(given, tasks)
        common = {
            "BATCH_RUN_ID": execution.name,
            "BATCH_BUSINESS_DATE": today(),
            "BATCH_MANIFEST_URI": f"s3://{world.input}/incoming/{today()}/manifest.json",
            "BATCH_MANIFEST_VERSION": given["manifest"]["version"],
        }
        assert tasks.of("data-ingestion")[0].environment == common
        shards = sorted(tasks.of("risk-calculation"), key=lambda request: request.shards)
        assert [request.environment for request in shards] == [{**common, "BATCH_SHARDS": f"[{n}]"} for n in range(3)]

    def test_the_ledger_says_start_end_outcome_duration_and_report(self, world: World) -> None:
        execution = world.run(world.manifest(today()))
        (entry,) = world.ledger()
        assert entry["status"] == "SUCCEEDED"
        assert entry["execution_arn"] == execution.arn
        assert entry["run_id"] == execution.name
        assert entry["started_at"] < entry["ended_at"]
        assert int(entry["duration_seconds"]) >= 0
        assert entry["report_uri"].endswith(f"{execution.name}/report.pdf")

    def test_the_announcement_says_what_when_how_long_and_where(self, world: World) -> None:
        execution = world.run(world.manifest(today()))
        (told,) = world.announced()
        assert told["subject"] == f"[dev] Nightly run succeeded: {today()}"
        for part in (
            "Started:",
            "Ended:",
            " min ",
            "report.pdf",
            "manifest.json",
            execution.arn,
            "What to do: nothing.",
        ):
            assert part in told["message"]

    def test_an_operator_names_only_the_key(self, world: World) -> None:
        given = world.manifest(today())
        execution = world.run({"manifest": {"key": given["manifest"]["key"]}})
        assert execution.status == "SUCCEEDED"
        assert world.ledger()[0]["manifest"].endswith(f"#{given['manifest']['version']}")

    def test_an_operator_may_give_the_business_date(self, world: World) -> None:
        world.put("incoming/odd-place/manifest.json", {}, bucket=world.input)
        tasks = Tasks(world)
        world.run({"manifest": {"key": "incoming/odd-place/manifest.json"}, "business_date": "2020-02-03"}, tasks)
        assert tasks.asked[0].environment["BATCH_BUSINESS_DATE"] == "2020-02-03"

    @pytest.mark.parametrize(
        ("moment", "local", "date"),
        [
            ("2026-03-06T09:00:00Z", "04:00", "2026-03-06"),  # winter time, five hours behind
            ("2026-03-09T08:00:00Z", "04:00", "2026-03-09"),  # the Monday after the change, four hours behind
            ("2026-11-03T02:00:00Z", "21:00", "2026-11-02"),  # already tomorrow in UTC
        ],
    )
    def test_a_schedule_runs_the_local_days_manifest(self, world: World, moment: str, local: str, date: str) -> None:
        world.manifest(date)
        tasks = Tasks(world)
        execution = world.run({"origin": "schedule", "local": local, "scheduled": moment}, tasks)
        assert execution.status == "SUCCEEDED"
        assert tasks.asked[0].environment["BATCH_BUSINESS_DATE"] == date


class TestClaim:
    """One run for one version of one manifest."""

    def test_a_duplicate_ends_well_says_so_and_does_nothing(self, world: World) -> None:
        given, tasks = world.manifest(today()), Tasks(world)
        world.run(given)
        world.announced()
        execution = world.run(given, tasks)
        assert (execution.status, execution.output["outcome"]) == ("SUCCEEDED", "DUPLICATE")
        assert "nothing was done" in execution.output["message"]
        assert tasks.asked == []
        assert world.announced() == []

    def test_a_new_version_of_the_manifest_is_a_new_run(self, world: World) -> None:
        world.run(world.manifest(today()))
        assert world.run(world.manifest(today())).output["outcome"] == "SUCCEEDED"
        assert len(world.ledger()) == 2

    def test_a_rerun_of_a_success_takes_the_flag(self, world: World) -> None:
        given = world.manifest(today())
        first = world.run(given)
        again = world.run({**given, "rerun": True})
        assert again.output["outcome"] == "SUCCEEDED"
        (entry,) = world.ledger()
        assert entry["execution_arn"] == again.arn != first.arn

    def test_a_failed_run_can_be_claimed_again(self, world: World) -> None:
        given = world.manifest(today())
        failed(world.run(given, Tasks(world, script={"data-ingestion": [exits(65)]})), "Batch.BadInput")
        assert world.ledger()[0]["status"] == "FAILED"
        assert world.run(given).output["outcome"] == "SUCCEEDED"

    def test_a_running_one_cannot_be_claimed_even_with_the_flag(self, world: World) -> None:
        given = world.manifest(today())
        self._leave_running(world, given, started="2999-01-01T00:00:00.000Z")
        assert world.run({**given, "rerun": True}).output["outcome"] == "DUPLICATE"

    def test_a_run_older_than_any_may_be_is_gone_and_can_be_claimed(self, world: World) -> None:
        given = world.manifest(today())
        self._leave_running(world, given, started="2020-01-01T00:00:00.000Z")
        assert world.run(given).output["outcome"] == "SUCCEEDED"

    def test_a_claim_that_is_sent_twice_is_no_duplicate(self, world: World) -> None:
        """Step Functions repeats a call whose answer was lost; the first one has been carried out."""
        given, name = world.manifest(today()), "the-same-execution"
        arn = f"arn:aws:states:us-east-1:123456789012:execution:statemachine-nightly-dev:{name}"
        self._leave_running(world, given, started="2999-01-01T00:00:00.000Z", arn=arn)
        tasks = Tasks(world)
        from batchctl.local_workflow import LocalWorkflow

        workflow = LocalWorkflow(definition=world.definition(), run_task=tasks, name="statemachine-nightly-dev")
        assert workflow.start(given, name=name).output["outcome"] == "SUCCEEDED"

    def _leave_running(self, world: World, given: dict[str, Any], *, started: str, arn: str = "arn:another") -> None:
        key = f"{given['manifest']['key']}#{given['manifest']['version']}"
        item = {
            "business_date": today(),
            "manifest": key,
            "status": "RUNNING",
            "execution_arn": arn,
            "started_at": started,
        }
        world.dynamodb.put_item(TableName=world.table, Item={name: {"S": value} for name, value in item.items()})


class TestRefusedBeforeTheClaim:
    """Input that is no run."""

    @pytest.mark.parametrize("days", [-1, -30, 8])
    def test_a_manifest_for_a_past_or_far_date_is_held(self, world: World, days: int) -> None:
        tasks = Tasks(world)
        execution = world.run(world.manifest(today(days)), tasks)
        assert (execution.status, execution.output["outcome"]) == ("SUCCEEDED", "HELD")
        assert tasks.asked == []
        assert world.ledger() == []
        (told,) = world.announced()
        assert told["subject"] == f"[dev] Manifest held, no run: {today(days)}"
        assert "NOT run" in told["message"]

    def test_an_operator_may_run_a_past_date(self, world: World) -> None:
        given = world.manifest("2020-02-03")
        assert world.run({"manifest": {"key": given["manifest"]["key"]}}).output["outcome"] == "SUCCEEDED"

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"manifest": None},
            {"manifest": {"key": 7}},
            {"manifest": {"key": "incoming/today/manifest.json"}},
            {"manifest": {"key": "incoming/2026-13-01/manifest.json"}},
            {"manifest": {"key": "incoming/2026-11-20/sub/manifest.json"}},
            {"manifest": {"key": "incoming/2026-11-20/manifest.json"}, "business_date": "20 Nov"},
        ],
    )
    def test_a_key_that_is_no_manifests_fails_and_shows_a_valid_one(self, world: World, given: dict[str, Any]) -> None:
        failed(world.run(given), "Batch.ManifestKey")
        (told,) = world.announced()
        assert "incoming/<YYYY-MM-DD>/manifest.json" in told["message"]
        assert world.ledger() == []

    def test_a_manifest_that_is_not_there_fails(self, world: World) -> None:
        failed(world.run({"business_date": "2026-11-20"}), "Batch.NoManifest")
        assert "sender's turn" in world.announced()[0]["message"]


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
        assert len(tasks.asked) == 1
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
        assert {request.capacity_provider for request in tasks.asked} == {"FARGATE"}

    @pytest.mark.parametrize("answer", [NO_CAPACITY, OVER_QUOTA], ids=str)
    def test_no_room_is_waited_for_apart_from_failures(self, emulated: Callable[..., World], answer: Any) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [*[answer] * 6, exits(75), exits(75), OK]})
        assert world.run(world.manifest(today()), tasks).status == "SUCCEEDED"

    def test_no_room_for_too_long_fails(self, emulated: Callable[..., World]) -> None:
        world = emulated("prod")
        tasks = Tasks(world, script={"data-ingestion": [NO_CAPACITY] * 20})
        failed(world.run(world.manifest(today()), tasks), "Batch.NoCapacity")
        assert len(tasks.asked) == 7
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
        assert len(tasks.asked) == 3
        assert "batchctl doctor" in world.announced()[0]["message"]

    def test_a_start_that_is_denied_fails_at_once(self, world: World) -> None:
        tasks = Tasks(world, script={"data-ingestion": [DENIED]})
        failed(world.run(world.manifest(today()), tasks), "Batch.StartDenied")
        assert len(tasks.asked) == 1

    def test_a_task_that_runs_into_its_timeout_fails_the_run(self, world: World) -> None:
        tasks = Tasks(world, script={"report-generation": [TaskNeverEnds()]})
        failed(world.run(world.manifest(today()), tasks), "Batch.Timeout")
        assert len(tasks.of("report-generation")) == 1


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
        asked = [request.shards for request in tasks.of("risk-calculation")]
        assert (asked.count([0]), asked.count([1]), asked.count([2])) == (1, 3, 1)

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

    @pytest.mark.timeout(300)
    def test_10_001_shards_are_all_done_once(self, emulated: Callable[..., World]) -> None:
        world = emulated("dev", _fan_out(batch=100))
        tasks = Tasks(world, shards=10_001)
        execution = world.run(world.manifest(today()), tasks)
        assert execution.status == "SUCCEEDED"
        asked = tasks.of("risk-calculation")
        assert len(asked) == 101
        assert sorted(n for request in asked for n in request.shards) == list(range(10_001))
        assert len(execution.history) < 100

    def test_the_override_budget_holds_for_the_largest_batch(self, emulated: Callable[..., World]) -> None:
        """RunTask takes 8,192 characters of overrides (facts-aws.md 10)."""
        world = emulated("dev", _fan_out(batch=100))
        tasks = Tasks(world, shards=200)
        world.run(world.manifest(today()), tasks)
        longest = max(len(json.dumps(request.arguments["Overrides"])) for request in tasks.asked)
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
            TopicArn="arn:aws:sns:us-east-1:123456789012:topic-announcements-dev"
        )
        tasks = Tasks(world, script={"data-ingestion": [exits(65)]})
        failed(world.run(world.manifest(today()), tasks), "Batch.BadInput")
        assert world.ledger()[0]["status"] == "FAILED"

    def test_a_success_nobody_could_be_told_of_ends_badly_so_that_the_alarm_speaks(self, world: World) -> None:
        boto3.client("sns", region_name=REGION).delete_topic(
            TopicArn="arn:aws:sns:us-east-1:123456789012:topic-announcements-dev"
        )
        execution = world.run(world.manifest(today()))
        assert execution.status == "FAILED"
        assert world.ledger()[0]["status"] == "SUCCEEDED"

    def test_without_a_ledger_nothing_is_run_and_people_are_told(self, world: World) -> None:
        given, tasks = world.manifest(today()), Tasks(world)
        world.dynamodb.delete_table(TableName=world.table)
        assert world.run(given, tasks).status == "FAILED"
        assert tasks.asked == []
        assert len(world.announced()) == 1


def _fan_out(**given: Any) -> dict[str, Any]:
    return {"batch-platform:jobs": {"risk-calculation": {"fanOut": given}}}
