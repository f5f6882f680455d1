"""A job's log events, once or as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from batchctl.errors import OperatorError
from batchctl.operate import nightly
from batchctl.operate.stack import Stack, refusals_as_error

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
    """Lines of the job's log, oldest first; with `follow` it goes on until interrupted.

    Raises OperatorError for a job without a log, and for a run that the ledger does not know.
    """
    groups = stack.outputs.by_key("logGroupNames")
    if job not in groups:
        raise OperatorError(f"no log group of {job!r}. There are: {', '.join(sorted(groups))}.")
    if run_id is not None:
        _known_run(stack, run_id)
    pattern = {"filterPattern": f'"{run_id}"'} if run_id else {}
    since = int((time.time() - since_minutes * 60) * 1000)
    printed: set[str] = set()
    while True:
        with refusals_as_error(f"reading the log of {job}"):
            pages = stack.client("logs").get_paginator("filter_log_events")
            fresh = [
                event
                for page in pages.paginate(logGroupName=groups[job], startTime=since, **pattern)
                for event in page["events"]
            ]
        for event in sorted(fresh, key=lambda event: event["timestamp"]):
            if event["eventId"] not in printed:
                printed.add(event["eventId"])
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield f"{moment:%Y-%m-%dT%H:%M:%SZ} {event['message'].rstrip()}"
        if not follow:
            return
        sleep(POLL_SECONDS)


def no_lines_message(job: str, *, run_id: str | None, since_minutes: int) -> str:
    """What to say when there is no line."""
    of_run = f" of run {run_id}" if run_id else ""
    return (
        f"{job} has logged nothing{of_run} in the last {since_minutes} minutes. `--since MINUTES` looks further back; "
        f"`batchctl runs` lists the runs there were."
    )


def _known_run(stack: Stack, run_id: str) -> None:
    run_ids = [run.run_id for run in nightly.runs(stack, limit=None)]
    if run_id in run_ids or run_id.startswith(nightly.OPERATOR_RUN):
        return
    newest = f"; the newest is {run_ids[0]}" if run_ids else ", which is empty"
    raise OperatorError(f"no run {run_id!r} in the run ledger{newest}. `batchctl runs` lists them.")
