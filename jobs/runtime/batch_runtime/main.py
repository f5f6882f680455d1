"""The frame around every job: from the process environment to an exit code."""

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from batch_runtime import logs
from batch_runtime.environment import JobEnvironment, TaskEnvironment
from batch_runtime.errors import ExitCode, Interrupted, UsageError, as_job_error
from batch_runtime.health import HealthFile
from batch_runtime.metrics import Metrics, Unit
from batch_runtime.stopping import Progress
from batch_runtime.storage import Storage, connect
from batch_runtime.watchdog import watching

E = TypeVar("E", bound=TaskEnvironment)
E_co = TypeVar("E_co", bound=TaskEnvironment, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Job(Generic[E_co]):
    """What a job's work gets."""

    environment: E_co
    storage: Storage
    metrics: Metrics
    progress: Progress
    log: structlog.stdlib.BoundLogger


def run(environment_type: type[E], work: Callable[[Job[E]], None]) -> int:
    """Run `work` under the contract of docs/jobs.md and return the exit code of the process."""
    log = logs.configure(
        job=os.environ.get("BATCH_JOB", "unknown"),
        environment=os.environ.get("BATCH_ENVIRONMENT", "unknown"),
        run_id=os.environ.get("BATCH_RUN_ID", "unknown"),
    )
    try:
        environment = environment_type.read(os.environ)
    except UsageError as error:
        return _failed(log, error)
    of_run = environment if isinstance(environment, JobEnvironment) else None
    if of_run is not None and of_run.shards is not None:
        structlog.contextvars.bind_contextvars(shards=list(of_run.shards))
    metrics = Metrics(
        environment=environment.environment,
        job=environment.job,
        run_id=of_run.run_id if of_run else "none",
        shards=of_run.shards if of_run else None,
    )
    with metrics.timed("Duration"):
        exit_code = _guarded(environment, work, metrics, log)
    _write_metrics(metrics, exit_code)
    return exit_code


def _write_metrics(metrics: Metrics, exit_code: ExitCode) -> None:
    metrics.put("Failures", 0 if exit_code in (ExitCode.OK, ExitCode.INTERRUPTED) else 1)
    metrics.put("Interruptions", 1 if exit_code == ExitCode.INTERRUPTED else 0)
    metrics.put("PeakMemory", _peak_memory(), Unit.MEGABYTES)
    metrics.write(sys.stdout)


def _peak_memory() -> float:
    """The process's own peak of resident memory in MB, or 0 where the kernel does not tell (anywhere but Linux).

    Not `ru_maxrss`: that is inherited over fork and exec, and so starts with the peak of whoever started the job.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _guarded(
    environment: E, work: Callable[[Job[E]], None], metrics: Metrics, log: structlog.stdlib.BoundLogger
) -> ExitCode:
    health = HealthFile(environment.scratch)
    progress = Progress(health, environment.stop_grace)

    def end_hanging(stacks: str) -> None:
        code = ExitCode.TRY_AGAIN
        message = f"no progress for {environment.hang:g} s (BATCH_HANG_SECONDS); the stacks say where it hangs"
        log.error("job_failed", exit_code=int(code), failure="hanging", message=message, traceback=stacks)
        _write_metrics(metrics, code)
        os._exit(code)

    try:
        with progress.watching_signals(), watching(health, environment.hang, end_hanging):
            progress.boundary()
            dated = environment if isinstance(environment, JobEnvironment) else None
            log.info("job_started", business_date=dated.business_date.isoformat() if dated else None)
            work(
                Job(
                    environment=environment,
                    storage=Storage(connect(), progress.progress),
                    metrics=metrics,
                    progress=progress,
                    log=log,
                )
            )
        log.info("job_finished")
        return ExitCode.OK
    except Interrupted as interruption:
        log.warning("job_interrupted", exit_code=int(ExitCode.INTERRUPTED), message=str(interruption))
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _failed(log, error)


def exit_code_of(error: Exception) -> ExitCode:
    """The exit code with which a job ends that `error` escapes from."""
    expected = as_job_error(error)
    return ExitCode.BUG if expected is None else expected.exit_code


def _failed(log: structlog.stdlib.BoundLogger, error: Exception) -> ExitCode:
    """Say once what went wrong: a message for an expected failure, a traceback for a bug."""
    expected = as_job_error(error)
    if expected is not None:
        code = expected.exit_code
        log.error("job_failed", exit_code=int(code), failure=code.name.lower(), message=str(expected))
        return code
    log.error(
        "job_failed",
        exit_code=int(ExitCode.BUG),
        failure="bug",
        message=f"{type(error).__name__}: {error}",
        traceback="".join(traceback.format_exception(error)),
    )
    return ExitCode.BUG
