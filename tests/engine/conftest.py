"""The real Pulumi engine against an emulated AWS account.

Owns: one emulator and one state backend for the whole session, a private copy of the checkout (so that no test writes
into committed stack files), and stacks that are taken up once and shared by the tests that look at them.
Needs `pulumi` and an aws plugin on PATH; without them every test here is skipped, and the run's last lines say so
loudly. BATCH_REQUIRE_ENGINE=1 (CI, where the engine is there) turns the skip into a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
UP_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks everything in this folder, and skips it where there is no engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("engine")
            if shutil.which("pulumi") is None and not os.environ.get("BATCH_REQUIRE_ENGINE"):
                item.add_marker(pytest.mark.skip(reason="no pulumi on PATH: the engine tests did not run"))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Engine:
    """The Pulumi CLI in a copy of the checkout, bound to the emulated account."""

    directory: Path
    environment: dict[str, str]

    def run(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs `pulumi ARGUMENTS`; a failure shows the engine's own output."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.directory,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"pulumi {' '.join(arguments)} exited with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs as the engine reports them."""
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--stack", stack).stdout)
        return found

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A boto3 client of the emulated account."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """URL of an emulated AWS account on loopback."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [sys.executable, "-m", "sandbox.moto_gaps", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            try:
                urlopen(f"{url}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("the emulated AWS account did not start")
        yield url
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="session")
def engine(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine with a private checkout, state backend and account."""
    copy = tmp_path_factory.mktemp("checkout") / "platform"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "demo-output")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / ".venv").symlink_to(sys.prefix)
    state = tmp_path_factory.mktemp("state")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    return Engine(
        copy,
        {
            **kept,
            "AWS_ENDPOINT_URL": emulator,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "engine-tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **{k: v for k, v in os.environ.items() if k == "PULUMI_ENGINE_BIN"},
        },
    )


@dataclass(frozen=True)
class Deployed:
    """A stack that is up."""

    engine: Engine
    stack: str
    outputs: dict[str, Any]

    def client(self, service: str) -> Any:
        """A boto3 client of the account the stack is in."""
        return self.engine.client(service)


@pytest.fixture(scope="session")
def deploy(engine: Engine) -> Callable[[str], Deployed]:
    """Takes a stack up the first time it is asked for, and hands out the same one afterwards."""
    up: dict[str, Deployed] = {}

    def get(stack: str) -> Deployed:
        if stack not in up:
            engine.run("stack", "init", stack)
            engine.run("up", "--yes", "--skip-preview", "--stack", stack)
            up[stack] = Deployed(engine, stack, engine.outputs(stack))
        return up[stack]

    return get


@pytest.fixture(scope="session", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest, deploy: Callable[[str], Deployed]) -> Deployed:
    """Each committed stack, up."""
    return deploy(request.param)
