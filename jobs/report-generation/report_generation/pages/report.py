"""The report for people: what may be lost, where it sits, what has changed, how good the data were, how it came about.

The first page answers the question of the morning; the others are for whoever asks why. The file is the same, byte for
byte, for the same run: no time of creation, no random document id.
"""

import io
from collections.abc import Callable

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import inch
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)

from report_generation.analysis import HEADLINE, Analysis
from report_generation.money import percent, short, units
from report_generation.pages import figures, sources, styles
from report_generation.pages.explanation import method_and_data
from report_generation.pages.layout import banner, figure, notes, table, tiles

_LEVEL = f"{HEADLINE / 10:g} %"
_TOP_INSTRUMENTS = 16
_WARNINGS = 6
_TRADES_ROOM = 2 * inch
"""Of a page that has less left, the list of trades leaves the rest empty; in more it begins, and goes on overleaf."""


def report_pdf(analysis: Analysis, progress: Callable[[], None] = lambda: None) -> bytes:
    """The PDF's bytes; `progress` is called between its parts."""
    styles.register_fonts()
    summary = analysis.gathered.summary

    class Framed(styles.NumberedCanvas):
        footer = f"run {summary.run_id}"
        header = f"{_title(analysis)} \N{MIDDLE DOT} {_day(analysis)}"

    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        pageTemplates=[PageTemplate(frames=[styles.frame()])],
        invariant=1,
        lang="en",
        title=f"{_title(analysis)}, {summary.business_date.isoformat()}",
        author="batch-platform",
        subject=f"Monte Carlo value at risk and expected shortfall, run {summary.run_id}",
    )
    story: list[Flowable] = []
    for part in (
        _headline,
        sources.groups,
        sources.changes,
        sources.realised,
        sources.scenario_sets,
        _exposures,
        _trades,
    ):
        story += part(analysis)
        progress()
    story += method_and_data(analysis)
    document.build(story, canvasmaker=Framed)
    return buffer.getvalue()


def _headline(analysis: Analysis) -> list[Flowable]:
    headline = analysis.headline
    warnings = list(analysis.warnings)
    left_out = len(warnings) - _WARNINGS
    listed = warnings[:_WARNINGS] + ([f"{left_out} more warnings are in report.json."] if left_out > 0 else [])
    return [
        banner(_title(analysis), f"for the market open of {_day(analysis)}"),
        Spacer(0, 8),
        tiles(
            [
                (f"value at risk in USD, {_LEVEL}", short(headline.value_at_risk)),
                (f"expected shortfall in USD, {_LEVEL}", short(headline.expected_shortfall)),
                _change(analysis),
                ("gross exposure in USD", short(analysis.total.gross)),
                ("net exposure in USD", short(analysis.total.net)),
                ("trades", _trade_count(analysis)),
            ]
        ),
        Spacer(0, 8),
        Paragraph(_sentence(analysis), styles.BODY),
        *notes("Look at these first", listed),
        Paragraph("What a day may bring", styles.HEADING),
        figure(figures.distribution, analysis, height=3.3 if listed else 3.7),
        Paragraph("Measures", styles.HEADING),
        table(
            ("level", "value at risk", "its 95 % interval", "expected shortfall", "its 95 % interval"),
            [
                (
                    f"{measure.permille / 10:g} %",
                    short(measure.value_at_risk),
                    f"{short(measure.var_low)} to {short(measure.var_high)}",
                    short(measure.expected_shortfall),
                    f"{short(measure.es_low)} to {short(measure.es_high)}",
                )
                for measure in analysis.measures
            ],
            (0.12, 0.17, 0.27, 0.19, 0.25),
        ),
        Spacer(0, 4),
        Paragraph(
            f"US dollars; losses are positive. {analysis.gathered.model.sets[0].scenarios:,} scenarios; the intervals "
            "say how far another set of scenarios might move a number, not how wrong the model may be.",
            styles.NOTE,
        ),
        PageBreak(),
    ]


