"""docs/changes/settings-changes.md has a row for what each setting does later, and says what the settings are worth."""

from __future__ import annotations

import re
from pathlib import Path

import settings
from batchctl import project as projects
from sandbox.generators.settings_changes import TOGETHER_IN_PLACE, Offline, OnEngine, changes, config_with
from tests.programs import ROOT

PAGE = Path(ROOT / "docs" / "changes" / "settings-changes.md")


def rows() -> dict[str, str]:
    """Setting to verdict, as the page has them."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {cells[1].strip(" `"): cells[3].strip() for line in lines if (cells := line.split("|"))}


def test_every_change_has_its_row() -> None:
    """A setting that is new, or gone, wants the page again: python -m sandbox.generators.settings_changes engine."""
    named = {
        {"data": "data.*Days"}.get(path, f"{path}.*" if path in TOGETHER_IN_PLACE else path) for path, _ in changes()
    }
    assert set(rows()) == named


def test_every_change_is_one_that_the_settings_take() -> None:
    """Otherwise its row would say "refused" of a mistake in the script."""
    base = projects.load(ROOT).stack("dev").config
    for path, value in changes():
        config = config_with(base, path, value)
        raw = {key.removeprefix("batch-platform:"): section for key, section in config.items() if key != "aws:region"}
        settings.parse(raw, stack="dev")


def test_the_page_is_made_by_previews_of_the_engine() -> None:
    assert OnEngine.provider in " ".join(PAGE.read_text().split())


def test_what_is_compared_offline_agrees_with_the_engine() -> None:
    """The table of the provider's plans gives every change the verdict that the engine's own preview gives it."""
    stack = Offline()
    page_of = {
        path: {"data": "data.*Days"}.get(path, f"{path}.*" if path in TOGETHER_IN_PLACE else path)
        for path, _ in changes()
    }
    verdicts = rows()
    other = {
        path: (effect.verdict, verdicts[page_of[path]])
        for path, value in changes()
        if (effect := stack.of(path, value)).verdict != verdicts[page_of[path]]
    }
    assert other == {}


def test_what_is_changed_together_stays_in_place() -> None:
    """A group's row speaks for each of its settings only where nothing of the group replaces anything."""
    verdicts = rows()
    for group in (*(f"{path}.*" for path in TOGETHER_IN_PLACE), "data.*Days"):
        assert verdicts[group] == "in place", group


def test_the_page_says_where_data_is_at_risk() -> None:
    verdicts = rows()
    assert verdicts["platform.environment"] == "refused"
    assert verdicts["platform.permissionsPath"] == "replaced"
    assert re.fullmatch(r"\*\*data at risk\*\*", verdicts["jobs.report-generation"])
