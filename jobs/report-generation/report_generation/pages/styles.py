"""Type, colours and page frame of the PDF; nothing here knows about risk."""

from pathlib import Path

import matplotlib as mpl
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Frame, TableStyle

from report_generation.pages.figures import AMBER, FAINT, INK, MUTED, NAVY

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
"""Width of the text, in points."""
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=8.2, leading=11.6, textColor=HexColor(INK))
NOTE = ParagraphStyle("note", parent=BODY, fontSize=7, leading=9.6, textColor=HexColor(MUTED))
HEADING = ParagraphStyle(
    "heading",
    parent=BODY,
    fontName=BOLD,
    fontSize=11.5,
    leading=15,
    textColor=HexColor(NAVY),
    spaceBefore=9,
    spaceAfter=2,
)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=7.2, leading=9.2)
CELL_RIGHT = ParagraphStyle("cell-right", parent=CELL, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", parent=CELL, fontName=BOLD, textColor=HexColor(MUTED))
HEAD_RIGHT = ParagraphStyle("head-right", parent=HEAD, alignment=TA_RIGHT)
TILE_VALUE = ParagraphStyle("tile-value", parent=BODY, fontName=BOLD, fontSize=15, leading=19, textColor=HexColor(NAVY))
TILE_LABEL = ParagraphStyle("tile-label", parent=NOTE, fontSize=6.8, leading=9)

TABLE = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(NAVY)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.35, HexColor(FAINT)),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
)
TILES = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, -1), HexColor("#f3f6f9")),
        ("LINEBEFORE", (1, 0), (-1, -1), 2, white),
        ("LINEABOVE", (0, 0), (-1, 0), 1.6, HexColor(NAVY)),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
)

NOTES = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, -1), HexColor("#fdf6e7")),
        ("LINEBEFORE", (0, 0), (0, -1), 2.4, HexColor(AMBER)),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
    ]
)


def register_fonts() -> None:
    """Embed the fonts that matplotlib ships: text and figures look alike and every reader shows the same."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def frame() -> Frame:
    """The part of a page that the text fills, between header and footer."""
    bottom, top = 17 * mm, 16 * mm
    return Frame(
        MARGIN, bottom, WIDTH, A4[1] - bottom - top, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )


class NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it draws "page 1 of 4"."""

    footer = ""
    header = ""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802 (reportlab's name)
        """Keep the page for later."""
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Draw header and footer on every page and finish the file."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self._frame(number, len(self._pages))
            super().showPage()
        super().save()

    def _frame(self, number: int, count: int) -> None:
        self.setFont(REGULAR, 6.8)
        self.setFillColor(HexColor(MUTED))
        self.setStrokeColor(HexColor(FAINT))
        self.setLineWidth(0.5)
        self.line(MARGIN, 13.5 * mm, A4[0] - MARGIN, 13.5 * mm)
        self.drawString(MARGIN, 9.5 * mm, self.footer)
        self.drawRightString(A4[0] - MARGIN, 9.5 * mm, f"page {number} of {count}")
        if number > 1:
            self.drawString(MARGIN, A4[1] - 10.5 * mm, self.header)
            self.line(MARGIN, A4[1] - 12.5 * mm, A4[0] - MARGIN, A4[1] - 12.5 * mm)
