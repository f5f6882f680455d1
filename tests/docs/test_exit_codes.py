"""Exit codes are the same in the program, in its help and in the tables of the documentation."""

from __future__ import annotations

import re

import pytest

from batchctl import errors
from batchctl.cli import app

from .repository import ROOT

CODES = {"FOUND": "found", "DESTROYS": "would be deleted", "NOT_SCANNED": "findings", "UNREACHABLE": "reach"}
"""Constant of `batchctl.errors` to a word that whoever describes the code uses of it."""


def table(name: str, heading: str) -> dict[int, str]:
    """Code to meaning, from the table of a page of docs/ that begins with `heading`."""
    _, _, after = (ROOT / "docs" / name).read_text().partition(heading)
    rows = re.findall(r"^\| (\d) \| (.+?) \|", after.partition("\n\n")[0], re.MULTILINE)
    return {int(code): meaning for code, meaning in rows}


@pytest.mark.parametrize("name", CODES)
def test_the_command_line_and_its_page_agree(name: str) -> None:
    code: int = getattr(errors, name)
    assert CODES[name] in table("batchctl.md", "| code | meaning |\n")[code]
    assert re.search(rf"; {code} [^;]*{CODES[name]}", str(app.info.epilog))


def test_the_page_has_every_code() -> None:
    codes = {value for name, value in vars(errors).items() if name.isupper()}
    assert table("batchctl.md", "| code | meaning |\n").keys() == codes


def test_the_scan_gates_table() -> None:
    """As the operator of a pipeline reads it."""
    gate = table("operations.md", "| exit code | meaning | what to do |\n")
    assert gate.keys() == {errors.OK, errors.FOUND, errors.USAGE, errors.NOT_SCANNED, errors.UNREACHABLE}
    assert "AWS cannot be reached" in gate[errors.UNREACHABLE] and "no findings" in gate[errors.NOT_SCANNED]
