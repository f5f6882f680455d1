"""Every fault has its exit code."""

import errno
import json
import ssl
import subprocess
import sys
from pathlib import Path

import boto3
import botocore.exceptions
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    FlexibleChecksumError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoRegionError,
    PartialCredentialsError,
    ResponseStreamingError,
)
from botocore.stub import Stubber

from batch_runtime import logs
from batch_runtime.errors import BadInputError, ExitCode, TryAgainError, UnavailableError, UsageError, as_job_error
from batch_runtime.layout import S3Uri
from batch_runtime.storage import MissingObjectError, Storage
from tests.jobs.harness import Night


def _client_error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]


class TestExitCodes:
    """The table of docs/jobs.md: the workflow's retries hang on it."""

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (UsageError("x"), 64),
            (BadInputError("x"), 65),
            (UnavailableError("x"), 69),
            (TryAgainError("x"), 75),
            (EndpointConnectionError(endpoint_url="http://x"), 69),
            (_client_error("SlowDown", 503), 69),
            (_client_error("InternalError", 500), 69),
            (_client_error("ExpiredToken", 400), 75),
            (_client_error("NoSuchBucket", 404), 64),
            (_client_error("AccessDenied", 403), 64),
            (_client_error("SomethingNew", 400), 64),
            (_client_error("SomethingNew", 503), 69),
            (_client_error("InvalidObjectState", 403), 65),
            (_client_error("PreconditionFailed", 412), 75),
            (ssl.SSLCertVerificationError("unable to get local issuer certificate"), 69),
            (OSError(errno.EIO, "Input/output error"), 75),
            (OSError(errno.EROFS, "Read-only file system"), 64),
            (MemoryError(), 64),
        ],
    )
    def test_of_an_expected_failure(self, error: Exception, code: int) -> None:
        expected = as_job_error(error)
        assert expected is not None
        assert expected.exit_code == code

    def test_a_bug_is_not_an_expected_failure(self) -> None:
        assert as_job_error(KeyError("x")) is None

    def test_every_exception_of_botocore_has_a_code(self) -> None:
        """Also those of its next version: what only a mistake in the program raises is listed, the rest is mapped."""
        bugs = {
            kind.__name__
            for kind in vars(botocore.exceptions).values()
            if isinstance(kind, type) and issubclass(kind, BotoCoreError)
            if as_job_error(kind.__new__(kind)) is None
        }
        assert bugs == {
            "ParamValidationError", "OperationNotPageableError", "UnknownClientMethodError",
            "StubResponseError", "StubAssertionError", "UnStubbedResponseError",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (MetadataRetrievalError(error_msg="x"), 69),
            (CredentialRetrievalError(provider="x", error_msg="x"), 69),
            (FlexibleChecksumError(error_msg="x"), 75),
            (IncompleteReadError(actual_bytes=1, expected_bytes=2), 69),
            (ResponseStreamingError(error="x"), 69),
            (ConnectionResetError(errno.ECONNRESET, "x"), 69),
            (PartialCredentialsError(provider="x", cred_var="x"), 64),
            (NoRegionError(), 64),
        ],
    )
    def test_of_a_fault_at_the_boundary_of_boto3(self, fault: Exception, code: int) -> None:
        expected = as_job_error(fault)
        assert expected is not None and expected.exit_code == code

    def test_a_full_disk_names_the_setting_that_helps(self) -> None:
        expected = as_job_error(OSError(errno.ENOSPC, "No space left on device", "/scratch/x"))
        assert expected is not None
        assert expected.exit_code == ExitCode.USAGE
        assert "jobs.data-ingestion.ephemeralStorage: 100 (GiB)" in str(expected)

    @pytest.mark.parametrize("text", ["x" * 1_000_000, "\u0001" * 100_000, "\U0001f600" * 100_000, "\ud800" * 100_000])
    def test_a_log_line_stays_below_what_a_log_driver_splits(self, text: str) -> None:
        event = logs.shorten(None, "", {"message": text, "traceback": text + "the end", "exit_code": 1})
        line = json.dumps(event, ensure_ascii=False).encode(errors="backslashreplace")
        assert len(line) < 16_384
        assert event["message"].endswith(f"({len(text):,} characters)")
        assert event["traceback"].endswith("the end")

    @pytest.mark.parametrize(
        ("text", "begins"),
        [("'a' + chr(0xd800) + 'b'", "a\ud800b"), ("'x' * 1_000_000", "x" * 5_000)],
        ids=["a lone surrogate, as JSON may smuggle one into a name", "longer than a line may be"],
    )
    def test_a_job_can_log_any_text(self, text: str, begins: str) -> None:
        program = f"from batch_runtime import logs; logs.configure(job='x').error('job_failed', message={text})"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(done.stdout) < 16_384
        assert json.loads(done.stdout)["message"].startswith(begins)

    def test_the_page_documents_every_code(self) -> None:
        page = (Path(__file__).parents[3] / "docs" / "jobs.md").read_text()
        for code in set(ExitCode) - {ExitCode.BUG}:
            assert f"| {int(code)} | {code.name.lower().replace('_', ' ')} |" in page

    def test_a_service_that_does_not_answer_exits_69(self, night: Night) -> None:
        outcome = night.run("data-ingestion", AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
        assert outcome.exit_code == ExitCode.UNAVAILABLE
        assert "Could not connect" in outcome.message

    def test_a_bucket_that_does_not_exist_exits_64(self, night: Night) -> None:
        outcome = night.run(
            "data-ingestion",
            BATCH_INPUT_BUCKET="no-such-bucket",
            BATCH_MANIFEST_URI="s3://no-such-bucket/incoming/2026-11-20/manifest.json",
        )
        assert outcome.exit_code == ExitCode.USAGE
        assert "the bucket does not exist" in outcome.message and "no-such-bucket" in outcome.message


class TestMissingObject:
    """Under a role that may list its prefixes only, S3 answers 403 for a key that does not exist."""

    URI = S3Uri("bucket", "results/r/shard-00000.json")

    def read(self, listed: list[str]) -> bytes:
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        with Stubber(client) as stub:
            stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
            stub.add_response(
                "list_objects_v2",
                {"Contents": [{"Key": key} for key in listed]},
                {"Bucket": self.URI.bucket, "Prefix": self.URI.key},
            )
            return Storage(client).read(self.URI)

    def test_is_told_from_a_denied_one_by_listing_its_key(self) -> None:
        with pytest.raises(MissingObjectError):
            self.read(["results/r/shard-00000.json.bak"])

    def test_a_denied_one_stays_denied(self) -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            self.read([self.URI.key])
