"""A release: one commit and the digest of each job's image, from the build to every stack.

    python -m batchctl.release.release sign-in                               lets Docker push to the account's registry
    python -m batchctl.release.release build --commit C --suffix tooling --output release.json
    python -m batchctl.release.release use release.json --stack dev          write the digests into the stack's settings
    python -m batchctl.release.release promote release.json --stack dev      copy the images into the stack's
    repositories
    python -m batchctl.release.release deployed release.json --stack dev     tag them as deployed, so that none expires
    python -m batchctl.release.release current --stack dev --output FILE     the release the stack runs, read from
    those tags
    python -m batchctl.release.release publish FILE --bucket B --key K       put a file into the artifact bucket

Owns: `release.json`, and that an image is built once and is the same bytes in every repository.
Refuses: judging an image (`scan_gate.py`) and deploying one (`pulumi up`).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from batchctl import project as projects
from batchctl.errors import OK, UNREACHABLE, OperatorError
from batchctl.program import stack_settings
from components.registry import DEPLOYED_PREFIX, RELEASE_PREFIX

from .docker import run_command, sign_in
from .image_copy import copy_image

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
BASE_REGISTRY: Final = "public.ecr.aws/docker/library"
"""Where base images come from: the same images as Docker Hub's, without its rate limit for anonymous pulls."""
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")

ECRClient: TypeAlias = Any
"""A boto3 client of ECR."""

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


def repository(job: str, suffix: str) -> str:
    """Name of a job's repository in a stack, as `conventions.naming.Names` makes it."""
    return f"repository-{job}-{suffix}"


