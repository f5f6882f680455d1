"""Which availability zones a network may use: those that Fargate runs tasks in and that the endpoint services serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FARGATE: Final[Mapping[str, frozenset[str]]] = {
    "ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "ca-central-1": frozenset({"cac1-az1", "cac1-az2", "cac1-az4"}),
    "us-west-1": frozenset({"usw1-az1", "usw1-az3"}),
}
"""Zone ids with Fargate, of the regions where not every zone has it; elsewhere every zone has.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
"""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone: its name (`us-east-1a`) differs from account to account, its id (`use1-az4`) does not."""

    name: str
    id: str


def unusable_reason(zone: Zone, region: str, services: Mapping[str, Iterable[str]]) -> str | None:
    """Why `zone` cannot be used, or None. `services` maps an endpoint service to the names of the zones it serves."""
    if zone.id not in FARGATE.get(region, frozenset({zone.id})):
        return "Fargate runs no tasks there"
    if missing := sorted(service for service, served in services.items() if zone.name not in served):
        return f"{', '.join(missing)} is not served there"
    return None


def usable(zones: Sequence[Zone], region: str, services: Mapping[str, Iterable[str]]) -> list[Zone]:
    """Those of `zones` that have no obstacle, in the order given."""
    return [zone for zone in zones if unusable_reason(zone, region, services) is None]
