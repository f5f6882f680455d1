"""A fault of each kind on the way of one stack, from nothing to a destroyed one.

The fixture acts, each test looks at what it did. Every call in turn: `test_every_call.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conventions.naming import NIGHTLY, Names
from sandbox.account import REGION
from tests.engine.faults.conftest import REFUSED, SERVER_ERROR, STACK, THROTTLED, Site, an_empty_site

KILLED_AFTER = 60
"""Changing calls: keys and roles are there, what uses them is being made."""
REFUSED_CALL = "cloudwatch:PutMetricAlarm"
"""Among the last calls, and one that the provider does not try again: it takes a refused state machine for a role that
is not known everywhere yet."""
ACCOUNT = "123456789012"
NAME_IN_USE = Names(suffix=STACK, account=ACCOUNT, region=REGION).state_machine(NIGHTLY).name
"""Near the end too, so that the `up` which is killed has not made it yet."""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
OTHERS = '{"StartAt": "Theirs", "States": {"Theirs": {"Type": "Succeed"}}}'


@dataclass
class Story:
    """What happened."""

    site: Site
    not_met: dict[str, list[str]] = field(default_factory=dict)
    """Part of the story to the operations whose faults no call met."""
    printed: dict[str, str] = field(default_factory=dict)
    """Part of the story to what the engine printed."""
    exit_codes: dict[str, int] = field(default_factory=dict)

    def up(self, part: str, *options: str) -> None:
        """One `up`, whatever becomes of it."""
        done = self.site.pulumi("up", *options, check=False)
        self.not_met[part] = self.site.not_met()
        self.printed[part] = done.stdout + done.stderr
        self.exit_codes[part] = done.returncode


@pytest.fixture(scope="module")
def story(checkout_with_faults: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Passing faults and a program that is killed; then a refusal and a name that is taken; then nothing more."""
    with an_empty_site(checkout_with_faults, tmp_path_factory.mktemp("state")) as site:
        story, machines, iam = Story(site), site.account.client("stepfunctions"), site.account.client("iam")
        site.faults(
            {"operation": "kms:CreateKey", **SERVER_ERROR},
            {"operation": "iam:PutRolePolicy", **SERVER_ERROR, "applied": True},
            *({"operation": "*", **THROTTLED, "times": 2, "after": 12 * n} for n in range(1, 4)),
        )
        site.up_killed(lambda: sum(site.calls().values()) >= KILLED_AFTER, whole=False)
        story.not_met["killed"] = site.not_met()
        role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        theirs = machines.create_state_machine(name=NAME_IN_USE, definition=OTHERS, roleArn=role)["stateMachineArn"]
        site.faults({"operation": REFUSED_CALL, **REFUSED})
        story.up("refused", "--continue-on-error")  # so that one `up` meets both
        machines.delete_state_machine(stateMachineArn=theirs)
        iam.delete_role(RoleName="theirs")
        site.faults()
        story.up("mended")
        yield story


def test_passing_faults_are_met_before_the_kill(story: Story) -> None:
    """A server error, throttling now and then, and an answer that is lost after the call took effect."""
    assert not story.not_met["killed"]


def test_a_refusal_is_named(story: Story) -> None:
    """By the call and by what is not allowed, as an operator needs it who gives the role what it lacks."""
    assert story.exit_codes["refused"] != 0
    assert f"not authorized to perform: {REFUSED_CALL}" in story.printed["refused"], story.printed["refused"][-3000:]


def test_a_name_that_is_taken_is_named(story: Story) -> None:
    assert "StateMachineAlreadyExists" in story.printed["refused"]
    assert NAME_IN_USE in story.printed["refused"]


def test_up_again_converges(story: Story) -> None:
    """A further preview proposes nothing, and nothing is in the account that the state does not know."""
    assert story.exit_codes["mended"] == 0, story.printed["mended"][-3000:]
    story.site.clean()


def test_a_bucket_with_objects_goes_where_teardown_says_so_and_nothing_is_left(story: Story) -> None:
    """dev says so: every version goes with its bucket. Last, because it ends the stack."""
    story.site.fill_the_input_bucket()
    story.site.gone()
