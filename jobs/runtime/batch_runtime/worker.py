"""The frame around a job that works messages off its queue, as `batch_runtime.main` is around one that runs once.

A message comes at least once, and again when a task dies over it. So the work on a message has a key, and a receipt in
the output bucket says that it is done: what has one is not done again. While a message is worked on, it stays invisible
to others and the task protected from scaling in; what cannot be worked on is left, and the queue moves it to its
dead-letter queue after `jobs.<name>.queue.maxReceives` receptions.
"""

import hashlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import Field, JsonValue

from batch_runtime import documents
from batch_runtime.documents import Document
from batch_runtime.environment import TaskEnvironment
from batch_runtime.errors import BadInputError, ExitCode, Interrupted, UsageError, as_job_error
from batch_runtime.layout import S3Uri
from batch_runtime.main import Job, run
from batch_runtime.metrics import Metrics, Unit
from batch_runtime.protection import TaskProtection
from batch_runtime.storage import MissingObjectError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

INVISIBLE_SECONDS = 120
"""For how long a message that is taken is hidden; renewed at a third of it while the work makes progress."""
LONGEST_WORK_SECONDS = 11.5 * 3600
"""A message can be hidden for 12 hours in all, after which another task gets it:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
POLL_SECONDS = 10
"""How long a request waits for a message; a stop takes effect after it."""
FIRST_RETRY_SECONDS = 30
LONGEST_RETRY_SECONDS = 900


class WorkerEnvironment(TaskEnvironment):
    """The variables of a job that works off a queue. A job with variables of its own derives a model and adds them."""

    queue: str = Field(alias="BATCH_QUEUE", pattern=r"^[A-Za-z0-9_-]{1,80}$", examples=["queue-stress-test-dev"])
    """Name of the job's queue."""


W = TypeVar("W", bound=WorkerEnvironment)


class WorkMessage(Document):
    """A message's body."""

    key: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$", examples=["revalue-2026-11-20-EQ-US-0042"])
    """Names the work: the same key is the same work, however often it is sent."""
    payload: dict[str, JsonValue] = Field(default_factory=dict, examples=[{"instrument": "EQ-US-0042"}])
    """What the work needs to know; the job's own."""


class Receipt(Document):
    """Says that the work on a key is done."""

    key: str
    body_sha256: documents.Sha256


Handle = Callable[[Job[W], WorkMessage], None]
"""Does the work on a message. Is called again for a key whose first attempt died, and must write the same then."""


def run_worker(environment_type: type[W], handle: Handle[W]) -> int:
    """Work the queue off until SIGTERM, and return the exit code of the process."""
    return run(environment_type, lambda job: _Worker(job, handle).run())


def receipt_uri(environment: WorkerEnvironment, key: str) -> S3Uri:
    """Where the receipt of a key lies."""
    return S3Uri(bucket=environment.output_bucket, key=f"receipts/{environment.job}/{key}.json")