def _title(analysis: Analysis) -> str:
    return "Overnight risk report" + (", partial" if analysis.gathered.missing else "")


def _trade_count(analysis: Analysis) -> str:
    gathered = analysis.gathered
    return f"{gathered.trades:,}" + (f" of {gathered.summary.trades:,}" if gathered.missing else "")


def _sentence(analysis: Analysis) -> str:
    headline = analysis.headline
    days = analysis.gathered.model.horizon_days
    horizon = "one trading day" if days == 1 else f"{days} trading days"
    worst = f"{(1000 - HEADLINE) / 10:g}&nbsp;%"
    at_risk, shortfall = headline.value_at_risk, headline.expected_shortfall
    if analysis.total.gross == 0:
        return "The trades are worth nothing at the rates of the trade files: there is nothing to lose."
    if at_risk >= 0:
        first = f"loses more than <b>USD {short(at_risk)}</b> with a probability of {worst}."
    else:
        first = f"gains less than <b>USD {short(-at_risk)}</b> with a probability of {worst}: it hardly can lose."
    what = f"loses <b>USD {short(shortfall)}</b>" if shortfall >= 0 else f"still gains <b>USD {short(-shortfall)}</b>"
    return f"Over {horizon} the portfolio {first} In that worst {worst} of scenarios it {what} on average."


def _change(analysis: Analysis) -> tuple[str, str]:
    before = analysis.former.measure(HEADLINE / 1000) if analysis.former else None
    if before is None:
        return "change of value at risk: no report to compare", "\N{EN DASH}"
    difference = analysis.headline.value_at_risk - units(before.value_at_risk)
    share = f" ({percent(difference / units(before.value_at_risk), sign=True)})" if before.value_at_risk > 0 else ""
    return "value at risk against the last report", f"{'+' if difference > 0 else ''}{short(difference)}{share}"


def _exposures(analysis: Analysis) -> list[Flowable]:
    header, instruments = analysis.gathered.header, analysis.gathered.instruments
    largest = instruments.largest[:_TOP_INSTRUMENTS]
    by_class = {risk.group.name: risk.group.exposure for risk in analysis.of("asset_class")}
    by_instrument = {part.name: part.exposure for part in largest}
    gross = sum(part.exposure.gross for part in largest)
    share = f"; together {percent(gross / analysis.total.gross)} of the portfolio" if analysis.total.gross else ""
    note = Paragraph(
        f"Market value in US dollars at the rates of the trade files. The {len(largest)} instruments with the "
        f"largest gross exposure, of {instruments.count:,}{share}.",
        styles.NOTE,
    )
    parts: list[list[Flowable]] = [
        [
            Paragraph("Exposure by asset class", styles.HEADING),
            figure(figures.exposures, by_class, height=1.8, most=8),
        ],
        [
            Paragraph("Exposure by currency", styles.HEADING),
            figure(figures.exposures, header.by_currency, height=2.05, most=10),
        ],
        [
            Paragraph("Largest instruments", styles.HEADING),
            figure(figures.exposures, by_instrument, height=4.4, most=_TOP_INSTRUMENTS),
            note,
        ],
    ]
    return [KeepTogether(part) for part in parts]


def _trades(analysis: Analysis) -> list[Flowable]:
    return [
        CondPageBreak(_TRADES_ROOM),
        Paragraph("Trades with most risk of their own", styles.HEADING),
        table(
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
                for trade in analysis.gathered.header.riskiest
            ],
            (0.17, 0.18, 0.13, 0.11, 0.15, 0.13, 0.13),
            text=4,
        ),
        Spacer(0, 4),
        Paragraph(
            "Ranked by the standard deviation of the trade's own profit and loss, each as if it were held alone, "
            "without its currency's risk.",
            styles.NOTE,
        ),
    ]


def _day(analysis: Analysis) -> str:
    day = analysis.gathered.summary.business_date
    return f"{day:%A} {day.day} {day:%B %Y}"
