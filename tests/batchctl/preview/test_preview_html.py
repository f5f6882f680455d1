"""`preview --html`: every part with its count, what changes in words, and nothing of it taken for markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchctl import project as projects
from batchctl.costs import readable
from batchctl.costs.prices import load_prices
from batchctl.preview import preview_html
from batchctl.preview.report import Node, StackReport, preview
from tests.nights.test_browser import BROWSER, WIDTHS, browse, fits, hold_picture
from tests.programs import ROOT


@pytest.fixture(scope="module")
def report() -> StackReport:
    """The committed dev stack's."""
    return preview(projects.load(ROOT), "dev", price_table=load_prices(None))


def _names(node: Node) -> list[str]:
    return [node.name, *(name for child in node.components for name in _names(child))]


def test_every_part_is_there_with_its_resources(report: StackReport) -> None:
    page_html = preview_html.page([report], {}, base="", not_compared="no git")
    assert all(f">{name} <" in page_html for name in _names(report.tree))
    assert f"{report.tree.total} resources" in page_html and "The policy pack passes" in page_html
    assert f"{report.idle.total:.2f} USD a month" in page_html
    assert "Not compared: no git" in page_html


def test_what_changes_is_escaped_and_code_is_code(report: StackReport) -> None:
    lines = [("More access", "role `role-x` may `s3:*` on <b>all</b>")]
    changes = {"dev": preview_html.Changes("needs review", lines)}
    page_html = preview_html.page([report], changes, base="abc", not_compared="")
    assert "More access: role <code>role-x</code> may <code>s3:*</code> on &lt;b&gt;all&lt;/b&gt;" in page_html
    assert "needs review" in page_html and "against abc" in page_html


@pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH: THE PAGE WAS SHOWN TO NO BROWSER")
@pytest.mark.parametrize("width", WIDTHS)
def test_in_a_browser(report: StackReport, tmp_path: Path, width: int) -> None:
    file = tmp_path / "preview.html"
    file.write_text(preview_html.page([report], {}, base="", not_compared="no git"))
    assert browse(file)[1] == []
    assert fits(file, width)
    hold_picture(file, width)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (0, "0"),
        (0.000001, "< 0.001"),
        (0.0117188, "0.012"),
        (0.2, "0.2"),
        (23, "23"),
        (2190, "2,190"),
        (1.5e6, "1,500,000"),
    ],
)
def test_a_quantity_has_no_exponent(quantity: float, text: str) -> None:
    assert readable(quantity) == text
