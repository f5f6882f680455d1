"""The real Pulumi engine against an emulated AWS account.

Each committed stack is taken up once and taken down again, in an account and with a state backend of its worker's own;
the tests that look at one stack run in one worker, beside those that look at another. Needs `pulumi` and an aws plugin
on PATH; without them every test here is skipped, and the run's last lines say so loudly.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from sandbox.account import EmulatedAccount, emulated_account
from sandbox.checkout import copy_checkout
from tests.engine.teardown import inventory, take_down

if TYPE_CHECKING:
    from tests.engine.nights.night import Night

UP_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("engine")


@dataclass(frozen=True)
class Engine:
    """The Pulumi CLI in a copy of the checkout, bound to the emulated account."""

    directory: Path
    account: EmulatedAccount
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

    def client(self, service: str) -> Any:
        """A boto3 client of the account that the engine works in, with the engine's own credentials."""
        make: Any = boto3.client
        return make(
            service,
            region_name=self.environment["AWS_REGION"],
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def outputs(self, stack: str) -> dict[str, Any]:
        """The stack's outputs as the engine reports them."""
        outputs: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--stack", stack).stdout)
        return outputs


@pytest.fixture(scope="session")
def account() -> Iterator[EmulatedAccount]:
    """An emulated AWS account for everything this worker does."""
    with emulated_account() as emulated:
        yield emulated


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the checkout."""
    return copy_checkout(tmp_path_factory.mktemp("checkout") / "platform")


@pytest.fixture(scope="session")
def engine(account: EmulatedAccount, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine with a private checkout, state backend and account."""
    backend = {
        "PULUMI_BACKEND_URL": tmp_path_factory.mktemp("state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "engine-tests",
    }
    return Engine(checkout, account, {**account.environment(), **backend})


@dataclass(frozen=True)
class Deployed:
    """A stack that is up."""

    engine: Engine
    stack: str
    outputs: dict[str, Any]

    def client(self, service: str) -> Any:
        """A boto3 client of the account the stack is in."""
        return self.engine.client(service)


@pytest.fixture(scope="package", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Deployed]:
    """Each committed stack, up; taken down after the last test that looks at it, and then nothing of it is left.

    A destroy that is refused wrongly, is not refused, or leaves something behind is an error of that last test.
    """
    stack = request.param
    before = inventory(engine.account)
    engine.run("stack", "init", stack)
    engine.run("up", "--yes", "--skip-preview", "--stack", stack)
    yield Deployed(engine, stack, outputs := engine.outputs(stack))
    take_down(engine, stack, outputs)
    assert inventory(engine.account) == before, f"{stack} left something behind"


@pytest.fixture(scope="package")
def night_of_dev(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The dev stack in an account that reacts, for all tests of its nights."""
    from tests.engine.nights.night import deployed_night  # it uses what is defined here

    with deployed_night(engine, tmp_path_factory) as night:
        yield night
