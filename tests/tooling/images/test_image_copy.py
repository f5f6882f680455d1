"""The pinned crane, built by the step's own script, copies between repositories of a real registry on loopback.

What is real here is crane and the registry protocol (crane's own server); what is not is ECR: the calls of its API are
answered from that registry.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from batchctl.errors import OperatorError
from batchctl.release import image_copy
from batchctl.release.docker import run_command
from tests.tooling.conftest import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("go") is None, reason="crane is built with Go, which is not on this machine: IMAGE COPIES ARE UNTESTED"
)


@pytest.fixture(scope="session")
def crane() -> str:
    """Folder of the crane that `install_crane.sh` puts on PATH."""
    done = subprocess.run(
        ["bash", "-c", "set -e; . tooling/scripts/install_crane.sh; command -v crane"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(Path(done.stdout.strip()).parent)


@pytest.fixture
def registry(crane: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of an empty registry."""
    monkeypatch.setenv("PATH", f"{crane}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"127.0.0.1:{port}"
    with (tmp_path / "registry.log").open("w") as log:
        process = subprocess.Popen(["crane", "registry", "serve", "--address", address], stdout=log, stderr=log)
        try:
            for _ in range(100):
                try:
                    urlopen(f"http://{address}/v2/", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(30)


class Ecr:
    """The calls of ECR's API that a copy makes, answered from the registry."""

    class exceptions:  # noqa: N801 - boto3's name
        class ImageNotFoundException(Exception):  # noqa: N818 - boto3's name
            """boto3's."""

    def __init__(self, address: str, mangled: bool = False) -> None:
        self.address, self.mangled = address, mangled

    def describe_repositories(self, repositoryNames: list[str]) -> dict[str, Any]:  # noqa: N803
        uris = [{"repositoryName": name, "repositoryUri": f"{self.address}/{name}"} for name in repositoryNames]
        return {"repositories": uris}

    def batch_get_image(self, repositoryName: str, imageIds: Any, acceptedMediaTypes: Any) -> dict[str, Any]:  # noqa: N803
        manifest = crane_says("manifest", f"{self.address}/{repositoryName}@{imageIds[0]['imageDigest']}")
        media_type = json.loads(manifest)["mediaType"]
        return {"images": [{"imageManifest": manifest, "imageManifestMediaType": media_type}]}

    def describe_images(self, repositoryName: str, imageIds: Any) -> dict[str, Any]:  # noqa: N803
        try:
            digest = crane_says("digest", f"{self.address}/{repositoryName}:{imageIds[0]['imageTag']}")
        except subprocess.CalledProcessError as error:
            raise self.exceptions.ImageNotFoundException from error
        return {"imageDetails": [{"imageDigest": "sha256:" + "f" * 64 if self.mangled else digest}]}


def crane_says(*arguments: str) -> str:
    done = subprocess.run(["crane", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def image(registry: str, tmp_path: Path) -> image_copy.Copy:
    """An image of one layer in repository `source`, to be `target:release-1`."""
    (tmp_path / "file").write_bytes(os.urandom(300_000))
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(tmp_path / "file", "file")
    crane_says("append", "--oci-empty-base", "-f", str(layer), "-t", f"{registry}/source:built")
    digest = crane_says("digest", f"{registry}/source:built")
    return image_copy.Copy(source="source", target="target", digest=digest, tag="release-1")


def test_the_copy_is_the_same_bytes(registry: str, image: image_copy.Copy) -> None:
    ecr = Ecr(registry)
    assert not image_copy.is_there(ecr, image)
    image_copy.copy_image(ecr, ecr, image, run_command)
    assert image_copy.is_there(ecr, image)
    assert crane_says("digest", f"{registry}/target:release-1") == image.digest
    source, target = (crane_says("manifest", f"{registry}/{name}") for name in ("source:built", "target:release-1"))
    assert source == target
    crane_says("validate", "--remote", f"{registry}/target:release-1")


def test_other_bytes_are_noticed(registry: str, image: image_copy.Copy) -> None:
    with pytest.raises(OperatorError, match="tags are never moved"):
        image_copy.copy_image(Ecr(registry), Ecr(registry, mangled=True), image, run_command)


def test_a_registry_that_refuses_is_one_message(registry: str, image: image_copy.Copy) -> None:
    unreachable = Ecr(registry)
    unreachable.describe_repositories = lambda repositoryNames: {  # type: ignore[method-assign]  # noqa: N803
        "repositories": [{"repositoryName": n, "repositoryUri": f"127.0.0.1:1/{n}"} for n in repositoryNames]
    }
    with pytest.raises(OperatorError, match=r"crane copy .* failed with exit code 1"):
        image_copy.copy_image(Ecr(registry), unreachable, image, run_command)
