"""A release: one commit and the digest of each job's image, from the build to every stack.

An image is built once and is the same bytes in every repository: `release.json` names it by digest. What a stack runs
is read from the tags `deployed-<n>` of its images; `n` counts the stack's deployments, whether they brought one job
(`batchctl push`) or all of them (`batchctl release`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from batchctl.errors import UNREACHABLE, OperatorError
from components.registry import DEPLOYED_PREFIX, RELEASE_PREFIX
from settings import Settings

from . import image_copy
from .docker import ECRClient

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
BASE_REGISTRY: Final = "public.ecr.aws/docker/library"
"""Where base images come from: the same images as Docker Hub's, without its rate limit for anonymous pulls."""
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")

Run = Callable[[Sequence[str]], None]
"""Runs a command; raises OperatorError when it fails."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What one execution of the pipeline deploys."""

    commit: str
    suffix: str
    """Suffix of the repositories that hold it."""
    images: Mapping[str, str]
    """Digest by job."""

    def by_repository(self) -> dict[str, str]:
        """Digest by the repository that the image was built into."""
        return {repository(job, self.suffix): digest for job, digest in self.images.items()}

    def with_images_of(self, other: Release) -> Release:
        """This release completed by the images of another one of the same commit.

        Raises OperatorError when it is of another commit.
        """
        if (self.commit, self.suffix) != (other.commit, other.suffix):
            raise OperatorError(
                f"a release of {other.commit[:12]} in {other.suffix} cannot complete one of {self.commit[:12]} in "
                f"{self.suffix}: both steps must build the same commit."
            )
        return replace(self, images={**other.images, **self.images})

    def of_jobs(self, jobs: Collection[str]) -> Release:
        """The part that a stack with these jobs takes; a release holds the jobs of all stacks.

        Raises OperatorError when it lacks one of them.
        """
        if missing := sorted(set(jobs) - set(self.images)):
            raise OperatorError(
                f"the release of {self.commit[:12]} has no image of {', '.join(missing)}: build it again "
                f"(`batchctl release build`) from a commit whose stack files have every job."
            )
        return replace(self, images={job: digest for job, digest in self.images.items() if job in jobs})


def repository(job: str, suffix: str) -> str:
    """Name of a job's repository in a stack, as `conventions.naming.Names` makes it."""
    return f"repository-{job}-{suffix}"