@dataclass
class _Worker(Generic[W]):
    """Takes one message at a time."""

    job: Job[W]
    handle: Handle[W]

    def __post_init__(self) -> None:
        self._sqs = _connect()
        self._protection = TaskProtection(os.environ.get("ECS_AGENT_URI", ""), self.job.log)
        self._url = self._queue_url()

    def run(self) -> None:
        """Until a stop is asked for between two messages, which is how a worker ends well."""
        try:
            while not self.job.progress.stopping:
                self.job.progress.progress()
                messages = self._sqs.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=1,
                    WaitTimeSeconds=POLL_SECONDS,
                    VisibilityTimeout=INVISIBLE_SECONDS,
                    MessageSystemAttributeNames=["ApproximateReceiveCount"],
                ).get("Messages", [])
                if not messages:
                    self._protection.off()
                elif self.job.progress.stopping:
                    self._show_again(messages[0], 0)
                else:
                    self._protection.on()
                    self._take(messages[0])
        finally:
            self._protection.off()

    def _take(self, message: "MessageTypeDef") -> None:
        """Work on a message; what fails stays in the queue, what only another configuration can do ends the process."""
        start = time.monotonic()
        try:
            body = message.get("Body", "").encode(errors="surrogatepass")
            work = WorkMessage.read(body, f"the message {message.get('MessageId')}")
            with self._hidden(message):
                done = self._work_once(work, hashlib.sha256(body).hexdigest())
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        except Interrupted:
            self._show_again(message, 0)
            raise
        except UsageError:
            self._show_again(message, 0)
            raise
        except Exception as error:
            self._leave(message, error)
        else:
            self._count("Messages", time.monotonic() - start)
            self.job.log.info(
                "message_done" if done else "message_already_done",
                key=work.key,
                message_id=message.get("MessageId"),
                received=_receptions(message),
            )

    def _work_once(self, work: WorkMessage, body_sha256: str) -> bool:
        """Do the work and write its receipt; False when there is one already."""
        uri = receipt_uri(self.job.environment, work.key)
        try:
            receipt = Receipt.read(self.job.storage.read(uri), str(uri))
        except MissingObjectError:
            self.handle(self.job, work)
            self.job.storage.write(uri, Receipt(key=work.key, body_sha256=body_sha256).to_json())
            return True
        if receipt.body_sha256 != body_sha256:
            raise BadInputError(
                f"the key {work.key!r} was done with another body; a key names one work: send this one under another"
            )
        return False

    def _leave(self, message: "MessageTypeDef", error: Exception) -> None:
        """Say what is wrong; bad input is shown again at once, so that it soon reaches the dead-letter queue."""
        expected = as_job_error(error)
        code = ExitCode.BUG if expected is None else expected.exit_code
        more = {} if expected else {"traceback": "".join(traceback.format_exception(error))}
        received = _receptions(message)
        wait = min(FIRST_RETRY_SECONDS * 2 ** min(received - 1, 10), LONGEST_RETRY_SECONDS)
        self._count("FailedMessages")
        self.job.log.error(
            "message_failed",
            message_id=message.get("MessageId"),
            received=received,
            failure=code.name.lower(),
            message=str(expected or f"{type(error).__name__}: {error}"),
            **more,
        )
        self._show_again(message, 0 if code == ExitCode.BAD_INPUT else wait)

    def _count(self, name: str, seconds: float | None = None) -> None:
        """Write a metric at once: a worker may live for weeks."""
        environment = self.job.environment
        metrics = Metrics(environment=environment.environment, job=environment.job, run_id="none")
        metrics.put(name, 1)
        if seconds is not None:
            metrics.put("MessageDuration", seconds, Unit.SECONDS)
        metrics.write(sys.stdout)

    def _show_again(self, message: "MessageTypeDef", seconds: int) -> None:
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
            )
        except ClientError as error:
            self.job.log.warning("message_not_released", message=str(error))

    @contextmanager
    def _hidden(self, message: "MessageTypeDef") -> Iterator[None]:
        """Keep the message invisible and the task protected for the block, as long as the job makes progress."""
        done = threading.Event()
        start = time.monotonic()

        def renew() -> None:
            while not done.wait(INVISIBLE_SECONDS / 3):
                if time.monotonic() - max(start, self.job.progress.touched) > INVISIBLE_SECONDS:
                    continue  # it hangs: another task may have the message; the watchdog ends this one
                if time.monotonic() - start < LONGEST_WORK_SECONDS:
                    self._show_again(message, INVISIBLE_SECONDS)
                self._protection.on()

        thread = threading.Thread(target=renew, name="visibility", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _queue_url(self) -> str:
        name = self.job.environment.queue
        try:
            return self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist:
            raise UsageError(
                f"the queue BATCH_QUEUE={name} does not exist; it is made by jobs.{self.job.environment.job}.queue"
            ) from None


def _receptions(message: "MessageTypeDef") -> int:
    return int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))


def _connect() -> "SQSClient":
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=POLL_SECONDS + 20
    )
    return boto3.client("sqs", config=config)
