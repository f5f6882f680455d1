"""What AWS takes is generated from its service models, is current, and is asked of every property of our types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchctl.policy.mutants.matrix import STACKS, base
from batchctl.policy.mutants.operators import swapped
from policy.rules import ALL_RULES, Graph, Resource, Verdict, evaluate
from policy.rules.checks.accounted.acceptance import ACCEPTED, Constraint, faults
from policy.rules.tables.properties import BY_TYPE
from sandbox.generators import acceptance

RULE = next(rule for rule in ALL_RULES if rule.name == "values-are-accepted")


def test_the_table_is_current() -> None:
    written = acceptance.FILE.read_text(encoding="utf-8")
    assert written == acceptance.acceptance(), "run `python -m sandbox.generators.acceptance`"


def test_it_is_about_types_of_the_platform() -> None:
    assert set(ACCEPTED) <= set(acceptance.OPERATIONS) <= set(BY_TYPE)
    assert sum(map(len, ACCEPTED.values())) >= 90


def refused(constraint: Constraint) -> Iterator[Any]:
    """Values that break the constraint, each in one way."""
    if "enum" in constraint:
        yield "no such value"
    if constraint.get("shortest", 0) > 0:
        yield ""
    if constraint.get("longest", 10**9) < 10**6:
        yield "x" * (constraint["longest"] + 1)
    if "low" in constraint:
        yield constraint["low"] - 1
    if "high" in constraint:
        yield constraint["high"] + 1
    if "most" in constraint:
        yield ["x"] * (constraint["most"] + 1)


@pytest.mark.parametrize("token", sorted(ACCEPTED))
def test_what_a_constraint_refuses_is_a_fault(token: str) -> None:
    for path, constraint in ACCEPTED[token].items():
        for value in refused(constraint):
            assert list(faults(value, constraint)), f"{path}: {value!r} with {constraint}"


def placed(graph: Graph) -> Iterator[tuple[Resource, str, Any]]:
    """Each top-level property of the recorded stack that has a constraint, with values that break it."""
    for one in graph:
        for path, constraint in ACCEPTED.get(one.type, {}).items():
            if path in one.props:
                for value in refused(constraint):
                    yield one, path, value


def test_every_property_of_the_stack_with_a_constraint_is_judged() -> None:
    graph = base("dev", "resolved")
    for one, path, value in placed(graph):
        broken = swapped(graph, one, replace(one, props={**one.props, path: value}))
        assert {finding.property for finding in evaluate(broken, {}, rules=(RULE,))} >= {path}, (one.name, value)


@pytest.mark.parametrize("stack", STACKS)
def test_the_recorded_stacks_are_accepted(stack: str) -> None:
    findings = evaluate(base(stack, "resolved"), {}, rules=(RULE,))
    assert [one.message for one in findings if one.verdict is not Verdict.UNDECIDED] == []
