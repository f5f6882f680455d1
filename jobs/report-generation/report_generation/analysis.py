"""The portfolio's measures, where its risk comes from, and what scenarios of other kinds say."""

from dataclasses import dataclass

import numpy as np

from batch_runtime.errors import BadInputError
from report_generation.backtest import Backtest
from report_generation.former import Former
from report_generation.gathering import Gathered
from risk_results.documents import NOTHING, SCALES, Exposure, Group, ScenarioSet
from risk_results.exact import Amounts
from risk_results.measures import (
    LEVELS_PERMILLE,
    TailMeasure,
    Vector,
    tail_measure,
    tail_weights,
    value_at_risk,
)

HEADLINE = 990
"""The level of the first page, in thousandths."""
FEWEST_FOR_A_QUANTILE = 200
"""Scenarios that a set must have for a value at risk: with fewer, 99 % is the worst one or two."""


@dataclass(frozen=True)
class GroupRisk:
    """The risk of a book, a desk or an asset class, at `HEADLINE`; in units, a loss is positive."""

    group: Group
    value_at_risk: int
    """As if it were held alone."""
    expected_shortfall: float
    """As if it were held alone."""
    component: float
    """Its share of the portfolio's expected shortfall, its mean loss in the worst scenarios; shares add up."""
    incremental: float
    """By how much the portfolio's expected shortfall would fall without it; negative when it hedges the others."""
    incremental_var: int
    """The same for the value at risk."""


@dataclass(frozen=True)
class SetRisk:
    """What a file of scenarios does to the portfolio, in units."""

    spec: ScenarioSet
    measures: tuple[TailMeasure, ...]
    """Empty for a set too small for them."""
    worst: tuple[tuple[int, int], ...]
    """Row of the file and profit of the scenarios that lose most, worst first; at most 10, or all that have a name."""


@dataclass(frozen=True)
class Analysis:
    """What the report says, before it is worded; money in units."""

    gathered: Gathered
    profit: Vector
    """Of the portfolio in the generated scenarios."""
    measures: tuple[TailMeasure, ...]
    mean: float
    deviation: float
    groups: tuple[GroupRisk, ...]
    sets: tuple[SetRisk, ...]
    total: Exposure
    former: Former | None
    """The last report before this one, when there is one to compare with."""
    backtest: Backtest | None = None
    """None when no file of realised results is given."""
    warnings: tuple[str, ...] = ()

    @property
    def headline(self) -> TailMeasure:
        """The measures of the first page."""
        return next(measure for measure in self.measures if measure.permille == HEADLINE)

    def of(self, dimension: str) -> list[GroupRisk]:
        """The groups of a dimension, the largest component first; none when no trade names one."""
        chosen = [risk for risk in self.groups if risk.group.dimension == dimension]
        if {risk.group.name for risk in chosen} <= {""}:
            return []
        return sorted(chosen, key=lambda risk: (-risk.component, risk.group.name))


def analyse(gathered: Gathered, former: Former | None) -> Analysis:
    """Rank and sum what was gathered; raises `BadInputError` when a sum is too large."""
    groups = gathered.header.groups
    classes = [row for row, group in enumerate(groups) if group.dimension == "asset_class"]
    whole = gathered.amounts.total(slice(classes[0], classes[-1] + 1))
    (generated, start, end), *others = gathered.model.columns()
    profit = _units(whole.columns(start, end), generated)[0]
    return Analysis(
        gathered=gathered,
        profit=profit,
        measures=tuple(tail_measure(profit, level) for level in LEVELS_PERMILLE),
        mean=float(profit.mean()),
        deviation=float(profit.std(ddof=1)),
        groups=_group_risks(gathered, profit, generated),
        sets=tuple(_set_risk(_units(whole.columns(*columns), spec)[0], spec) for spec, *columns in others),
        total=sum((group.exposure for group in groups if group.dimension == "asset_class"), NOTHING),
        former=former,
    )


def _group_risks(gathered: Gathered, profit: Vector, generated: ScenarioSet) -> tuple[GroupRisk, ...]:
    weights = tail_weights(profit, HEADLINE)
    shortfall, at_risk = _shortfall(profit), value_at_risk(profit, HEADLINE)
    risks = []
    for row, group in enumerate(gathered.header.groups):
        part = Amounts(gathered.amounts.high[row : row + 1], gathered.amounts.low[row : row + 1])
        group_profit = _units(part.columns(0, generated.scenarios), generated)[0]
        without = profit - group_profit
        risks.append(
            GroupRisk(
                group=group,
                value_at_risk=value_at_risk(group_profit, HEADLINE),
                expected_shortfall=_shortfall(group_profit),
                component=-float(np.dot(weights, group_profit)),
                incremental=shortfall - _shortfall(without),
                incremental_var=at_risk - value_at_risk(without, HEADLINE),
            )
        )
    return tuple(risks)


def _set_risk(profit: Vector, spec: ScenarioSet) -> SetRisk:
    order = np.argsort(profit, kind="stable")[: len(profit) if spec.labels else 10]
    large = spec.scenarios >= FEWEST_FOR_A_QUANTILE
    return SetRisk(
        spec=spec,
        measures=tuple(tail_measure(profit, level) for level in LEVELS_PERMILLE) if large else (),
        worst=tuple((int(row), int(profit[row])) for row in order),
    )


def _shortfall(profit: Vector) -> float:
    """The expected shortfall alone, faster than with all the rest."""
    count = len(profit)
    tail = count * (1000 - HEADLINE) / 1000
    rank = -(-count * HEADLINE // 1000)
    worst = np.partition(profit, count - rank)[: count - rank + 1]
    at_risk = float(worst.max())
    return -at_risk + float((at_risk - worst.astype(np.float64)).sum()) / tail


def _units(amounts: Amounts, spec: ScenarioSet) -> Vector:
    try:
        return amounts.scaled_down(*SCALES[spec.kind])
    except OverflowError:
        raise BadInputError(
            f"the shards' gains in the scenarios of {spec.name} are too large to be added; look for a wrong quantity, "
            "price or gamma"
        ) from None
