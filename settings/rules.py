"""Checks across sections, or against the account: workflow and jobs, concurrency and quota, zones and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from conventions import concurrency as concurrency_limits
from conventions import fargate, zones
from conventions.zones import Zone

from .errors import Problem
from .jobs import DataAccess, Job
from .models import Network, Workflow


def workflow_problems(workflow: Workflow, job_names: Sequence[str], jobs: Mapping[str, Job]) -> list[Problem]:
    """What keeps the workflow from running these jobs; `jobs` holds those that are valid by themselves."""
    problems = [
        Problem(
            path=f"workflow.order[{i}]",
            value=name,
            reason=f"no such job; the jobs are {', '.join(sorted(job_names))}",
            example=f"order: [{', '.join(job_names)}]",
            fix="name a job that exists, or add it under batch-platform:jobs",
        )
        for i, name in enumerate(workflow.order)
        if name not in job_names
    ]
    if doubled := sorted({name for name in workflow.order if workflow.order.count(name) > 1}):
        problems.append(
            Problem(
                path="workflow.order",
                value=list(workflow.order),
                reason=f"{', '.join(doubled)} twice",
                example=f"order: [{', '.join(job_names)}]",
            )
        )
    if workflow.order and (first := jobs.get(workflow.order[0])) and first.fan_out:
        problems.append(
            Problem(
                path=f"jobs.{workflow.order[0]}.fanOut",
                value="{…}",
                reason="the first job of the workflow has no stage before it that writes shards",
                example="fanOut on a later job",
            )
        )
    if workflow.order and (first := jobs.get(workflow.order[0])):
        readable = [access.prefix for access in first.reads if access.bucket == "input"]
        if not any(workflow.start.prefix.startswith(prefix) for prefix in readable):
            problems.append(
                Problem(
                    path="workflow.start.prefix",
                    value=workflow.start.prefix,
                    reason=f"{workflow.order[0]} may not read there; it may read {', '.join(readable) or 'nothing'}",
                    example='prefix: "incoming/"',
                    fix=f"change it, or add the prefix to jobs.{workflow.order[0]}.reads",
                )
            )
    try:
        ZoneInfo(workflow.deadline.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(
            Problem(
                path="workflow.deadline.timezone",
                value=workflow.deadline.timezone,
                reason="no such time zone",
                example="timezone: America/New_York",
            )
        )
    problems += _missing_inputs(workflow, jobs)
    return problems + [p for name, job in jobs.items() for p in _quota_problems(name, job, workflow)]


def _missing_inputs(workflow: Workflow, jobs: Mapping[str, Job]) -> list[Problem]:
    """Jobs that read what another job writes, where that one does not run before them."""
    problems = []
    before: list[str] = []
    for name in (name for name in workflow.order if name in jobs):
        for access in jobs[name].reads:
            writers = [other for other in jobs if other != name and _writes(jobs[other], access)]
            if access.bucket == "output" and writers and not set(writers) & set(before):
                problems.append(
                    Problem(
                        path="workflow.order",
                        value=list(workflow.order),
                        reason=f"{name} reads {access.prefix}, which {', '.join(writers)} writes, but not before it",
                        example=f"order: [{', '.join([*before, writers[0], name])}]",
                        fix=f"put {writers[0]} before {name}, or take {name} out",
                    )
                )
        before.append(name)
    return problems


def _writes(job: Job, access: DataAccess) -> bool:
    """Whether the job writes under the prefix that another one reads, or above it."""
    written = [one.prefix for one in job.writes if one.bucket == access.bucket]
    return any(access.prefix.startswith(prefix) or prefix.startswith(access.prefix) for prefix in written)


def _quota_problems(name: str, job: Job, workflow: Workflow) -> list[Problem]:
    fitting = concurrency(job, workflow.fargate_vcpu_quota)
    configured = job.fan_out.concurrency if job.fan_out else None
    if fitting < 1:
        return [
            Problem(
                path=f"jobs.{name}.cpu",
                value=job.cpu,
                reason=f"one task needs more than workflow.fargateVcpuQuota ({workflow.fargate_vcpu_quota} vCPU)",
                example=f"cpu: {min(workflow.fargate_vcpu_quota, 4) * fargate.CPU_UNITS_PER_VCPU}",
                fix="take a smaller size, or have the quota raised by AWS and set workflow.fargateVcpuQuota to it",
            )
        ]
    if configured and configured > fitting:
        return [
            Problem(
                path=f"jobs.{name}.fanOut.concurrency",
                value=configured,
                reason=f"{configured} tasks of {fargate.vcpus(job.cpu):g} vCPU need more than "
                f"workflow.fargateVcpuQuota ({workflow.fargate_vcpu_quota} vCPU)",
                example=f"concurrency: {fitting}",
                fix="lower it, or have the quota raised by AWS and set workflow.fargateVcpuQuota to it",
            )
        ]
    return []


def concurrency(job: Job, vcpu_quota: int) -> int:
    """How many tasks of `job` fit the quota at once; 0 when not even one does."""
    return int(vcpu_quota // fargate.vcpus(job.cpu))


def with_tolerances(jobs: Mapping[str, Job], workflow: Workflow) -> dict[str, Job]:
    """Jobs after a fan-out that tolerates failures are given its percentage: their input may lack so many shards.

    A value that the stack file gives stays.
    """
    tolerated, result = 0, dict(jobs)
    for name in (name for name in workflow.order if name in result):
        job = result[name]
        if tolerated:
            variables = {"BATCH_TOLERATED_FAILURE_PERCENT": str(tolerated), **job.environment}
            result[name] = job.model_copy(update={"environment": variables})
        if job.fan_out:
            tolerated = max(tolerated, job.fan_out.tolerated_failure_percent)
    return result


def places_problems(network: Network, jobs: Mapping[str, Job]) -> list[Problem]:
    """A fan-out that asks for more tasks at once than the subnets have addresses, or the region network interfaces."""
    places = concurrency_limits.network_places(network.subnet_ranges, 0)
    return [
        Problem(
            path=f"jobs.{name}.fanOut.concurrency",
            value=job.fan_out.concurrency,
            reason=f"the subnets and the region's network interfaces hold {places} tasks at once",
            example=f"concurrency: {places}",
            fix="lower it, or give network.cidr and network.subnets a larger range (at most 5,000 interfaces a region)",
        )
        for name, job in jobs.items()
        if job.fan_out and job.fan_out.concurrency and job.fan_out.concurrency > places
    ]


def queue_problems(network: Network, jobs: Mapping[str, Job]) -> list[Problem]:
    """What keeps queue workers from reaching their queues: the subnets have no way to SQS but an endpoint."""
    if "sqs" in network.extra_endpoints:
        return []
    return [
        Problem(
            path=f"jobs.{name}.queue",
            value="{…}",
            reason="a queue worker in a private subnet reaches SQS through an endpoint only, and there is none",
            example="network: {extraEndpoints: [sqs]}",
            fix="add sqs to network.extraEndpoints (about 7.30 USD a month for each zone), or take the queue out",
        )
        for name, job in jobs.items()
        if job.queue
    ]


def secret_problems(network: Network, jobs: Mapping[str, Job]) -> list[Problem]:
    """What keeps tasks from their secrets: ECS reads them through the task's own subnet."""
    return [
        Problem(
            path=f"jobs.{name}.secrets.{variable}",
            value=arn,
            reason=f"a task in a private subnet reads it through the endpoint of {service} only, and there is none",
            example=f"network: {{extraEndpoints: [{service}]}}",
            fix=f"add {service} to network.extraEndpoints (about 7.30 USD a month for each zone), or take it out",
        )
        for name, job in jobs.items()
        for variable, arn in job.secrets.items()
        if (service := arn.split(":")[2]) not in network.extra_endpoints
    ]


