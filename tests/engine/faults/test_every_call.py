"""Every changing call of an `up` and of a `destroy` meets each fault: what becomes of it is docs/measured/faults.md.

One stack for each fault, most of an hour together, so BATCH_FAULTS asks for it (nightly.yml).
"""

from __future__ import annotations

import os

import pytest

from tests.engine.faults import results
from tests.engine.faults.conftest import REFUSED, SERVER_ERROR, THROTTLED, Fault, Site

pytestmark = pytest.mark.skipif(
    not os.environ.get("BATCH_FAULTS"), reason="most of an hour: BATCH_FAULTS=1 asks for it"
)

TURNS = 60
"""More than any chain of calls that wait for each other is long."""
ONCE = {"InternalFailure": SERVER_ERROR, "ThrottlingException": THROTTLED}
NAMED = "ends, naming it"
TRIED_AGAIN = "tried again"
ENDS = "ends; the next goes on"


def refused_in_turn(site: Site, command: str) -> dict[tuple[str, str], str]:
    """Calls the command until nothing is refused any more; what one call of it was refused, the next one may do.

    With `--continue-on-error`, so that one call of it meets whatever does not wait for what was refused.
    """
    outcomes: dict[tuple[str, str], str] = {}
    granted: set[str] = set()
    for _ in range(TURNS):
        site.faults({"operation": "each", **REFUSED, "granted": sorted(granted)})
        done = site.pulumi(command, "--continue-on-error", check=False)
        shown, met = done.stdout + done.stderr, site.met()
        if not met:
            assert done.returncode == 0, shown[-3000:]
            return outcomes
        for operation in met:
            is_named = f"not authorized to perform: {operation}" in shown and done.returncode != 0
            outcomes[command, operation] = NAMED if is_named else "goes on without it"
        granted |= met
        print(command, sorted(met), flush=True)
    raise AssertionError(f"{command} is still refused something after {TURNS} turns")


def once_each(site: Site, command: str, fault: Fault) -> dict[tuple[str, str], str]:
    """Calls the command while each operation's first call fails, and once more where that ended it."""
    site.faults({"operation": "each", **fault})
    done = site.pulumi(command, "--continue-on-error", check=False)
    shown, met = done.stdout + done.stderr, site.met()
    ended = {operation for operation in met if f"a fault on purpose of {operation}" in shown}
    assert bool(ended) == bool(done.returncode), shown[-3000:]
    site.faults()
    if ended:
        site.pulumi(command)
    return {(command, operation): ENDS if operation in ended else TRIED_AGAIN for operation in met}


def test_each_is_refused(site: Site) -> None:
    """Each refusal is named, each `up` goes on where the one before ended, and so does each `destroy`."""
    outcomes = refused_in_turn(site, "up")
    assert len(outcomes) > 40, "an up of dev makes more calls than these"
    site.clean()
    site.fill_the_input_bucket()
    outcomes |= refused_in_turn(site, "destroy")
    site.nothing_is_left()
    results.hold("AccessDenied", outcomes)
    assert set(outcomes.values()) == {NAMED}


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
