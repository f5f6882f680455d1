"""The engine in an account whose calls can be made to fail."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandbox.account import EmulatedAccount, emulated_account
from sandbox.checkout import copy_checkout
from tests.engine.conftest import Engine
from tests.engine.faults.account import DENIED
from tests.engine.teardown import inventory

STACK = "dev"
QUIET_SECONDS = 30
"""Without a request for so long, an `up` waits for what is held, and for nothing else: the provider looks every few
seconds whether what it made is there."""

Fault = Mapping[str, Any]
SERVER_ERROR: Fault = {"code": "InternalFailure", "status": 500}
THROTTLED: Fault = {"code": "ThrottlingException", "status": 400}
REFUSED: Fault = {"code": DENIED, "times": 100_000}
HELD: Fault = {"code": "InternalFailure", "status": 500, "held": True}


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
        """The changing calls since then, by operation."""
        return dict(self._answer()["calls"])

    def met(self) -> set[str]:
        """The operations of which a call met a fault."""
        return set(self._answer()["met"])

    def not_met(self) -> list[str]:
        """The operations of the faults that no call has met."""
        return list(self._answer()["left"])

    def _answer(self) -> dict[str, Any]:
        with urlopen(f"{self.account.url}/_faults", timeout=60) as answer:
            return dict(json.load(answer))

    def pulumi(self, command: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`pulumi up` or `destroy`, without the preview."""
        return self.engine.run(command, "--yes", "--skip-preview", "--stack", STACK, *options, check=check)

    def up_killed(self, when: Callable[[], bool], *, whole: bool) -> None:
        """`pulumi up` that is killed `when` it is true: the program alone, which the engine notices, or the `whole` of
        engine, plugins and program, which leaves a lock; that is freed.
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
        while not when() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert process.poll() is None, "it ended before it was killed"
        if whole:
            for member in _session(process.pid):
                with contextlib.suppress(ProcessLookupError):  # it has ended
                    os.kill(member, signal.SIGKILL)
            process.wait(60)
            self.engine.run("cancel", "--yes", "--stack", STACK)
        else:
            os.kill(_program_of(process.pid), signal.SIGKILL)
            assert process.wait(300) != 0, "the engine did not notice"

    def waits_for(self, held: int) -> Callable[[], bool]:
        """Whether an `up` has asked for nothing for a while, and so many creations are under way."""
        last, since = -1, time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            requests = int(self._answer()["requests"])
            if requests != last:
                last, since = requests, time.monotonic()
            if time.monotonic() - since < QUIET_SECONDS:
                return False
            since = time.monotonic()
            return len(self.state().get("pending_operations", [])) == held

        return quiet

    def state(self) -> dict[str, Any]:
        """The deployment that the engine remembers."""
        deployment: dict[str, Any] = json.loads(self.engine.run("stack", "export", "--stack", STACK).stdout)[
            "deployment"
        ]
        return deployment

    def orphans(self) -> dict[str, set[str]]:
        """What is in the account and not in the state, by kind."""
        resources = self.state().get("resources", [])
        names_in_state = {
            text for one in resources for leaf in _leaves([one.get("id"), one.get("outputs")]) for text in _names(leaf)
        }
        unknown = {kind: names - self.empty[kind] - names_in_state for kind, names in inventory(self.account).items()}
        return {kind: names for kind, names in unknown.items() if names}

    def fill_the_input_bucket(self) -> None:
        """Two versions of an object and a delete marker."""
        bucket, s3 = self.engine.outputs(STACK)["inputBucketName"], self.account.client("s3")
        for body in (b"one", b"two"):
            s3.put_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv", Body=body)
        s3.delete_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv")

    def clean(self) -> None:
        """A further preview proposes nothing, and everything that the account holds is in the state."""
        self.engine.run("preview", "--expect-no-changes", "--stack", STACK)
        assert self.orphans() == {}

    def gone(self) -> None:
        """`destroy` ends, and leaves what was there before."""
        self.pulumi("destroy")
        self.nothing_is_left()

    def nothing_is_left(self) -> None:
        """The account holds what it held before anything was deployed, and the state nothing."""
        assert inventory(self.account) == self.empty
        state = self.state()
        assert not state.get("resources"), "the state still has resources"
        assert not state.get("pending_operations")

    def converges_and_goes(self) -> None:
        """`up` again is clean, a further preview proposes nothing, and `destroy` leaves what was there before."""
        self.faults()
        self.pulumi("up")
        self.clean()
        self.gone()


def _names(text: str) -> tuple[str, str]:
    """A text of the state, and the name at the end of an ARN, such as that of an alarm."""
    return text, text.split(":", 6)[-1] if text.startswith("arn:") else text


def _leaves(value: Any) -> Iterator[str]:
    """The texts in a state's value; a name within a longer text, such as a policy, is none of its own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)


def _session(leader: int) -> Iterator[int]:
    """The processes of a session, whatever process group they are in: the engine gives each plugin one of its own."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if os.getsid(int(folder.name)) == leader:
                yield int(folder.name)


def _program_of(session: int) -> int:
    """The process of the Python program that the engine of this session runs."""
    for process in _session(session):
        with contextlib.suppress(OSError):  # it has ended
            if b"pulumi-language-python-exec" in Path(f"/proc/{process}/cmdline").read_bytes():
                return process
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
    with emulated_account("tests.engine.faults.account") as emulated:
        environment = {
            **emulated.environment(),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "faults",
        }
        engine = Engine(checkout, emulated, environment)
        empty = inventory(emulated)
        engine.run("stack", "init", STACK)
        yield Site(engine, empty)
        file = checkout / f"Pulumi.{STACK}.yaml"  # what `stack init` wrote belongs to this test's state
        lines = [line for line in file.read_text().splitlines(keepends=True) if not line.startswith("encryptionsalt")]
        file.write_text("".join(lines))


@pytest.fixture
def site(checkout_with_faults: Path, tmp_path: Path) -> Iterator[Site]:
    """An account of its own, with no stack in it yet."""
    with an_empty_site(checkout_with_faults, tmp_path) as empty_site:
        yield empty_site
