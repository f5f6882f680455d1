"""Pages of the PDF about where the risk sits, what has changed since the last report, and scenarios of other kinds."""

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from report_generation.analysis import HEADLINE, Analysis, GroupRisk, SetRisk
from report_generation.backtest import LEVEL
from report_generation.money import chance, dollars, short
from report_generation.pages import figures, styles
from report_generation.pages.layout import figure, table

DIMENSIONS = {"book": "book", "desk": "desk", "asset_class": "asset class"}
"""The finest that the trades have is drawn; all are listed."""
_MOST_ROWS = _MOST_BARS = 15
_MOST_STEPS = 7
_LEVEL = f"{HEADLINE / 10:g} %"


def groups(analysis: Analysis) -> list[Flowable]:
    """Risk by book, desk and asset class."""
    finest = _finest(analysis)
    largest, others = analysis.of(finest)[:_MOST_BARS], analysis.of(finest)[_MOST_BARS:]
    former = analysis.former.components(finest) if analysis.former else {}
    flow: list[Flowable] = [
        Paragraph(f"Where the expected shortfall comes from, by {DIMENSIONS[finest]}", styles.HEADING),
        figure(figures.components, largest, height=0.8 + 0.2 * len(largest), former=former, others=others),
    ]
    for dimension, words in DIMENSIONS.items():
        risks = analysis.of(dimension)
        if risks:
            title = Paragraph(f"By {words}", styles.HEADING)
            flow.append(KeepTogether([title, _risk_table(words, risks), *_left_out(words, risks)]))
    flow += [
        Spacer(0, 4),
        Paragraph(
            f"At {_LEVEL}, in US dollars. Alone: as if nothing else were held. Component: the mean loss in the "
            "portfolio's worst scenarios; components add up to the whole, a negative one hedges the others. "
            "Incremental: by how much the portfolio's number would fall without the group.",
            styles.NOTE,
        ),
    ]
    return flow


def changes(analysis: Analysis) -> list[Flowable]:
    """From the last report's expected shortfall to this one's."""
    former = analysis.former
    before = former.measure(HEADLINE / 1000) if former else None
    if former is None or before is None:
        return []
    finest = _finest(analysis)
    then = former.components(finest)
    now = {risk.group.name: dollars(risk.component) for risk in analysis.of(finest)}
    moves = {name: now.get(name, 0.0) - then.get(name, 0.0) for name in {*now, *then}}
    ranked = sorted(moves.items(), key=lambda item: (-abs(item[1]), item[0]))
    whole = dollars(analysis.headline.expected_shortfall)
    largest = ranked[:_MOST_STEPS]
    rest = whole - before.expected_shortfall - sum(move for _, move in largest)
    steps = [(f"{former.business_date:%d %b}", before.expected_shortfall), *largest]
    if len(ranked) > len(largest):
        steps.append(("all others", rest))
    steps.append((f"{analysis.gathered.summary.business_date:%d %b}", whole))
    return [
        KeepTogether(
            [
                Paragraph(f"Change since {former.business_date}, by {DIMENSIONS[finest]}", styles.HEADING),
                figure(figures.change, steps, height=2.5),
                Paragraph(
                    f"Component expected shortfall at {_LEVEL}. The scenarios' draws are the same every day unless "
                    "BATCH_SCENARIO_SEED changes them, so a change comes from trades, prices and parameters.",
                    styles.NOTE,
                ),
            ]
        )
    ]


def realised(analysis: Analysis) -> list[Flowable]:
    """Earlier values at risk against what really came."""
    backtest = analysis.backtest
    if backtest is None or not backtest.days:
        return []
    exceptions, days = len(backtest.exceptions), len(backtest.days)
    left_out = f" {backtest.left_out:,} days have no whole report to compare with." if backtest.left_out else ""
    overlap = " Horizons overlap, so days are not independent." if analysis.gathered.model.horizon_days > 1 else ""
    return [
        KeepTogether(
            [
                Paragraph("Backtest: value at risk against what really came", styles.HEADING),
                figure(figures.realised, backtest.days, height=2.4),
                Paragraph(
                    f"{exceptions:,} of {days:,} days lost more than their value at risk at {LEVEL:.0%}; "
                    f"{(1 - LEVEL) * days:.1f} were to be expected. So many or more come by chance with a probability "
                    f"of {chance(backtest.probability)}: the {backtest.zone} zone of the Basel Committee's framework."
                    f"{left_out}{overlap}",
                    styles.NOTE,
                ),
            ]
        )
    ]


def scenario_sets(analysis: Analysis) -> list[Flowable]:
    """Historical days and stress scenarios."""
    return [KeepTogether(_one_set(part)) for part in analysis.sets]


def _one_set(part: SetRisk) -> list[Flowable]:
    flow: list[Flowable] = [Paragraph(f"Scenarios of {part.spec.name}", styles.HEADING)]
    named = [(part.spec.labels[row] if part.spec.labels else f"row {row + 1}", profit) for row, profit in part.worst]
    if part.measures:
        rows = [
            (
                f"{m.permille / 10:g} %",
                short(m.value_at_risk),
                f"{short(m.var_low)} to {short(m.var_high)}",
                short(m.expected_shortfall),
            )
            for m in part.measures
        ]
        flow += [
            table(("level", "value at risk", "its 95 % interval", "expected shortfall"), rows, (0.2, 0.25, 0.3, 0.25)),
            Spacer(0, 4),
        ]
    flow += [
        figure(figures.scenario_profits, named[:_MOST_BARS], height=0.5 + 0.19 * min(len(named), _MOST_BARS)),
        Paragraph(
            f"{part.spec.scenarios:,} scenarios from a file (SHA-256 {(part.spec.sha256 or '')[:16]}), each with equal "
            "weight; drawn are those that lose most.",
            styles.NOTE,
        ),
    ]
    return flow


def _finest(analysis: Analysis) -> str:
    return next(dimension for dimension in DIMENSIONS if analysis.of(dimension))


def _risk_table(words: str, risks: list[GroupRisk]) -> Flowable:
    return table(
        (words, "trades", "gross", "VaR alone", "ES alone", "component ES", "incremental ES", "incremental VaR"),
        [
            (
                risk.group.name or "(none)",
                f"{risk.group.trades:,}",
                short(risk.group.exposure.gross),
                short(risk.value_at_risk),
                short(risk.expected_shortfall),
                short(risk.component),
                short(risk.incremental),
                short(risk.incremental_var),
            )
            for risk in risks[:_MOST_ROWS]
        ],
        (0.175, 0.08, 0.1, 0.105, 0.105, 0.135, 0.15, 0.15),
    )


def _left_out(words: str, risks: list[GroupRisk]) -> list[Flowable]:
    more = len(risks) - _MOST_ROWS
    return (
        [Paragraph(f"{more:,} more are in report.json, each of a smaller component.", styles.NOTE)] if more > 0 else []
    )
