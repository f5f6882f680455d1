"""Generated files are current: docs/policy/policies.md and the list of taggable types."""

from __future__ import annotations

from batchctl.policy import docs
from batchctl.policy.mutants.matrix import ROOT
from policy.rules import ALL_RULES

CURRENT = "out of date: run `batchctl policy docs`"


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "policy" / "policies.md").read_text(encoding="utf-8")
    assert page == docs.policies_markdown(), CURRENT
    for rule in ALL_RULES:
        assert f"\n## {rule.name}\n" in page


def test_the_list_of_taggable_types_is_current() -> None:
    listed = (ROOT / "policy" / "rules" / "tables" / "taggable.txt").read_text(encoding="utf-8")
    assert listed == docs.taggable_types(), CURRENT
    assert "aws:s3/bucket:Bucket" in listed.split()
