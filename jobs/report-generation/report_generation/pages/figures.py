"""The report's figures as PNG images: one look, no decoration without information.

The same data give the same bytes: no time stamp and no software version is written into an image.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from report_generation.analysis import HEADLINE, Analysis, GroupRisk
from report_generation.backtest import Day
from report_generation.money import printable, scale_of, short
from risk_results import UNITS_PER_USD
from risk_results.documents import Exposure

INK, MUTED, FAINT = "#1d2733", "#667485", "#dfe4ea"
NAVY, TEAL, AMBER, RED = "#1f3a5f", "#2a9d8f", "#e0a030", "#c8553d"
_DPI = 220
_FEW_BARS = 12
"""Fewer bars than this do not get wider."""
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "svg.hashsalt": "batch-platform",
}


def distribution(analysis: Analysis, width: float, height: float) -> bytes:
    """Profit and loss in all scenarios, with value at risk and expected shortfall; sizes in inches."""
    profit = analysis.profit / UNITS_PER_USD
    divisor, suffix = scale_of(analysis.deviation)
    values = profit / divisor
    at_risk = -analysis.headline.value_at_risk / UNITS_PER_USD / divisor
    shortfall = -analysis.headline.expected_shortfall / UNITS_PER_USD / divisor
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        low, high = np.quantile(values, (0.0003, 0.9997))
        counts, edges = np.histogram(values, bins=90, range=_range(min(low, at_risk, shortfall), high))
        tail = min(max(0, int(np.searchsorted(edges, at_risk, side="right")) - 1), len(counts))
        axes.stairs(counts[tail:], edges[tail:], fill=True, color=NAVY)
        axes.stairs(counts[:tail], edges[: tail + 1], fill=True, color=RED)
        spread = analysis.deviation / UNITS_PER_USD / divisor
        middle = analysis.mean / UNITS_PER_USD / divisor
        grid = np.linspace(edges[0], edges[-1], 400)
        if spread > 0:
            bell = np.exp(-0.5 * ((grid - middle) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
            heights = bell * len(values) * (edges[1] - edges[0])
            axes.plot(grid, heights, color=AMBER, linewidth=1.1, label="normal, same spread")
            axes.legend(loc="upper right", frameon=False, fontsize=7)
        top = counts.max()
        for name, position, level, side in (("VaR", at_risk, 0.62, "left"), ("ES", shortfall, 0.62, "right")):
            axes.plot([position, position], [0, top * level], color=RED, linewidth=1.0, linestyle=(0, (4, 2)))
            axes.annotate(
                f"{name} {HEADLINE / 10:g} %\n{short(position * divisor * UNITS_PER_USD)}",
                (position, top * level),
                xytext=(4 if side == "left" else -4, -1),
                textcoords="offset points",
                ha=side,
                va="top",
                color=RED,
                fontweight="bold",
            )
        axes.axvline(0, color=MUTED, linewidth=0.6)
        axes.set_xlabel(f"profit and loss over {_days(analysis)}, USD {suffix}".rstrip())
        axes.set_ylabel("scenarios")
        _grid(axes, "y")
        return _png(figure)


def exposures(parts: Mapping[str, Exposure], width: float, height: float, most: int) -> bytes:
    """Long and short market value by name, the `most` largest gross ones, largest first."""
    largest = sorted(parts.items(), key=lambda item: (-item[1].gross, item[0]))[:most]
    divisor, suffix = scale_of(max(max(part.long, -part.short) for _, part in largest))
    factor = UNITS_PER_USD * divisor
    names = [name for name, _ in largest]
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        positions = np.arange(len(largest))[::-1]
        axes.barh(positions, [part.long / factor for _, part in largest], color=TEAL, height=0.66, label="long")
        axes.barh(positions, [part.short / factor for _, part in largest], color=RED, height=0.66, label="short")
        axes.plot(
            [part.net / factor for _, part in largest],
            positions,
            "D",
            color=INK,
            markersize=3.2,
            label="net",
            linestyle="none",
        )
        axes.set_yticks(positions, [_label(name) for name in names])
        axes.tick_params(axis="y", colors=INK)
        axes.axvline(0, color=MUTED, linewidth=0.6)
        axes.set_xlabel(f"market value, USD {suffix}".rstrip())
        axes.legend(loc="lower right", frameon=False, fontsize=7, ncols=3, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1)
        _grid(axes, "x")
        return _png(figure)


def components(
    risks: Sequence[GroupRisk],
    width: float,
    height: float,
    former: Mapping[str, float],
    others: Sequence[GroupRisk],
) -> bytes:
    """Component expected shortfall of groups, beside what each would lose alone and its last component.

    `others` are drawn as one bar, so that the bars add up to the whole.
    """
    factor_units, suffix = scale_of(max(max(abs(risk.component), abs(risk.expected_shortfall)) for risk in risks))
    factor = UNITS_PER_USD * factor_units
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        names = [_label(risk.group.name) for risk in risks]
        values = [risk.component / factor for risk in risks]
        if others:
            names.append(f"{len(others):,} others")
            values.append(sum(risk.component for risk in others) / factor)
        bars = np.arange(len(names))[::-1]
        positions = bars[: len(risks)]
        axes.barh(bars, values, color=[NAVY if value >= 0 else TEAL for value in values], height=0.66)
        axes.plot(
            [risk.expected_shortfall / factor for risk in risks],
            positions,
            "|",
            color=RED,
            markersize=8,
            markeredgewidth=1.6,
            label="held alone",
        )
        before = [former.get(risk.group.name, np.nan) / factor_units for risk in risks]
        if former:
            axes.plot(before, positions, "D", color=AMBER, markersize=3.4, linestyle="none", label="in the last report")
        axes.set_yticks(bars, names)
        axes.tick_params(axis="y", colors=INK)
        axes.axvline(0, color=MUTED, linewidth=0.6)
        axes.set_xlabel(f"expected shortfall {HEADLINE / 10:g} %, USD {suffix}; bars add up to the whole".rstrip())
        axes.legend(loc="lower right", frameon=False, fontsize=7, ncols=2, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1)
        _grid(axes, "x")
        return _png(figure)


def change(steps: Sequence[tuple[str, float]], width: float, height: float) -> bytes:
    """From the last report's measure to this one's, in US dollars: first and last are wholes, the others changes."""
    divisor, suffix = scale_of(max(abs(amount) for _, amount in steps) * UNITS_PER_USD)
    amounts = np.array([amount for _, amount in steps]) / divisor
    before = np.concatenate(([0.0], np.cumsum(amounts[:-2]), [0.0]))
    colours = [NAVY, *(RED if amount > 0 else TEAL for amount in amounts[1:-1]), NAVY]
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        positions = np.arange(len(steps))
        axes.bar(positions, amounts, bottom=before, color=colours, width=0.62)
        for position, (start, amount) in enumerate(zip(before, amounts, strict=True)):
            sign = "+" if amount > 0 and 0 < position < len(steps) - 1 else ""
            text = sign + short(amount * divisor * UNITS_PER_USD)
            top = max(start, start + amount)
            axes.annotate(text, (position, top), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=7)
        axes.set_xticks(positions, [_label(name, 14) for name, _ in steps])
        axes.tick_params(axis="x", colors=INK)
        axes.axhline(0, color=MUTED, linewidth=0.6)
        ends = np.concatenate((before, before + amounts))
        axes.set_ylim(1.14 * min(0.0, ends.min()), 1.14 * max(ends.max(), 1e-9))
        axes.set_ylabel(f"USD {suffix}".rstrip())
        _grid(axes, "y")
        return _png(figure)


def realised(days: Sequence[Day], width: float, height: float) -> bytes:
    """Profit and loss of days as bars, and the value at risk that each day had below them."""
    largest = max(max(abs(day.profit), abs(day.value_at_risk)) for day in days)
    divisor, suffix = scale_of(largest * UNITS_PER_USD)
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        positions = np.arange(len(days))
        profits = np.array([day.profit for day in days]) / divisor
        above = np.array([day.is_exception for day in days])
        axes.bar(positions[~above], profits[~above], color=NAVY, width=0.8, label="profit and loss of the day")
        axes.bar(positions[above], profits[above], color=RED, width=0.8, label="lost more than its value at risk")
        limits = [-day.value_at_risk / divisor for day in days]
        axes.step(positions, limits, where="mid", color=AMBER, linewidth=1.2, label="value at risk of the day's report")
        ticks = np.unique(np.linspace(0, len(days) - 1, min(len(days), 8)).round().astype(int))
        axes.set_xticks(ticks, [f"{days[index].business_date:%d %b %y}" for index in ticks])
        axes.axhline(0, color=MUTED, linewidth=0.6)
        axes.set_ylabel(f"USD {suffix}".rstrip())
        axes.legend(loc="lower right", frameon=False, fontsize=7, ncols=3, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1)
        _grid(axes, "y")
        return _png(figure)


def scenario_profits(named: Sequence[tuple[str, int]], width: float, height: float) -> bytes:
    """Profit and loss of the portfolio in named scenarios."""
    divisor, suffix = scale_of(max(abs(profit) for _, profit in named))
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        positions = np.arange(len(named))[::-1]
        values = [profit / UNITS_PER_USD / divisor for _, profit in named]
        axes.barh(positions, values, color=[RED if value < 0 else TEAL for value in values], height=0.62)
        axes.set_yticks(positions, [_label(name, 34) for name, _ in named])
        axes.tick_params(axis="y", colors=INK)
        axes.axvline(0, color=MUTED, linewidth=0.6)
        axes.set_xlabel(f"profit and loss, USD {suffix}".rstrip())
        _grid(axes, "x")
        return _png(figure)


def reasons(counts: Mapping[str, int], width: float, height: float) -> bytes:
    """Rejected rows by the rule that they broke."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:12]
    with mpl.rc_context(_STYLE):
        figure, axes = _canvas(width, height)
        positions = np.arange(len(ranked))[::-1]
        axes.barh(positions, [count for _, count in ranked], color=AMBER, height=0.62)
        for position, (_, count) in zip(positions, ranked, strict=True):
            axes.annotate(f"{count:,}", (count, position), xytext=(3, 0), textcoords="offset points", va="center")
        axes.set_yticks(positions, [_label(name, 34) for name, _ in ranked])
        axes.tick_params(axis="y", colors=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.set_xlabel("rejected rows")
        _grid(axes, "x")
        return _png(figure)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    thousands = FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "\N{MINUS SIGN}"))
    axes.xaxis.set_major_formatter(thousands)
    axes.yaxis.set_major_formatter(thousands)
    return figure, axes


def _range(low: float, high: float) -> tuple[float, float]:
    """From low to high, and never nothing: a book without risk has one value in all scenarios."""
    slack = max((high - low) * 0.02, abs(low) * 1e-9, 1e-6)
    return low - slack, high + slack


def _label(text: str, most: int = 24) -> str:
    """Text from outside beside an axis; a dollar sign would start a formula."""
    return printable(text, most).replace("$", "\\$") or "(none)"


def _grid(axes: Axes, axis: str) -> None:
    axes.grid(visible=True, axis="x" if axis == "x" else "y", color=FAINT, linewidth=0.6)


def _days(analysis: Analysis) -> str:
    days = analysis.gathered.model.horizon_days
    return "one trading day" if days == 1 else f"{days} trading days"


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