def read(path: Path) -> Release:
    """The release in `path`; raises OperatorError saying what is wrong with it."""
    try:
        given = json.loads(path.read_text())
        found = Release(commit=given["commit"], suffix=given["suffix"], images=dict(given["images"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{path} is no release ({error}); `python -m batchctl.release.release build` and `current` write one."
        ) from error
    if wrong := [f"{job}: {digest!r}" for job, digest in found.images.items() if not _DIGEST.fullmatch(str(digest))]:
        raise OperatorError(f"{path}: images must be digests (sha256: and 64 hexadecimal digits): {', '.join(wrong)}.")
    return found


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


def promote(ecr: ECRClient, release: Release, suffix: str, *, if_present: bool) -> list[str]:
    """Copies each image into the repositories that end in `suffix`; answers with those written to.

    With `if_present` a repository that does not exist yet is left out: before a stack's first `up` there is none.
    """
    written = []
    for job, digest in release.images.items():
        source, target = repository(job, release.suffix), repository(job, suffix)
        try:
            copy_image(ecr, source, target, digest, tag=f"{RELEASE_PREFIX}{release.commit}")
        except ClientError as error:
            missing = error.response.get("Error", {}).get("Code") == "RepositoryNotFoundException"
            if not (missing and if_present):
                raise
            continue
        written.append(target)
    return written


def mark_deployed(ecr: ECRClient, release: Release, suffix: str) -> str:
    """Tags every image of the release `deployed-<n>`, one number for all, unless the newest number is this release's.

    The lifecycle policy keeps images with these tags (docs/adr/0005-image-lifecycle.md).
    """
    tagged = {job: _deployed(ecr, repository(job, suffix)) for job in release.images}
    newest = max((number for numbers in tagged.values() for number in numbers), default=0)
    if any(tagged[job].get(newest) != digest for job, digest in release.images.items()):
        newest += 1
        for job, digest in release.images.items():
            name = repository(job, suffix)
            copy_image(ecr, name, name, digest, tag=f"{DEPLOYED_PREFIX}{newest}")
    return f"{DEPLOYED_PREFIX}{newest}"


def current(ecr: ECRClient, jobs: Sequence[str], suffix: str, *, back: int = 0) -> Release:
    """The release that the stack runs, or the one deployed `back` deployments before it, from the `deployed-<n>` tags.

    Raises OperatorError when an image of it is no longer there.
    """
    tagged = {job: _deployed(ecr, repository(job, suffix)) for job in jobs}
    number = max((number for numbers in tagged.values() for number in numbers), default=0) - back
    if missing := [repository(job, suffix) for job in jobs if number not in tagged[job]]:
        known = sorted(set.intersection(*(set(numbers) for numbers in tagged.values())))
        there = ", ".join(f"{DEPLOYED_PREFIX}{n}" for n in known) or "none: nothing has been deployed by release yet"
        wanted = f"{', '.join(missing)}: no image tagged {DEPLOYED_PREFIX}{number}"
        raise OperatorError(f"{wanted}. Deployments that every repository has: {there}.")
    images, commits = {job: tagged[job][number] for job in jobs}, set()
    for job, digest in images.items():
        found = ecr.describe_images(repositoryName=repository(job, suffix), imageIds=[{"imageDigest": digest}])
        tags = found["imageDetails"][0].get("imageTags", [])
        commits.add(frozenset(t.removeprefix(RELEASE_PREFIX) for t in tags if t.startswith(RELEASE_PREFIX)))
    shared = sorted(frozenset.intersection(*commits)) or ["unknown"]
    return Release(commit=shared[-1], suffix=suffix, images=images)


def _deployed(ecr: ECRClient, name: str) -> dict[int, str]:
    """Digest by number of each `deployed-<n>` tag."""
    pages = ecr.get_paginator("list_images").paginate(repositoryName=name, filter={"tagStatus": "TAGGED"})
    tagged = [(i.get("imageTag", ""), i["imageDigest"]) for page in pages for i in page["imageIds"]]
    return {
        int(tag.removeprefix(DEPLOYED_PREFIX)): digest
        for tag, digest in tagged
        if re.fullmatch(rf"{DEPLOYED_PREFIX}\d+", tag)
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m batchctl.release.release", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sign-in", help="let Docker push to the account's registry")
    build_it = commands.add_parser("build", help="build and push every job's image once")
    build_it.add_argument("--commit", required=True)
    build_it.add_argument("--suffix", default="tooling", help="suffix of the release repositories")
    build_it.add_argument("--output", type=Path, default=Path("release.json"))
    for name in ("use", "promote", "deployed"):
        command = commands.add_parser(name)
        command.add_argument("release", type=Path)
        command.add_argument("--stack", required=True)
        if name == "promote":
            command.add_argument(
                "--if-present", action="store_true", help="leave out repositories that do not exist yet"
            )
    runs = commands.add_parser("current", help="the release a stack runs")
    runs.add_argument("--stack", required=True)
    runs.add_argument("--back", type=int, default=0, metavar="N", help="the release deployed N deployments before")
    runs.add_argument("--output", type=Path, default=Path("release.json"))
    publish = commands.add_parser("publish", help="put a file into the artifact bucket")
    publish.add_argument("file", type=Path)
    publish.add_argument("--bucket", required=True)
    publish.add_argument("--key", required=True)
    return parser


def run(arguments: Sequence[str]) -> int:
    """One command; answers with the exit code."""
    given = _parser().parse_args(arguments)
    if given.command == "publish":
        boto3.client("s3").upload_file(
            str(given.file), given.bucket, given.key, {"ContentType": "text/plain; charset=utf-8"}
        )
        print(f"s3://{given.bucket}/{given.key}")
        return OK
    if given.command == "use":
        use(read(given.release), given.stack, run_command)
        return OK
    ecr = boto3.client("ecr")
    if given.command == "sign-in":
        sign_in(ecr)
        return OK
    here = projects.find()
    if given.command == "build":
        jobs = {
            name: job.architecture
            for stack in here.stacks()
            for name, job in stack_settings(here.stack(stack)).jobs.items()
        }
        made = build(ecr, commit=given.commit, suffix=given.suffix, jobs=jobs, run=run_command)
        write(made, given.output)
        print(given.output.read_text(), end="")
        return OK
    config = stack_settings(here.stack(given.stack))
    suffix = config.platform.environment
    if given.command == "current":
        write(current(ecr, sorted(config.jobs), suffix, back=given.back), given.output)
        print(given.output.read_text(), end="")
    elif given.command == "promote":
        print("\n".join(promote(ecr, read(given.release), suffix, if_present=given.if_present)) or "no repository yet")
    else:
        print(f"{given.stack}: {mark_deployed(ecr, read(given.release), suffix)}")
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; a mistake ends in one message."""
    try:
        return run(sys.argv[1:] if arguments is None else arguments)
    except OperatorError as error:
        print(error, file=sys.stderr)
        return error.code
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refuses or cannot be reached: {error}", file=sys.stderr)
        return UNREACHABLE


if __name__ == "__main__":
    sys.exit(main())
