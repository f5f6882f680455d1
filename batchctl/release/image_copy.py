"""An image from one ECR repository to another with the digest kept, by crane; and a further tag for an image.

crane copies manifest and layers from registry to registry as they are, without a Docker daemon (a pull and a push may
compress layers anew, which is another digest): docs/adr/delivery/images-copied-by-crane.md.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from batchctl.errors import UNREACHABLE, OperatorError

from .docker import ECRClient

Run = Callable[[Sequence[str]], None]
"""Runs a command; raises OperatorError when it fails."""

MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""Plain images; an index of several platforms is refused, because ECR does not scan it as a whole."""

INSTALL: Final = (
    "crane is not on PATH: `. tooling/scripts/install_crane.sh` builds the pinned version with Go; or see "
    "https://github.com/google/go-containerregistry/tree/main/cmd/crane#installation"
)


@dataclass(frozen=True)
class Copy:
    """What is to be where."""

    source: str
    """Name of the repository that has the image."""
    target: str
    digest: str
    tag: str
    """Tag in the target repository."""


def is_there(ecr: ECRClient, copy: Copy) -> bool:
    """Whether the target has the image under the tag; raises OperatorError when the tag is another image's."""
    try:
        details = ecr.describe_images(repositoryName=copy.target, imageIds=[{"imageTag": copy.tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:
        return False
    if (digest := details[0]["imageDigest"]) != copy.digest:
        raise OperatorError(
            f"{copy.target}: {copy.tag} is {digest}, not {copy.digest}; tags are never moved. Was the commit built "
            f"twice, outside the pipeline? Delete that image, or build a new commit."
        )
    return True


def sign_in(ecr: ECRClient) -> None:
    """Lets crane use the account's registry for twelve hours; the password goes through standard input only."""
    grant = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(grant["authorizationToken"]).decode().partition(":")
    registry = grant["proxyEndpoint"].removeprefix("https://")
    command = ["crane", "auth", "login", registry, "--username", user, "--password-stdin"]
    try:
        subprocess.run(command, check=True, input=password, text=True, capture_output=True)
    except FileNotFoundError as error:
        raise OperatorError(INSTALL, UNREACHABLE) from error
    except subprocess.CalledProcessError as error:
        raise OperatorError(f"crane cannot sign in to {registry}: {error.stderr.strip()}", UNREACHABLE) from error


def copy_image(source: ECRClient, ecr: ECRClient, copy: Copy, run: Run) -> None:
    """Copies the image from the registry of `source` to that of `ecr` and checks what arrived.

    Raises OperatorError when it is no plain image, when crane fails, or when another digest has arrived.
    """
    _manifest(source, copy.source, copy.digest)
    run(["crane", "copy", f"{_uri(source, copy.source)}@{copy.digest}", f"{_uri(ecr, copy.target)}:{copy.tag}"])
    if not is_there(ecr, copy):
        raise OperatorError(f"{copy.target}: crane ended well, but ECR has no image tagged {copy.tag}.", UNREACHABLE)


def _uri(ecr: ECRClient, repository: str) -> str:
    (described,) = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    return str(described["repositoryUri"])


def tag_image(ecr: ECRClient, repository: str, digest: str, tag: str) -> None:
    """Gives an image a further tag; done already, it changes nothing.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html
    """
    manifest, media_type = _manifest(ecr, repository, digest)
    try:
        ecr.put_image(
            repositoryName=repository,
            imageManifest=manifest,
            imageManifestMediaType=media_type,
            imageTag=tag,
            imageDigest=digest,  # ECR refuses the call when the manifest is another image's
        )
    except (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.ImageTagAlreadyExistsException):
        is_there(ecr, Copy(repository, repository, digest, tag))


def _manifest(ecr: ECRClient, repository: str, digest: str) -> tuple[str, str]:
    answer = ecr.batch_get_image(
        repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFESTS)
    )
    if not answer.get("images"):
        reasons = ", ".join(str(failure.get("failureReason")) for failure in answer.get("failures", []))
        raise OperatorError(f"{repository}@{digest}: no such plain image ({reasons or 'not in the repository'}).")
    image = answer["images"][0]
    media_type = image.get("imageManifestMediaType") or ""
    if media_type not in MANIFESTS:
        raise OperatorError(f"{repository}@{digest} is a {media_type}; build one platform with --provenance=false.")
    return image["imageManifest"], media_type
