"""Copying an image from one ECR repository to another through ECR's API.

Owns: moving manifest and layers so that the digest stays the same. Refuses: choosing images (`release.py`).
Why not Docker: a pull and a push may compress layers anew, which is another digest; and the step that deploys needs no
Docker daemon, hence no privileged build, when it only moves bytes.
Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from batchctl.errors import UNREACHABLE, OperatorError

ECRClient: TypeAlias = Any
"""A boto3 client of ECR."""

MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""Plain images; an index of several platforms is refused, because ECR does not scan it as a whole."""

_PART_BYTES: Final = 10 * 1024 * 1024
"""Size of an upload's parts; ECR takes 5 to 10 MiB, only the last one may be smaller."""

Download = Callable[[str], bytes]


def _download(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise OperatorError(f"ECR gave {url!r} as a layer's address; it must be a web address.", UNREACHABLE)
    with urllib.request.urlopen(url, timeout=300) as answer:
        return bytes(answer.read())


def copy_image(
    ecr: ECRClient, source: str, target: str, digest: str, *, tag: str, download: Download = _download
) -> None:
    """Makes `digest` of repository `source` known as `tag` in repository `target`; done already, it changes nothing.

    Raises OperatorError when the image is not there or is no plain image, ClientError when ECR refuses.
    """
    manifest, media_type = _manifest(ecr, source, digest)
    if source != target:
        parsed = json.loads(manifest)
        for layer in dict.fromkeys(part["digest"] for part in [parsed["config"], *parsed["layers"]]):
            _copy_layer(ecr, source, target, layer, download)
    try:
        ecr.put_image(
            repositoryName=target,
            imageManifest=manifest,
            imageManifestMediaType=media_type,
            imageTag=tag,
            imageDigest=digest,  # ECR refuses the call when the bytes it has got are others
        )
    except (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.ImageTagAlreadyExistsException) as error:
        held = ecr.describe_images(repositoryName=target, imageIds=[{"imageTag": tag}])["imageDetails"][0][
            "imageDigest"
        ]
        if held != digest:
            raise OperatorError(
                f"{target}: {tag} is {held}, not {digest}; tags are never moved. Was the commit built twice, outside "
                f"the pipeline? Delete that image, or build a new commit."
            ) from error


def _manifest(ecr: ECRClient, repository: str, digest: str) -> tuple[str, str]:
    answer = ecr.batch_get_image(
        repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFESTS)
    )
    if not answer.get("images"):
        reasons: list[Any] = [failure.get("failureReason") for failure in answer.get("failures", [])]
        raise OperatorError(
            f"{repository}@{digest}: no such plain image ({', '.join(map(str, reasons)) or 'not found'})."
        )
    image = answer["images"][0]
    manifest = image["imageManifest"]
    media_type = image.get("imageManifestMediaType") or json.loads(manifest).get("mediaType", "")
    if media_type not in MANIFESTS:
        raise OperatorError(f"{repository}@{digest} is a {media_type}; build one platform with --provenance=false.")
    return manifest, media_type


def _copy_layer(ecr: ECRClient, source: str, target: str, layer: str, download: Download) -> None:
    available = ecr.batch_check_layer_availability(repositoryName=target, layerDigests=[layer])["layers"]
    if any(entry.get("layerAvailability") == "AVAILABLE" for entry in available):
        return
    data = download(ecr.get_download_url_for_layer(repositoryName=source, layerDigest=layer)["downloadUrl"])
    if (found := f"sha256:{hashlib.sha256(data).hexdigest()}") != layer:
        raise OperatorError(f"{source}: the layer {layer} arrived as {found}; run the step again.", UNREACHABLE)
    upload = ecr.initiate_layer_upload(repositoryName=target)["uploadId"]
    for first in range(0, len(data), _PART_BYTES):
        part = data[first : first + _PART_BYTES]
        ecr.upload_layer_part(
            repositoryName=target,
            uploadId=upload,
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
    ecr.complete_layer_upload(repositoryName=target, uploadId=upload, layerDigests=[layer])
