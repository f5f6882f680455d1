"""The batch platform: one program, a stack for each environment (composition root)."""

import os

import pulumi
import pulumi_aws as aws

import outputs
import settings
from components.cluster import Cluster, ClusterArgs
from components.data import Data, DataArgs
from components.encryption import Keys, KeysArgs
from components.job.service import JobService, JobServiceArgs
from components.monitoring.monitoring import Observability, ObservabilityArgs
from components.networking import Networking, NetworkingArgs
from components.nightly.run import Orchestration, OrchestrationArgs
from components.nightly.run_monitors import Watch, WatchArgs
from components.notifications import Announcements, AnnouncementsArgs
from components.registry import Registry, RegistryArgs
from components.shared import transformations
from conventions import tagging
from conventions.naming import Names

config, region = settings.load()
settings.check_zones(config, zones := aws.get_availability_zones(state="available").names, region)
names = Names(suffix=config.platform.environment, account=aws.get_caller_identity().account_id, region=region)
tags = tagging.required(config.tags.given(), environment=names.suffix, project=settings.PROJECT, variables=os.environ)
pulumi.runtime.register_stack_transformation(transformations.standards(tags))
s3_list = aws.ec2.get_managed_prefix_list(name=f"com.amazonaws.{region}.s3").id

keys = Keys("keys", KeysArgs(names=names))
base = keys.foundation(log_retention_days=config.platform.log_retention_days, teardown=config.platform.teardown)
networking = Networking(
    "network",
    NetworkingArgs(base=base, settings=config.network, zones=zones, jobs=[*config.jobs], s3_prefix_list_id=s3_list),
)
data = Data("data", DataArgs(base=base, settings=config.data))
registry = Registry("registry", RegistryArgs(base=base, settings=config.registry, jobs=config.jobs))
cluster = Cluster("batch", ClusterArgs(base=base, capacity=config.platform.capacity))
place = cluster.place(networking.subnet_ids, networking.task_security_group_id)
jobs = {
    name: JobService(name, JobServiceArgs(base=base, place=place, job=name, settings=job, image=registry.images[name]))
    for name, job in config.jobs.items()
}

announcements = Announcements("announcements", AnnouncementsArgs(base=base, emails=config.alerts.emails))
nightly = Orchestration(
    "nightly",
    OrchestrationArgs(
        base=base,
        place=place,
        workflow=config.workflow,
        jobs=config.jobs,
        ledger_days=config.data.ledger_days,
        task_definition_arns={name: jobs[name].task_definition_arn for name in config.workflow.order},
    ),
)
watch = Watch("watch", WatchArgs(base=base, workflow=config.workflow, nightly_arn=nightly.machine_arn))
observability = Observability(
    "observability",
    ObservabilityArgs(
        base=base,
        limits=config.alerts,
        topic_arn=announcements.topic_arn,
        cluster=names.name("cluster", "batch"),
        nightly=nightly.machine_name,
        parts=[nightly.watchable, watch.watchable, *(job.worker.watchable for job in jobs.values() if job.worker)],
        job_log_groups={name: job.log_group_name for name, job in jobs.items()},
        window_minutes=config.workflow.deadline.window_seconds // 60,
    ),
)

exported = outputs.of_platform(names, keys, networking, data, registry, cluster, jobs)
exported |= outputs.of_nightly_run(announcements, nightly, watch, observability)
for output, value in {**exported, "platform": exported}.items():
    pulumi.export(output, value)
