"""Whether run and queue workers fit: the account's vCPU quota, the subnets' addresses, the way to the queues."""

from __future__ import annotations

import math
from collections.abc import Mapping

from conventions import concurrency as concurrency_limits
from conventions import fargate

from .errors import Problem
from .jobs import Job
from .models import Workflow
from .network import Network


def quota_problems(jobs: Mapping[str, Job], workflow: Workflow) -> list[Problem]:
    """What does not fit the account's quota: one task, all queue workers at once beside the run, a fan-out."""
    quota = workflow.fargate_vcpu_quota
    if too_big := {name: job for name, job in jobs.items() if not concurrency(job, quota)}:
        return [
            Problem(
                path=f"jobs.{name}.cpu",
                value=job.cpu,
                reason=f"one task needs more than workflow.fargateVcpuQuota ({quota} vCPU)",
                example=f"cpu: {min(quota, 4) * fargate.CPU_UNITS_PER_VCPU}",
                fix="take a smaller size, or have the quota raised by AWS and set workflow.fargateVcpuQuota to it",
            )
            for name, job in too_big.items()
        ]
    of_run = workflow.vcpus_of_run(jobs)
    largest = max((fargate.vcpus(jobs[name].cpu) for name in workflow.order if name in jobs), default=0)
    if of_run < largest:
        workers = ", ".join(
            f"{name}: maxTasks {job.scaling.max_tasks} x {fargate.vcpus(job.cpu):g}"
            for name, job in jobs.items()
            if job.queue
        )
        return [
            Problem(
                path="workflow.fargateVcpuQuota",
                value=quota,
                reason=f"queue workers may take {quota - of_run:g} vCPU of it ({workers}), and the nightly run's "
                f"largest task needs {largest:g}",
                example=f"fargateVcpuQuota: {math.ceil(quota - of_run + largest)}",
                fix="lower jobs.<name>.scaling.maxTasks of queue workers, or have the quota raised by AWS and set it",
            )
        ]
    left = f", of which queue workers leave {of_run:g}" if of_run < quota else ""
    return [
        Problem(
            path=f"jobs.{name}.fanOut.concurrency",
            value=job.fan_out.concurrency,
            reason=f"{job.fan_out.concurrency} tasks of {fargate.vcpus(job.cpu):g} vCPU need more than "
            f"workflow.fargateVcpuQuota ({quota} vCPU){left}",
            example=f"concurrency: {max(concurrency(job, of_run), 1)}",
            fix="lower it, or have the quota raised by AWS and set workflow.fargateVcpuQuota to it",
        )
        for name, job in jobs.items()
        if job.fan_out and job.fan_out.concurrency and job.fan_out.concurrency > concurrency(job, of_run)
    ]


def concurrency(job: Job, vcpus: float) -> int:
    """How many tasks of `job` fit `vcpus` at once; 0 when not even one does."""
    return int(vcpus // fargate.vcpus(job.cpu))


def address_problems(network: Network, jobs: Mapping[str, Job]) -> list[Problem]:
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
