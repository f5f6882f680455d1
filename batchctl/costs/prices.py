"""The one table of prices, each with its unit, source and date; a file can replace any of them.

Prices are us-east-1's, in USD, without free tiers, discounts, taxes or support.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from batchctl.errors import OperatorError


@dataclass(frozen=True, kw_only=True)
class Price:
    """One price."""

    usd: float
    unit: str
    """What one price buys, for example "vCPU-hour"."""
    source: str
    """The page that states it."""
    read_in: str
    """Month in which it was read, from that page or from third-party pages that quote it."""


def _priced(page: str, unit: str, usd: float, read_in: str = "2026-11") -> Price:
    return Price(usd=usd, unit=unit, source=f"https://aws.amazon.com/{page}/pricing/", read_in=read_in)


TABLE: Final[Mapping[str, Price]] = {
    "fargate.x86.vcpu": _priced("fargate", "vCPU-hour", 0.04048),
    "fargate.x86.memory": _priced("fargate", "GB-hour", 0.004445),
    "fargate.arm.vcpu": _priced("fargate", "vCPU-hour", 0.03238),
    "fargate.arm.memory": _priced("fargate", "GB-hour", 0.00356),
    "fargate.storage": _priced("fargate", "GB-hour above 20 GB", 0.000111),
    "fargate.spot": _priced("fargate", "share of the on-demand price", 0.30),
    "endpoint.hour": _priced("privatelink", "endpoint-zone-hour", 0.01),
    "endpoint.data": _priced("privatelink", "GB", 0.01),
    "nat.hour": _priced("vpc", "NAT-gateway-hour", 0.045),
    "nat.data": _priced("vpc", "GB", 0.045),
    "ipv4.hour": _priced("vpc", "address-hour", 0.005),
    "kms.request": _priced("kms", "10,000 requests", 0.03),
    "ecr.storage": _priced("ecr", "GB-month", 0.10),
    "kms.key": _priced("kms", "key-month", 1.00),
    "logs.ingest": _priced("cloudwatch", "GB", 0.50),
    "alarm": _priced("cloudwatch", "alarm-metric-month", 0.10),
    "dashboard": _priced("cloudwatch", "dashboard-month", 3.00),
    "dns.domain": _priced("route53", "DNS Firewall domain-month", 0.0005),
    "s3.put": _priced("s3", "1,000 requests", 0.005),
    "s3.get": _priced("s3", "1,000 requests", 0.0004),
    "dynamodb.write": _priced("dynamodb", "million requests", 0.625),
    "states.transition": _priced("step-functions", "1,000 transitions", 0.025),
    "codebuild.small": _priced("codebuild", "build-minute", 0.005),
    "codebuild.medium": _priced("codebuild", "build-minute", 0.01),
    "codepipeline.minute": _priced("codepipeline", "action-minute", 0.002),
    "sns.publish": _priced("sns", "million requests", 0.50),
}
"""By name; `fargate.spot` varies by the hour and place, AWS says "up to 70 %" off."""


class Prices(Mapping[str, Price]):
    """The table, with what a file replaced."""

    def __init__(self, replaced: Mapping[str, Price] | None = None) -> None:
        self._prices = {**TABLE, **(replaced or {})}

    def __getitem__(self, name: str) -> Price:
        return self._prices[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._prices)

    def __len__(self) -> int:
        return len(self._prices)


def load_prices(path: Path | None) -> Prices:
    """The table, with the prices that the YAML or JSON file at `path` gives: name to USD.

    Raises OperatorError for a name that is not in the table or a price that is no positive number.
    """
    if path is None:
        return Prices()
    try:
        entries: Any = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise OperatorError(f"--prices {path}: cannot be read: {error}") from error
    if not isinstance(entries, Mapping):
        raise OperatorError(f"--prices {path}: a mapping from name to USD is needed, for example `nat.hour: 0.048`.")
    replaced = {}
    for name, usd in entries.items():
        if name not in TABLE:
            raise OperatorError(f"--prices {path}: {name!r} is no price. Names: {', '.join(TABLE)}.")
        if isinstance(usd, bool) or not isinstance(usd, int | float) or usd < 0:
            raise OperatorError(f"--prices {path}: {name} = {usd!r} is no price; valid: `{name}: {TABLE[name].usd}`.")
        replaced[name] = Price(usd=float(usd), unit=TABLE[name].unit, source=str(path), read_in="entries")
    return Prices(replaced)
