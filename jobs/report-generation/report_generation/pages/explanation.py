"""Last pages of the PDF: how good the data were, how the numbers came about, and where the model ends."""

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from report_generation.analysis import Analysis
from report_generation.money import percent, printable
from report_generation.pages import figures, styles
from report_generation.pages.layout import figure, paragraph, table

_MOST_FILES = 30
DELTA_GAMMA_ERROR = {1: (-0.006, 0.004), 10: (-0.085, 0.04)}
"""By horizon in days: how far the value at risk of a single option may be off, relatively: at the money,
three months to a year to go, volatility 20 to 40 %. Measured by tests/jobs/risk/test_limits.py."""


def method_and_data(analysis: Analysis) -> list[Flowable]:
    """Data quality, files, method."""
    quality, summary = analysis.gathered.quality, analysis.gathered.summary
    rows = summary.trades + summary.quarantined
    data: list[Flowable] = [
        Paragraph("Data quality", styles.HEADING),
        paragraph(
            f"{summary.trades:,} of {rows:,} rows were accepted; {summary.quarantined:,} "
            f"({100 * summary.quarantined / rows:.2f} %) were quarantined and are not in this report. The rows and "
            f"their reasons: {printable(quality.rejected_uri, 1100)}"
        ),
    ]
    if quality.reasons:
        height = 0.55 + 0.19 * min(12, len(quality.reasons))
        data += [Spacer(0, 4), figure(figures.reasons, quality.reasons, height=height)]
    files = quality.files[:_MOST_FILES]
    parts: list[Flowable] = [
        KeepTogether(data),
        Paragraph("Files", styles.HEADING),
        table(
            ("file", "SHA-256", "accepted", "rejected"),
            [
                (file.key, f"{file.sha256[:16]}\N{HORIZONTAL ELLIPSIS}", f"{file.accepted:,}", f"{file.rejected:,}")
                for file in files
            ],
            (0.5, 0.24, 0.13, 0.13),
            text=2,
        ),
    ]
    if len(quality.files) > len(files):
        parts.append(Paragraph(f"{len(quality.files) - len(files):,} more files are in report.json.", styles.NOTE))
    for title, words in (("How it was computed", _method(analysis)), ("Where the model ends", _limits(analysis))):
        parts.append(KeepTogether([Paragraph(title, styles.HEADING), paragraph(words)]))
    return parts


def _method(analysis: Analysis) -> str:
    model = analysis.gathered.model
    shards = len(analysis.gathered.header.parts)
    return (
        f"Monte Carlo, model version {model.version}: {model.sets[0].scenarios:,} scenarios over {model.horizon_days} "
        f"trading day{'s' if model.horizon_days > 1 else ''}, the same for every trade and every day"
        f"{f' (seed {model.seed})' if model.seed else ''}. An instrument returns its annual volatility, scaled to the "
        "horizon, times a mixture of one market factor (by its correlation) and a risk of its own, both standard "
        "normal. A trade gains its market value times delta times the return plus half gamma times the squared return; "
        "one in a foreign currency also gains its market value times the currency's return, of "
        f"{percent(model.fx_volatility)} "
        "annual volatility and independent of the rest. Sums are exact integers, so that they do not depend on "
        f"how the trades were cut into shards (here {shards:,}). Value at risk is an order statistic "
        "of the portfolio's own scenarios, not a sum of parts; expected shortfall is the mean loss beyond it. The "
        "interval of the value at risk comes from ranks alone; that of the expected shortfall is Student's, with the "
        "scenarios in the tail as degrees of freedom."
    )


def _limits(analysis: Analysis) -> str:
    header, model = analysis.gathered.header, analysis.gathered.model
    share = percent(header.curved_trades / header.trades)
    nearest = min(DELTA_GAMMA_ERROR, key=lambda days: abs(days - model.horizon_days))
    low, high = (percent(bound, sign=True) for bound in DELTA_GAMMA_ERROR[nearest])
    options = (
        f"{header.curved_trades:,} trades ({share}) have a gamma. They are valued by delta and gamma, the first two "
        "terms of a series, not repriced: the value at risk of a single option at the money with three months to "
        f"a year to go is off by {low} to {high} over {nearest} trading day{'s' if nearest > 1 else ''}, and by more "
        "over longer horizons, nearer to expiry, away from the money and in stress scenarios. "
        if header.curved_trades
        else "No trade has a gamma: all gains are linear in returns. "
    )
    return (
        f"{options}Returns are normal: days like those of October 1987 or March 2020 do not occur in the generated "
        "scenarios; files of historical or stress scenarios are there for them. Volatilities, correlations, deltas and "
        "gammas are taken from the trade files as they are; volatility, interest and the passing of time are no risk "
        "factors. A currency and the instrument's own price are assumed to move independently."
    )
