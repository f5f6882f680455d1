"""What the comment says of each type of resource: changed, new and removed, in files that a person has read.

`RENEW_REFERENCES=1 pytest tests/batchctl/preview/test_type_cases.py` writes them anew: read the difference.
"""

from __future__ import annotations

import pytest

from batchctl.preview import pages, replacement
from batchctl.preview.changes import compare
from batchctl.preview.pages.markdown import to_markdown
from batchctl.preview.snapshot import Snapshot
from tests.batchctl.preview.stacks import committed, reference, with_settings
from tests.batchctl.preview.type_cases import CASES, edited, first, removed

LONGEST = 6_000
SERVICES = sorted({kind.split("/")[0].removeprefix("aws:") for kind in CASES})


@pytest.fixture(scope="module")
def everything() -> Snapshot:
    """The dev stack with every type of resource that settings can add."""
    return with_settings(
        "dev",
        {
            "alerts": {"emails": ["night@example.com"]},
            "network": {"dnsFirewall": True},
            "data": {"objectLock": {"days": 400}},
        },
    )


def test_every_type_has_a_case(everything: Snapshot) -> None:
    types = {one.type for stack in ("dev", "prod") for one in committed(stack).graph.resources if one.custom}
    assert types | {one.type for one in everything.graph.resources if one.custom} == set(CASES)


@pytest.mark.parametrize("service", SERVICES)
def test_the_lines_of_each_type_are_those_that_a_person_has_read(everything: Snapshot, service: str) -> None:
    parts = [f"# What a change of a resource of `{service}` says\n"]
    for kind, edit in CASES.items():
        if kind.split("/")[0] != f"aws:{service}":
            continue
        target = first(everything, kind)
        changed, gone = edited(everything, target, edit), removed(everything, target)
        for what, before, after in (
            ("changed", everything, changed),
            ("new", gone, everything),
            ("removed", everything, gone),
        ):
            page = pages.page(compare(before, after))
            parts += [f"## {kind.rpartition(':')[2]}, {what}\n", *to_markdown(page, LONGEST)]
    text = "\n".join(parts)
    assert "hunter2" not in text
    assert text == reference(f"types/{service}.md", text)


@pytest.mark.parametrize("kind", CASES)
def test_a_dangerous_change_of_each_type_is_never_called_safe(everything: Snapshot, kind: str) -> None:
    """The cases are dangerous, but for those that only cost: what scales, and what is drawn."""
    page = pages.page(compare(everything, edited(everything, first(everything, kind), CASES[kind])))
    harmless = kind.startswith(("aws:appautoscaling/", "aws:cloudwatch/dashboard:"))
    assert (page.verdict is pages.Verdict.SAFE) == harmless


def test_a_property_that_nobody_has_thought_about_needs_eyes(everything: Snapshot) -> None:
    """What is not known as safe is not safe; and as it may replace, data may go with it."""
    for kind in CASES:
        target = first(everything, kind)
        page = pages.page(compare(everything, edited(everything, target, lambda props: {**props, "brandNew": "on"})))
        holds_data = kind in replacement.HOLDS_DATA
        assert page.verdict is (pages.Verdict.DESTROYS if holds_data else pages.Verdict.REVIEW), kind
