"""A job's log events.

Owns: reading a job's log group, once or as it grows. Refuses: formatting JSON log lines beyond their message.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from batchctl.errors import OperatorError
from batchctl.operate.stack import Stack, asking

POLL_SECONDS = 2.0


def events(
    stack: Stack,
    job: str,
    *,
    run_id: str | None,
    since_minutes: int,
    follow: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Lines of the job's log, oldest first; with `follow` it goes on until interrupted."""
    groups = stack.outputs.by_key("logGroupNames")
    if job not in groups:
        raise OperatorError(f"no log group of {job!r}. There are: {', '.join(sorted(groups))}.")
    pattern = {"filterPattern": f'"{run_id}"'} if run_id else {}
    since = int((time.time() - since_minutes * 60) * 1000)
    seen: set[str] = set()
    while True:
        with asking(f"reading the log of {job}"):
            pages = stack.client("logs").get_paginator("filter_log_events")
            found = [
                event
                for page in pages.paginate(logGroupName=groups[job], startTime=since, **pattern)
                for event in page["events"]
            ]
        for event in sorted(found, key=lambda event: event["timestamp"]):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield f"{moment:%Y-%m-%dT%H:%M:%SZ} {event['message'].rstrip()}"
        if not follow:
            return
        sleep(POLL_SECONDS)
