"""The report for programs: every number of the PDF, in US dollars."""

from typing import Any

from batch_runtime.documents import encode
from report_generation.analysis import HEADLINE, Analysis, GroupRisk, SetRisk
from report_generation.backtest import LEVEL, Backtest
from report_generation.former import FORMAT
from report_generation.money import dollars, printable
from risk_results.documents import Exposure
from risk_results.measures import TailMeasure


def report_json(analysis: Analysis) -> bytes:
    """The report as JSON; the same bytes for the same run."""
    gathered = analysis.gathered
    summary = gathered.summary
    return encode(
        {
            "format": FORMAT,
            "run_id": summary.run_id,
            "business_date": summary.business_date.isoformat(),
            "currency": "USD",
            "model": gathered.model.model_dump(mode="json"),
            "portfolio": {
                "trades": gathered.trades,
                "curved_trades": gathered.header.curved_trades,
                "exposure": _exposure(analysis.total),
                "mean": dollars(analysis.mean),
                "standard_deviation": dollars(analysis.deviation),
                "measures": [_measure(measure) for measure in analysis.measures],
            },
            "groups": [_group(risk) for risk in analysis.groups],
            "group_level": HEADLINE / 1000,
            "scenario_sets": [_set(part) for part in analysis.sets],
            "exposures": {
                "currency": {name: _exposure(part) for name, part in gathered.header.by_currency.items()},
                "instruments": gathered.instruments.count,
                "largest_instruments": {part.name: _exposure(part.exposure) for part in gathered.instruments.largest},
            },
            "riskiest_trades": [_trade(trade.model_dump()) for trade in gathered.header.riskiest],
            "compared_with": analysis.former and analysis.former.business_date.isoformat(),
            "backtest": _backtest(analysis.backtest) if analysis.backtest else None,
            "warnings": list(analysis.warnings),
            "missing": {"shards": [line.shard for line in gathered.missing], "trades": gathered.missing_trades},
            "data_quality": {
                "accepted": summary.trades,
                "quarantined": summary.quarantined,
                "reasons": {printable(name): count for name, count in gathered.quality.reasons.items()},
                "rejected_uri": printable(gathered.quality.rejected_uri, 1100),
                "files": [
                    file.model_dump(mode="json") | {"key": printable(file.key, 1024)} for file in gathered.quality.files
                ],
            },
        }
    )


def _measure(measure: TailMeasure) -> dict[str, Any]:
    return {
        "level": measure.permille / 1000,
        "value_at_risk": dollars(measure.value_at_risk),
        "value_at_risk_95_interval": [dollars(measure.var_low), dollars(measure.var_high)],
        "expected_shortfall": dollars(measure.expected_shortfall),
        "expected_shortfall_standard_error": dollars(measure.es_standard_error),
        "expected_shortfall_95_interval": [dollars(measure.es_low), dollars(measure.es_high)],
    }


def _group(risk: GroupRisk) -> dict[str, Any]:
    return {
        "dimension": risk.group.dimension,
        "name": risk.group.name,
        "trades": risk.group.trades,
        "exposure": _exposure(risk.group.exposure),
        "value_at_risk": dollars(risk.value_at_risk),
        "expected_shortfall": dollars(risk.expected_shortfall),
        "component_expected_shortfall": dollars(risk.component),
        "incremental_expected_shortfall": dollars(risk.incremental),
        "incremental_value_at_risk": dollars(risk.incremental_var),
    }


def _set(part: SetRisk) -> dict[str, Any]:
    return {
        "name": part.spec.name,
        "scenarios": part.spec.scenarios,
        "measures": [_measure(measure) for measure in part.measures],
        "worst": [
            {"row": row, "name": part.spec.labels[row] if part.spec.labels else None, "profit": dollars(profit)}
            for row, profit in part.worst
        ],
    }


def _backtest(backtest: Backtest) -> dict[str, Any]:
    return {
        "level": LEVEL,
        "days": len(backtest.days),
        "left_out": backtest.left_out,
        "exceptions": [
            {"business_date": day.business_date.isoformat(), "profit": day.profit, "value_at_risk": day.value_at_risk}
            for day in backtest.exceptions
        ],
        "probability": round(backtest.probability, 6) if backtest.days else None,
        "zone": backtest.zone if backtest.days else None,
        "problem": backtest.problem or None,
    }


def _exposure(exposure: Exposure) -> dict[str, float]:
    return {
        "long": dollars(exposure.long),
        "short": dollars(exposure.short),
        "gross": dollars(exposure.gross),
        "net": dollars(exposure.net),
    }


def _trade(fields: dict[str, Any]) -> dict[str, Any]:
    money = ("market_value", "deviation", "value_at_risk")
    return {name: dollars(value) if name in money else value for name, value in fields.items()}
