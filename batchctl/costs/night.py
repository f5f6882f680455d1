"""What a night costs and how long it takes, from the settings, under stated assumptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from batchctl.timings import BILLED_AT_LEAST, Timings, load_timings, work_seconds
from conventions import fargate
from policy.rules import Resource
from settings import Settings
from settings.jobs import Job

from . import makespan
from .makespan import Load
from .prices import Prices
from .table import CostRow, CostTable, Counted, priced

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
FLOW_LOG_SECONDS: Final = 600
"""Aggregation interval of flow logs; a connection that lasts has a record in each.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html
"""
FLOW_RECORD_BYTES: Final = 120
"""A record of the default format, as long as the example on that page."""
CONFIG_ITEMS: Final = 2
"""Configuration items of a task: its network interface comes and goes."""


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
    event_kilobytes: float = 4
    """What a stopped task leaves in the log of task events: its state change."""
    flow_records: int = 40
    """Flow log records of a task in ten minutes: a connection and direction each, to the endpoints and to S3."""

    @property
    def load(self) -> Load:
        """What the tasks do, for the model of time."""
        return Load(shard_seconds=self.shard_seconds, startup_seconds=self.startup_seconds, spread=self.spread)


def _measured_shard(timings: Timings) -> float:
    return work_seconds(DEFAULT_SHARD, 1, DEFAULT_SCENARIOS, DEFAULT_VCPU, timings)


def run_cost(config: Settings, prices: Prices, assumed: RunAssumptions | None = None) -> CostTable:
    """What one nightly run costs under `assumed`."""
    night = assumed or RunAssumptions()
    rows = [
        priced("nightly", ("ledger requests", "dynamodb.write", (5 + len(config.workflow.order)) / 1e6), prices),
        priced("nightly", ("notifications", "sns.publish", 1 / 1e6), prices),
        priced("nightly", ("workflow transitions", "states.transition", night.run_transitions / 1000), prices),
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
    intervals = max(-(-seconds // FLOW_LOG_SECONDS), tasks)
    flows = intervals * night.flow_records * FLOW_RECORD_BYTES / 1024**3
    extra = max(job.ephemeral_storage - FREE_STORAGE_GB, 0)
    counted: list[tuple[Counted, float]] = [
        ((f"{label}: vCPU", f"fargate.{chip}.vcpu", hours * fargate.vcpus(job.cpu)), share),
        ((f"{label}: memory", f"fargate.{chip}.memory", hours * fargate.gigabytes(job.memory)), share),
        (("Fargate: scratch space", "fargate.storage", hours * extra), 1),
        (("logs", "logs.ingest", logged), 1),
        (("Container Insights", "logs.ingest", insights), 1),
        (("task events", "logs.ingest", tasks * night.event_kilobytes / 1024**2), 1),
        (("flow logs", "logs.ingest", flows), 1),
        (("workflow's log", "logs.ingest", transitions * TRANSITION_LOG_KILOBYTES / 1024**2), 1),
        (("data through endpoints", "endpoint.data", logged + tasks * night.manifest_gigabytes), 1),
        (("S3 writes", "s3.put", tasks * night.requests / 2 / 1000), 1),
        (("S3 reads", "s3.get", tasks * night.requests / 2 / 1000), 1),
        (("KMS requests", "kms.request", tasks * (night.requests + PULL_DECRYPTS) / 10_000), 1),
        (("workflow transitions", "states.transition", transitions / 1000), 1),
    ]
    return [priced(name, one, prices, of) for one, of in counted if one[2]]


def run_minutes(config: Settings, assumed: RunAssumptions | None = None) -> float:
    """How long that night takes, from the claim to the report, with the starts and the quota that AWS allows."""
    night = assumed or RunAssumptions()
    return makespan.night_seconds(config, night.shards, night.load) / 60


def time_summary(config: Settings, assumed: RunAssumptions | None = None) -> str:
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
