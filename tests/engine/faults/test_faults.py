"""Each fault on an `up` of its own: `up` again converges, `destroy` ends, and nothing is left.

Each case takes some minutes, so only a name that is taken is tried in every run, and the others when they are asked
for. BATCH_FAULTS=sample (nightly): two calls, throttling, a lost answer, a kill and a bucket with objects.
BATCH_FAULTS=all: each fault on the whole sample, two moments of a kill, and a refusal of every
operation in turn, which takes hours. BATCH_FAULTS=ecs:CreateCluster,kms:CreateKey: each fault on those that are named.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from tests.engine.conftest import Engine
from tests.engine.faults.conftest import DENIED, SERVER_ERROR, STACK, THROTTLED, Fault, Site

ASKED = os.environ.get("BATCH_FAULTS", "")
SAMPLE = ("kms:CreateKey", "iam:PutRolePolicy", "ec2:CreateVpcEndpoint", "stepfunctions:CreateStateMachine")
"""A key that others need, a document, something that is made in steps, and what comes near the end."""
on_request = pytest.mark.skipif(not ASKED, reason="minutes each: BATCH_FAULTS=sample, which nightly.yml sets")


def _failing_calls() -> list[tuple[str, Fault]]:
    """Operations with the fault that each meets: what the environment asks for, or a server error and a refusal."""
    if ASKED in ("", "sample"):
        return [("kms:CreateKey", SERVER_ERROR), ("ec2:CreateVpcEndpoint", DENIED)]
    operations = SAMPLE if ASKED == "all" else tuple(ASKED.split(","))
    return [(operation, fault) for operation in operations for fault in (SERVER_ERROR, DENIED)]


@on_request
@pytest.mark.parametrize(
    ("operation", "fault"), [pytest.param(*call, id=f"{call[0]}-{call[1]['code']}") for call in _failing_calls()]
)
def test_a_call_that_fails(site: Site, operation: str, fault: Fault) -> None:
    """A server error is retried or ends the `up`; a refusal ends it with the call's name. Both are mended by `up`."""
    site.faults({"operation": operation, **fault})
    broken = site.up(check=False)
    shown = broken.stdout + broken.stderr
    assert not site.not_met() or fault is DENIED, f"{operation} was never asked for"
    if fault is DENIED:
        assert broken.returncode != 0
        assert "AccessDenied" in shown and operation.partition(":")[2] in shown, shown[-2000:]
    site.converges_and_goes()


@on_request
def test_every_call_is_throttled_now_and_then(site: Site) -> None:
    """Rate limits in the middle of everything: the provider waits and goes on, and one `up` is enough."""
    site.faults(*({"operation": "*", **THROTTLED, "times": 2, "after": 20 * n} for n in range(1, 9)))
    site.up()
    assert not site.not_met(), "fewer calls than faults"
    site.converges_and_goes()


@on_request
def test_an_answer_that_is_lost(site: Site) -> None:
    """The call took effect, its answer did not arrive: the provider asks again, and finds its own resource."""
    site.faults({"operation": "sqs:CreateQueue", **SERVER_ERROR, "applied": True})
    site.up(check=False)
    assert not site.not_met()
    site.converges_and_goes()


@on_request
@pytest.mark.parametrize("calls", [15, 45] if ASKED == "all" else [45])
def test_killed_in_the_middle(site: Site, calls: int) -> None:
    """SIGKILL to the engine too, so that it does not know what was made: `up` says so and names what is in its way.

    What was being created has to be taken in by hand (`pulumi refresh --import-pending-creates`) or deleted.
    """
    site.up_killed_after(calls, whole=True)
    site.faults()
    again = site.up(check=False)
    assert again.returncode == 0 or "interrupted while creating" in again.stdout + again.stderr


def test_a_name_that_is_taken(site: Site) -> None:
    """Somebody has the log group's name: `up` names it and stops; without the other one it goes on."""
    logs, name = site.account.client("logs"), f"/ecs/data-ingestion-{STACK}"
    group = next(iter(log_groups(site.engine)), name)
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


def log_groups(engine: Engine) -> list[str]:
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
    assert set(SAMPLE) <= set(site.calls())
    site.converges_and_goes()


@pytest.mark.skipif(ASKED != "all", reason="hours: BATCH_FAULTS=all tries every call in turn")
def test_every_call_in_turn(site: Site) -> None:
    """Each changing call of an `up` is denied once for good: the `up` ends, the next one converges, nothing stays."""
    site.faults()
    site.up()
    operations = sorted(site.calls())
    site.converges_and_goes()
    assert len(operations) > 30
    for operation in operations:
        site.faults({"operation": operation, **DENIED})
        site.up(check=False)
        site.converges_and_goes()
