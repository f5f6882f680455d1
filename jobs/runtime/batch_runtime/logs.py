"""Logs: one JSON object a line on stdout, each with the run, the job, the environment and the shards.

Keys that alarms and saved queries may rely on: `timestamp` (UTC, ISO 8601), `level`, `event`, `run_id`, `job`,
`environment`, `shards` (a fan-out job's, absent otherwise); on a failure also `exit_code`, `failure` and `message`.
"""

import sys
from typing import Any

import structlog


def configure(**context: Any) -> structlog.stdlib.BoundLogger:
    """Set structlog up for the process and return a logger bound to `context`; the last call wins."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
