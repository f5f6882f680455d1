"""The pages in a real browser: no word on its console, nothing wider than the screen, at 400 and 1,400 pixels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image  # the report's ReportLab brings it

from batchctl.nights.page import page
from tests.nights.sample import fortnight
from tests.programs import ROOT

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (400, 1400)
COLOURS = 32
"""Of a picture: enough for two pages with six, and a quarter of the bytes."""
PICTURES = ROOT / "docs" / "pictures"
FRAME = """<!doctype html><body style="margin:0"><iframe id="page" src="{page}" width="{width}" height="900"
style="border:0"></iframe><p id="out"></p><script>
document.getElementById("page").onload = event => {{
  const html = event.target.contentDocument.documentElement;
  document.getElementById("out").textContent = "wide " + html.scrollWidth + " tall " + html.scrollHeight;
}};</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH: THE PAGES WERE SHOWN TO NO BROWSER")


def browse(file: Path, *options: str) -> tuple[str, list[str]]:
    """The document after its scripts ran, and what the console said."""
    done = subprocess.run(
        [
            *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"),
            *("--enable-logging=stderr", "--virtual-time-budget=5000", f"--user-data-dir={file.parent / 'profile'}"),
            *(*options, "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    """The page of a made-up fortnight."""
    file = tmp_path / "nights.html"
    file.write_text(page(fortnight(), priced_at="2026-11"))
    return file


def test_the_console_is_silent(nights: Path) -> None:
    dom, console = browse(nights)
    assert "Nights of dev" in dom
    assert console == []


def test_a_console_that_is_not_would_be_heard(tmp_path: Path) -> None:
    file = tmp_path / "broken.html"
    file.write_text("<script>nothing()</script>")
    assert len(browse(file)[1]) == 1


def extent(file: Path, width: int) -> tuple[int, int]:
    """Width and height, in pixels, of a page on a screen of `width` pixels."""
    frame = file.with_name("frame.html")
    frame.write_text(FRAME.format(page=file.name, width=width))
    size = re.search(r"wide (\d+) tall (\d+)", browse(frame, f"--window-size={width},1000")[0])
    assert size is not None, "the page did not load"
    return int(size[1]), int(size[2])


def fits(file: Path, width: int) -> bool:
    """Whether nothing of a page is wider than a screen of `width` pixels, and the page is really there."""
    wide, tall = extent(file, width)
    return wide <= width and tall > 900


def hold_picture(file: Path, width: int) -> None:
    """docs/pictures has a picture of the page, as wide as the screen; with RENEW_REFERENCES set, it is taken anew."""
    picture = PICTURES / f"{file.stem}-{width}.png"
    if os.environ.get("RENEW_REFERENCES"):
        picture.parent.mkdir(exist_ok=True)
        browse(file, "--hide-scrollbars", f"--window-size={width},{extent(file, width)[1]}", f"--screenshot={picture}")
        Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)
    signature, header = picture.read_bytes()[:8], picture.read_bytes()[16:20]
    assert signature == b"\x89PNG\r\n\x1a\n" and int.from_bytes(header) == width


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(nights: Path, width: int) -> None:
    assert fits(nights, width)
    hold_picture(nights, width)


def test_what_is_wider_would_be_seen(nights: Path) -> None:
    nights.write_text(nights.read_text().replace("<h1>", "<h1 style='width:900px'>"))
    assert not fits(nights, 400)
