"""What the delivery tests share: an emulated account, a checkout to work in, and images to deploy."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
JOBS = ("data-ingestion", "risk-calculation", "report-generation")
COMMIT = "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips this folder's engine tests where there is no engine; with BATCH_REQUIRE_ENGINE=1 they fail instead."""
    if shutil.which("pulumi") or os.environ.get("BATCH_REQUIRE_ENGINE"):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason="no pulumi on PATH: the engine tests did not run"))


@dataclass(frozen=True)
class Account:
    """An emulated AWS account."""

    url: str

    @property
    def variables(self) -> dict[str, str]:
        """This process's environment, with AWS and Pulumi pointed at the account."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
        engine = {key: value for key, value in os.environ.items() if key == "PULUMI_ENGINE_BIN"}
        return {
            **kept,
            **engine,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_CONFIG_PASSPHRASE": "delivery-tests",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        make: Any = boto3.client
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return make(service, region_name="us-east-1", endpoint_url=self.url, **keys)

    def calls(self) -> set[str]:
        """IAM actions asked for since the last time this was called."""
        with urlopen(f"{self.url}/calls", timeout=30) as answer:
            return set(json.load(answer))

    def findings(self, repository: str, digest: str, severities: dict[str, str], status: str = "COMPLETE") -> None:
        """What the next scan of the image will have found: CVE to severity."""
        found = [{"name": cve, "severity": severity, "attributes": []} for cve, severity in severities.items()]
        result = {
            "repositoryName": repository,
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": status, "description": "as the test says"},
            "imageScanFindings": {"findings": found},
        }
        body = json.dumps({"results": [result], "region": "us-east-1"}).encode()
        request = Request(f"{self.url}/moto-api/static/ecr/scan-finding-results", data=body, method="POST")
        request.add_header("Content-Type", "application/json")
        urlopen(request, timeout=30).close()

    def reset(self) -> None:
        """Empties the account."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=60).close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The emulated account's server, one for the session."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    log = tmp_path_factory.mktemp("emulator") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.recorded_calls", str(port)], cwd=ROOT, stdout=out, stderr=out
        )
        account = Account(f"http://{HOST}:{port}")
        try:
            for _ in range(120):
                try:
                    account.calls()
                    break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail(f"the emulated AWS account did not start: {log.read_text()[-2000:]}")
            yield account
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def account(server: Account) -> Account:
    """The emulated account, empty."""
    server.reset()
    server.calls()
    return server


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A private copy of this checkout with this Python as its `.venv`."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "demo-output", "*.log")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def push_image(account: Account, repository: str, tag: str, content: str = "image") -> str:
    """Creates the repository where need be and pushes an image of two layers; its digest."""
    ecr = account.client("ecr")
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository, imageTagMutability="IMMUTABLE")
    blobs = [f"{content} config {repository}".encode(), f"{content} layer".encode()]
    digests = []
    for blob in blobs:
        upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
        ecr.upload_layer_part(
            repositoryName=repository,
            uploadId=upload,
            partFirstByte=0,
            partLastByte=len(blob) - 1,
            layerPartBlob=blob,
        )
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])
        digests.append({"mediaType": "application/octet-stream", "size": len(blob), "digest": digest})
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": digests[0], "layers": digests[1:]})
    ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)
    return str(
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"][0]["imageDigest"]
    )


def write_release(folder: Path, images: dict[str, str]) -> Path:
    """`release.json` in `folder`."""
    path = folder / "release.json"
    path.write_text(json.dumps({"commit": COMMIT, "suffix": "tooling", "images": images}))
    return path
