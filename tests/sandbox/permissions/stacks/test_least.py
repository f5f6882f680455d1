"""*Least*: each statement of each role is used by a recorded call, or `expected.py` has its reason."""

from __future__ import annotations

import re

import pytest

from sandbox.permissions import Record
from tests.sandbox.permissions.stacks import expected
from tests.sandbox.permissions.stacks.expected import listed
from tests.sandbox.permissions.stacks.life import Life

pytestmark = pytest.mark.engine
_STATEMENT = re.compile(r"identity policy (?P<policy>.+), statement (?P<sid>\S+)")


def used(records: list[Record]) -> set[tuple[str, str]]:
    """Role and statement of everything that was allowed."""
    return {
        (record.role.rpartition("/")[2], match["sid"])
        for record in records
        for text in record.statements
        if record.verdict == "allowed" and record.role and (match := _STATEMENT.fullmatch(text))
    }


def unused(life: Life) -> set[tuple[str, str]]:
    """Role and statement of what nothing needed in the whole life."""
    every = {(role, sid) for role, statements in life.statements.items() for _, sid in statements}
    return every - used(life.records())


def test_every_statement_is_used_or_has_its_reason(ended: Life) -> None:
    idle = sorted(key for key in unused(ended) if not listed(key, expected.UNUSED))
    assert not idle, "\n".join(f"{role}: no call used {sid}" for role, sid in idle)


def test_what_is_listed_as_unused_still_is(ended: Life) -> None:
    happened = {entry for key in unused(ended) for entry in listed(key, expected.UNUSED)}
    assert set(expected.UNUSED) <= happened, "these are used by now, or gone: take them out of expected.py"
