"""`batchctl verify --by-property` on the real engine names what somebody changes behind Pulumi's back by its path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from batchctl import project as projects
from batchctl.verify import Check, Outcome, drift
from tests.engine.changes import applied, missing_alarm, no_scan, short_retention
from tests.engine.conftest import Deployed

pytestmark = pytest.mark.parametrize("deployed", ["dev"], indirect=True)

RULES = {"network-endpoints-from-tasks", "network-tasks-to-endpoints", "network-tasks-to-s3"}
"""The plugin of these tests finds the descriptions of group rules different, whatever they are."""


def in_tokyo(it: Deployed) -> Iterator[str]:
    """A schedule is read in another time zone."""
    client = it.client("scheduler")
    first = min(client.list_schedules()["Schedules"], key=lambda one: str(one["Name"]))
    keys = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "Target", "FlexibleTimeWindow")
    schedule = client.get_schedule(Name=first["Name"], GroupName=first["GroupName"])
    request: dict[str, Any] = {key: schedule[key] for key in (*keys, "State")}
    client.update_schedule(**{**request, "ScheduleExpressionTimezone": "Asia/Tokyo"})
    yield first["Name"]
    client.update_schedule(**request)


def other_definition(it: Deployed) -> Iterator[str]:
    """A state machine does something else."""
    client, arn = it.client("stepfunctions"), it.outputs["stateMachineArn"]
    before = client.describe_state_machine(stateMachineArn=arn)["definition"]
    client.update_state_machine(
        stateMachineArn=arn, definition=json.dumps({**json.loads(before), "Comment": "tampered"})
    )
    yield arn
    client.update_state_machine(stateMachineArn=arn, definition=before)


def no_owner(it: Deployed) -> Iterator[str]:
    """A role loses a tag."""
    client, name = it.client("iam"), it.outputs["executionRoleArns"]["risk-calculation"].rpartition("/")[2]
    (team,) = [one for one in client.list_role_tags(RoleName=name)["Tags"] if one["Key"] == "Team"]
    client.untag_role(RoleName=name, TagKeys=["Team"])
    yield name
    client.tag_role(RoleName=name, Tags=[team])


Ask = Callable[[], list[Check]]


@pytest.fixture
def ask(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks the engine, as in the shell of whoever deploys the stack."""
    for name, value in deployed.engine.environment.items():
        monkeypatch.setenv(name, value)
    here = projects.load(deployed.engine.directory)
    return lambda: drift.checks(deployed.stack, here)


def named(checks: list[Check], outcome: Outcome) -> set[str]:
    return {f"{one.resource}: {one.says.partition(' is ')[0]}" for one in checks if one.outcome is outcome}


def test_untouched_everything_is_as_the_program_says(ask: Ask) -> None:
    checks = ask()
    assert named(checks, Outcome.FAIL) == set()
    assert named(checks, Outcome.NOT_CHECKABLE) == {f"{name}: every property" for name in RULES}
    assert len([one for one in checks if one.outcome is Outcome.PASS]) > 150


def test_each_change_is_named_by_its_property(deployed: Deployed, ask: Ask) -> None:
    """All at once, since each preview takes a while; the time zone and the definition no area asks about."""
    with ExitStack() as stack:
        for change in (short_retention, no_scan, missing_alarm, in_tokyo, other_definition, no_owner):
            stack.enter_context(applied(change, deployed))
        checks = ask()
    assert named(checks, Outcome.FAIL) == {
        "report-generation-logs: retentionInDays",
        "registry-data-ingestion: imageScanningConfiguration.scanOnPush",
        "monitoring-run-failed: it",
        "run-monitors-deadline-schedules-escalate: scheduleExpressionTimezone",
        "nightly-machine: definition.Comment",
        "risk-calculation-execution-role: tags.Team",
    }
