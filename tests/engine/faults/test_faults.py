"""Whatever an `up` meets on its way, `up` again converges, `destroy` ends, and nothing is left.

Each case takes some minutes, so only a name that is taken is tried in every run. BATCH_FAULTS=sample (nightly) adds two
calls, throttling, a lost answer, a kill and a bucket with objects; BATCH_FAULTS=all each fault on the whole sample, two
moments of a kill, and a refusal of every operation in turn, which takes hours;
BATCH_FAULTS=ecs:CreateCluster,kms:CreateKey each fault on those that are named.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandbox.account import EmulatedAccount, emulated_account
from sandbox.checkout import copy_checkout
from tests.engine.conftest import Engine
from tests.engine.teardown import inventory

STACK = "dev"
ASKED = os.environ.get("BATCH_FAULTS", "")
SAMPLE = ("kms:CreateKey", "iam:PutRolePolicy", "ec2:CreateVpcEndpoint", "stepfunctions:CreateStateMachine")
"""A key that others need, a document, something that is made in steps, and what comes near the end."""
SERVER_ERROR = {"code": "InternalFailure", "status": 500}
THROTTLED = {"code": "ThrottlingException", "status": 400, "times": 3}
DENIED = {"code": "AccessDeniedException", "status": 400, "times": 1000}
on_request = pytest.mark.skipif(not ASKED, reason="minutes each: BATCH_FAULTS=sample, which nightly.yml sets")
RETRY_ATTEMPTS = "3"
"""The provider's own 25 attempts would wait for minutes on a fault that stays."""


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

    def faults(self, *faults: dict[str, Any]) -> dict[str, Any]:
        """Sets the faults that are to come, and forgets the calls there were."""
        body = json.dumps(faults).encode()
        with urlopen(Request(f"{self.account.url}/_faults", data=body, method="POST"), timeout=60) as answer:
            return dict(json.load(answer))

    def calls(self) -> dict[str, Any]:
        """The changing calls since then, and the faults that were not met."""
        with urlopen(f"{self.account.url}/_faults", timeout=60) as answer:
            return dict(json.load(answer))

    def up(self, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`pulumi up`, without the preview."""
        return self.engine.run("up", "--yes", "--skip-preview", "--stack", STACK, check=check)

    def converges_and_goes(self) -> None:
        """`up` again is clean, a further preview proposes nothing, and `destroy` leaves what was there before."""
        self.faults()
        self.up()
        self.engine.run("preview", "--expect-no-changes", "--stack", STACK)
        self.engine.run("destroy", "--yes", "--skip-preview", "--stack", STACK)
        assert inventory(self.account) == self.empty
        state = json.loads(self.engine.run("stack", "export", "--stack", STACK).stdout)["deployment"]
        assert not state.get("resources"), "the state still has resources"
        assert not state.get("pending_operations")


@pytest.fixture(scope="module")
def checkout_with_faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the checkout."""
    return copy_checkout(tmp_path_factory.mktemp("faults") / "platform")


@pytest.fixture
def site(checkout_with_faults: Path, tmp_path: Path) -> Iterator[Site]:
    """An account of its own, with no stack in it yet."""
    if not shutil.which("pulumi"):
        pytest.skip("no pulumi on PATH")
    state = tmp_path / "state"
    state.mkdir()
    with emulated_account("tests.engine.faults.account") as account:
        environment = {
            **account.environment(),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "faults",
            "AWS_MAX_ATTEMPTS": RETRY_ATTEMPTS,
        }
        engine = Engine(checkout_with_faults, account, environment)
        empty = inventory(account)
        engine.run("stack", "init", STACK)
        yield Site(engine, empty)
        for name in ("encryptionsalt",):  # what `stack init` wrote belongs to this test's state
            file = checkout_with_faults / f"Pulumi.{STACK}.yaml"
            kept = [line for line in file.read_text().splitlines(keepends=True) if not line.startswith(name)]
            file.write_text("".join(kept))


def _failing_calls() -> list[tuple[str, dict[str, Any]]]:
    """Operations with the fault that each meets: what the environment asks for, or a server error and a refusal."""
    if ASKED in ("", "sample"):
        return [("kms:CreateKey", SERVER_ERROR), ("ec2:CreateVpcEndpoint", DENIED)]
    operations = SAMPLE if ASKED == "all" else tuple(ASKED.split(","))
    return [(operation, fault) for operation in operations for fault in (SERVER_ERROR, DENIED)]


@on_request
@pytest.mark.parametrize(
    ("operation", "fault"), [pytest.param(*call, id=f"{call[0]}-{call[1]['code']}") for call in _failing_calls()]
)
def test_a_call_that_fails(site: Site, operation: str, fault: dict[str, Any]) -> None:
    """A server error is retried or ends the `up`; a refusal ends it with the call's name. Both are mended by `up`."""
    site.faults({"operation": operation, **fault})
    broken = site.up(check=False)
    shown = broken.stdout + broken.stderr
    assert not site.calls()["left"] or fault is DENIED, f"{operation} was never asked for"
    if fault is DENIED:
        assert broken.returncode != 0
        assert "AccessDenied" in shown and operation.partition(":")[2] in shown, shown[-2000:]
    site.converges_and_goes()


@on_request
def test_every_call_is_throttled_now_and_then(site: Site) -> None:
    """Rate limits in the middle of everything: the provider waits and goes on, and one `up` is enough."""
    site.faults(*({"operation": "*", **THROTTLED, "times": 2, "after": 20 * n} for n in range(1, 9)))
    site.up()
    assert not site.calls()["left"], "fewer calls than faults"
    site.converges_and_goes()


@on_request
def test_an_answer_that_is_lost(site: Site) -> None:
    """The call took effect, its answer did not arrive: the provider asks again, and finds its own resource."""
    site.faults({"operation": "sqs:CreateQueue", **SERVER_ERROR, "applied": True})
    site.up(check=False)
    assert not site.calls()["left"]
    site.converges_and_goes()


@on_request
@pytest.mark.parametrize("part", [0.25, 0.75] if ASKED == "all" else [0.75])
def test_killed_in_the_middle(site: Site, part: float) -> None:
    """No word and no clean-up: SIGKILL to the engine and its plugins. `pulumi cancel` frees the lock that it leaves.

    What was being created may be in the account and not in the state: `up` says so by its name, and refresh or the
    provider takes it up. Nothing of the kind happens here when the name is the same.
    """
    wanted = int(60 * part)
    process = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"],
        cwd=site.engine.directory,
        env=site.engine.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 600
    while sum(site.calls()["calls"].values()) < wanted and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    assert process.poll() is None, "it ended before it was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    again = site.up(check=False)
    if again.returncode and "locked" in again.stderr + again.stdout:
        site.engine.run("cancel", "--yes", "--stack", STACK)
        again = site.up(check=False)
    site.converges_and_goes()


def test_a_name_that_is_taken(site: Site) -> None:
    """Somebody has the log group's name: `up` names it and stops; without the other one it goes on."""
    logs, name = site.account.client("logs"), f"/ecs/data-ingestion-{STACK}"
    group = next(iter(_log_groups(site.engine)), name)
    logs.create_log_group(logGroupName=group)
    refused = site.up(check=False)
    assert refused.returncode != 0
    assert group in refused.stdout + refused.stderr
    logs.delete_log_group(logGroupName=group)
    site.converges_and_goes()


@on_request
def test_a_bucket_with_objects_goes_only_where_teardown_says_so(site: Site) -> None:
    """dev says so: every version goes with its bucket."""
    site.up()
    bucket = site.engine.outputs(STACK)["inputBucketName"]
    s3 = site.account.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv", Body=body)
    s3.delete_object(Bucket=bucket, Key="incoming/2026-11-20/trades.csv")
    site.converges_and_goes()


def _log_groups(engine: Engine) -> list[str]:
    """Names of the log groups that the stack is to have, from its preview."""
    shown = replace(engine).run("preview", "--stack", STACK, "--json").stdout
    steps = json.loads(shown)["steps"]
    inputs = [step["newState"].get("inputs", {}) for step in steps if "LogGroup" in step["newState"]["type"]]
    return [str(one["name"]) for one in inputs if "name" in one]


@on_request
def test_the_sample_is_of_calls_that_an_up_makes(site: Site) -> None:
    """So that a call that is renamed does not leave the sample unnoticed; `all` prints what to try one by one."""
    site.faults()
    site.up()
    assert set(SAMPLE) <= set(site.calls()["calls"])
    site.converges_and_goes()


@pytest.mark.skipif(ASKED != "all", reason="hours: BATCH_FAULTS=all tries every call in turn")
def test_every_call_in_turn(site: Site) -> None:
    """Each changing call of an `up` is denied once for good: the `up` ends, the next one converges, nothing stays."""
    site.faults()
    site.up()
    operations = sorted(site.calls()["calls"])
    site.converges_and_goes()
    assert len(operations) > 30
    for operation in operations:
        site.faults({"operation": operation, **DENIED})
        site.up(check=False)
        site.converges_and_goes()
