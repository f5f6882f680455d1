"""The engine in an account whose calls can be made to fail."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandbox.account import EmulatedAccount, emulated_account
from sandbox.checkout import copy_checkout
from tests.engine.conftest import Engine
from tests.engine.teardown import inventory

STACK = "dev"
RETRY_ATTEMPTS = "3"
"""The provider's own 25 attempts would wait for minutes on a fault that stays."""

Fault = Mapping[str, Any]
SERVER_ERROR: Fault = {"code": "InternalFailure", "status": 500}
THROTTLED: Fault = {"code": "ThrottlingException", "status": 400}
DENIED: Fault = {"code": "AccessDeniedException", "status": 400, "times": 1000}


@dataclass(frozen=True)
class Site:
    """The engine, in an account whose calls can be made to fail."""

    engine: Engine
    empty: dict[str, set[str]]
    """What the account held before anything was deployed."""

    @property
    def account(self) -> EmulatedAccount:
        """The account with the faults."""
        return self.engine.account

    def faults(self, *faults: Fault) -> None:
        """Sets the faults that are to come, and forgets the calls there were."""
        body = json.dumps(faults).encode()
        urlopen(Request(f"{self.account.url}/_faults", data=body, method="POST"), timeout=60).close()

    def calls(self) -> dict[str, int]:
        """The changing calls since then."""
        return dict(self._seen()["calls"])

    def not_met(self) -> list[str]:
        """The operations of the faults that no call has met."""
        return [str(fault["operation"]) for fault in self._seen()["left"]]

    def _seen(self) -> dict[str, Any]:
        with urlopen(f"{self.account.url}/_faults", timeout=60) as answer:
            return dict(json.load(answer))

    def up(self, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`pulumi up`, without the preview."""
        return self.engine.run("up", "--yes", "--skip-preview", "--stack", STACK, check=check)

    def up_killed_after(self, calls: int, *, whole: bool) -> None:
        """`pulumi up` that is killed after so many changing calls: the program alone, or the `whole` of engine,
        plugins and program, which leaves a lock; that is freed.
        """
        process = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"],
            cwd=self.engine.directory,
            env=self.engine.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 600
        while sum(self.calls().values()) < calls and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert process.poll() is None, "it ended before it was killed"
        if whole:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
            self.engine.run("cancel", "--yes", "--stack", STACK)
        else:
            os.kill(_program_of(process.pid), signal.SIGKILL)
            assert process.wait(300) != 0, "the engine did not notice"

    def clean(self) -> None:
        """A further preview proposes nothing."""
        self.engine.run("preview", "--expect-no-changes", "--stack", STACK)

    def gone(self) -> None:
        """`destroy` ends, and leaves what was there before."""
        self.engine.run("destroy", "--yes", "--skip-preview", "--stack", STACK)
        assert inventory(self.account) == self.empty
        state = json.loads(self.engine.run("stack", "export", "--stack", STACK).stdout)["deployment"]
        assert not state.get("resources"), "the state still has resources"
        assert not state.get("pending_operations")

    def converges_and_goes(self) -> None:
        """`up` again is clean, a further preview proposes nothing, and `destroy` leaves what was there before."""
        self.faults()
        self.up()
        self.clean()
        self.gone()


def _program_of(session: int) -> int:
    """The process of the Python program that the engine of this session runs."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            is_program = b"pulumi-language-python-exec" in (folder / "cmdline").read_bytes()
            if is_program and os.getsid(int(folder.name)) == session:
                return int(folder.name)
    raise AssertionError("the engine runs no program")


@pytest.fixture(scope="module")
def checkout_with_faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the checkout."""
    return copy_checkout(tmp_path_factory.mktemp("faults") / "platform")


@contextmanager
def an_empty_site(checkout: Path, state: Path) -> Iterator[Site]:
    """An account of its own, with no stack in it yet, and a state backend in the folder `state`."""
    if not shutil.which("pulumi"):
        pytest.skip("no pulumi on PATH")
    with emulated_account("tests.engine.faults.account") as account:
        environment = {
            **account.environment(),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "faults",
            "AWS_MAX_ATTEMPTS": RETRY_ATTEMPTS,
        }
        engine = Engine(checkout, account, environment)
        empty = inventory(account)
        engine.run("stack", "init", STACK)
        yield Site(engine, empty)
        file = checkout / f"Pulumi.{STACK}.yaml"  # what `stack init` wrote belongs to this test's state
        kept = [line for line in file.read_text().splitlines(keepends=True) if not line.startswith("encryptionsalt")]
        file.write_text("".join(kept))


@pytest.fixture
def site(checkout_with_faults: Path, tmp_path: Path) -> Iterator[Site]:
    """An account of its own, with no stack in it yet."""
    with an_empty_site(checkout_with_faults, tmp_path) as made:
        yield made
