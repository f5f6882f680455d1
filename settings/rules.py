"""Checks across sections, or against the account: workflow and jobs, sessions, locks, zones and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from conventions import endpoint_services, zones
from conventions.zones import Zone

from . import capacity
from .errors import Problem
from .jobs import DataAccess, Job
from .models import Workflow
from .network import Network
from .platform import Platform
from .storage import Data


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
    return problems + capacity.quota_problems(jobs, workflow)


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


def debug_problems(platform: Platform, network: Network, jobs: Mapping[str, Job]) -> list[Problem]:
    """What keeps people out of the tasks that they may enter, or ought to."""
    problems = []
    entered = {name for name, job in jobs.items() if job.debug}
    acknowledged = {
        name
        for entry in platform.acknowledge
        if (name := entry.removeprefix("jobs.").removesuffix(".debug")) and entry == f"jobs.{name}.debug"
    }
    for name in sorted(entered):
        if missing := [service for service in endpoint_services.DEBUG if service not in network.extra_endpoints]:
            problems.append(
                Problem(
                    path=f"jobs.{name}.debug",
                    value=True,
                    reason=f"a session reaches a task through the endpoints of kms and ssmmessages, and there is no "
                    f"{' and no '.join(missing)}",
                    example="network: {extraEndpoints: [kms, ssmmessages]}",
                    fix=f"add {', '.join(missing)} to network.extraEndpoints (about 7.30 USD a month each for each "
                    "zone), or take debug out",
                )
            )
        if not platform.teardown and name not in acknowledged:
            problems.append(
                Problem(
                    path=f"jobs.{name}.debug",
                    value=True,
                    reason="the stack keeps its data (platform.teardown: false), and a session reads what the job does",
                    example=f"platform: {{acknowledge: [jobs.{name}.debug]}}",
                    fix="acknowledge it while somebody has to look, or debug in a stack that may be torn down",
                )
            )
    problems += [
        Problem(
            path="platform.acknowledge",
            value=f"jobs.{name}.debug",
            reason="there is no such job with debug on",
            example="acknowledge: []",
            fix="take the entry out",
        )
        for name in sorted(acknowledged - entered)
    ]
    return problems


def lock_problems(platform: Platform, data: Data) -> list[Problem]:
    """A lock that nobody may open, in a stack that may be torn down."""
    if data.object_lock is None or data.object_lock.mode != "compliance" or not platform.teardown:
        return []
    return [
        Problem(
            path="data.objectLock.mode",
            value="compliance",
            reason="nobody may delete a locked version before its days have passed, so platform.teardown: true "
            "promises what no destroy can do",
            example="mode: governance",
            fix="take governance, or leave platform.teardown at false; to tear a stack down whose objects are locked, "
            "take objectLock out and destroy when the last day has passed",
        )
    ]


def guard_duty_problems(network: Network, region: str) -> list[Problem]:
    """A Region of which nobody knows where GuardDuty's agent is pulled from."""
    guard_duty = network.guard_duty
    if guard_duty is None or guard_duty.agent_account or region in endpoint_services.GUARDDUTY_AGENT_ACCOUNTS:
        return []
    return [
        Problem(
            path="network.guardDuty.agentAccount",
            value=None,
            reason=f"this version does not know from which of AWS's accounts the agent is pulled in {region}",
            example='guardDuty: {agentAccount: "593207742271"}',
            fix="take it from https://docs.aws.amazon.com/guardduty/latest/ug/ecs-runtime-agent-ecr-image-uri.html",
        )
    ]


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
            obstacle := zones.unusable_reason(by_id[zone_id], region, endpoint_services)
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
