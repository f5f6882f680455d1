"""The batch platform: one program, a stack for each environment (composition root)."""

import os

import pulumi
import pulumi_aws as aws

import outputs
import settings
from components import _standards, _tags
from components._names import Names
from components.announcements import Announcements, AnnouncementsArgs
from components.batch import Cluster, ClusterArgs
from components.data import DATA_BUCKETS, Data, DataArgs
from components.encryption import Keys, KeysArgs
from components.job import JobService, JobServiceArgs
from components.networking import Networking, NetworkingArgs
from components.observability import Observability, ObservabilityArgs
from components.orchestration import Orchestration, OrchestrationArgs
from components.queue_worker import QueueWorker, QueueWorkerArgs
from components.registry import Registry, RegistryArgs
from components.watch import Watch, WatchArgs

config, region = settings.load()
settings.check_zones(config, zones := aws.get_availability_zones(state="available").names, region)
names = Names(suffix=config.platform.environment, account=aws.get_caller_identity().account_id, region=region)
tags = _tags.required(
    config.tags.given(), environment=names.suffix, project=settings.PROJECT, variables=os.environ
)
pulumi.runtime.register_stack_transformation(_standards.standards(tags))
kept = config.platform.log_retention_days

keys = Keys("keys", KeysArgs(names=names))
networking = Networking(
    "network",
    NetworkingArgs(
        names=names,
        settings=config.network,
        zones=zones,
        s3_prefix_list_id=aws.ec2.get_managed_prefix_list(name=f"com.amazonaws.{region}.s3").id,
        bucket_arns=[names.bucket_arn(purpose) for purpose in DATA_BUCKETS],
        repository_arns=[names.arn("ecr", f"repository/{names.name('repository', job)}") for job in config.jobs],
        logs_key_arn=keys.logs_arn,
        log_retention_days=kept,
    ),
)
data = Data(
    "data",
    DataArgs(names=names, settings=config.data, teardown=config.platform.teardown, kms_key_arn=keys.data_arn),
)
registry = Registry(
    "registry",
    RegistryArgs(
        names=names,
        settings=config.registry,
        jobs=config.jobs,
        teardown=config.platform.teardown,
        kms_key_arn=keys.data_arn,
    ),
)
cluster = Cluster(
    "batch",
    ClusterArgs(names=names, capacity=config.platform.capacity, logs_key_arn=keys.logs_arn, log_retention_days=kept),
)
jobs = {
    job: JobService(
        job,
        JobServiceArgs(
            names=names,
            job=job,
            settings=job_settings,
            capacity=config.capacity_of(job),
            image=registry.images[job],
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            capacity_providers=cluster.capacity_providers,
            subnet_ids=networking.subnet_ids,
            security_group_id=networking.task_security_group_id,
            data_key_arn=keys.data_arn,
            logs_key_arn=keys.logs_arn,
            log_retention_days=kept,
        ),
    )
    for job, job_settings in config.jobs.items()
}

announcements = Announcements(
    "announcements", AnnouncementsArgs(names=names, kms_key_arn=keys.messages_arn, emails=config.alerts.emails)
)
orchestration = Orchestration(
    "nightly",
    OrchestrationArgs(
        names=names,
        workflow=config.workflow,
        jobs=config.jobs,
        capacities={job: config.capacity_of(job) for job in jobs},
        ledger_days=config.data.ledger_days,
        cluster_arn=cluster.arn,
        task_definition_arns={job: component.task_definition_arn for job, component in jobs.items()},
        subnet_ids=networking.subnet_ids,
        security_group_id=networking.task_security_group_id,
        data_key_arn=keys.data_arn,
        logs_key_arn=keys.logs_arn,
        messages_key_arn=keys.messages_arn,
        log_retention_days=kept,
    ),
)
watch = Watch(
    "watch",
    WatchArgs(
        names=names,
        workflow=config.workflow,
        nightly_arn=orchestration.machine_arn,
        data_key_arn=keys.data_arn,
        logs_key_arn=keys.logs_arn,
        messages_key_arn=keys.messages_arn,
        log_retention_days=kept,
    ),
)
workers = {
    job: QueueWorker(
        f"{job}-worker",
        QueueWorkerArgs(
            names=names,
            job=job,
            queue=job_settings.queue,
            cooldown=job_settings.scaling.cooldown,
            cluster_name=cluster.name,
            service_name=jobs[job].service_name,
            task_role_arn=jobs[job].task_role_arn,
            messages_key_arn=keys.messages_arn,
        ),
    )
    for job, job_settings in config.jobs.items()
    if job_settings.queue
}
observability = Observability(
    "observability",
    ObservabilityArgs(
        names=names,
        limits=config.alerts,
        topic_arn=announcements.topic_arn,
        cluster_name=names.name("cluster", "batch"),
        cluster_arn=cluster.arn,
        nightly_arn=orchestration.machine_arn,
        helper_arns=watch.machine_arns,
        rules={**orchestration.rule_names, **watch.rule_names},
        schedule_groups={**orchestration.schedule_groups, **watch.schedule_groups},
        letter_queues={
            **orchestration.letter_queues,
            **watch.letter_queues,
            **{job: worker.letters_name for job, worker in workers.items()},
        },
        job_log_groups={job: component.log_group_name for job, component in jobs.items()},
        window_minutes=config.workflow.deadline.window_seconds // 60,
        logs_key_arn=keys.logs_arn,
        log_retention_days=kept,
    ),
)

exported = outputs.of_layers(
    names=names, keys=keys, networking=networking, data=data, registry=registry, cluster=cluster, jobs=jobs
) | outputs.of_nightly_run(
    announcements=announcements,
    orchestration=orchestration,
    watch=watch,
    workers=workers,
    observability=observability,
)
for output, value in {**exported, "platform": exported}.items():
    pulumi.export(output, value)
