"""An engine that gets SIGKILL while AWS makes something: docs/operations.md says what an operator does then.

The account holds the answer of a call that took effect, so that exactly this is what the engine does not know of. The
program alone is killed in `test_one_story.py`, where the engine notices and remembers everything.
"""

from __future__ import annotations

import os

import pytest

from tests.engine.faults.conftest import HELD, STACK, Site

pytestmark = pytest.mark.skipif(not os.environ.get("BATCH_FAULTS"), reason="minutes: BATCH_FAULTS=1 asks for it")


def test_what_was_being_made_is_deleted_and_made_anew(site: Site) -> None:
    """A VPC, of which an `up` would make another one, and a log group, whose name would be in its way.

    Pulumi 3.259 takes neither in by `refresh --import-pending-creates`: it forgets the creation, and the next `up`
    makes the resource again.
    """
    site.faults({"operation": "ec2:CreateVpc", **HELD}, {"operation": "logs:CreateLogGroup", **HELD})
    site.up_killed(site.waits_for(held=2), whole=True)
    site.faults()
    pending = site.state()["pending_operations"]
    assert {one["type"] for one in pending} == {"creating"}
    kinds = sorted(one["resource"]["type"] for one in pending)
    assert kinds == ["aws:cloudwatch/logGroup:LogGroup", "aws:ec2/vpc:Vpc"]
    orphans = site.orphans()
    (vpc,), (group,) = orphans["ec2 describe_vpcs"], orphans["logs describe_log_groups"]
    site.account.client("ec2").delete_vpc(VpcId=vpc)
    site.account.client("logs").delete_log_group(logGroupName=group)
    site.engine.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK)
    assert not site.state().get("pending_operations")
    site.converges_and_goes()
