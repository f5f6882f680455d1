"""What only several sections together can say: quota, sessions, locks, runtime monitoring, renaming."""

from __future__ import annotations

from typing import Any

import boto3
import pulumi
import pytest

import settings
from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.preview import synthetic
from batchctl.program import recorded
from conventions import endpoint_services
from settings import rules
from tests.programs import ROOT, record_with

WORKER = {"cpu": 1024, "memory": 2048, "queue": {}, "scaling": {"maxTasks": 10}}
SQS = {"extraEndpoints": ["sqs"]}
SESSIONS = {"extraEndpoints": ["kms", "ssmmessages"]}


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")


def refusal(raw: dict[str, Any], *, stack: str = "dev") -> settings.Problem:
    """The one problem that `raw` is refused with."""
    with pytest.raises(settings.SettingsError) as refused:
        settings.parse(raw, stack=stack)
    (problem,) = refused.value.problems
    return problem


class TestQuota:
    """Queue workers scale whenever messages come, in the middle of the night too: they count with all their tasks."""

    def test_workers_and_the_largest_task_of_the_run_fit_together(self) -> None:
        problem = refusal({"network": SQS, "jobs": {"worker": WORKER}})
        assert (problem.path, problem.value) == ("workflow.fargateVcpuQuota", 6)
        assert "worker: maxTasks 10 x 1" in problem.reason
        assert "largest task needs 2" in problem.reason
        assert problem.example == "fargateVcpuQuota: 12"

    def test_the_example_of_the_refusal_is_accepted(self) -> None:
        raw = {"network": SQS, "jobs": {"worker": WORKER}, "workflow": {"fargateVcpuQuota": 12}}
        config = settings.parse(raw, stack="dev")
        assert config.workflow.vcpus_of_run(config.jobs) == 2

    def test_fan_out_has_what_workers_leave(self) -> None:
        jobs = {"worker": WORKER, "risk-calculation": {"fanOut": {"concurrency": 3}}}
        problem = refusal({"network": SQS, "jobs": jobs, "workflow": {"fargateVcpuQuota": 14}})
        assert problem.path == "jobs.risk-calculation.fanOut.concurrency"
        assert "of which queue workers leave 4" in problem.reason
        assert problem.example == "concurrency: 2"

    def test_the_run_starts_no_more_tasks_than_workers_leave_room_for(self) -> None:
        graph = record_with(
            {
                "batch-platform:network": SQS,
                "batch-platform:jobs": {"worker": WORKER},
                "batch-platform:workflow": {"fargateVcpuQuota": 18},
            }
        )
        (machine,) = [one for one in graph.of_type("aws:sfn/stateMachine:StateMachine") if "nightly" in one.name]
        assert '"MaxConcurrency": 4' in machine.props["definition"]

    def test_one_task_that_is_too_large_is_named(self) -> None:
        problem = refusal({"jobs": {"risk-calculation": {"cpu": 8192, "memory": 16384}}})
        assert problem.path == "jobs.risk-calculation.cpu"


class TestDebug:
    """Sessions need endpoints everywhere, and an acknowledgement where the stack keeps its data."""

    def test_without_endpoints_it_is_refused(self) -> None:
        problem = refusal({"platform": {"teardown": True}, "jobs": {"data-ingestion": {"debug": True}}})
        assert problem.path == "jobs.data-ingestion.debug"
        assert "kms" in problem.reason and "ssmmessages" in problem.example

    def test_a_stack_that_keeps_its_data_wants_an_acknowledgement(self) -> None:
        problem = refusal({"network": SESSIONS, "jobs": {"data-ingestion": {"debug": True}}}, stack="prod")
        assert problem.example == "platform: {acknowledge: [jobs.data-ingestion.debug]}"

    def test_acknowledged_it_is_taken(self) -> None:
        raw = {
            "platform": {"acknowledge": ["jobs.data-ingestion.debug"]},
            "network": SESSIONS,
            "jobs": {"data-ingestion": {"debug": True}},
        }
        assert settings.parse(raw, stack="prod").debug

    def test_an_acknowledgement_that_is_no_longer_needed_is_refused(self) -> None:
        problem = refusal({"platform": {"acknowledge": ["jobs.data-ingestion.debug"]}})
        assert (problem.path, problem.value) == ("platform.acknowledge", "jobs.data-ingestion.debug")


