"""Each level has its reason, and the reason is one of its level."""

from __future__ import annotations

from policy.rules import ALL_RULES
from policy.rules.levels import _AT_NIGHT, listed, reason


def test_every_reason_is_of_the_rules_level() -> None:
    assert [rule.name for rule in ALL_RULES if not reason(rule.name).startswith(rule.level.value)] == []


def test_every_rule_has_a_reason_and_every_reason_a_rule() -> None:
    assert listed() == {rule.name for rule in ALL_RULES}


def test_no_two_reasons_of_a_failing_night_are_the_same() -> None:
    assert len(set(_AT_NIGHT.values())) == len(_AT_NIGHT) > 30
