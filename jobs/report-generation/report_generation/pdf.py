"""The report for people: what may be lost, where it sits, how good the data were, how it was computed.

The first page answers the question of the morning; the others are for whoever asks why. The file is the same, byte for
byte, for the same run: no time of creation, no random document id.
"""

import io
from collections.abc import Callable, Sequence
from html import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Image,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from report_generation import figures, styles
from report_generation.analysis import HEADLINE, Analysis
from report_generation.money import short
from report_generation.styles import WIDTH

_TOP_INSTRUMENTS = 16


def report_pdf(analysis: Analysis, progress: Callable[[], None] = lambda: None) -> bytes:
    """The PDF's bytes; `progress` is called between its parts."""
    styles.register_fonts()
    summary = analysis.gathered.summary

    class Framed(styles.NumberedCanvas):
        footer = f"run {summary.run_id}"
        header = f"Overnight risk report \N{MIDDLE DOT} {_day(analysis)}"

    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        pageTemplates=[PageTemplate(frames=[styles.frame()])],
        invariant=1,
        lang="en",
        title=f"Overnight risk report, {summary.business_date.isoformat()}",
        author="batch-platform",
        subject=f"Monte Carlo value at risk and expected shortfall, run {summary.run_id}",
    )
    story: list[Flowable] = []
    for part in (_headline, _exposures, _sources, _quality):
        story += part(analysis)
        progress()
    document.build(story, canvasmaker=Framed)
    return buffer.getvalue()


def _headline(analysis: Analysis) -> list[Flowable]:
    headline = analysis.headline
    summary = analysis.gathered.summary
    days = analysis.gathered.model.horizon_days
    horizon = "one trading day" if days == 1 else f"{days} trading days"
    worst = f"{(1000 - HEADLINE) / 10:g}&nbsp;%"
    sentence = (
        f"Over {horizon} the portfolio loses more than <b>USD {short(headline.value_at_risk)}</b> with a probability "
        f"of {worst}. In that worst {worst} of scenarios it loses <b>USD {short(headline.expected_shortfall)}</b> "
        "on average."
    )
    tiles = [
        (f"value at risk in USD, {HEADLINE / 10:g} %", short(headline.value_at_risk)),
        (f"expected shortfall in USD, {HEADLINE / 10:g} %", short(headline.expected_shortfall)),
        ("gross exposure in USD", short(analysis.total.gross)),
        ("net exposure in USD", short(analysis.total.net)),
        ("trades", f"{summary.trades:,}"),
        ("rows quarantined", f"{summary.quarantined:,}"),
    ]
    return [
        _banner("Overnight risk report", _day(analysis)),
        Spacer(0, 8),
        _tiles(tiles),
        Spacer(0, 8),
        Paragraph(sentence, styles.BODY),
        Paragraph("What a day may bring", styles.HEADING),
        _figure(figures.distribution, analysis, height=3.7),
        Paragraph("Measures", styles.HEADING),
        _table(
            ("level", "value at risk", "its 95 % interval", "expected shortfall", "its standard error"),
            [
                (
                    f"{measure.permille / 10:g} %",
                    short(measure.value_at_risk),
                    f"{short(measure.var_low)} \N{EN DASH} {short(measure.var_high)}",
                    short(measure.expected_shortfall),
                    f"\N{PLUS-MINUS SIGN} {short(measure.es_standard_error)}",
                )
                for measure in analysis.measures
            ],
            (0.12, 0.2, 0.27, 0.21, 0.2),
        ),
        Spacer(0, 4),
        Paragraph(
            f"US dollars; losses are positive. {analysis.gathered.model.scenarios:,} scenarios; the intervals say how "
            "far another set of scenarios might move a number, not how wrong the model may be.",
            styles.NOTE,
        ),
        Paragraph("The book", styles.HEADING),
        _book(analysis),
        PageBreak(),
    ]


def _book(analysis: Analysis) -> Table:
    classes = sorted(analysis.gathered.by_asset_class.items(), key=lambda item: -item[1].gross)
    return _table(
        ("asset class", "long", "short", "gross", "net"),
        [
            (name, short(part.long), short(part.short), short(part.gross), short(part.net))
            for name, part in [*classes, ("all", analysis.total)]
        ],
        (0.24, 0.19, 0.19, 0.19, 0.19),
    )


def _exposures(analysis: Analysis) -> list[Flowable]:
    gathered = analysis.gathered
    largest = sorted((part.gross for part in gathered.by_instrument.values()), reverse=True)[:_TOP_INSTRUMENTS]
    share = sum(largest) / analysis.total.gross
    return [
        Paragraph("Exposure by asset class", styles.HEADING),
        _figure(figures.exposures, gathered.by_asset_class, height=1.8, most=8),
        Paragraph("Exposure by currency", styles.HEADING),
        _figure(figures.exposures, gathered.by_currency, height=2.05, most=10),
        Paragraph("Largest instruments", styles.HEADING),
        _figure(figures.exposures, gathered.by_instrument, height=4.6, most=_TOP_INSTRUMENTS),
        Paragraph(
            f"Market value in US dollars at the rates of the trade files. The {len(largest)} instruments with the "
            f"largest gross exposure, of {len(gathered.by_instrument):,}; together {100 * share:.0f} % of the book.",
            styles.NOTE,
        ),
        PageBreak(),
    ]


