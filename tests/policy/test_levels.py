"""Each level has its reason, and the reason is one of its level."""

from __future__ import annotations

from policy.rules import ALL_RULES, Level
from policy.rules.levels import listed, reason


def test_every_reason_is_of_the_rules_level() -> None:
    assert [rule.name for rule in ALL_RULES if not reason(rule.name).startswith(rule.level.value)] == []


def test_no_reason_is_of_a_rule_that_is_gone() -> None:
    assert listed() <= {rule.name for rule in ALL_RULES}


def test_an_advisory_rule_says_why_it_is_no_more() -> None:
    assert {rule.name for rule in ALL_RULES if rule.level is Level.ADVISORY} <= listed()
