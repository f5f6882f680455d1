"""Building blocks of the PDF: banner, tiles, tables, figures; nothing here knows about risk."""

import io
from collections.abc import Callable, Sequence
from html import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.platypus import Flowable, Image, Paragraph, Spacer, Table, TableStyle

from report_generation.money import printable
from report_generation.pages import figures, styles
from report_generation.pages.styles import WIDTH


def banner(title: str, day: str) -> Table:
    """The head of the first page."""
    name = ParagraphStyle("banner", parent=styles.BODY, fontName=styles.BOLD, fontSize=17, leading=22, textColor=white)
    date = ParagraphStyle("banner-day", parent=styles.BODY, fontSize=9.5, leading=13, textColor=HexColor("#c9d6e4"))
    return Table(
        [[Paragraph(title, name)], [Paragraph(day, date)]],
        colWidths=[WIDTH],
        style=TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), HexColor(figures.NAVY)),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, 0), 10),
                ("BOTTOMPADDING", (0, 0), (-1, 0), 1),
                ("TOPPADDING", (0, 1), (-1, 1), 0),
                ("BOTTOMPADDING", (0, 1), (-1, 1), 11),
            ]
        ),
    )


def tiles(cells_of: Sequence[tuple[str, str]]) -> Table:
    """Pairs of what a number is and the number, in two lines."""
    cells = [
        [Paragraph(value, styles.TILE_VALUE), Paragraph(escape(label), styles.TILE_LABEL)] for label, value in cells_of
    ]
    half = len(cells) // 2
    return Table([cells[:half], cells[half:]], colWidths=[WIDTH / half] * half, style=styles.TILES)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], *, text: int = 1) -> Table:
    """A table whose first `text` columns are text and whose others are numbers, set right."""

    def line(cells: Sequence[str], left: ParagraphStyle, right: ParagraphStyle) -> list[Paragraph]:
        return [
            Paragraph(escape(printable(cell, 120)), left if column < text else right)
            for column, cell in enumerate(cells)
        ]

    return Table(
        [line(head, styles.HEAD, styles.HEAD_RIGHT), *(line(row, styles.CELL, styles.CELL_RIGHT) for row in rows)],
        colWidths=[WIDTH * share for share in shares],
        style=styles.TABLE,
        repeatRows=1,
    )


def figure(draw: Callable[..., bytes], data: object, *, height: float, **options: object) -> Image:
    """A figure as wide as the text and `height` inches high."""
    width = WIDTH / inch
    return Image(io.BytesIO(draw(data, width, height, **options)), width=WIDTH, height=height * inch)


def paragraph(text: str) -> Paragraph:
    """Running text that is no markup."""
    return Paragraph(escape(text), styles.BODY)


def notes(title: str, sentences: Sequence[str]) -> list[Flowable]:
    """A box of warnings; nothing when there are none."""
    if not sentences:
        return []
    lines = [Paragraph(title, styles.HEAD)]
    lines += [Paragraph(escape(printable(sentence, 300)), styles.CELL) for sentence in sentences]
    return [Spacer(0, 6), Table([[line] for line in lines], colWidths=[WIDTH], style=styles.NOTES)]
