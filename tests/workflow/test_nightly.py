"""The nightly run from its event to its end: success, claim, and input that is no run."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.stage import Tasks, World, exits, failed, today
from sandbox.workflow.local_workflow import LocalWorkflow


class TestSuccess:
    """A manifest becomes an announced report."""

    def test_the_event_of_a_manifest_leads_to_a_report(self, world: World) -> None:
        tasks = Tasks(world)
        execution = world.run(world.manifest(today()), tasks)
        assert execution.status == "SUCCEEDED"
        assert execution.output["outcome"] == "SUCCEEDED"
        assert [request.job for request in tasks.requests] == [
            "data-ingestion",
            *["risk-calculation"] * 3,
            "report-generation",
        ]

    def test_tasks_get_the_documented_variables_and_nothing_else(self, world: World) -> None:
        tasks, run_input = Tasks(world), world.manifest(today())
        execution = world.run(run_input, tasks)
        common = {
            "BATCH_RUN_ID": execution.name,
            "BATCH_BUSINESS_DATE": today(),
            "BATCH_MANIFEST_URI": f"s3://{world.input}/incoming/{today()}/manifest.json",
            "BATCH_MANIFEST_VERSION": run_input["manifest"]["version"],
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
        (message,) = world.announced()
        assert message["subject"] == f"[dev] Nightly run succeeded: {today()}"
        for part in (
            "Started:",
            "Ended:",
            " min ",
            "report.pdf",
            "manifest.json",
            execution.arn,
            "What to do: nothing.",
        ):
            assert part in message["message"]

    def test_an_operator_names_only_the_key(self, world: World) -> None:
        run_input = world.manifest(today())
        execution = world.run({"manifest": {"key": run_input["manifest"]["key"]}})
        assert execution.status == "SUCCEEDED"
        assert world.ledger()[0]["manifest"].endswith(f"#{run_input['manifest']['version']}")

    def test_an_operator_may_give_the_business_date(self, world: World) -> None:
        world.put("incoming/odd-place/manifest.json", {}, bucket=world.input)
        tasks = Tasks(world)
        world.run({"manifest": {"key": "incoming/odd-place/manifest.json"}, "business_date": "2020-02-03"}, tasks)
        assert tasks.requests[0].environment["BATCH_BUSINESS_DATE"] == "2020-02-03"

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
        assert tasks.requests[0].environment["BATCH_BUSINESS_DATE"] == date


class TestClaim:
    """One run for one version of one manifest."""

    def test_a_duplicate_ends_well_says_so_and_does_nothing(self, world: World) -> None:
        run_input, tasks = world.manifest(today()), Tasks(world)
        world.run(run_input)
        world.announced()
        execution = world.run(run_input, tasks)
        assert (execution.status, execution.output["outcome"]) == ("SUCCEEDED", "DUPLICATE")
        assert "nothing was done" in execution.output["message"]
        assert tasks.requests == []
        assert world.announced() == []

    def test_a_new_version_of_the_manifest_is_a_new_run(self, world: World) -> None:
        world.run(world.manifest(today()))
        assert world.run(world.manifest(today())).output["outcome"] == "SUCCEEDED"
        assert len(world.ledger()) == 2

    def test_a_rerun_of_a_success_takes_the_flag(self, world: World) -> None:
        run_input = world.manifest(today())
        first = world.run(run_input)
        again = world.run({**run_input, "rerun": True})
        assert again.output["outcome"] == "SUCCEEDED"
        (entry,) = world.ledger()
        assert entry["execution_arn"] == again.arn != first.arn

    def test_a_failed_run_can_be_claimed_again(self, world: World) -> None:
        run_input = world.manifest(today())
        failed(world.run(run_input, Tasks(world, script={"data-ingestion": [exits(65)]})), "Batch.BadInput")
        assert world.ledger()[0]["status"] == "FAILED"
        assert world.run(run_input).output["outcome"] == "SUCCEEDED"

    def test_a_running_one_cannot_be_claimed_even_with_the_flag(self, world: World) -> None:
        run_input = world.manifest(today())
        self._leave_running(world, run_input, started="2999-01-01T00:00:00.000Z")
        assert world.run({**run_input, "rerun": True}).output["outcome"] == "DUPLICATE"

    def test_a_run_older_than_any_may_be_is_gone_and_can_be_claimed(self, world: World) -> None:
        run_input = world.manifest(today())
        self._leave_running(world, run_input, started="2020-01-01T00:00:00.000Z")
        assert world.run(run_input).output["outcome"] == "SUCCEEDED"

    def test_a_claim_that_is_sent_twice_is_no_duplicate(self, world: World) -> None:
        """Step Functions repeats a call whose answer was lost; the first one has been carried out."""
        run_input, name = world.manifest(today()), "the-same-execution"
        arn = f"arn:aws:states:us-east-1:123456789012:execution:statemachine-nightly-dev:{name}"
        self._leave_running(world, run_input, started="2999-01-01T00:00:00.000Z", arn=arn)
        tasks = Tasks(world)
        workflow = LocalWorkflow(
            definition=world.blueprint.definition(), run_task=tasks, name="statemachine-nightly-dev"
        )
        assert workflow.start(run_input, name=name).output["outcome"] == "SUCCEEDED"

    def _leave_running(
        self, world: World, run_input: dict[str, Any], *, started: str, arn: str = "arn:another"
    ) -> None:
        key = f"{run_input['manifest']['key']}#{run_input['manifest']['version']}"
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
        assert tasks.requests == []
        assert world.ledger() == []
        (message,) = world.announced()
        assert message["subject"] == f"[dev] Manifest held, no run: {today(days)}"
        assert "NOT run" in message["message"]

    def test_an_operator_may_run_a_past_date(self, world: World) -> None:
        run_input = world.manifest("2020-02-03")
        assert world.run({"manifest": {"key": run_input["manifest"]["key"]}}).output["outcome"] == "SUCCEEDED"

    @pytest.mark.parametrize(
        "run_input",
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
    def test_a_key_that_is_no_manifests_fails_and_shows_a_valid_one(
        self, world: World, run_input: dict[str, Any]
    ) -> None:
        failed(world.run(run_input), "Batch.ManifestKey")
        (message,) = world.announced()
        assert "incoming/<YYYY-MM-DD>/manifest.json" in message["message"]
        assert world.ledger() == []

    def test_a_manifest_that_is_not_there_fails(self, world: World) -> None:
        failed(world.run({"business_date": "2026-11-20"}), "Batch.NoManifest")
        assert "sender's turn" in world.announced()[0]["message"]