def test_a_lock_that_nobody_opens_is_refused_where_the_stack_may_be_torn_down() -> None:
    lock = {"objectLock": {"days": 400, "mode": "compliance"}}
    assert refusal({"platform": {"teardown": True}, "data": lock}).path == "data.objectLock.mode"
    assert settings.parse({"data": lock}, stack="prod").data.object_lock is not None


@pytest.mark.parametrize("days", [1, 365, 731, 1096, 1827, 2557, 3653])
def test_logs_may_be_kept_for_ten_years(days: int) -> None:
    assert settings.parse({"platform": {"logRetentionDays": days}}, stack="dev").platform.log_retention_days == days


def test_a_retention_that_cloudwatch_lacks_is_refused() -> None:
    assert refusal({"platform": {"logRetentionDays": 700}}).path == "platform.logRetentionDays"


UNLISTED = "ap-southeast-6"
"""A Region that AWS's page of the agent's repositories does not list."""


class TestGuardDuty:
    """The agent comes from an account of AWS's that differs by Region."""

    def test_every_region_of_the_sdk_is_known_but_those_that_the_page_lacks(self) -> None:
        sdk = boto3.session.Session()
        regions = {r for part in ("aws", "aws-us-gov") for r in sdk.get_available_regions("guardduty", part)}
        assert regions - set(endpoint_services.GUARDDUTY_AGENT_ACCOUNTS) == {UNLISTED}

    def test_a_region_that_is_not_known_here_needs_the_account(self) -> None:
        config = settings.parse({"network": {"guardDuty": {}}}, stack="dev")
        (problem,) = rules.guard_duty_problems(config.network, UNLISTED)
        assert problem.path == "network.guardDuty.agentAccount"
        assert rules.guard_duty_problems(config.network, "us-east-1") == []

    def test_the_account_of_the_settings_counts_first(self) -> None:
        config = settings.parse({"network": {"guardDuty": {"agentAccount": "210987654321"}}}, stack="dev")
        assert config.network.agent_account(UNLISTED) == "210987654321"

    def test_the_program_refuses_an_unknown_region_before_its_first_resource(self) -> None:
        project = projects.load(ROOT)
        changes = {"aws:region": UNLISTED, "batch-platform:network": {"guardDuty": {}}}
        changed = projects.StackFile("dev", {**project.stack("dev").config, **changes})
        with pytest.raises(OperatorError, match=r"network\.guardDuty\.agentAccount"):
            recorded(project, changed, "unknown")


@pytest.mark.parametrize(
    "region", ["cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1"]
)
def test_a_partition_that_was_never_tried_is_refused(region: str) -> None:
    """China's ECR has other service names, and of the isolated partitions nobody here knows."""
    project = projects.load(ROOT)
    changed = projects.StackFile("dev", {**project.stack("dev").config, "aws:region": region})
    with pytest.raises(OperatorError, match=f"aws:region = '{region}': .* never tried"):
        recorded(project, changed, "unknown")


class TestRenaming:
    """A stack that is up keeps its environment: under another all its stores would be replaced."""

    def test_another_suffix_than_the_deployed_one_is_refused(self) -> None:
        with pytest.raises(settings.SettingsError) as refused:
            settings.refuse_renaming(settings.parse({}, stack="dev"), "old")
        (problem,) = refused.value.problems
        assert (problem.path, problem.value, problem.example) == ("platform.environment", "dev", "environment: old")

    @pytest.mark.parametrize("deployed", [None, "dev"])
    def test_a_new_stack_and_an_unchanged_one_are_not(self, deployed: str | None) -> None:
        settings.refuse_renaming(settings.parse({}, stack="dev"), deployed)

    def test_the_program_asks_the_engine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = dict(synthetic._LOOKUPS)
        answers["pulumi:pulumi:readStackOutputs"] = lambda args, region: {"outputs": {"environment": "old"}}
        monkeypatch.setattr(synthetic, "_LOOKUPS", answers)
        project = projects.load(ROOT)
        with pytest.raises(OperatorError, match="the stack is up as 'old'"):
            recorded(project, project.stack("dev"), "unknown")
