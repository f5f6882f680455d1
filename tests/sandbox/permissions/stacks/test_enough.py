"""*Enough*: in the life of the stacks, each step by its own role, nothing is denied but what `expected.py` lists."""

from __future__ import annotations

import pytest

from sandbox.permissions import Record
from tests.sandbox.permissions.stacks import expected
from tests.sandbox.permissions.stacks.expected import listed
from tests.sandbox.permissions.stacks.life import STACKS, Life

pytestmark = pytest.mark.engine


def role(record: Record) -> str:
    """The role's name; a principal that has none, such as a service, by its own."""
    return (record.role or record.principal).rpartition("/")[2]


def refused(life: Life) -> dict[tuple[str, str, str], Record]:
    """What would have been denied, once each."""
    denied = [r for r in life.records() if r.verdict == "denied" and not listed((role(r), r.action), expected.HARMLESS)]
    return {(role(r), r.action, r.resource): r for r in denied}


def phases_of(life: Life, record: Record) -> str:
    """When the role asked for it."""
    return ", ".join(sorted(name for name, records in life.phases.items() if record in records))


def test_every_call_could_be_judged(ended: Life) -> None:
    unmapped = {(r.operation, r.reason) for r in ended.records() if r.verdict == "unmapped"}
    assert not unmapped, "sandbox/permissions/needed/resources.py needs a line for each of these"


def test_the_life_is_long_enough_to_prove_something(ended: Life) -> None:
    for stack in STACKS:
        assert len({r.action for r in ended.records([f"up-{stack}"])}) > 100
        for phase in ("preview", "verify", "refresh", "night", "change", "destroy"):
            assert ended.phases[f"{phase}-{stack}"], f"{phase} of {stack} made no call"


def test_nothing_else_is_denied(ended: Life) -> None:
    new = [record for key, record in refused(ended).items() if not listed(key, expected.DENIED)]
    assert not new, "\n".join(
        f"{role(r)} lacks {r.action} on {r.resource} in {phases_of(ended, r)}: {r.reason}; {r.context}" for r in new
    )


def test_what_is_listed_as_denied_still_is(ended: Life) -> None:
    happened = {entry for key in refused(ended) for entry in listed(key, expected.DENIED)}
    assert set(expected.DENIED) <= happened, "these are allowed by now: take them out of expected.py"
