"""A fault of each kind on the way of one stack, from nothing to a destroyed one, where BATCH_FAULTS asks for faults.

The fixture acts, each test looks at what it did. What a fault does by itself is in `test_faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engine.faults.conftest import DENIED, SERVER_ERROR, THROTTLED, Site, an_empty_site
from tests.engine.faults.test_faults import log_groups, on_request

pytestmark = on_request

KILLED_AFTER = 60
"""Changing calls: keys and roles are there, what uses them is being made."""
REFUSED = "cloudwatch:PutMetricAlarm"
"""Among the last calls, and one that the provider does not try again: it takes a refused state machine for a role that
is not known everywhere yet."""


@dataclass
class Story:
    """What happened."""

    site: Site
    not_met: dict[str, list[str]] = field(default_factory=dict)
    """Part of the story to the operations whose faults no call met."""
    shown: dict[str, str] = field(default_factory=dict)
    """Part of the story to what the engine printed."""
    exit_codes: dict[str, int] = field(default_factory=dict)
    taken: str = ""
    """The name that somebody else had."""

    def up(self, part: str) -> None:
        """One `up`, whatever becomes of it."""
        done = self.site.up(check=False)
        self.not_met[part] = self.site.not_met()
        self.shown[part] = done.stdout + done.stderr
        self.exit_codes[part] = done.returncode


@pytest.fixture(scope="module")
def story(checkout_with_faults: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Passing faults and a program that is killed; then a refusal and a name that is taken; then nothing more."""
    with an_empty_site(checkout_with_faults, tmp_path_factory.mktemp("state")) as site:
        story, logs = Story(site), site.account.client("logs")
        story.taken = log_groups(site.engine)[0]
        logs.create_log_group(logGroupName=story.taken)
        site.faults(
            {"operation": "kms:CreateKey", **SERVER_ERROR},
            {"operation": "iam:PutRolePolicy", **SERVER_ERROR, "applied": True},
            *({"operation": "*", **THROTTLED, "times": 2, "after": 12 * n} for n in range(1, 4)),
        )
        site.up_killed_after(KILLED_AFTER, whole=False)
        story.not_met["killed"] = site.not_met()
        site.faults({"operation": REFUSED, **DENIED})
        story.up("refused")
        logs.delete_log_group(logGroupName=story.taken)
        site.faults()
        story.up("mended")
        yield story


def test_passing_faults_are_met_before_the_kill(story: Story) -> None:
    """A server error, throttling now and then, and an answer that is lost after the call took effect."""
    assert not story.not_met["killed"]


def test_a_refusal_is_named(story: Story) -> None:
    assert story.exit_codes["refused"] != 0
    assert "AccessDenied" in story.shown["refused"] and "PutMetricAlarm" in story.shown["refused"]


def test_a_name_that_is_taken_is_named(story: Story) -> None:
    assert story.taken in story.shown["refused"]


def test_up_again_converges(story: Story) -> None:
    assert story.exit_codes["mended"] == 0, story.shown["mended"][-3000:]
    story.site.clean()


def test_a_bucket_with_objects_goes_where_teardown_says_so_and_nothing_is_left(story: Story) -> None:
    """dev says so: every version goes with its bucket. Last, because it ends the stack."""
    bucket = story.site.engine.outputs("dev")["inputBucketName"]
    s3 = story.site.account.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv", Body=body)
    s3.delete_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv")
    story.site.gone()
