"""What a stack costs: idle, for a night, and with NAT gateways instead of endpoints.

Quantities come from the recorded graph (what bills by the month whether anything runs) and from the settings (what a
run uses, under stated assumptions). Not counted, because it depends on use: what objects and logs lie in storage, flow
logs, requests outside a run, the tooling stack's pipeline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from batchctl.timings import BILLED_AT_LEAST, Timings, load_timings, work_seconds
from conventions import fargate
from policy.rules import Graph, Resource
from policy.rules.graph import kinds
from settings import Settings
from settings.jobs import Job

from . import makespan
from .makespan import Load
from .prices import Prices

HOURS_A_MONTH: Final = 730
FREE_STORAGE_GB: Final = 20
DEFAULT_SHARD: Final = 250_000
"""Trades of a shard (docs/jobs.md, `BATCH_SHARD_SIZE`)."""
DEFAULT_SCENARIOS: Final = 20_000
"""Scenarios (docs/jobs.md, `BATCH_SCENARIOS`)."""
DEFAULT_VCPU: Final = 2
"""Of a task of the fan-out job."""
TRANSITION_LOG_KILOBYTES: Final = 2
PULL_DECRYPTS: Final = 5
"""KMS requests of an image pull: one a layer, for an image of five."""
CONFIG_ITEMS: Final = 2
"""Configuration items of a task: its network interface comes and goes."""


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
    """What a night is taken to be, for its money and for its time; the portfolio decides what it really is."""

    shards: int = 10
    shard_seconds: float = field(default_factory=lambda: _measured_shard(load_timings()))
    """Work of a shard; by default of a shard of the default size, as measured (`batchctl/timings.json`)."""
    startup_seconds: float = field(default_factory=lambda: load_timings().container + load_timings().start)
    """From RunTask to the job's first shard, for each task; Fargate bills it."""
    spread: float = 0.2
    """Standard deviation of a shard's seconds, as a share of the mean."""
    log_megabytes: float = 1
    """What a task logs."""
    requests: int = 20
    """S3 requests of a task, half of them writes."""
    run_transitions: int = 26
    """State transitions of a run, without its shards; measured by `tests/workflow/test_definitions.py`."""
    task_transitions: int = 4
    """State transitions of a shard's task; a Distributed Map counts one more for each child."""
    manifest_gigabytes: float = 0.00002
    """What a pull takes through the endpoints: the image's manifest. Layers come from S3, whose gateway is free.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    image_gigabytes: float = 0.3
    """An image in its repository."""
    insights_records: int = 4
    """Records of Container Insights, a kilobyte each, a task and minute."""

    @property
    def load(self) -> Load:
        """What the tasks do, for the model of time."""
        return Load(shard_seconds=self.shard_seconds, startup_seconds=self.startup_seconds, spread=self.spread)


def _measured_shard(timings: Timings) -> float:
    return work_seconds(DEFAULT_SHARD, 1, DEFAULT_SCENARIOS, DEFAULT_VCPU, timings)


Counted = tuple[str, str, float]
"""What is billed, the price's name, and how many."""


def _endpoint(resource: Resource) -> list[Counted]:
    if resource.props.get("vpcEndpointType") != "Interface":
        return []
    zones = resource.props.get("subnetIds") or []
    return [("interface endpoints", "endpoint.hour", len(zones) * HOURS_A_MONTH)]


def _key(resource: Resource) -> list[Counted]:
    rotated = [("rotated key material, from the third year on", "kms.key", 2.0)]
    return [("KMS keys", "kms.key", 1.0), *(rotated if resource.props.get("enableKeyRotation") else [])]


def _scaling(resource: Resource) -> list[Counted]:
    """Target tracking makes an alarm for scaling out and one for scaling in."""
    tracking = resource.props.get("policyType") == "TargetTrackingScaling"
    return [("alarms of target tracking", "alarm", 2)] if tracking else []


