"""Checks across rows: what no single row can show, and what a reader of the report must know before using it.

Nothing here stops a report: each is a reason to look, not a proof of a fault.
"""

from collections.abc import Iterator

from report_generation.analysis import HEADLINE, Analysis
from report_generation.backtest import Backtest
from report_generation.instruments import PRICE_RATIO
from report_generation.money import chance, dollars, percent, short

RATE_TOLERANCE = 1e-6
"""Two rates for one currency that differ by more, relatively."""
CONCENTRATED = 0.10
"""Share of gross exposure in one instrument."""
MUCH_CHANGED = 0.25
"""Change of the headline measures or of gross exposure since the last report."""
MANY_TRADES_CHANGED = 0.20
MUCH_QUARANTINED = 0.01
_NAMED_SHARDS = 10


def warnings(analysis: Analysis) -> Iterator[str]:
    """Sentences, the gravest kind first."""
    yield from _of_the_data(analysis)
    yield from _of_the_change(analysis)
    yield from _of_the_backtest(analysis.backtest)


def _of_the_data(analysis: Analysis) -> Iterator[str]:
    gathered = analysis.gathered
    if gathered.missing:
        numbers = ", ".join(str(line.shard) for line in gathered.missing[:_NAMED_SHARDS])
        more = len(gathered.missing) - _NAMED_SHARDS
        yield (
            f"This report is partial: {gathered.missing_trades:,} of {gathered.summary.trades:,} trades "
            f"({percent(gathered.missing_trades / gathered.summary.trades)}) were not valued and are in no number. "
            f"Shards without a result: {numbers}{f' and {more:,} more' if more > 0 else ''}."
        )
    for currency, rates in gathered.header.fx_rates.items():
        if rates.high > rates.low * (1 + RATE_TOLERANCE):
            yield (
                f"{currency} has more than one rate to the US dollar: {rates.low:g} to {rates.high:g}. One of them is "
                "wrong, and so is every sum with it."
            )
    if gathered.instruments.disputed:
        worst = gathered.instruments.disputed[0]
        others = gathered.instruments.disputed_count - 1
        yield (
            f"{worst.name} is priced from USD {_price(worst.price_usd.low)} to {_price(worst.price_usd.high)}, more "
            f"than {PRICE_RATIO:g} times apart{f'; so are {others:,} other instruments' if others else ''}."
        )
    gross = analysis.total.gross
    for instrument in gathered.instruments.largest:
        if gross and instrument.exposure.gross > CONCENTRATED * gross:
            share = percent(instrument.exposure.gross / gross)
            yield f"{instrument.name} is {share} of the gross exposure: USD {short(instrument.exposure.gross)}."
    rows = gathered.summary.trades + gathered.summary.quarantined
    if gathered.summary.quarantined > MUCH_QUARANTINED * rows:
        yield f"{percent(gathered.summary.quarantined / rows)} of the rows are quarantined and not in these numbers."


def _of_the_change(analysis: Analysis) -> Iterator[str]:
    former = analysis.former
    if former is None:
        return
    if _comparable(former.model) != _comparable(analysis.gathered.model.model_dump(mode="json")):
        yield (
            f"The report of {former.business_date} used other scenarios or another horizon: its measures are not "
            "comparable with these."
        )
        return
    if former.missing.trades:
        yield f"The report of {former.business_date} was partial: {former.missing.trades:,} trades were not in it."
    before = former.measure(HEADLINE / 1000)
    pairs = [
        (
            f"Gross exposure is USD {short(analysis.total.gross)}",
            dollars(analysis.total.gross),
            former.portfolio.exposure.gross,
            MUCH_CHANGED,
        ),
        (
            f"The book has {analysis.gathered.trades:,} trades",
            float(analysis.gathered.trades),
            float(former.portfolio.trades),
            MANY_TRADES_CHANGED,
        ),
    ]
    if before is not None:
        at_risk = analysis.headline.value_at_risk
        pairs.insert(
            0, (f"Value at risk is USD {short(at_risk)}", dollars(at_risk), before.value_at_risk, MUCH_CHANGED)
        )
    for sentence, now, then, limit in pairs:
        if then and abs(now - then) > limit * abs(then):
            yield f"{sentence}, {percent((now - then) / abs(then), sign=True)} against {former.business_date}."


def _of_the_backtest(backtest: Backtest | None) -> Iterator[str]:
    if backtest is None:
        return
    if backtest.problem:
        yield f"There is no backtest: {backtest.problem}."
    elif backtest.zone != "green":
        yield (
            f"Backtest: {len(backtest.exceptions)} of {len(backtest.days)} days lost more than their value at risk, "
            f"the {backtest.zone} zone; so many or more have a probability of {chance(backtest.probability)}."
        )


def _price(usd: float) -> str:
    return f"{usd:,.0f}" if usd >= 10 else f"{usd:.4g}"


def _comparable(model: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in model.items() if name != "business_date"}
