"""Exit codes are the same in the code, in `batchctl --help` and on docs/batchctl.md."""

from __future__ import annotations

import re

from batchctl import errors
from batchctl.cli import app
from tests.programs import ROOT

CODES = {
    errors.OK,
    errors.PROBLEM,
    errors.USAGE,
    errors.DATA_LOSS,
    errors.NOT_SCANNED,
    errors.UNREACHABLE,
}


def test_the_page_has_each_code_once() -> None:
    table = (ROOT / "docs/batchctl.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == sorted(CODES)


def test_the_help_has_each_code_once() -> None:
    epilog = app.info.epilog
    assert isinstance(epilog, str)
    listed = epilog.partition("Exit codes: ")[2].partition(". For `diff`")[0]
    assert [int(part[0]) for part in listed.split("; ")] == sorted(CODES)


def test_the_scan_gates_page_agrees() -> None:
    table = (ROOT / "docs/operations.md").read_text().partition("### The scan gate")[2].partition("\n## ")[0]
    expected = CODES - {errors.DATA_LOSS}
    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == sorted(expected)
