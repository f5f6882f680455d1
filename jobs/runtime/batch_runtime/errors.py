"""Exit codes, and the one place where an exception becomes one.

The workflow's retry classes hang on these numbers (docs/jobs.md, "Exit codes"): a code that says "retry" for an input
that is wrong burns the night's time; one that says "fail" for a passing fault burns the night. So the mapping is a
single function over the whole exception hierarchy, and no job calls `sys.exit` itself.
"""

import errno
import ssl
from collections.abc import Mapping
from enum import IntEnum

from botocore import exceptions as aws
from urllib3.exceptions import HTTPError


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


CONNECTION_FAULTS: tuple[type[Exception], ...] = (
    aws.HTTPClientError,
    aws.ConnectionError,
    aws.IncompleteReadError,
    HTTPError,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)
"""The line was cut, or the answer never came; `Storage` resumes a read after these."""
_BUGS = (aws.ParamValidationError, aws.OperationNotPageableError, aws.UnknownClientMethodError, aws.StubResponseError)
"""Of botocore's exceptions those that only a mistake in a job's program raises."""
_NO_MEMORY = "the memory is used up: raise the job's memory, for example jobs.data-ingestion.memory: 4096"
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], type[JobError], str], ...] = (
    (CONNECTION_FAULTS, UnavailableError, "AWS did not answer after all retries"),
    (
        (
            aws.CredentialRetrievalError,
            aws.MetadataRetrievalError,
            aws.NoAuthTokenError,
            aws.NoCredentialsError,
            aws.SSOError,
            aws.TokenRetrievalError,
        ),
        UnavailableError,
        "the task role's credentials could not be fetched",
    ),
    ((aws.ChecksumError, aws.FlexibleChecksumError), TryAgainError, "an object was altered on its way"),
    ((MemoryError,), UsageError, _NO_MEMORY),
    ((aws.BotoCoreError,), UsageError, "boto3 cannot work with the task's configuration"),
)
"""The first line that fits counts: types, what they become, the sentence before the exception's own words."""

_STALE = (
    {"BadDigest", "ExpiredToken", "ExpiredTokenException", "IncompleteBody", "OperationAborted", "PreconditionFailed"}
    | {"RequestTimeTooSkewed", "RequestTimeout", "XAmzContentSHA256Mismatch"}
)  # fmt: skip
_THROTTLES = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
_WRONG_BUCKET = (
    "the bucket does not exist: BATCH_INPUT_BUCKET and BATCH_OUTPUT_BUCKET must name the buckets of this environment, "
    "for example BATCH_INPUT_BUCKET=input-batch-dev-123456789012"
)
_NOT_ALLOWED = "the task role, a bucket policy or a key policy does not allow this"
_BY_CODE: dict[str, tuple[type[JobError], str]] = {
    **dict.fromkeys(_STALE, (TryAgainError, "AWS refused a request that the next attempt may get through")),
    **dict.fromkeys(_THROTTLES, (UnavailableError, "AWS did not serve the request after all retries")),
    "NoSuchBucket": (UsageError, _WRONG_BUCKET),
    "InvalidObjectState": (BadInputError, "an object is archived; restore it or send it again"),
    "KeyTooLongError": (BadInputError, "an object's key is longer than 1,024 bytes"),
    "AccessDenied": (UsageError, _NOT_ALLOWED),
    "403": (UsageError, _NOT_ALLOWED),
}

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_PASSING = {errno.EAGAIN, errno.EINTR, errno.EIO, errno.ESTALE}


def as_job_error(error: BaseException) -> JobError | None:
    """The expected failure behind `error`, or None when it is a bug and deserves its traceback."""
    if isinstance(error, JobError):
        return error
    if isinstance(error, aws.ClientError):
        return _from_client_error(error)
    if isinstance(error, _BUGS):
        return None
    for types, kind, sentence in _BY_TYPE:
        if isinstance(error, types):
            return kind(f"{sentence}: {error}")
    return _from_system_error(error) if isinstance(error, OSError) else None


def _from_client_error(error: aws.ClientError) -> JobError:
    """Every answer of AWS that is an error; what has no line can only be mended in the account or the settings."""
    details: Mapping[str, object] = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind, sentence = _BY_CODE.get(
        str(details.get("Code", "")),
        (UnavailableError, "AWS did not serve the request after all retries")
        if status >= 500
        else (UsageError, "AWS refused the request, and would again"),
    )
    bucket = f" (bucket {details['BucketName']})" if "BucketName" in details else ""
    return kind(f"{sentence}: {error}{bucket}")


def _from_system_error(error: OSError) -> JobError | None:
    if error.errno in _NO_ROOM:
        return UsageError(
            f"the scratch volume is full ({error}): raise the job's ephemeral storage, "
            "for example jobs.data-ingestion.ephemeralStorage: 100 (GiB)"
        )
    if error.errno in _NOT_WRITABLE:
        return UsageError(
            f"BATCH_SCRATCH cannot be written to ({error}): mount a volume there that belongs to the user"
        )
    if error.errno in _PASSING:
        return TryAgainError(f"the scratch volume failed for a moment: {error}")
    if error.errno == errno.ENOMEM:
        return UsageError(f"{_NO_MEMORY}: {error}")
    return None