def _sources(analysis: Analysis) -> list[Flowable]:
    trades = analysis.gathered.riskiest
    return [
        Paragraph("Where the expected shortfall comes from", styles.HEADING),
        _figure(figures.contributions, analysis.contributions, height=3.6),
        Paragraph(
            f"Contribution of each shard to the portfolio's expected shortfall at {HEADLINE / 10:g} %: its mean loss "
            "in the portfolio's worst scenarios. Contributions add up to the whole; a negative one hedges the others.",
            styles.NOTE,
        ),
        Paragraph("Trades with most risk of their own", styles.HEADING),
        _table(
            ("trade", "instrument", "class", "currency", "market value", "deviation", "VaR 99 %"),
            [
                (
                    trade.trade_id,
                    trade.instrument,
                    trade.asset_class,
                    trade.currency,
                    short(trade.market_value),
                    short(trade.deviation),
                    short(trade.value_at_risk),
                )
                for trade in trades
            ],
            (0.17, 0.18, 0.13, 0.11, 0.15, 0.13, 0.13),
            text=4,
        ),
        Spacer(0, 4),
        Paragraph(
            "Ranked by the standard deviation of the trade's own profit and loss, each as if it were held alone.",
            styles.NOTE,
        ),
        PageBreak(),
    ]


def _quality(analysis: Analysis) -> list[Flowable]:
    quality, summary = analysis.gathered.quality, analysis.gathered.summary
    rows = summary.trades + summary.quarantined
    parts: list[Flowable] = [
        Paragraph("Data quality", styles.HEADING),
        Paragraph(
            f"{summary.trades:,} of {rows:,} rows were accepted; {summary.quarantined:,} "
            f"({100 * summary.quarantined / rows:.2f}&nbsp;%) were quarantined and are not in this report. The rows "
            f"and their reasons: {escape(quality.rejected_uri)}",
            styles.BODY,
        ),
    ]
    if quality.reasons:
        height = 0.55 + 0.19 * min(12, len(quality.reasons))
        parts += [Spacer(0, 4), _figure(figures.reasons, quality.reasons, height=height)]
    parts += [
        Paragraph("Files", styles.HEADING),
        _table(
            ("file", "SHA-256", "accepted", "rejected"),
            [
                (file.key, f"{file.sha256[:16]}\N{HORIZONTAL ELLIPSIS}", f"{file.accepted:,}", f"{file.rejected:,}")
                for file in quality.files
            ],
            (0.5, 0.24, 0.13, 0.13),
            text=2,
        ),
        KeepTogether([Paragraph("How it was computed", styles.HEADING), Paragraph(_method(analysis), styles.BODY)]),
    ]
    return parts


def _method(analysis: Analysis) -> str:
    model = analysis.gathered.model
    return (
        f"Monte Carlo, model version {model.version}: {model.scenarios:,} scenarios over {model.horizon_days} trading "
        f"day{'s' if model.horizon_days > 1 else ''}, drawn for the business date, the same for every trade. An "
        "instrument returns its annual volatility, scaled to the horizon, times a mixture of one market factor (by its "
        "correlation) and a risk of its own, both standard normal. A trade gains its market value times delta times "
        "the return plus half gamma times the squared return. Gains are rounded to a hundredth of a cent before they "
        f"are added, so that the sums are exact and do not depend on the {len(analysis.contributions):,} shards in "
        "which they were computed. Value at risk is an order statistic of the portfolio's own scenarios, not a sum of "
        "parts; expected shortfall is the mean loss beyond it."
    )


def _day(analysis: Analysis) -> str:
    day = analysis.gathered.summary.business_date
    return f"{day:%A} {day.day} {day:%B %Y}"


def _banner(title: str, day: str) -> Table:
    name = ParagraphStyle("banner", parent=styles.BODY, fontName=styles.BOLD, fontSize=17, leading=22, textColor=white)
    date = ParagraphStyle("banner-day", parent=styles.BODY, fontSize=9.5, leading=13, textColor=HexColor("#c9d6e4"))
    return Table(
        [[Paragraph(title, name)], [Paragraph(f"for the market open of {day}", date)]],
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


def _tiles(tiles: Sequence[tuple[str, str]]) -> Table:
    cells = [
        [Paragraph(value, styles.TILE_VALUE), Paragraph(escape(label), styles.TILE_LABEL)] for label, value in tiles
    ]
    half = len(cells) // 2
    return Table([cells[:half], cells[half:]], colWidths=[WIDTH / half] * half, style=styles.TILES)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], *, text: int = 1) -> Table:
    """A table whose first `text` columns are text and whose others are numbers, set right."""

    def line(cells: Sequence[str], left: ParagraphStyle, right: ParagraphStyle) -> list[Paragraph]:
        return [Paragraph(escape(cell), left if place < text else right) for place, cell in enumerate(cells)]

    return Table(
        [line(head, styles.HEAD, styles.HEAD_RIGHT), *(line(row, styles.CELL, styles.CELL_RIGHT) for row in rows)],
        colWidths=[WIDTH * share for share in shares],
        style=styles.TABLE,
        repeatRows=1,
    )


def _figure(draw: Callable[..., bytes], data: object, *, height: float, **options: int) -> Image:
    """A figure as wide as the text and `height` inches high."""
    width = WIDTH / inch
    return Image(io.BytesIO(draw(data, width, height, **options)), width=WIDTH, height=height * inch)
