"""The definitions themselves: sound, accepted by AWS's schema, and saying what they must."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchctl.costs import RunAssumptions
from sandbox.furnishing import definition_of
from sandbox.stage import Tasks, World, today
from tests.programs import record_with, recording
from workflow import asl

jsonata.Jsonata("1").evaluate(None)  # raises the recursion limit, once; hypothesis wants to see it unchanged

STACKS = ("dev", "prod")
PURPOSES = ("nightly", "reconciler", "deadline")
RUN_TASK_PARAMETERS = {
    "CapacityProviderStrategy",
    "Cluster",
    "NetworkConfiguration",
    "Overrides",
    "PlatformVersion",
    "PropagateTags",
    "TaskDefinition",
}


def deployed(stack: str, purpose: str) -> dict[str, Any]:
    """A committed stack's definition."""
    return definition_of(recording(stack, "resolved").graph("batch-platform"), purpose)


def run_tasks(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every state that starts a task."""
    return {
        name: state for name, state in asl.walk(definition) if state.get("Resource", "").endswith("ecs:runTask.sync")
    }


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that each definition breaks, by its file's name; all by one process, whose start takes seconds."""
    broken = deployed("dev", "nightly")
    broken["States"]["Held"]["Bogus"] = 1
    definitions = {f"{stack}-{purpose}": deployed(stack, purpose) for stack in STACKS for purpose in PURPOSES}
    folder = tmp_path_factory.mktemp("templates")
    for name, definition in {**definitions, "broken": broken}.items():
        machine = {"RoleArn": "arn:aws:iam::123456789012:role/x", "Definition": definition}
        template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}}
        (folder / name).write_text(json.dumps(template))
    linter = shutil.which("cfn-lint", path=str(Path(sys.executable).parent))
    assert linter, "cfn-lint is a locked dependency of the tests"
    command = [linter, "--format", "json", *map(str, sorted(folder.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rules: dict[str, set[str]] = {path.name: set() for path in folder.iterdir()}
    for problem in json.loads(done.stdout):
        rules[Path(problem["Filename"]).name].add(problem["Rule"]["Id"])
    return rules


class TestAgainstAwsRules:
    """cfn-lint holds AWS's own schema of state machine definitions (E3601)."""

    @pytest.mark.parametrize("stack", STACKS)
    @pytest.mark.parametrize("purpose", PURPOSES)
    def test_cfn_lint_accepts_it(self, stack: str, purpose: str, problems: dict[str, set[str]]) -> None:
        assert problems[f"{stack}-{purpose}"] == set()

    def test_cfn_lint_would_find_something(self, problems: dict[str, set[str]]) -> None:
        assert problems["broken"] == {"E3601"}


class TestNightly:
    """What the deployed definition must say because of how AWS runs it (docs/aws-facts.md#ecs-run-task-sync)."""

    def test_only_parameters_that_the_integration_takes(self) -> None:
        for name, state in run_tasks(deployed("prod", "nightly")).items():
            assert set(state["Arguments"]) == RUN_TASK_PARAMETERS, name

    def test_every_task_runs_isolated_on_a_pinned_revision(self) -> None:
        for state in run_tasks(deployed("prod", "nightly")).values():
            arguments = state["Arguments"]
            assert arguments["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
            assert len(arguments["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) == 3
            assert arguments["TaskDefinition"].rpartition(":")[2].isdigit()
            assert arguments["PlatformVersion"] == "1.4.0"

    def test_every_task_has_its_jobs_timeout(self) -> None:
        graph = record_with({"batch-platform:jobs": {"report-generation": {"timeout": 1234}}})
        tasks = run_tasks(definition_of(graph, "nightly"))
        assert tasks["report-generation"]["TimeoutSeconds"] == 1234
        assert tasks["data-ingestion"]["TimeoutSeconds"] == 3600

    @pytest.mark.parametrize("backoff", [1, 59, 60, 600])
    def test_every_permitted_backoff_can_grow(self, backoff: int) -> None:
        job = {"cpu": 256, "memory": 512, "retry": {"backoffSeconds": backoff}}
        graph = record_with({"batch-platform:jobs": {"report-generation": job}})
        retriers = run_tasks(definition_of(graph, "nightly"))["report-generation"]["Retry"]
        assert [one["IntervalSeconds"] for one in retriers] == [backoff]
        assert all(one["MaxDelaySeconds"] > one["IntervalSeconds"] for one in retriers)

    def test_the_runs_timeout_is_the_window(self) -> None:
        changed = {"deadline": {"windowOpens": "22:00", "time": "06:30", "warn": "05:00", "escalate": "06:00"}}
        graph = record_with({"batch-platform:workflow": changed})
        assert definition_of(graph, "nightly")["TimeoutSeconds"] == 8.5 * 3600

    def test_default_concurrency_fits_a_new_accounts_quota(self) -> None:
        maps = {n: s for n, s in asl.walk(deployed("prod", "nightly")) if s["Type"] == "Map"}
        assert {name: state["MaxConcurrency"] for name, state in maps.items()} == {
            "risk-calculation: inline": 3,
            "risk-calculation: distributed": 3,
        }
        assert maps["risk-calculation: distributed"]["ToleratedFailurePercentage"] == 0

    def test_another_job_is_one_entry(self) -> None:
        graph = record_with(
            {
                "batch-platform:jobs": {"clean-up": {"cpu": 256, "memory": 512}},
                "batch-platform:workflow": {
                    "order": ["data-ingestion", "risk-calculation", "report-generation", "clean-up"]
                },
            }
        )
        assert "clean-up" in run_tasks(definition_of(graph, "nightly"))

    def test_a_repeated_job_of_the_order_is_the_same_machine_twice_recorded(self) -> None:
        """The definition depends on nothing but settings and ARNs: two recordings agree to the byte."""
        first, second = (record_with({"batch-platform:alerts": {}}) for _ in range(2))
        assert definition_of(first, "nightly") == definition_of(second, "nightly")


class TestSoundness:
    """`_asl` refuses what Step Functions would refuse, or what could not end."""

    def test_a_target_that_does_not_exist(self) -> None:
        with pytest.raises(asl.UnsoundError, match="goes to 'B', which does not exist"):
            asl.machine("A", {"A": asl.pass_("B")}, comment="")

    def test_a_state_that_nothing_leads_to(self) -> None:
        with pytest.raises(asl.UnsoundError, match="no path leads to 'B'"):
            asl.machine("A", {"A": asl.succeed(), "B": asl.succeed()}, comment="")

    def test_a_name_used_twice_in_different_scopes(self) -> None:
        inner = asl.block("A", {"A": asl.succeed()})
        with pytest.raises(asl.UnsoundError, match="used twice: A"):
            asl.machine("P", {"P": asl.parallel("A", inner), "A": asl.succeed()}, comment="")

    def test_a_name_that_is_too_long(self) -> None:
        with pytest.raises(asl.UnsoundError, match="at most 80 characters"):
            asl.machine("A" * 81, {"A" * 81: asl.succeed()}, comment="")

    def test_a_start_that_does_not_exist(self) -> None:
        with pytest.raises(asl.UnsoundError, match="starts at 'Z'"):
            asl.machine("Z", {"A": asl.succeed()}, comment="")

    @given(st.text())
    def test_text_is_a_literal_whatever_it_holds(self, value: str) -> None:
        assert jsonata.Jsonata(asl.text(value)).evaluate(None) == value


class TestTransitions:
    """What the cost of a night assumes is what its definition does."""

    def test_of_a_run_and_of_a_shard(self, world: World) -> None:
        many, few, more = (
            len(world.run(world.manifest(today()), Tasks(world, shards=shards)).states) for shards in (41, 2, 6)
        )
        assumed = RunAssumptions()
        assert many == assumed.run_transitions, "of a run whose shards are executions of their own"
        assert (more - few) / 4 == assumed.task_transitions
