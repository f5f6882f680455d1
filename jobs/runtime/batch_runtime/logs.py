"""Logs: one JSON object a line on stdout, each with the run, the job, the environment and the shards.

Keys that alarms and saved queries may rely on: `timestamp` (UTC, ISO 8601), `level`, `event`, `run_id`, `job`,
`environment`, `shards` (a fan-out job's, absent otherwise); on a failure also `exit_code`, `failure` and `message`.
A text is cut where the line would grow beyond what the log driver keeps together.
"""

import io
import json
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

TEXT_BYTES = 6_000
"""Of a text in a log line, as JSON. Docker's log drivers split a line at 16 KiB, and half a JSON object is none; a
failure's line has two long texts: https://github.com/moby/moby/blob/master/daemon/logger/copier.go"""


def shorten(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut every text to `TEXT_BYTES` of JSON: a traceback keeps its end, anything else its beginning."""
    return {name: _cut(value, name) if isinstance(value, str) else value for name, value in event.items()}


def _cut(text: str, name: str) -> str:
    if len(text) <= TEXT_BYTES // 6:
        return text
    whole = len(text)
    while len(json.dumps(text)) > TEXT_BYTES:
        keep = max(1, len(text) * 3 // 4)
        text = text[-keep:] if name == "traceback" else text[:keep]
    if len(text) == whole:
        return text
    return f"… {text}" if name == "traceback" else f"{text} … ({whole:,} characters)"


def configure(**context: Any) -> structlog.stdlib.BoundLogger:
    """Set structlog up for the process and return a logger bound to `context`; the last call wins."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A lone surrogate, as JSON may smuggle one in, is then written as JSON's own escape instead of failing the job.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            shorten,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
