"""A job that is killed at any point and run again leaves the same final bytes.

Points are drawn at random, by time and by how many objects the job has written, and differ from one session to the
next on purpose; the message of a failure names the point.
"""

import json
import random
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from sandbox.demo import portfolio
from tests.jobs.harness import Night

JOBS = ("data-ingestion", "risk-calculation", "report-generation")
PREFIX = {"data-ingestion": "", "risk-calculation": "results/", "report-generation": "reports/"}
OBJECTS = {"data-ingestion": 24, "risk-calculation": 40, "report-generation": 3}
ROUNDS = 2


@pytest.fixture
def eventful(night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]) -> Night:
    """A night small in trades and rich in shards, so that there is much between start and end."""
    with_portfolio(400)
    night.settings = {"BATCH_SHARD_SIZE": "20", "BATCH_SCENARIOS": "1000", "BATCH_STOP_GRACE": "0"}
    return night


def final(night: Night) -> dict[str, bytes]:
    """What a finished run left, with the one thing that may differ, the time of its end, taken out."""
    outputs = night.outputs()
    marker = json.loads(outputs.pop(night.layout.success_marker.key, b'{"finished_at": ""}'))
    del marker["finished_at"]
    return outputs | {"marker": json.dumps(marker).encode()}


def written(night: Night, job: str) -> int:
    """How many objects of `job` are there."""
    answer = night.s3.list_objects_v2(Bucket=night.output_bucket, Prefix=PREFIX[job])
    return answer["KeyCount"]


def points(job: str) -> Iterator[tuple[str, float]]:
    """Where to kill: after so many objects, or after so many seconds."""
    for _ in range(ROUNDS):
        yield "objects", random.randint(1, OBJECTS[job] - 1)
        yield "seconds", random.uniform(0.5, 2.5)


def kill(night: Night, job: str, how: signal.Signals, point: tuple[str, float]) -> int:
    """Start `job`, send it a signal at `point`; its exit code, 0 when it was faster."""
    with night.start(job, BATCH_SHARDS=json.dumps(list(range(20)))) as process:
        start = time.monotonic()
        kind, limit = point
        while process.poll() is None:
            reached = written(night, job) if kind == "objects" else time.monotonic() - start
            if reached >= limit:
                process.send_signal(how)
                break
            time.sleep(0.002)
        process.communicate(timeout=60)
    return process.returncode


def empty(night: Night, job: str) -> None:
    """Take what `job` wrote out of the bucket."""
    for key in [key for key in night.outputs() if key.startswith(PREFIX[job])]:
        night.s3.delete_object(Bucket=night.output_bucket, Key=key)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("job", JOBS)
def test_killed_and_run_again_is_the_same(eventful: Night, job: str, how: signal.Signals) -> None:
    night = eventful
    shards = json.dumps(list(range(20)))
    for earlier in JOBS[: JOBS.index(job) + 1]:
        assert night.run(earlier, BATCH_SHARDS=shards).exit_code == 0
    expected = final(night)
    assert written(night, job) == OBJECTS[job]
    interrupted = 0
    for point in points(job):
        empty(night, job)
        code = kill(night, job, how, point)
        assert code in {0, -how, 143}, f"{job} at {point}: exit code {code}"
        interrupted += code != 0
        assert night.run(job, BATCH_SHARDS=shards).exit_code == 0
        assert final(night) == expected, f"{job} killed at {point}"
    assert interrupted > 0, "no kill came in time: the points lie too late"


def test_a_killed_job_promises_nothing_that_is_not_there(eventful: Night) -> None:
    """Whenever the shard list exists, so does every partition; whenever the marker exists, so does the report."""
    night = eventful
    for _ in range(ROUNDS):
        empty(night, "data-ingestion")
        kill(night, "data-ingestion", signal.SIGKILL, ("objects", random.randint(1, OBJECTS["data-ingestion"] - 1)))
        there = set(night.outputs())
        if night.layout.summary.key in there:
            assert {night.layout.shard_list.key, night.layout.quality.key} <= there
        if night.layout.shard_list.key in there:
            assert {night.layout.shard(number).key for number in range(20)} <= there
            assert night.layout.rejected.key in there
