"""Images that run as processes: what a Dockerfile says of the process, kept in the registry with the image's manifest.

There is no Docker here, so an image is pushed without layers: its manifest names the Dockerfile in this checkout, and a
task runs the Dockerfile's ENTRYPOINT and CMD with this machine's Python.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.ecr.models import ecr_backends

ANNOTATION = "batch-platform.sandbox/dockerfile"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
_REFERENCE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class ImageError(Exception):
    """There is no such image, or it is none that the sandbox can run; worded as ECS words it where AWS fails too."""


@dataclass(frozen=True)
class Image:
    """What a task needs to know of an image."""

    dockerfile: Path
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def process(self, entrypoint: list[str] | None, command: list[str] | None) -> list[str]:
        """The words of the process, with what a container definition or an override puts in their place."""
        first = list(entrypoint) if entrypoint else list(self.entrypoint)
        rest = list(command) if command else ([] if entrypoint else list(self.command))
        return first + rest


def manifest(dockerfile: Path) -> str:
    """The manifest to push (`ecr:PutImage`) so that tasks run `dockerfile` as a process."""
    empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of "{}", as OCI has it
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPE,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": _digest(dockerfile), "size": 0}
            ],
            "annotations": {ANNOTATION: str(dockerfile.resolve())},
        }
    )


def _digest(dockerfile: Path) -> str:
    """Stands for the layers: another Dockerfile is another image."""
    return f"sha256:{hashlib.sha256(dockerfile.read_bytes()).hexdigest()}"


def push(ecr: Any, repository: str, tag: str, dockerfile: Path) -> str:
    """Pushes what runs `dockerfile`, with a boto3 client; returns the digest."""
    image = ecr.put_image(
        repositoryName=repository, imageTag=tag, imageManifest=manifest(dockerfile), imageManifestMediaType=MEDIA_TYPE
    )["image"]
    return str(image["imageId"]["imageDigest"])


def parts(reference: str) -> dict[str, str | None]:
    """Account, region, repository, tag and digest of a reference into ECR. Raises `ImageError`."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ImageError(
            f"CannotPullContainerError: {reference} is not in this account's registry; from a network without a way "
            "out only images in ECR can be pulled"
        )
    return match.groupdict()


def find(reference: str) -> Image:
    """The image of a container definition. Raises `ImageError`."""
    named = parts(reference)
    backend = ecr_backends[str(named["account"])][str(named["region"])]
    repository = backend.repositories.get(str(named["repository"]))
    for image in repository.images if repository else []:
        by_digest = named["digest"] and image.get_image_digest() == named["digest"]
        by_tag = not named["digest"] and (named["tag"] or "latest") in image.image_tags
        if by_digest or by_tag:
            return _read(reference, image.image_manifest)
    raise ImageError(
        f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {reference}: "
        f"{reference}: not found"
    )


def _read(reference: str, text: str) -> Image:
    annotations = json.loads(text).get("annotations", {})
    if ANNOTATION not in annotations:
        raise ImageError(
            f"the sandbox cannot run {reference}: it runs no containers, only images that `batchctl sandbox push` or "
            "`sandbox.tasks.images.push` has put there, which name their Dockerfile"
        )
    return read_dockerfile(Path(annotations[ANNOTATION]))


def read_dockerfile(path: Path) -> Image:
    """The process that the last stage of a Dockerfile describes. Raises `ImageError`."""
    if not path.is_file():
        raise ImageError(f"the sandbox runs images as processes, and the Dockerfile {path} is not there any more")
    image: dict[str, Any] = {"environment": {}}
    for line in re.sub(r"\\\n", " ", path.read_text(encoding="utf-8")).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            image = {"environment": {}}
        elif word in ("ENTRYPOINT", "CMD"):
            image["entrypoint" if word == "ENTRYPOINT" else "command"] = tuple(_words(rest))
        elif word == "ENV":
            image["environment"] |= dict(pair.split("=", 1) for pair in shlex.split(rest))
    return Image(dockerfile=path, **image)


def _words(rest: str) -> list[str]:
    return list(json.loads(rest)) if rest.strip().startswith("[") else ["/bin/sh", "-c", rest.strip()]
