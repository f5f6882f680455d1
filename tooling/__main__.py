"""The tooling stack: where images are built and scanned, and what deploys the platform's stacks (composition root).

A project of its own, so that a deployment of the platform can never change or destroy what deploys it
(docs/adr/delivery/project-of-its-own.md).
"""

import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

import settings
from components.encryption import PURPOSES, Keys, KeysArgs
from components.notifications import Notifications, NotificationsArgs
from components.registry import Registry, RegistryArgs
from components.shared import transformations
from components.shared.bucket import Bucket, BucketArgs
from conventions import tagging
from conventions.naming import Names
from tooling.delivery import delivery_settings, github
from tooling.delivery.failure_notice import FailureNotice, FailureNoticeArgs
from tooling.delivery.pipeline import PREVIOUS_VERSION_DAYS, Delivery, DeliveryArgs

config, region = delivery_settings.load()
delivery = config.delivery
names = Names(suffix=config.platform.environment, account=aws.get_caller_identity().account_id, region=region)
tags = tagging.required(config.tags.by_tag(), environment=names.suffix, project=settings.PROJECT, variables=os.environ)
pulumi.runtime.register_stack_transformation(transformations.standard_tags_and_limits(tags))
jobs = delivery_settings.jobs_of(delivery.stacks, Path(__file__).parents[1])

# only the pipeline has logs and notifications to encrypt
purposes = PURPOSES if delivery.repository else ("data",)
keys = Keys("keys", KeysArgs(names=names, teardown=config.platform.teardown, purposes=purposes))
context = keys.context(log_retention_days=config.platform.log_retention_days, teardown=config.platform.teardown)
registry = Registry(
    "registry",
    RegistryArgs(context=context, settings=config.registry, jobs=jobs, release_days=delivery.artifact_days),
)
pulumi.export("environment", names.suffix)
pulumi.export("repositoryUrls", registry.repository_urls)
pulumi.export("repositoryArns", {job: repository.arn for job, repository in registry.repositories.items()})
for purpose, arn in keys.arns.items():
    pulumi.export(f"{purpose}KeyArn", arn)
repositories = {job: names.name("repository", job) for job in jobs}
architectures = sorted({job.architecture for job in jobs.values()})

if delivery.repository or delivery.github_deploys:
    reports = Bucket(
        "reports",
        BucketArgs(
            bucket=names.s3_bucket("reports"),
            kms_key_arn=keys.data_arn,
            expire_days=delivery.artifact_days,
            previous_version_days=PREVIOUS_VERSION_DAYS,
            force_destroy=config.platform.teardown,
        ),
    )
    pulumi.export("reportBucketName", reports.name)

if delivery.repository:
    notifications = Notifications("notifications", NotificationsArgs(context=context, emails=delivery.approvers))
    pipeline = Delivery(
        "delivery",
        DeliveryArgs(
            context=context,
            settings=delivery,
            repositories=repositories,
            architectures=architectures,
            topic_arn=notifications.topic_arn,
        ),
    )
    notice = FailureNotice(
        "failure-notice",
        FailureNoticeArgs(names=names, purposes=sorted(pipeline.names), topic_arn=notifications.topic_arn),
    )
    pulumi.export("pipelineName", pipeline.names["delivery"])
    pulumi.export("pipelineArn", pipeline.pipeline_arn)
    pulumi.export("connectionArn", pipeline.connection_arn)
    pulumi.export("connectionStatus", pipeline.connection_status)
    pulumi.export("connectionNextStep", pipeline.connection_next_step)
    pulumi.export("artifactBucketName", pipeline.artifact_bucket_name)
    pulumi.export("notificationTopicArn", notifications.topic_arn)
    pulumi.export("projectNames", pipeline.project_names)
    pulumi.export("stepRoleArns", pipeline.role_arns)
    pulumi.export("logGroupArns", pipeline.log_group_arns)
    pulumi.export("ruleNames", [*pipeline.rule_names, notice.rule_name])

if delivery.github.repository:
    repository = delivery.github.repository
    access = github.GitHubAccess(
        "github",
        github.GitHubAccessArgs(
            context=context, settings=delivery, repositories=repositories, architectures=architectures
        ),
    )
    variables = pulumi.Output.all(**access.variables)
    pulumi.export("githubProviderArn", access.provider_arn)
    pulumi.export("githubRoleArns", access.role_arns)
    pulumi.export("githubVariables", variables)
    pulumi.export("githubCommands", variables.apply(lambda values: github.commands(repository, values)))
