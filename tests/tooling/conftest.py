"""What the delivery tests share: an emulated account, a checkout to work in, and images to deploy."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from sandbox.account import RECORDING, EmulatedAccount, emulated_account
from sandbox.checkout import ROOT, copy_checkout

__all__ = ["ROOT"]

JOBS = ("data-ingestion", "risk-calculation", "report-generation")
COMMIT = "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Account:
    """An emulated AWS account that lists the calls made to it."""

    emulated: EmulatedAccount

    @property
    def variables(self) -> dict[str, str]:
        """This process's environment, with AWS and Pulumi pointed at the account."""
        return {**self.emulated.environment(), "PULUMI_CONFIG_PASSPHRASE": "delivery-tests"}

    @property
    def url(self) -> str:
        """Where every AWS service answers."""
        return self.emulated.url

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        return self.emulated.client(service)

    def reset(self) -> None:
        """Empties the account."""
        self.emulated.reset()

    def calls(self) -> set[str]:
        """IAM actions asked for since the last time this was called."""
        with urlopen(f"{self.url}/calls", timeout=30) as answer:
            return set(json.load(answer))

    def findings(self, repository: str, digest: str, severities: dict[str, str], status: str = "COMPLETE") -> None:
        """What the next scan of the image will have found: CVE to severity."""
        findings = [{"name": cve, "severity": severity, "attributes": []} for cve, severity in severities.items()]
        result = {
            "repositoryName": repository,
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": status, "description": "as the test says"},
            "imageScanFindings": {"findings": findings},
        }
        body = json.dumps({"results": [result], "region": "us-east-1"}).encode()
        request = Request(f"{self.url}/moto-api/static/ecr/scan-finding-results", data=body, method="POST")
        request.add_header("Content-Type", "application/json")
        urlopen(request, timeout=30).close()


@pytest.fixture(scope="session")
def server() -> Iterator[Account]:
    """The emulated account, one for everything a worker does."""
    with emulated_account(RECORDING) as emulated:
        yield Account(emulated)


@pytest.fixture
def account(server: Account) -> Account:
    """The emulated account, empty."""
    server.reset()
    server.calls()
    return server


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A private copy of this checkout with this Python as its `.venv`."""
    return copy_checkout(tmp_path / "checkout")


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


_CRANE = """#!{python}
# crane for the emulated account, which has ECR's API but no registry: the same image by way of the API
import sys
sys.path.insert(0, {root!r})
import os
from sandbox.account import EmulatedAccount
from tests.tooling.conftest import Account, copy_in_account
print("crane", *sys.argv[1:])
if sys.argv[1:3] == ["auth", "login"]:
    assert sys.stdin.read(), "no password"
else:
    copy_in_account(Account(EmulatedAccount(os.environ["AWS_ENDPOINT_URL"])), *sys.argv[2:])
"""


def crane_shim(folder: Path) -> Path:
    """A folder for PATH with a `crane` that copies within the emulated account."""
    folder.mkdir(parents=True, exist_ok=True)
    shim = folder / "crane"
    shim.write_text(_CRANE.format(python=sys.executable, root=str(ROOT)))
    shim.chmod(0o755)
    return folder


def copy_in_account(account: Account, source: str, target: str) -> None:
    """`crane copy REGISTRY/REPOSITORY@DIGEST REGISTRY/REPOSITORY:TAG` through ECR's API; registries may differ."""
    repository, _, digest = source.partition("/")[2].partition("@")
    name, _, tag = target.partition("/")[2].partition(":")
    reading, writing = (_signed_in(account, address.partition(".")[0]) for address in (source, target))
    (image,) = reading.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"]
    writing.put_image(repositoryName=name, imageManifest=image["imageManifest"], imageTag=tag)


def _signed_in(account: Account, owner: str) -> Any:
    """ECR of a registry's account with what crane has signed in with: in the caller's own account, its credentials."""
    region, url = account.emulated.region, account.url
    caller = boto3.client("sts", region_name=region, endpoint_url=url).get_caller_identity()["Account"]
    same_account = caller == owner
    return boto3.client("ecr", region_name=region, endpoint_url=url) if same_account else registry_of(account, owner)


def registry_of(account: Account, owner: str) -> Any:
    """ECR of another account, with the credentials of a role there."""
    role = f"arn:aws:iam::{owner}:role/signed-in"
    keys = account.client("sts").assume_role(RoleArn=role, RoleSessionName="crane")["Credentials"]
    return boto3.client(
        "ecr",
        region_name="us-east-1",
        endpoint_url=account.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def write_release(folder: Path, images: dict[str, str]) -> Path:
    """`release.json` in `folder`."""
    path = folder / "release.json"
    path.write_text(json.dumps({"commit": COMMIT, "suffix": "tooling", "images": images}))
    return path
