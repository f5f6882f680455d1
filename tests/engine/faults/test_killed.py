"""An engine that gets SIGKILL while AWS makes something: docs/operations.md says what an operator does then.

The account holds the answer of a call that took effect, so that exactly this is what the engine does not know of. The
program alone is killed in `test_one_story.py`, where the engine notices and remembers everything.
"""

from __future__ import annotations

import os

import pytest

from tests.engine.faults.conftest import HELD, STACK, Site

pytestmark = pytest.mark.skipif(not os.environ.get("BATCH_FAULTS"), reason="minutes: BATCH_FAULTS=1 asks for it")


def test_what_was_being_made_is_taken_in(site: Site) -> None:
    """A VPC, of which an `up` would make another one, and a log group, whose name would be in its way."""
    site.faults({"operation": "ec2:CreateVpc", **HELD}, {"operation": "logs:CreateLogGroup", **HELD})
    site.up_killed(site.waits_for_what_is_held(), whole=True)
    site.faults()
    pending = {one["resource"]["type"]: one for one in site.state()["pending_operations"]}
    assert {one["type"] for one in pending.values()} == {"creating"}
    assert pending.keys() == {"aws:ec2/vpc:Vpc", "aws:cloudwatch/logGroup:LogGroup"}
    orphans = site.orphans()
    (vpc,), (group,) = orphans["ec2 describe_vpcs"], orphans["logs describe_log_groups"]
    ids = {"aws:ec2/vpc:Vpc": vpc, "aws:cloudwatch/logGroup:LogGroup": group}
    options = [
        option
        for kind, one in pending.items()
        for option in ("--import-pending-creates", one["resource"]["urn"], "--import-pending-creates", ids[kind])
    ]
    site.engine.run("refresh", "--yes", "--skip-preview", "--stack", STACK, *options)
    assert not site.state().get("pending_operations")
    site.converges_and_goes()
