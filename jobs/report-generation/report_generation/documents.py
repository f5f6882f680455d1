"""The report for programs: every number of the PDF, in US dollars."""

from typing import Any

from batch_runtime.documents import encode
from report_generation.analysis import HEADLINE, Analysis
from report_generation.money import dollars
from risk_results.documents import Exposure

FORMAT = 1
"""Raised when a reader of the former format would be misled."""


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
                "trades": summary.trades,
                "exposure": _exposure(analysis.total),
                "mean": dollars(analysis.mean),
                "standard_deviation": dollars(analysis.deviation),
                "measures": [
                    {
                        "level": measure.permille / 1000,
                        "value_at_risk": dollars(measure.value_at_risk),
                        "value_at_risk_95_interval": [dollars(measure.var_low), dollars(measure.var_high)],
                        "expected_shortfall": dollars(measure.expected_shortfall),
                        "expected_shortfall_standard_error": dollars(measure.es_standard_error),
                    }
                    for measure in analysis.measures
                ],
            },
            "exposures": {
                "asset_class": _exposures(gathered.by_asset_class),
                "currency": _exposures(gathered.by_currency),
                "instrument": _exposures(gathered.by_instrument),
            },
            "expected_shortfall_contributions": {
                "level": HEADLINE / 1000,
                "shards": [
                    {"shard": part.shard, "trades": part.trades, "contribution": dollars(part.expected_shortfall)}
                    for part in analysis.contributions
                ],
            },
            "riskiest_trades": [_trade(trade.model_dump()) for trade in gathered.riskiest],
            "data_quality": {
                "accepted": summary.trades,
                "quarantined": summary.quarantined,
                "reasons": gathered.quality.reasons,
                "rejected_uri": gathered.quality.rejected_uri,
                "files": [file.model_dump(mode="json") for file in gathered.quality.files],
            },
        }
    )


def _exposure(exposure: Exposure) -> dict[str, float]:
    return {
        "long": dollars(exposure.long),
        "short": dollars(exposure.short),
        "gross": dollars(exposure.gross),
        "net": dollars(exposure.net),
    }


def _exposures(parts: dict[str, Exposure]) -> dict[str, dict[str, float]]:
    return {name: _exposure(part) for name, part in sorted(parts.items())}


def _trade(fields: dict[str, Any]) -> dict[str, Any]:
    money = ("market_value", "deviation", "value_at_risk")
    return {name: dollars(value) if name in money else value for name, value in fields.items()}
