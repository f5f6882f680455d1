"""One private ECR repository for each job, and how long its images are kept.

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
    from settings import storage
    from settings.jobs import Job

DEPLOYED_PREFIX = "deployed-"
RELEASE_PREFIX = "release-"
KEEP_DEPLOYED = 5
"""Images tagged as deployed that are kept: the one that runs and four to go back to."""


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """Inputs of `Registry`."""

    context: StackContext
    settings: storage.Registry
    jobs: Mapping[str, Job]
    release_days: int | None = None
    """Days that a release image is kept; not set: the newest `settings.keep_images` are, however old. Where releases
    wait for an approval, newer ones must not push them out."""


class Registry(pulumi.ComponentResource):
    """One repository a job, and the image each job runs."""

    repositories: dict[str, Reference]
    """By job."""
    repository_urls: dict[str, str]
    """By job."""
    images: dict[str, str]
    """Image reference by job: by digest when one was pushed, otherwise by immutable release tag. Made from names, so
    that a preview knows the container definitions before the repository exists."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:registry:Registry", name, None, opts)
        self._name, self._args = name, args
        names = args.context.names
        self.repositories = {job: names.repository(job) for job in args.jobs}
        self.repository_urls = {job: names.repository_url(job) for job in args.jobs}
        self.images = {name: reference(self.repository_urls[name], job.image) for name, job in args.jobs.items()}
        for job in args.jobs:
            self._repository(job)
        self.register_outputs({"images": self.images})

    def _repository(self, job: str) -> None:
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
