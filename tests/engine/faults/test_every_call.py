"""Every changing call of an `up` and of a `destroy` meets each fault: what becomes of it is docs/measured/faults.md.

One stack for each fault, most of an hour together, so BATCH_FAULTS asks for it (nightly.yml).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from batchctl.verify import Outcome
from tests.engine.conftest import Deployed
from tests.engine.faults import results
from tests.engine.faults.conftest import REFUSED, SERVER_ERROR, STACK, THROTTLED, Fault, Site
from tests.engine.verified import verified

pytestmark = pytest.mark.skipif(
    not os.environ.get("BATCH_FAULTS"), reason="most of an hour: BATCH_FAULTS=1 asks for it"
)

HALF_MADE = ("ec2:RevokeSecurityGroupEgress", "dynamodb:UpdateContinuousBackups")
"""Calls with which the provider finishes what another call began."""
OPEN = "egress is HTTPS to endpoints and S3 only"
EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
TURNS = 60
"""More than any chain of calls that wait for each other is long."""
ONCE = {"InternalFailure": SERVER_ERROR, "ThrottlingException": THROTTLED}
NAMED = "ends, naming it"
TRIED_AGAIN = "tried again"
ENDS = "ends; the next goes on"


def refused_in_turn(site: Site, command: str, operations: Collection[str] = ()) -> dict[tuple[str, str], str]:
    """Calls the command until nothing is refused any more; what one call of it was refused, the next one may do.

    Of `operations`, or of each there is. With `--continue-on-error`, so that one call of it meets whatever does not
    wait for what was refused.
    """
    outcomes: dict[tuple[str, str], str] = {}
    granted: set[str] = set()
    for _ in range(TURNS):
        refused = [operation for operation in operations or ["each"] if operation not in granted]
        site.faults(*({"operation": operation, **REFUSED, "granted": sorted(granted)} for operation in refused))
        done = site.pulumi(command, "--continue-on-error", check=False)
        printed, met = done.stdout + done.stderr, site.met()
        if not met:
            assert done.returncode == 0, printed[-3000:]
            site.faults()
            return outcomes
        for operation in met:
            is_named = f"not authorized to perform: {operation}" in printed and done.returncode != 0
            outcomes[command, operation] = NAMED if is_named else "goes on without it"
        granted |= met
        print(command, sorted(met), flush=True)
    raise AssertionError(f"{command} is still refused something after {TURNS} turns")


def once_each(site: Site, command: str, fault: Fault) -> dict[tuple[str, str], str]:
    """Calls the command while each operation's first call fails, and once more where that ended it."""
    site.faults({"operation": "each", **fault})
    done = site.pulumi(command, "--continue-on-error", check=False)
    printed, met = done.stdout + done.stderr, site.met()
    ended = {operation for operation in met if f"a fault on purpose of {operation}" in printed}
    assert bool(ended) == bool(done.returncode), printed[-3000:]
    site.faults()
    if ended:
        site.pulumi(command)
    return {(command, operation): ENDS if operation in ended else TRIED_AGAIN for operation in met}


def test_each_call_of_an_up_is_refused(site: Site) -> None:
    """Each refusal is named, and each `up` goes on where the one before ended."""
    outcomes = refused_in_turn(site, "up")
    results.hold("AccessDenied", outcomes)
    assert len(outcomes) > 40, "an up of dev makes more calls than these"
    assert set(outcomes.values()) == {NAMED}
    site.pulumi("up", "--refresh")
    site.clean()
    site.gone()


def test_each_call_of_a_destroy_is_refused(site: Site) -> None:
    """Each refusal is named, and each `destroy` goes on where the one before ended."""
    site.pulumi("up")
    site.fill_the_input_bucket()
    outcomes = refused_in_turn(site, "destroy")
    results.hold("AccessDenied", outcomes)
    assert len(outcomes) > 40, "a destroy of dev makes more calls than these"
    assert set(outcomes.values()) == {NAMED}
    site.nothing_is_left()


def test_what_a_refusal_left_half_made(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/operations.md says: `up --refresh` mends what the provider reads, and `verify` names what it does not.

    A group that could not be closed after AWS had made it open stays open for Pulumi's part: the program sets its rules
    one by one, and Pulumi knows of no other.
    """
    assert len(refused_in_turn(site, "up", HALF_MADE)) == len(HALF_MADE)
    stack = verified(Deployed(site.engine, STACK, site.engine.outputs(STACK)), tmp_path, monkeypatch)
    assert {check.says for check in stack.report().of(Outcome.FAIL)} >= {OPEN, "the default group is empty"}
    site.pulumi("up", "--refresh")
    (left,) = stack.report().of(Outcome.FAIL)
    assert left.says == OPEN
    site.account.client("ec2").revoke_security_group_egress(GroupId=left.resource, IpPermissions=[EVERYTHING])
    assert not stack.report().of(Outcome.FAIL)
    site.converges_and_goes()


@pytest.mark.parametrize("name", ONCE)
def test_each_fails_once(site: Site, name: str) -> None:
    """The provider waits and asks again, or the `up` ends and the next one goes on."""
    outcomes = once_each(site, "up", ONCE[name])
    assert len(outcomes) > 40, "an up of dev makes more calls than these"
    site.clean()
    site.fill_the_input_bucket()
    outcomes |= once_each(site, "destroy", ONCE[name])
    site.nothing_is_left()
    results.hold(name, outcomes)
