"""The settings in docs/adopt.md are taken by the program and pass the policy pack; its commands and fields exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.adopt import copilot_fields
from tests.adopt.test_copilot import previewed
from tests.programs import ROOT

PAGE = (ROOT / "docs" / "adopt.md").read_text()
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(block)["config"] for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


def test_there_is_one_for_each_origin() -> None:
    assert len(EXAMPLES) == len(re.findall(r"^## From ", PAGE, re.MULTILINE)) == 3


@pytest.mark.parametrize("number", range(3))
def test_an_example_previews(number: int, tmp_path: Path) -> None:
    sections = {key.removeprefix("batch-platform:"): value for key, value in EXAMPLES[number].items()}
    assert previewed(tmp_path, sections).failed == []


def test_each_type_that_is_refused_has_a_reason() -> None:
    assert all(reason for reason in copilot_fields.OTHER_TYPES.values())