def choose_zones(
    network: Network, available: Sequence[Zone], region: str, endpoint_services: Mapping[str, Sequence[str]]
) -> tuple[list[Zone], list[Problem]]:
    """The zones of the network, and what keeps it from being laid out in them."""
    usable = zones.usable(available, region, endpoint_services)
    would_do = ", ".join(f"{zone.id} ({zone.name})" for zone in usable) or "none"
    by_id = {zone.id: zone for zone in available}
    problems = [
        Problem(
            path=f"network.zoneIds[{index}]",
            value=zone_id,
            reason=f"{obstacle}; zones that would do in {region}: {would_do}",
            example=f"zoneIds: [{', '.join(zone.id for zone in usable[: network.zones])}]",
        )
        for index, zone_id in enumerate(network.zone_ids)
        if (
            obstacle := zones.obstacle(by_id[zone_id], region, endpoint_services)
            if zone_id in by_id
            else "this account has no such zone"
        )
    ]
    if not network.zone_ids and network.zones > len(usable):
        problems.append(
            Problem(
                path="network.zones",
                value=network.zones,
                reason=f"{region} has {len(usable)} zones for this account that can be used: {would_do}",
                example=f"zones: {len(usable)}",
            )
        )
    if problems:
        return [], problems
    return [by_id[zone_id] for zone_id in network.zone_ids] or usable[: network.zones], []


def merged(defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `defaults`, mapping by mapping; a null in `changes` takes an entry out."""
    out: dict[str, Any] = dict(defaults)
    for key, value in changes.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merged(out[key], value)
        else:
            out[key] = value
    return out
