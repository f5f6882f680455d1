"""What a stack costs: idle, for a night, and with NAT gateways instead of endpoints.

Quantities come from the recorded graph (what bills by the month whether anything runs) and from the settings (what a
run uses, under stated assumptions). Not counted, because it depends on use: storage, Container Insights metrics of
running tasks, data through the endpoints beyond the assumption, requests outside a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from conventions import fargate
from policy.rules import Graph, Resource
from settings import Settings

from .prices import Prices

HOURS_A_MONTH: Final = 730
FREE_STORAGE_GB: Final = 20


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One line of a bill."""

    resource: str
    """Logical name, or the job's."""
    what: str
    quantity: float
    unit: str
    usd: float


@dataclass(frozen=True)
class CostTable:
    """A bill."""

    rows: tuple[CostRow, ...]

    @property
    def total(self) -> float:
        """USD."""
        return sum(row.usd for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class RunAssumptions:
    """What a night is taken to be; the portfolio decides what it really is."""

    shards: int = 10
    minutes: float = 5
    """Minutes a task runs, from pulling its image to its end; Fargate bills at least one."""
    log_megabytes: float = 1
    """What a task logs."""
    requests: int = 20
    """S3 requests of a task, half of them writes."""
    transitions: int = 8
    """State transitions of a stage or shard."""
    image_gigabytes: float = 0.3
    """What a task pulls through the endpoints."""


Counted = tuple[str, str, float]
"""What is billed, the price's name, and how many."""


def _endpoint(resource: Resource) -> list[Counted]:
    if resource.props.get("vpcEndpointType") != "Interface":
        return []
    zones = resource.props.get("subnetIds") or []
    return [("interface endpoints", "endpoint.hour", len(zones) * HOURS_A_MONTH)]


def _alarm(resource: Resource) -> list[Counted]:
    metrics = [query for query in resource.props.get("metricQueries") or [] if query.get("metric")]
    return [("alarms", "alarm", max(len(metrics), 1))]


_IDLE: Final[dict[str, Callable[[Resource], list[Counted]]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/natGateway:NatGateway": lambda _: [("NAT gateways", "nat.hour", HOURS_A_MONTH)],
    "aws:kms/key:Key": lambda _: [("KMS keys", "kms.key", 1)],
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/dashboard:Dashboard": lambda _: [("dashboards", "dashboard", 1)],
}


def idle_cost(graph: Graph, prices: Prices) -> CostTable:
    """What a month costs when nothing runs, by resource."""
    return CostTable(
        tuple(
            _row(resource.name, counted, prices)
            for resource in graph.resources
            if resource.type in _IDLE
            for counted in _IDLE[resource.type](resource)
        )
    )


def run_cost(config: Settings, prices: Prices, assumed: RunAssumptions | None = None) -> CostTable:
    """What one nightly run costs under `assumed`."""
    night = assumed or RunAssumptions()
    rows: list[CostRow] = []
    for name in config.workflow.order:
        job = config.jobs[name]
        tasks = night.shards if job.fan_out else 1
        hours = tasks * max(night.minutes, 1) / 60
        chip = "arm" if job.architecture == "ARM64" else "x86"
        share = 1.0 if job.capacity == "on-demand" else prices["fargate.spot"].usd
        extra = max(job.ephemeral_storage - FREE_STORAGE_GB, 0)
        label = "Fargate, Spot" if share < 1 else "Fargate, on demand"
        rows += [
            _row(name, (f"{label}: vCPU", f"fargate.{chip}.vcpu", hours * fargate.vcpus(job.cpu)), prices, share),
            _row(
                name,
                (f"{label}: memory", f"fargate.{chip}.memory", hours * fargate.gigabytes(job.memory)),
                prices,
                share,
            ),
            _row(name, ("Fargate: scratch space", "fargate.storage", hours * extra), prices),
            _row(name, ("logs", "logs.ingest", tasks * night.log_megabytes / 1024), prices),
            _row(name, ("image pulls through endpoints", "endpoint.data", tasks * night.image_gigabytes), prices),
            _row(name, ("S3 writes", "s3.put", tasks * night.requests / 2 / 1000), prices),
            _row(name, ("S3 reads", "s3.get", tasks * night.requests / 2 / 1000), prices),
            _row(name, ("workflow transitions", "states.transition", tasks * night.transitions / 1000), prices),
        ]
    rows += [
        _row("nightly", ("ledger writes", "dynamodb.write", 3 / 1e6), prices),
        _row("nightly", ("notifications", "sns.publish", 1 / 1e6), prices),
    ]
    return CostTable(tuple(rows))


def task_hour(definition: Resource, prices: Prices) -> float:
    """USD that a task of the definition costs an hour on demand; 0 where its size is not known."""
    cpu, memory = (str(definition.props.get(size, "")) for size in ("cpu", "memory"))
    if not (cpu.isdecimal() and memory.isdecimal()):
        return 0.0
    platform = definition.props.get("runtimePlatform") or {}
    chip = "arm" if platform.get("cpuArchitecture") == "ARM64" else "x86"
    storage = (definition.props.get("ephemeralStorage") or {}).get("sizeInGib", FREE_STORAGE_GB)
    counted = (
        (f"fargate.{chip}.vcpu", fargate.vcpus(int(cpu))),
        (f"fargate.{chip}.memory", fargate.gigabytes(int(memory))),
        ("fargate.storage", max(storage - FREE_STORAGE_GB, 0)),
    )
    return sum(quantity * prices[name].usd for name, quantity in counted)


def nat_alternative(graph: Graph, prices: Prices) -> CostTable:
    """The network's idle month with a NAT gateway in each zone instead of interface endpoints."""
    zones = graph.of_type("aws:ec2/subnet:Subnet")
    return CostTable(tuple(_row(subnet.name, ("NAT gateways", "nat.hour", HOURS_A_MONTH), prices) for subnet in zones))


def network_only(table: CostTable) -> float:
    """What of an idle month is the network's: the figure to hold against `nat_alternative`."""
    return sum(row.usd for row in _of(table.rows, "interface endpoints", "NAT gateways"))


def _of(rows: Iterable[CostRow], *what: str) -> list[CostRow]:
    return [row for row in rows if row.what in what]


def _row(resource: str, counted: Counted, prices: Prices, share: float = 1.0) -> CostRow:
    what, name, quantity = counted
    price: Any = prices[name]
    return CostRow(resource=resource, what=what, quantity=quantity, unit=price.unit, usd=quantity * price.usd * share)
