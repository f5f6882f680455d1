"""A queue worker as deployed: a message wakes its service, is worked off with the task's own role; then it rests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.tasks import images
from tests.engine.conftest import Engine
from tests.engine.nights.night import Night, deployed_night, eventually

JOB = "revaluation"
RECEIVES = 2
SETTINGS = {
    "batch-platform:network": {"extraEndpoints": ["sqs"]},
    "batch-platform:jobs": {
        JOB: {
            "cpu": 256,
            "memory": 512,
            "queue": {"acceptableLatency": 60, "secondsPerMessage": 30, "maxReceives": RECEIVES},
            "writes": [{"bucket": "output", "prefix": "revalued/"}],
        }
    },
}
WORKER = """
import sys
from batch_runtime.layout import S3Uri
from batch_runtime.worker import WorkerEnvironment, run_worker

def revalue(job, message):
    uri = S3Uri(job.environment.output_bucket, f"revalued/{message.key}.json")
    job.storage.write(uri, message.to_json())

sys.exit(run_worker(WorkerEnvironment, revalue))
"""

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and not os.environ.get("BATCH_REQUIRE_ENGINE"),
    reason="no npm on PATH: the policies of the deployed worker were not evaluated",
)


@pytest.fixture(scope="module")
def night(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The dev stack with a worker, whose image is there."""
    with deployed_night(engine, tmp_path_factory, SETTINGS) as night:
        program = night.folder / "worker.py"
        program.write_text(WORKER, encoding="utf-8")
        dockerfile = night.folder / "Dockerfile"
        dockerfile.write_text(f'FROM python:3.13-slim\nENTRYPOINT ["python", "{program}"]\n', encoding="utf-8")
        images.push(night.client("ecr"), f"repository-{JOB}-{night.deployed.stack}", "release-0", dockerfile)
        yield night


def service(night: Night) -> dict[str, Any]:
    name = night.outputs["serviceNames"][JOB]
    (described,) = night.client("ecs").describe_services(cluster=night.outputs["clusterName"], services=[name])[
        "services"
    ]
    return dict(described)


def keys(night: Night, prefix: str) -> list[str]:
    listed = night.client("s3").list_objects_v2(Bucket=night.outputs["outputBucketName"], Prefix=prefix)
    return [item["Key"].removeprefix(prefix) for item in listed.get("Contents", [])]


def test_messages_are_worked_off_and_poison_goes_to_the_dead_letters(night: Night) -> None:
    assert service(night)["desiredCount"] == 0
    sqs, url = night.client("sqs"), night.outputs["jobQueueUrls"][JOB]
    for key in ("a", "b", "a", "c"):
        body = json.dumps({"key": key, "payload": {"instrument": f"EQ-{key}"}})
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.send_message(QueueUrl=url, MessageBody="no JSON at all")

    done = ["a.json", "b.json", "c.json"]
    eventually(lambda: keys(night, f"receipts/{JOB}/") == done, 120)
    assert keys(night, "revalued/") == done
    dead = night.outputs["jobDeadLetterQueueUrls"][JOB]
    (poison,) = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"), 120)
    assert poison["Body"] == "no JSON at all"


def test_it_rests_at_zero_afterwards(night: Night) -> None:
    eventually(lambda: (described := service(night))["desiredCount"] == described["runningCount"] == 0, 180)
    faults = [line["what"] for line in night.sandbox.get("timeline")]
    assert [line for line in faults if "FAULT" in line or "NOT EMULATED" in line] == []
