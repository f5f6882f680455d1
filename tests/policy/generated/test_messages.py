"""What findings say, over findings that nobody wrote: those of a sample of the generated mutants."""

from __future__ import annotations

import re
from functools import cache

from batchctl.policy.mutants.matrix import base
from policy.rules import ALL_RULES, Finding, Verdict, evaluate

from . import score

ONE_IN = 150
HIDING = re.compile(
    r"ignoreChanges|retainOnDelete|protect\b|(?<!or )exempt|disable|(?:remove|delete) th(?:e|is) (?:rule|policy pack)",
    re.IGNORECASE,
)
"""Advice after which nobody sees the mistake any more."""
ABOUT_OPTIONS = frozenset(
    (
        "exemptions-are-current",
        "creation-time-is-kept",
        "autoscaled-service-ignores-count",
        "options-accounted-for",
        "keys-are-kept-with-data",
        "no-retain-or-protect",
    )
)
"""Rules whose subject these options are."""


@cache
def failing() -> dict[tuple[str, str], Finding]:
    """A finding for each rule and message among those about the sample."""
    graph = base("dev", "resolved")
    ids_before = {one.id for one in evaluate(graph, {})}
    mutants = score.mutants("dev", "resolved")
    return {
        (one.rule, one.message): one
        for index in score.sampled("dev", "resolved", ONE_IN)
        for one in evaluate(mutants[index].make(), {})
        if one.verdict is Verdict.FAIL and one.id not in ids_before
    }


def test_each_names_resource_and_property_what_it_is_and_what_it_must_be() -> None:
    lacking = []
    for one in failing().values():
        named, _, rest = one.message.partition(": ")
        what, _, must = rest.rpartition(". ")
        if one.resource not in named or not one.property or one.property not in one.message:
            lacking.append(f"{one.rule} names no resource or property: {one.message}")
        if len(what) < 10 or len(must) < 10:
            lacking.append(f"{one.rule} does not say what it is and what it must be: {one.message}")
    assert lacking == []
    assert len(failing()) > 60
    assert len({one.rule for one in failing().values()}) > 25


def test_no_advice_hides_the_mistake() -> None:
    advice = {(rule.name, rule.fix) for rule in ALL_RULES}
    advice |= {(one.rule, one.message.rpartition(". ")[2]) for one in failing().values()}
    assert sorted(text for name, text in advice if HIDING.search(text) and name not in ABOUT_OPTIONS) == []
