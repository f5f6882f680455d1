"""The batch platform: one program, a stack for each environment (composition root)."""

import os

import pulumi
import pulumi_aws as aws

import outputs
import settings
from components import _standards, _tags
from components._names import Names
from components.batch import Cluster, ClusterArgs
from components.data import DATA_BUCKETS, Data, DataArgs
from components.encryption import Keys, KeysArgs
from components.job import JobService, JobServiceArgs
from components.networking import Networking, NetworkingArgs
from components.registry import Registry, RegistryArgs

config, region = settings.load()
settings.check_zones(config, zones := aws.get_availability_zones(state="available").names, region)
names = Names(suffix=config.platform.environment, account=aws.get_caller_identity().account_id, region=region)
tags = _tags.required(
    config.tags.model_dump(by_alias=True), environment=names.suffix, project=settings.PROJECT, variables=os.environ
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

exported = outputs.of_layers(
    names=names, keys=keys, networking=networking, data=data, registry=registry, cluster=cluster, jobs=jobs
)
for output, value in {**exported, "platform": exported}.items():
    pulumi.export(output, value)