def read(path: Path) -> Release:
    """The release in `path`; raises OperatorError saying what is wrong with it."""
    try:
        document = json.loads(path.read_text())
        release = Release(commit=document["commit"], suffix=document["suffix"], images=dict(document["images"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{path} is no release ({error}); `batchctl release build` and `current` write one."
        ) from error
    if wrong := [f"{job}: {digest!r}" for job, digest in release.images.items() if not _DIGEST.fullmatch(str(digest))]:
        raise OperatorError(f"{path}: images must be digests (sha256: and 64 hexadecimal digits): {', '.join(wrong)}.")
    return release


def write(release: Release, path: Path) -> None:
    """`release` as JSON; the same release is the same bytes."""
    path.write_text(json.dumps(asdict(release), indent=2, sort_keys=True) + "\n")


def digest_of(ecr: ECRClient, name: str, tag: str) -> str | None:
    """Digest of the image tagged `tag`; None when there is none. Raises OperatorError when the repository is
    missing."""
    try:
        answer = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ImageNotFoundException":
            return None
        if code == "RepositoryNotFoundException":
            raise OperatorError(f"there is no repository {name}: bring its stack up first.") from error
        raise
    return str(answer["imageDetails"][0]["imageDigest"])


def build(ecr: ECRClient, *, commit: str, suffix: str, jobs: Mapping[str, str], run: Run) -> Release:
    """Builds and pushes what this commit has not pushed yet; `jobs` maps a job to its architecture.

    Tags are immutable, so a second execution for the same commit takes the images of the first.
    """
    if not _COMMIT.fullmatch(commit):
        raise OperatorError(
            f"--commit {commit!r} is no commit hash, for example 3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d."
        )
    tag = f"{RELEASE_PREFIX}{commit}"
    images = {}
    for job, architecture in jobs.items():
        name = repository(job, suffix)
        digest = digest_of(ecr, name, tag)
        if digest is None:
            uri = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryUri"]
            platform = "linux/arm64" if architecture == "ARM64" else "linux/amd64"
            # one plain manifest for each image: ECR scans no index, and a digest must mean the same everywhere
            command = ["docker", "build", "--platform", platform, "--provenance=false", "--tag", f"{uri}:{tag}"]
            run([*command, "--build-arg", f"REGISTRY={BASE_REGISTRY}", "--file", f"jobs/{job}/Dockerfile", "jobs"])
            run(["docker", "push", f"{uri}:{tag}"])
            digest = digest_of(ecr, name, tag)
        if digest is None:
            raise OperatorError(f"{name}: docker push ended well, but ECR has no image tagged {tag}.", UNREACHABLE)
        images[job] = digest
    return Release(commit=commit, suffix=suffix, images=images)


def use(release: Release, stack: str, run: Run) -> None:
    """Writes the digests into the stack's settings file, where `pulumi up` reads them."""
    for job, digest in sorted(release.images.items()):
        key = f"batch-platform:jobs.{job}.image"
        run(["pulumi", "config", "set", "--stack", stack, "--path", key, digest])


def architectures(stacks: Mapping[str, Settings]) -> dict[str, str]:
    """Architecture by job over all stacks. Raises OperatorError when two stacks want different ones for a job."""
    architectures_by_job: dict[str, dict[str, str]] = {}
    for stack, config in stacks.items():
        for name, job in config.jobs.items():
            architectures_by_job.setdefault(name, {})[stack] = job.architecture
    if unlike := {name: by_stack for name, by_stack in architectures_by_job.items() if len(set(by_stack.values())) > 1}:
        lines = [
            f"  jobs.{name}.architecture: {', '.join(f'{value} in {stack}' for stack, value in by_stack.items())}"
            for name, by_stack in unlike.items()
        ]
        raise OperatorError(
            "\n".join(["an image is built once for all stacks, so its architecture must be the same in each:", *lines])
        )
    return {name: next(iter(by_stack.values())) for name, by_stack in architectures_by_job.items()}


def promote(
    source: ECRClient, ecr: ECRClient, release: Release, suffix: str, *, if_present: bool, run: Run
) -> list[str]:
    """Copies each image into the repository that ends in `suffix`, unless it is there; the repositories written to.

    `source` is the account of the release repositories, `ecr` that of the stack, which may be another one. With
    `if_present` a repository that does not exist yet is left out: before a stack's first `up` there is none.
    """
    tag = f"{RELEASE_PREFIX}{release.commit}"
    copies = []
    for job, digest in release.images.items():
        copy = image_copy.Copy(repository(job, release.suffix), repository(job, suffix), digest, tag)
        try:
            if not image_copy.is_there(ecr, copy):
                copies.append(copy)
        except ClientError as error:
            missing = error.response.get("Error", {}).get("Code") == "RepositoryNotFoundException"
            if not (missing and if_present):
                raise
    if copies:
        for registry in {id(client): client for client in (source, ecr)}.values():
            image_copy.sign_in(registry)
    for copy in copies:
        image_copy.copy_image(source, ecr, copy, run)
    return [copy.target for copy in copies]


def mark_deployed(ecr: ECRClient, release: Release, suffix: str, *, jobs: Collection[str] = ()) -> str:
    """Tags the release's images as the stack's next deployment, unless they are what it runs; the tag.

    `jobs` are all jobs of the stack where the release holds only some of them: the number must be higher than any that
    the stack has. The lifecycle policy keeps images with these tags (docs/adr/delivery/image-lifecycle.md).
    """
    tagged = {job: _deployed(ecr, repository(job, suffix)) for job in {*jobs, *release.images}}
    newest = max((number for numbers in tagged.values() for number in numbers), default=0)
    if any(_at(tagged[job], newest) != digest for job, digest in release.images.items()):
        newest += 1
        for job, digest in release.images.items():
            image_copy.tag_image(ecr, repository(job, suffix), digest, f"{DEPLOYED_PREFIX}{newest}")
    return f"{DEPLOYED_PREFIX}{newest}"


def current(ecr: ECRClient, jobs: Sequence[str], suffix: str, *, back: int = 0) -> Release:
    """The release that the stack runs, or the one it ran `back` deployments before.

    A deployment may have brought only some of the jobs: each job's image is the one deployed last up to then.
    Raises OperatorError when an image of it is no longer there.
    """
    tagged = {job: _deployed(ecr, repository(job, suffix)) for job in jobs}
    deployments = sorted({number for numbers in tagged.values() for number in numbers}, reverse=True)
    if not deployments:
        raise OperatorError(
            f"no repository of a job in {suffix} has an image tagged {DEPLOYED_PREFIX}<n>: nothing has "
            "been deployed by `batchctl push` or `release` yet."
        )
    there = ", ".join(f"{DEPLOYED_PREFIX}{number}" for number in deployments)
    if back >= len(deployments):
        raise OperatorError(
            f"--back {back} goes further back than the images that are kept. Deployments, the newest "
            f"first: {there}; valid: --back {len(deployments) - 1}."
        )
    images = {job: _at(tagged[job], deployments[back]) for job in jobs}
    if missing := [repository(job, suffix) for job, digest in images.items() if digest is None]:
        raise OperatorError(
            f"{', '.join(missing)}: no image was deployed up to {DEPLOYED_PREFIX}{deployments[back]}, or it is no "
            f"longer kept. Deployments, the newest first: {there}. `batchctl push JOB` deploys one."
        )
    digests = {job: str(digest) for job, digest in images.items()}
    return Release(commit=_commit(ecr, digests, suffix), suffix=suffix, images=digests)


def _commit(ecr: ECRClient, images: Mapping[str, str], suffix: str) -> str:
    """The commit that every image is tagged with; "unknown" when they come from several."""
    commits = []
    for job, digest in images.items():
        answer = ecr.describe_images(repositoryName=repository(job, suffix), imageIds=[{"imageDigest": digest}])
        tags = answer["imageDetails"][0].get("imageTags", [])
        commits.append({tag.removeprefix(RELEASE_PREFIX) for tag in tags if tag.startswith(RELEASE_PREFIX)})
    shared = sorted(set.intersection(*commits)) if commits else []
    return shared[-1] if shared else "unknown"


def _at(tagged: Mapping[int, str], number: int) -> str | None:
    """Digest of the newest deployment up to `number`."""
    earlier = [deployment for deployment in tagged if deployment <= number]
    return tagged[max(earlier)] if earlier else None


def _deployed(ecr: ECRClient, name: str) -> dict[int, str]:
    """Digest by number of each `deployed-<n>` tag."""
    pages = ecr.get_paginator("list_images").paginate(repositoryName=name, filter={"tagStatus": "TAGGED"})
    tagged = [(image.get("imageTag", ""), image["imageDigest"]) for page in pages for image in page["imageIds"]]
    return {
        int(tag.removeprefix(DEPLOYED_PREFIX)): digest
        for tag, digest in tagged
        if re.fullmatch(rf"{DEPLOYED_PREFIX}\d+", tag)
    }
