"""One private ECR repository for each job, how long its images are kept, and building them when a stack asks.

The lifecycle cannot delete what runs: an image that matches the tags of one rule cannot be expired by a rule of lower
priority, and a deployment tags its images `deployed-<n>` (docs/adr/delivery/image-lifecycle.md,
docs/aws-facts.md#image-lifecycle). Which image runs is a setting, written by `batchctl push` and `batchctl release`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions.naming import Reference

if TYPE_CHECKING:
    from settings import models
    from settings.jobs import Job

DEPLOYED_PREFIX = "deployed-"
RELEASE_PREFIX = "release-"
KEEP_DEPLOYED = 5
"""Images tagged as deployed that are kept: the one that runs and four to go back to."""


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """Inputs of `Registry`."""

    context: StackContext
    settings: models.Registry
    jobs: Mapping[str, Job]
    release_days: int | None = None
    """Days that a release image is kept; not set: the newest `settings.keep_images` are, however old. Where releases
    wait for an approval, newer ones must not push them out."""
    sources: str = "jobs"
    """Folder with one sub-folder a job; the build context when images are built."""


class Registry(pulumi.ComponentResource):
    """One repository a job, and the image each job runs."""

    repositories: dict[str, Reference]
    """By job."""
    repository_urls: dict[str, pulumi.Output[str]]
    repository_arns: dict[str, pulumi.Output[str]]
    images: dict[str, pulumi.Input[str]]
    """Image reference by job: by digest when built or pushed here, otherwise by immutable release tag. Made from names,
    unless built here, so that a preview knows the container definitions before the repository exists."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:registry:Registry", name, None, opts)
        self._name, self._args = name, args
        self.repositories = {job: args.context.names.repository(job) for job in args.jobs}
        self.repository_urls, self.repository_arns, self.images = {}, {}, {}
        for job, job_settings in args.jobs.items():
            repository = self._repository(job)
            self.repository_urls[job] = repository.repository_url
            self.repository_arns[job] = repository.arn
            self.images[job] = (
                self._built(job, job_settings, repository)
                if args.settings.build
                else reference(args.context.names.repository_url(job), job_settings.image)
            )
        self.register_outputs({"repository_urls": self.repository_urls, "images": self.images})

    def _repository(self, job: str) -> aws.ecr.Repository:
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            f"{self._name}-{job}",
            name=self.repositories[job].name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._args.context.data_key_arn}],
            force_delete=self._args.context.teardown,
            opts=child,
        )
        aws.ecr.LifecyclePolicy(
            f"{self._name}-{job}-lifecycle",
            repository=repository.name,
            policy=lifecycle(
                self._args.settings.keep_images, self._args.settings.untagged_days, self._args.release_days
            ),
            opts=child,
        )
        return repository

    def _built(self, job: str, job_settings: Job, repository: aws.ecr.Repository) -> pulumi.Output[str]:
        import pulumi_awsx as awsx  # here because it is slow to import and few stacks build images

        platform = "linux/arm64" if job_settings.architecture == "ARM64" else "linux/amd64"
        image = awsx.ecr.Image(
            f"{self._name}-{job}-image",
            repository_url=repository.repository_url,
            context=self._args.sources,
            dockerfile=f"{self._args.sources}/{job}/Dockerfile",
            platform=platform,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return image.image_uri


def reference(url: str, image: str) -> str:
    """The full reference of `image` (a digest or a tag) in the repository at `url`."""
    return f"{url}{'@' if image.startswith('sha256:') else ':'}{image}"


def lifecycle(keep_images: int, untagged_days: int, release_days: int | None = None) -> str:
    """The lifecycle policy as JSON; with `release_days`, release images expire by age instead of by count.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html (evaluation by priority).
    """

    def newest(priority: int, prefix: str, count: int, what: str) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": f"keep the newest {count} {what} images",
            "selection": {
                "tagStatus": "tagged",
                "tagPrefixList": [prefix],
                "countType": "imageCountMoreThan",
                "countNumber": count,
            },
            "action": {"type": "expire"},
        }

    def older(priority: int, days: int, selection: Mapping[str, object], what: str) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": f"expire {what} images after {days} days",
            "selection": {**selection, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days},
            "action": {"type": "expire"},
        }

    releases = {"tagStatus": "tagged", "tagPrefixList": [RELEASE_PREFIX]}
    rules = [
        newest(1, DEPLOYED_PREFIX, KEEP_DEPLOYED, "deployed"),
        older(2, release_days, releases, "release")
        if release_days
        else newest(2, RELEASE_PREFIX, keep_images, "release"),
        older(3, untagged_days, {"tagStatus": "untagged"}, "untagged"),
    ]
    return json.dumps({"rules": rules})
