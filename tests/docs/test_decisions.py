"""Each decision's page is listed in the index under its title, and has the sections of a decision."""

from __future__ import annotations

import pytest

from .repository import ROOT, files

PAGES = sorted(name for name in files() if name.startswith("docs/adr/") and name != "docs/adr/README.md")


def test_the_index_lists_each_page_under_its_title_and_nothing_else() -> None:
    index = (ROOT / "docs/adr/README.md").read_text().splitlines()
    listed = sorted(line for line in index if line.startswith("- "))
    titles = {name: (ROOT / name).read_text().splitlines()[0].removeprefix("# ") for name in PAGES}
    assert listed == sorted(f"- [{title}]({name.removeprefix('docs/adr/')})" for name, title in titles.items())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_context_options_decision_and_what_is_bad_about_it(name: str) -> None:
    text = (ROOT / name).read_text()
    missing = [
        section for section in ("Status: ", "**Context", "**Option", "**Decision", "**Bad") if section not in text
    ]
    assert not missing
