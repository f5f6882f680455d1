"""The awslogs driver: a container's lines go to its log group with the execution role."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.reactions.account import Account

from . import images

BATCH = 200
"""Lines put at once at most."""
PAUSE_SECONDS = 0.3
LINE_BYTES = 200_000
"""Longer lines are split by the driver; here they are cut."""


class LogStream:
    """One container's log stream, or none when the container has no log driver."""

    def __init__(self, account: Account, client: Any, group: str, stream: str) -> None:
        self._account, self._client, self._group, self._stream = account, client, group, stream

    @classmethod
    def open(
        cls, account: Account, container: Mapping[str, Any], region: str, execution: Any, task_id: str
    ) -> LogStream:
        """Creates the stream. Raises `images.ImageError` with the reason of a task that cannot log."""
        configuration = container.get("logConfiguration")
        if not configuration:
            return cls(account, None, "", "")
        options = configuration["options"]
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_id}"
        client = account.client("logs", options.get("awslogs-region", region), execution)
        try:
            if options.get("awslogs-create-group") == "true":
                client.create_log_group(logGroupName=options["awslogs-group"])
            client.create_log_stream(logGroupName=options["awslogs-group"], logStreamName=stream)
        except ClientError as error:
            raise images.ImageError(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
                f"failed to create Cloudwatch log stream: {error} : exit status 1"
            ) from error
        return cls(account, client, options["awslogs-group"], stream)

    def follow(self, lines: queue.Queue[str | None]) -> None:
        """Puts `lines` until there are no more."""
        is_open = True
        while is_open:
            batch: list[str] = []
            try:
                line = lines.get()
                while line is not None and len(batch) < BATCH:
                    batch.append(line)
                    line = lines.get(timeout=PAUSE_SECONDS)
                is_open = line is not None
                if line is not None:
                    batch.append(line)
            except queue.Empty:
                pass
            self._put(batch)

    def _put(self, batch: list[str]) -> None:
        if not batch or self._client is None:
            return
        moment = int(self._account.clock.now().timestamp() * 1000)
        events = [{"timestamp": moment, "message": line[:LINE_BYTES] or " "} for line in batch]
        try:
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=events)
        except ClientError as error:  # in non-blocking mode lines are lost, and the job goes on
            self._account.tell("logs", f"{len(batch)} lines of {self._stream} are lost: {error}")
