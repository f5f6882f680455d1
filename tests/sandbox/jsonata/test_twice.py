"""Every expression of the deployed definitions, evaluated twice with the inputs that runs saw: equal results."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from sandbox.furnishing import definition_of
from sandbox.stage import world_of
from sandbox.workflow import language
from tests.programs import recording
from tests.sandbox.jsonata import reference
from tests.sandbox.jsonata.runs import STORIES

STACKS = ("dev", "prod")
MACHINES = ("nightly", "reconciler", "deadline")
Cases = dict[str, tuple[str, Any]]
AS_EVALUATED = re.compile(r"\((\$states:=\$bound;)?(?P<expression>.*)\)", re.DOTALL)
"""What the interpreter makes of an expression before it evaluates it."""

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None, reason="no npm on PATH: JSONata was not held against the reference implementation"
)


def expressions(node: Any) -> Iterator[str]:
    """Every JSONata expression within a definition."""
    if isinstance(node, str) and re.fullmatch(r"\{%.*%\}", node, re.DOTALL):
        yield node[2:-2].strip()
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from expressions(inner)


@pytest.fixture(scope="module")
def evaluated() -> Cases:
    """Each expression's text with each `$states` that it saw, by both."""
    cases: Cases = {}
    evaluate: Callable[[str], Any] = language.evaluate

    def noted(expression: str) -> Any:
        states = getattr(language.BOUND, "states", None)
        cases[expression + json.dumps(states, sort_keys=True, default=str)] = (expression, states)
        return evaluate(expression)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.setattr(language, "evaluate", noted)
        for stack in STACKS:
            for story in STORIES:
                with mock_aws():
                    story(world_of(recording(stack, "resolved").graph("batch-platform"), stack))
    return cases


def test_both_evaluators_agree(evaluated: Cases) -> None:
    cases = list(evaluated.values())
    assert len(cases) > 200
    pairs = zip(cases, reference.by_reference(cases), reference.by_interpreter(cases), strict=True)
    different = [(text, states, theirs, ours) for (text, states), theirs, ours in pairs if not _same(theirs, ours)]
    assert different == []


def _same(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Equal results; of two errors only that both are errors, for their codes are the implementations' own."""
    if theirs.get("value", 0) is None and "nothing" in ours:
        return True  # the Python library gives None for null and for nothing alike
    return ("error" in theirs) == ("error" in ours) and ("error" in theirs or theirs == ours)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_expression_was_among_them(evaluated: Cases, machine: str) -> None:
    """What no run evaluates would be held against nothing."""
    matches = [AS_EVALUATED.fullmatch(text) for text, _ in evaluated.values()]
    texts = {match["expression"] for match in matches if match}
    missing = {
        (stack, expression)
        for stack in STACKS
        for expression in expressions(definition_of(recording(stack, "resolved").graph("batch-platform"), machine))
        if expression not in texts
    }
    assert not missing


def test_a_difference_would_be_noticed() -> None:
    """The comparison is of values, and the reference is another implementation than ours."""
    cases: list[tuple[str, Any]] = [("$states:=$bound; $states.a + 1", {"a": 1}), ("$unknown()", {}), ("$bound.b", {})]
    assert reference.by_reference(cases)[0] == {"value": 2} == reference.by_interpreter(cases)[0]
    assert "error" in reference.by_reference(cases)[1] and "error" in reference.by_interpreter(cases)[1]
    assert reference.by_reference(cases)[2] == {"nothing": True} == reference.by_interpreter(cases)[2]
    assert not _same({"value": 2}, {"value": 3})
