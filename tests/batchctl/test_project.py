"""A stack file is read as Pulumi reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.program import recorded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\nruntime: python\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10:00", "10:00"),
        ("10:00:30", "10:00:30"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("42", 42),
        ("-3", -3),
        ("'42'", "42"),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("null", None),
        ("~", None),
    ],
)
def test_plain_values(folder: Path, text: str, value: object) -> None:
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  batch-platform:x:\n    y: {text}\n")
    read = projects.load(folder).stack("dev").config["batch-platform:x"]["y"]
    assert (read, type(read)) == (value, type(value))


def test_what_is_not_yaml_is_one_message(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: [")
    with pytest.raises(OperatorError, match=r"Pulumi.dev.yaml is not valid YAML"):
        projects.load(folder).stack("dev")


def test_a_region_that_does_not_exist_is_refused_with_the_nearest() -> None:
    here = projects.find()
    dev = here.stack("dev")
    wrong = projects.StackFile("dev", {**dev.config, "aws:region": "us-east1"})
    with pytest.raises(OperatorError, match=r"(?s)aws:region = 'us-east1'.*valid: aws:region: us-east-1"):
        recorded(here, wrong, "unknown")
