"""The tooling stack: where images are built and scanned, and what deploys the platform's stacks (composition root).

A project of its own, so that a deployment of the platform can never change or destroy what deploys it
(docs/adr/delivery/project-of-its-own.md).
"""

import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

import settings
from components.encryption import Keys, KeysArgs
from components.registry import Registry, RegistryArgs
from components.shared import transformations
from conventions import tagging
from conventions.naming import Names
from tooling.delivery import delivery_settings
from tooling.delivery.pipeline import Delivery, DeliveryArgs

config, region = delivery_settings.load()
names = Names(suffix=config.platform.environment, account=aws.get_caller_identity().account_id, region=region)
tags = tagging.required(config.tags.by_tag(), environment=names.suffix, project=settings.PROJECT, variables=os.environ)
pulumi.runtime.register_stack_transformation(transformations.standards(tags))
jobs = delivery_settings.jobs_of(config.delivery.stacks, Path(__file__).parents[1])

keys = Keys("keys", KeysArgs(names=names, teardown=config.platform.teardown))
context = keys.context(log_retention_days=config.platform.log_retention_days, teardown=config.platform.teardown)
registry = Registry("registry", RegistryArgs(context=context, settings=config.registry, jobs=jobs))
pulumi.export("environment", names.suffix)
pulumi.export("repositoryUrls", registry.repository_urls)
pulumi.export("repositoryArns", {job: repository.arn for job, repository in registry.repositories.items()})
pulumi.export("dataKeyArn", keys.data_arn)
pulumi.export("logsKeyArn", keys.logs_arn)
pulumi.export("messagesKeyArn", keys.messages_arn)

if config.delivery.repository:
    pipeline = Delivery(
        "delivery",
        DeliveryArgs(
            context=context,
            settings=config.delivery,
            repositories={job: names.name("repository", job) for job in jobs},
        ),
    )
    pulumi.export("pipelineName", pipeline.pipeline_name)
    pulumi.export("pipelineArn", pipeline.pipeline_arn)
    pulumi.export("connectionArn", pipeline.connection_arn)
    pulumi.export("connectionStatus", pipeline.connection_status)
    pulumi.export("connectionNextStep", pipeline.connection_next_step)
    pulumi.export("artifactBucketName", pipeline.artifact_bucket_name)
    pulumi.export("approvalTopicArn", pipeline.topic_arn)
    pulumi.export("projectNames", pipeline.project_names)
    pulumi.export("stepRoleArns", pipeline.role_arns)
    pulumi.export("logGroupArns", pipeline.log_group_arns)
