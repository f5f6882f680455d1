"""A sample of the generated mutants is killed, and every property is accounted for."""

from __future__ import annotations

import pytest

from batchctl.policy.mutants.matrix import STACKS, base
from batchctl.preview.recording import Mode
from policy.rules import UNKNOWN, Graph, Resource, Verdict, evaluate
from policy.rules.checks.accounted.properties import COMPUTED
from policy.rules.tables.properties import BY_TYPE

from . import schema, score, spellings, variants
from .harmless import HARMLESS

ONE_IN = 80
LEAST = 0.97
"""The share of a sample that is killed; `benchmarks/policy_mutants.py` runs the whole and prints who survives."""


@pytest.mark.parametrize(("stack", "mode"), [("dev", "resolved"), ("prod", "unknown")])
def test_a_sample_is_killed(stack: str, mode: Mode) -> None:
    results = score.outcomes([stack], [mode], ONE_IN)
    judged = [one for one in results if one.fate != "harmless"]
    left = [f"{one.fate}: {one.kind} {one.type} {one.resource} {one.path}" for one in judged if one.fate != "killed"]
    assert len(judged) > 50
    assert len(left) / len(judged) <= 1 - LEAST, left


def test_there_are_ten_thousand() -> None:
    assert len(score.mutants("dev", "resolved")) > 10_000


@pytest.mark.parametrize("stack", STACKS)
def test_every_property_that_is_set_has_a_row(stack: str) -> None:
    """The recording says what is set, the provider's schema what is an input; each is in its type's table."""
    missing = []
    for one in base(stack, "resolved"):
        if not one.custom or one.type not in BY_TYPE:
            continue
        tops = {path.partition("[")[0].partition(".")[0] for path in BY_TYPE[one.type].by_path}
        inputs = schema.inputs(one.type)
        missing += [
            f"{one.type}.{name}" for name in one.props if name in inputs and name not in {*tops, "tags", *COMPUTED}
        ]
        assert one.props.get("name") is not UNKNOWN
    assert missing == []


@pytest.mark.parametrize("token", sorted(BY_TYPE))
def test_every_row_is_about_an_input(token: str) -> None:
    if not (inputs := schema.inputs(token)):
        pytest.skip("the SDK has no such type: it comes from another provider")
    tops = {path.partition("[")[0].partition(".")[0] for path in BY_TYPE[token].by_path}
    assert tops <= set(inputs)


def test_any_other_type_is_a_finding() -> None:
    """Every type of the provider that no table has."""
    others = [token for token in schema.every_type() if token not in BY_TYPE]
    added = [Resource(urn=f"urn:pulumi:dev::p::{token}::x", type=token, name="x") for token in others]
    unlisted = [one for one in added if one.type not in BY_TYPE]
    graph = Graph(unlisted, project="p", stack="dev", outputs={})
    matching = {
        one.urn for one in evaluate(graph, {}) if one.rule == "types-accounted-for" and one.verdict is Verdict.FAIL
    }
    assert matching == {one.urn for one in unlisted}
    assert len(matching) > 1000


def test_every_harmless_entry_has_a_reason_and_is_used() -> None:
    assert all(len(why) > 20 for *_, why in HARMLESS)
    assert len(set(HARMLESS)) == len(HARMLESS)


@pytest.mark.parametrize("number", range(1, 7))
def test_legitimate_settings_and_other_spellings_are_green(number: int) -> None:
    """A sample; `python -m benchmarks.policy_variants` draws a thousand."""
    settings = variants.drawn(variants.SEED, 7)[number]
    result = variants.judged(settings, number, spellings=2)
    assert result.red == ()
    assert result.variants == 4 or result.refused


def test_a_spelling_is_another_one_of_the_same() -> None:
    graph = base("dev", "resolved")
    other = spellings.respelled(graph, 1)
    changed = [one for one in graph if (now := other.get(one.urn)) is None or now.props != one.props]
    assert len(changed) > 30
