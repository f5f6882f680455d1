"""Exit codes, and the one place where an exception becomes one.

The workflow's retry classes hang on these numbers (docs/jobs.md, "Exit codes"): a code that says "retry" for an input
that is wrong burns the night's time; one that says "fail" for a passing fault burns the night. So the mapping is a
single function over the whole exception hierarchy, and no job calls `sys.exit` itself.
"""

from enum import IntEnum

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)


class ExitCode(IntEnum):
    """What a job tells the workflow; the BSD `sysexits` numbers, and 128 + SIGTERM."""

    OK = 0
    BUG = 1
    USAGE = 64
    BAD_INPUT = 65
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    INTERRUPTED = 143


class JobError(Exception):
    """An expected failure with one clear message for the operator; never shown with a traceback."""

    exit_code: ExitCode = ExitCode.BUG


class UsageError(JobError):
    """The environment of the job is wrong: only a changed task definition or execution input helps."""

    exit_code = ExitCode.USAGE


class BadInputError(JobError):
    """The manifest or the data are wrong: only new data help."""

    exit_code = ExitCode.BAD_INPUT


class UnavailableError(JobError):
    """A service that the job needs did not answer."""

    exit_code = ExitCode.UNAVAILABLE


class TryAgainError(JobError):
    """A passing fault: the same attempt may succeed a little later."""

    exit_code = ExitCode.TRY_AGAIN


class Interrupted(BaseException):
    """SIGTERM reached the job and its work is checkpointed.

    Derives from `BaseException` so that no `except Exception`, ours or a library's, can swallow a stop.
    """


_CONNECTION_FAULTS = (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)
_THROTTLES = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
)
_STALE = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed", "RequestTimeout", "OperationAborted"}
)


def as_job_error(error: BaseException) -> JobError | None:
    """The expected failure behind `error`, or None when it is a bug and deserves its traceback."""
    if isinstance(error, JobError):
        return error
    if isinstance(error, _CONNECTION_FAULTS):
        return UnavailableError(f"AWS did not answer after all retries: {error}")
    if isinstance(error, ClientError):
        return _from_client_error(error)
    return None


def _from_client_error(error: ClientError) -> JobError | None:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _STALE:
        return TryAgainError(f"AWS refused a stale request: {error}")
    if code in _THROTTLES or status >= 500:
        return UnavailableError(f"AWS did not serve the request after all retries: {error}")
    if code == "NoSuchBucket":
        bucket = error.response.get("Error", {}).get("BucketName", "named in the environment")
        return UsageError(
            f"the bucket {bucket} does not exist: BATCH_INPUT_BUCKET and BATCH_OUTPUT_BUCKET must name the buckets of "
            "this environment, for example BATCH_INPUT_BUCKET=input-batch-dev-123456789012"
        )
    if code in {"AccessDenied", "403"}:
        return JobError(f"the task role is not allowed to do this: {error}")
    return None