def _image_counts(policy: object) -> list[int]:
    """How many images each rule of a lifecycle policy keeps; a part that ECR would refuse counts for nothing."""
    try:
        document = json.loads(str(policy))
    except ValueError:
        return []
    rules = document.get("rules") if isinstance(document, dict) else None
    return [
        rule["selection"]["countNumber"]
        for rule in (rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
        and isinstance(rule.get("selection"), dict)
        and rule["selection"].get("countType") == "imageCountMoreThan"
        and isinstance(rule["selection"].get("countNumber"), int)
    ]


def _images(resource: Resource) -> list[Counted]:
    """Release images that the repository keeps, as large as assumed."""
    most = max(_image_counts(resource.props.get("policy")), default=1)
    return [("images kept, at most", "ecr.storage", most * RunAssumptions().image_gigabytes)]


def _alarm(resource: Resource) -> list[Counted]:
    metrics = [query for query in resource.props.get("metricQueries") or [] if query.get("metric")]
    return [("alarms", "alarm", max(len(metrics), 1))]


_IDLE: Final[dict[str, Callable[[Resource], list[Counted]]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/natGateway:NatGateway": lambda _: [("NAT gateways", "nat.hour", HOURS_A_MONTH)],
    "aws:kms/key:Key": _key,
    "aws:appautoscaling/policy:Policy": _scaling,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _images,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": lambda resource: [
        ("DNS firewall domains", "dns.domain", len(resource.props.get("domains") or []))
    ],
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
    rows = [
        _row("nightly", ("ledger requests", "dynamodb.write", (5 + len(config.workflow.order)) / 1e6), prices),
        _row("nightly", ("notifications", "sns.publish", 1 / 1e6), prices),
        _row("nightly", ("workflow transitions", "states.transition", night.run_transitions / 1000), prices),
    ]
    for name in config.workflow.order:
        rows += _job_rows(name, config.jobs[name], night, prices)
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


def _job_rows(name: str, job: Job, night: RunAssumptions, prices: Prices) -> list[CostRow]:
    shards = night.shards if job.fan_out else 1
    distributed = job.fan_out is not None and shards > job.fan_out.inline_limit
    tasks = -(-shards // job.fan_out.batch) if job.fan_out and distributed else shards
    seconds = max(tasks * BILLED_AT_LEAST, tasks * night.startup_seconds + shards * night.shard_seconds)
    hours = seconds / 3600
    chip = "arm" if job.architecture == "ARM64" else "x86"
    share = 1.0 if job.capacity == "on-demand" else prices["fargate.spot"].usd
    label = "Fargate, Spot" if share < 1 else "Fargate, on demand"
    transitions = tasks * (night.task_transitions + distributed) if job.fan_out else 0
    logged = tasks * night.log_megabytes / 1024
    insights = seconds / 60 * night.insights_records / 1024**2
    extra = max(job.ephemeral_storage - FREE_STORAGE_GB, 0)
    counted: list[tuple[Counted, float]] = [
        ((f"{label}: vCPU", f"fargate.{chip}.vcpu", hours * fargate.vcpus(job.cpu)), share),
        ((f"{label}: memory", f"fargate.{chip}.memory", hours * fargate.gigabytes(job.memory)), share),
        (("Fargate: scratch space", "fargate.storage", hours * extra), 1),
        (("logs", "logs.ingest", logged), 1),
        (("Container Insights", "logs.ingest", insights), 1),
        (("workflow's log", "logs.ingest", transitions * TRANSITION_LOG_KILOBYTES / 1024**2), 1),
        (("data through endpoints", "endpoint.data", logged + tasks * night.manifest_gigabytes), 1),
        (("S3 writes", "s3.put", tasks * night.requests / 2 / 1000), 1),
        (("S3 reads", "s3.get", tasks * night.requests / 2 / 1000), 1),
        (("KMS requests", "kms.request", tasks * (night.requests + PULL_DECRYPTS) / 10_000), 1),
        (("workflow transitions", "states.transition", transitions / 1000), 1),
    ]
    return [_row(name, one, prices, of) for one, of in counted if one[2]]


def run_minutes(config: Settings, assumed: RunAssumptions | None = None) -> float:
    """How long that night takes, from the claim to the report, with the starts and the quota that AWS allows."""
    night = assumed or RunAssumptions()
    return makespan.night_seconds(config, night.shards, night.load) / 60


def time_words(config: Settings, assumed: RunAssumptions | None = None) -> str:
    """The night's time beside its money, and a warning when it passes the window."""
    minutes, window = run_minutes(config, assumed), config.workflow.deadline.window_seconds / 60
    words = f"That night takes {_duration(minutes)} of its window of {_duration(window)}"
    if minutes <= window:
        return f"{words}, with {config.workflow.fargate_vcpu_quota} vCPU at once."
    return (
        f"{words}: IT DOES NOT END IN TIME with {config.workflow.fargate_vcpu_quota} vCPU at once. Raise the quota and "
        "workflow.fargateVcpuQuota, or give each task more shards (fanOut.batch)."
    )


def config_warning(assumed: RunAssumptions | None = None) -> str:
    """What AWS Config would add, which the stack does not turn on and an organization often does."""
    tasks = (assumed or RunAssumptions()).shards + 2
    return f"AWS Config, where it records network interfaces, adds about {tasks * CONFIG_ITEMS:,} items a night."


def _duration(minutes: float) -> str:
    return f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.1f} min"


def endpoint_zones(graph: Graph) -> int:
    """Zones in which interface endpoints stand."""
    interfaces = [one for one in graph.of_type(kinds.ENDPOINT) if one.props.get("vpcEndpointType") == "Interface"]
    return max((len(one.props.get("subnetIds") or []) for one in interfaces), default=1)


def nat_alternative(graph: Graph, prices: Prices, zones: int | None = None) -> CostTable:
    """The network's idle month with NAT gateways instead of interface endpoints, in as many zones, or in `zones`.

    Each has a public address; the data through them comes on top.
    """
    return CostTable(
        tuple(
            _row(f"zone {zone + 1}", (what, name, HOURS_A_MONTH), prices)
            for zone in range(zones or endpoint_zones(graph))
            for what, name in (("NAT gateways", "nat.hour"), ("public addresses of NAT gateways", "ipv4.hour"))
        )
    )


def network_only(table: CostTable) -> float:
    """What of an idle month is the network's: the figure to hold against `nat_alternative`."""
    return sum(row.usd for row in _of(table.rows, "interface endpoints", "NAT gateways"))


def _of(rows: Iterable[CostRow], *what: str) -> list[CostRow]:
    return [row for row in rows if row.what in what]


def _row(resource: str, counted: Counted, prices: Prices, share: float = 1.0) -> CostRow:
    what, name, quantity = counted
    price: Any = prices[name]
    return CostRow(resource=resource, what=what, quantity=quantity, unit=price.unit, usd=quantity * price.usd * share)
