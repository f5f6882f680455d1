"""What the comment says when a settings field changes: each field has a case, in files that a person has read.

`RENEW_REFERENCES=1 pytest tests/batchctl/preview/test_settings_cases.py` writes them anew: read the difference.
"""

from __future__ import annotations

import json

import pytest

from batchctl.preview import pages
from batchctl.preview.changes import compare
from batchctl.preview.pages.markdown import to_markdown
from batchctl.preview.pages.page import Page
from tests.batchctl.preview.settings_cases import CASES, NOTHING, UNSEEN, every_field
from tests.batchctl.preview.stacks import committed, reference, with_settings

LONGEST = 6_000
"""Characters of one case: the name of the environment changes everything there is."""
SECTIONS = sorted({path.partition(".")[0] for path in CASES})


def page_of(path: str) -> Page:
    before, after = CASES[path]
    base = with_settings("dev", before) if before != NOTHING else committed("dev")
    return pages.page(compare(base, with_settings("dev", after)))


def test_every_field_has_a_case() -> None:
    assert sorted(every_field()) == sorted(CASES)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_lines_of_each_field_are_those_that_a_person_has_read(section: str) -> None:
    parts = [f"# What a change of a field of `{section}` says\n"]
    for path in (path for path in CASES if path.partition(".")[0] == section):
        page = page_of(path)
        assert bool(page.comparison) != (path in UNSEEN or path == "platform.acknowledge"), path
        lines = to_markdown(page, LONGEST)
        parts += [f"## {path}\n", f"`{json.dumps(CASES[path][0])}` → `{json.dumps(CASES[path][1])}`\n", *lines]
    text = "\n".join(parts)
    assert "hunter2" not in text.replace(json.dumps(CASES["jobs.environment"][1]), "")
    assert text == reference(f"settings/{section}.md", text)
