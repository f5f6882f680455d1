"""The frame of queue workers, as a process against an emulated SQS and S3 and a stand-in for the ECS agent."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from batch_runtime.errors import ExitCode
from tests.jobs.harness import Night

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PROGRAM = """
import sys, time
from batch_runtime import errors, worker
from batch_runtime.layout import S3Uri

worker.INVISIBLE_SECONDS, worker.POLL_SECONDS, worker.FIRST_RETRY_SECONDS = 3, 1, 0

def handle(job, work):
    uri = S3Uri(job.environment.output_bucket, "done/" + work.key)
    {body}

sys.exit(worker.run_worker(worker.WorkerEnvironment, handle))
"""
WRITE = "job.storage.write(uri, b'{}')"
MAX_RECEIVES = 3


@dataclass
class Agent:
    """Answers as the ECS agent does and remembers what it was asked for."""

    answer: dict[str, Any] = field(default_factory=lambda: {"protection": {"ProtectionEnabled": True}})
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def agent() -> Iterator[Agent]:
    agent = Agent()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            agent.requests.append((self.path, body))
            answer = json.dumps(agent.answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        agent.url = f"http://127.0.0.1:{server.server_address[1]}/api/task"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield agent
        server.shutdown()
        thread.join()


@dataclass
class Queue:
    """A queue with its dead-letter queue, and the worker's process."""

    night: Night
    agent: Agent
    sqs: "SQSClient"
    name: str
    url: str
    dead_letter_url: str

    def send(self, body: object) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def start(self, body: str, **variables: str) -> "subprocess.Popen[str]":
        environment = self.night.variables("data-ingestion", BATCH_QUEUE=self.name, ECS_AGENT_URI=self.agent.url)
        for name in ("BATCH_RUN_ID", "BATCH_BUSINESS_DATE", "BATCH_MANIFEST_URI"):
            del environment[name]
        return subprocess.Popen(
            [sys.executable, "-S", "-c", PROGRAM.format(body=body)],
            env=environment | variables,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, body: str, until: Callable[[], bool], **variables: str) -> tuple[int, list[dict[str, Any]]]:
        """Run a worker until something is so, stop it by SIGTERM; its exit code and log."""
        with self.start(body, **variables) as process:
            try:
                end = time.monotonic() + 60
                while not until() and process.poll() is None:
                    assert time.monotonic() < end, "it took too long"
                    time.sleep(0.1)
                process.terminate()
                output, _ = process.communicate(timeout=60)
            finally:
                process.kill()  # a worker that is still there would never end by itself
        return process.returncode, [json.loads(line) for line in output.splitlines()]

    def size(self, url: str) -> int:
        """Messages in a queue, hidden ones included."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return sum(int(attributes[name]) for name in names)

    @property
    def empty(self) -> bool:
        return self.size(self.url) == 0


@pytest.fixture
def queue(night: Night, agent: Agent) -> Queue:
    sqs = boto3.client(
        "sqs",
        endpoint_url=night.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    name = night.output_bucket.replace("output", "queue")
    dead_letter_url = sqs.create_queue(QueueName=f"{name}-dead_letter_arn")["QueueUrl"]
    dead_letter_arn = sqs.get_queue_attributes(QueueUrl=dead_letter_url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    redrive = json.dumps({"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": MAX_RECEIVES})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "900"})[
        "QueueUrl"
    ]
    return Queue(night, agent, sqs, name, url, dead_letter_url)


def events(log: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [record for record in log if record.get("event") == name]


def test_works_the_queue_off_and_stops_well(queue: Queue) -> None:
    for number in range(5):
        queue.send({"key": f"work-{number}", "payload": {"n": number}})
    code, log = queue.work(WRITE, lambda: queue.empty)
    assert code == ExitCode.OK
    assert len(events(log, "message_done")) == 5
    outputs = queue.night.outputs()
    assert {f"done/work-{number}" for number in range(5)} <= set(outputs)
    assert {f"receipts/data-ingestion/work-{number}.json" for number in range(5)} <= set(outputs)
    assert queue.size(queue.dead_letter_url) == 0


def test_the_same_key_is_done_once(queue: Queue) -> None:
    body = {"key": "work-1", "payload": {}}
    queue.send(body)
    queue.send(body)
    _, log = queue.work(WRITE, lambda: queue.empty)
    assert (len(events(log, "message_done")), len(events(log, "message_already_done"))) == (1, 1)


def test_the_same_key_for_other_work_is_bad_input(queue: Queue) -> None:
    queue.send({"key": "work-1", "payload": {"n": 1}})
    queue.work(WRITE, lambda: queue.empty)
    queue.send({"key": "work-1", "payload": {"n": 2}})
    _, log = queue.work(WRITE, lambda: queue.size(queue.dead_letter_url) == 1)
    assert "was done with another body" in events(log, "message_failed")[0]["message"]


@pytest.mark.parametrize("body", ["{", '{"key": "../x"}', '{"keys": "x"}', "[]", "\ufffd"])
def test_a_poison_message_is_left_to_the_dead_letter_queue(queue: Queue, body: str) -> None:
    """And does not keep the others from being done."""
    queue.send(body)
    queue.send({"key": "good"})
    code, log = queue.work(WRITE, lambda: queue.size(queue.dead_letter_url) == 1 and queue.empty)
    assert code == ExitCode.OK
    failed = events(log, "message_failed")
    assert [record["received"] for record in failed] == [1, 2, 3]
    assert {record["failure"] for record in failed} == {"bad_input"}
    assert len(events(log, "message_done")) == 1


def test_a_bug_over_one_message_is_logged_and_the_worker_lives(queue: Queue) -> None:
    queue.send({"key": "odd"})
    queue.send({"key": "good"})
    body = f"if work.key == 'odd': raise KeyError('x')\n    {WRITE}"
    code, log = queue.work(body, lambda: queue.size(queue.dead_letter_url) == 1 and queue.empty)
    assert code == ExitCode.OK
    assert "KeyError" in events(log, "message_failed")[0]["traceback"]
    assert len(events(log, "message_done")) == 1


def test_a_message_stays_hidden_while_it_is_worked_on(queue: Queue) -> None:
    """Work of 8 s under a visibility of 3 s: a second worker must not get it."""
    queue.send({"key": "long"})
    slow = f"for _ in range(80): time.sleep(0.1); job.progress.progress()\n    {WRITE}"
    with queue.start(slow) as other:
        _, log = queue.work(slow, lambda: queue.empty)
        other.terminate()
        output, _ = other.communicate(timeout=60)
    log += [json.loads(line) for line in output.splitlines()]
    done = events(log, "message_done") + events(log, "message_already_done")
    assert [record["received"] for record in done] == [1]


def test_the_task_is_protected_while_it_works_and_not_after(queue: Queue) -> None:
    queue.send({"key": "one"})
    queue.work(WRITE, lambda: queue.empty and queue.agent.requests[-1:] == [OFF])
    assert queue.agent.requests == [ON, OFF]


ON = ("/api/task/task-protection/v1/state", {"ProtectionEnabled": True, "ExpiresInMinutes": 60})
OFF = ("/api/task/task-protection/v1/state", {"ProtectionEnabled": False})


def test_work_goes_on_where_protection_is_refused(queue: Queue) -> None:
    queue.agent.answer = {"failure": {"Reason": "TASK_NOT_VALID", "Detail": "not part of a service"}}
    queue.send({"key": "one"})
    _, log = queue.work(WRITE, lambda: queue.empty)
    assert "TASK_NOT_VALID" in events(log, "task_protection_failed")[0]["message"]
    assert len(events(log, "message_done")) == 1


def test_a_stop_in_the_midst_of_a_message_gives_it_back(queue: Queue) -> None:
    queue.send({"key": "one"})
    with queue.start("while True: time.sleep(0.05); job.progress.boundary()") as process:
        while not queue.agent.requests:
            time.sleep(0.05)
        time.sleep(0.5)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    messages = queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=1).get("Messages", [])
    assert len(messages) == 1, "it must be visible at once"


def test_a_message_of_a_killed_worker_comes_again(queue: Queue) -> None:
    queue.send({"key": "one"})
    with queue.start("while True: time.sleep(0.05); job.progress.boundary()") as process:
        while not queue.agent.requests:
            time.sleep(0.05)
        process.kill()
        process.communicate(timeout=60)
    _, log = queue.work(WRITE, lambda: queue.empty)
    assert [record["received"] for record in events(log, "message_done")] == [2]


def test_a_worker_that_hangs_over_a_message_ends_with_75(queue: Queue) -> None:
    queue.send({"key": "one"})
    code, log = queue.work("time.sleep(600)", lambda: False, BATCH_HANG_SECONDS="2")
    assert code == ExitCode.TRY_AGAIN
    assert events(log, "job_failed")[0]["failure"] == "hanging"


def test_a_missing_queue_exits_64(queue: Queue) -> None:
    code, log = queue.work(WRITE, lambda: False, BATCH_QUEUE="no-such-queue")
    assert code == ExitCode.USAGE
    assert "BATCH_QUEUE=no-such-queue does not exist" in events(log, "job_failed")[0]["message"]


def test_a_missing_variable_exits_64(queue: Queue) -> None:
    code, log = queue.work(WRITE, lambda: False, BATCH_QUEUE="")
    assert code == ExitCode.USAGE
    assert "BATCH_QUEUE is missing; write for example BATCH_QUEUE=" in events(log, "job_failed")[0]["message"]
