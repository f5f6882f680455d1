"""The runtime's contract: environment, exit codes, metrics, health, stopping."""

import errno
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import time
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

from batch_runtime import health, logs
from batch_runtime.documents import IngestionSummary, Manifest, ShardReference, read_shard_list, write_shard_list
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError, ExitCode, TryAgainError, UnavailableError, UsageError, as_job_error
from batch_runtime.layout import S3Uri
from batch_runtime.metrics import Metrics, Unit
from batch_runtime.stopping import UNWIND_SECONDS
from batch_runtime.storage import MissingObjectError, Storage
from tests.jobs.harness import Night


class TestEnvironment:
    """Exit code 64 must tell the operator everything at once: each round trip costs a part of the night."""

    def test_reads_the_contract(self, night: Night) -> None:
        environment = JobEnvironment.read(night.variables("risk-calculation", BATCH_SHARDS="[12,13,12]"))
        assert environment.job == "risk-calculation"
        assert environment.manifest_uri == S3Uri(night.input_bucket, "incoming/2026-11-20/manifest.json")
        assert environment.required_shards() == (12, 13)

    def test_names_all_that_is_wrong_with_value_and_example(self, night: Night) -> None:
        variables = night.variables(
            "data-ingestion", BATCH_BUSINESS_DATE="20.11.2026", BATCH_MANIFEST_URI="https://x/y"
        )
        del variables["BATCH_RUN_ID"]
        with pytest.raises(UsageError) as caught:
            JobEnvironment.read(variables)
        message = str(caught.value)
        assert "BATCH_RUN_ID is missing; write for example BATCH_RUN_ID=nightly-2026-11-20-1" in message
        assert "got '20.11.2026'; write for example BATCH_BUSINESS_DATE=2026-11-20" in message
        assert "got 'https://x/y'; write for example BATCH_MANIFEST_URI=s3://" in message

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("BATCH_RUN_ID", "x" * 81),
            ("BATCH_RUN_ID", "../etc"),
            ("BATCH_SHARDS", "[]"),
            ("BATCH_SHARDS", "7"),
            ("BATCH_SHARDS", "[-1]"),
            ("BATCH_SHARDS", "[100000]"),
            ("BATCH_BUSINESS_DATE", "1795132800"),
            ("BATCH_INPUT_BUCKET", "s3://bucket"),
            ("BATCH_STOP_GRACE", "120"),
        ],
    )
    def test_refuses_a_malformed_value(self, night: Night, variable: str, value: str) -> None:
        with pytest.raises(UsageError, match=variable):
            JobEnvironment.read({**night.variables("risk-calculation"), variable: value})

    def test_says_how_to_mend_a_missing_scratch(self, night: Night, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"BATCH_SCRATCH=.*is not a directory: mount a writable volume"):
            JobEnvironment.read(night.variables("data-ingestion", BATCH_SCRATCH=str(tmp_path / "none")))

    @pytest.mark.parametrize("job", ["data-ingestion", "risk-calculation", "report-generation"])
    def test_a_process_without_its_environment_exits_64_with_one_message(self, night: Night, job: str) -> None:
        outcome = night.run(job, {"PYTHONPATH": str(night.images[job]), "PATH": os.environ["PATH"]})
        assert outcome.exit_code == ExitCode.USAGE
        assert "BATCH_RUN_ID is missing" in outcome.message
        assert outcome.stderr == ""
        assert len(outcome.records) == 1

    def test_a_fan_out_job_without_shards_exits_64(self, night: Night) -> None:
        outcome = night.run("risk-calculation")
        assert outcome.exit_code == ExitCode.USAGE
        assert "BATCH_SHARDS=[12,13,14]" in outcome.message


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

    def test_the_page_documents_every_code(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text()
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


class TestMetrics:
    def test_are_one_line_of_embedded_metric_format(self) -> None:
        metrics = Metrics(environment="dev", job="risk-calculation", run_id="r-1", shards=(3,))
        with metrics.timed("Duration"):
            pass
        metrics.add("Trades", 2)
        metrics.add("Trades", 3)
        stream = io.StringIO()
        metrics.write(stream)
        record = json.loads(stream.getvalue())
        (directive,) = record["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "BatchPlatform"
        assert directive["Dimensions"] == [["environment", "job"]]
        assert directive["Metrics"] == [{"Name": "Duration", "Unit": "Seconds"}, {"Name": "Trades", "Unit": "Count"}]
        assert (record["environment"], record["job"], record["Trades"]) == ("dev", "risk-calculation", 5)
        assert abs(record["_aws"]["Timestamp"] / 1000 - time.time()) < 60
        assert stream.getvalue().count("\n") == 1

    def test_have_units_that_cloudwatch_knows(self) -> None:
        known = {"Seconds", "Count", "Megabytes", "Count/Second"}
        assert {str(unit) for unit in Unit} <= known


class TestHealth:
    def test_a_young_file_is_healthy_and_an_old_one_is_not(self, tmp_path: Path) -> None:
        health.HealthFile(tmp_path).touch()
        written = (tmp_path / "healthy").stat().st_mtime
        assert health.check(tmp_path, written + 59.9) is None
        assert "61 s old" in str(health.check(tmp_path, written + 61))

    def test_no_file_is_not_healthy(self, tmp_path: Path) -> None:
        assert "No such file" in str(health.check(tmp_path, time.time()))

    def test_the_check_is_a_process_that_imports_little(self, night: Night) -> None:
        """It runs every half minute beside the job; boto3 alone would cost it a second of CPU."""
        program = (
            "import sys, batch_runtime.health as h; code = h.main(); "
            "assert not {'boto3', 'pydantic', 'structlog'} & set(sys.modules); sys.exit(code)"
        )
        command = [sys.executable, "-S", "-c", program]
        variables = night.variables("data-ingestion")
        before = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert (before.returncode, "unhealthy" in before.stderr) == (1, True)
        health.HealthFile(night.scratch).touch()
        assert subprocess.run(command, env=variables, check=False).returncode == 0


PROGRAM = """
import sys, time
from batch_runtime.environment import JobEnvironment
from batch_runtime.main import run

def work(job):
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    {body}

sys.exit(run(JobEnvironment, work))
"""


def _stop(night: Night, body: str, grace: str) -> tuple[int, float, str]:
    """Run `body` as a job, send SIGTERM when it is ready; (exit code, seconds until the end, output)."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", PROGRAM.format(body=body)],
        env=night.variables("data-ingestion", BATCH_STOP_GRACE=grace),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "job_started" in process.stdout.readline()
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    output, _ = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - start, output


class TestStopping:
    """SIGTERM gives 120 s; what comes after is SIGKILL."""

    def test_takes_effect_at_a_boundary(self, night: Night) -> None:
        code, _, output = _stop(night, "while True: time.sleep(0.05); job.progress.boundary()", "90")
        assert code == ExitCode.INTERRUPTED
        assert '"event": "job_interrupted"' in output

    def test_lets_a_step_finish_within_the_grace(self, night: Night) -> None:
        body = "end = time.monotonic() + 1\n    while time.monotonic() < end: job.progress.progress()"
        code, seconds, output = _stop(night, body, "90")
        assert code == ExitCode.OK
        assert seconds > 0.5
        assert '"event": "job_finished"' in output

    def test_interrupts_a_blocked_step_when_the_grace_is_over(self, night: Night) -> None:
        """Also one that swallows every exception: the interruption is none that `except Exception` sees."""
        body = "try: time.sleep(50)\n    except Exception: time.sleep(50)"
        code, seconds, _ = _stop(night, body, "1")
        assert code == ExitCode.INTERRUPTED
        assert 0.5 < seconds < 20

    def test_cuts_off_what_clings_after_that(self, night: Night) -> None:
        """As a thread that hangs in an upload does, where the interpreter waits for it."""
        body = "try: time.sleep(55)\n    finally: time.sleep(55)"
        code, seconds, _ = _stop(night, body, "1")
        assert code == ExitCode.INTERRUPTED
        assert 1 + UNWIND_SECONDS - 0.5 < seconds < 40

    def test_writes_its_metrics_all_the_same(self, night: Night) -> None:
        _, _, output = _stop(night, "time.sleep(50)", "0")
        record = json.loads(output.splitlines()[-1])
        assert (record["Interruptions"], record["Failures"]) == (1, 0)


def _hang(night: Night, body: str, seconds: str) -> tuple[int, float, str]:
    """Run `body` as a job that nobody stops; (exit code, seconds until the end, output)."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM.format(body=body)],
        env=night.variables("data-ingestion", BATCH_HANG_SECONDS=seconds),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, time.monotonic() - start, done.stdout + done.stderr


class TestHanging:
    """Nobody else ends a task that hangs: ECS looks at the health of services' tasks only."""

    def test_a_job_that_hangs_ends_by_itself_and_says_where(self, night: Night) -> None:
        code, seconds, output = _hang(night, "import threading; threading.Event().wait(600)", "2")
        assert code == ExitCode.TRY_AGAIN
        assert seconds < 60
        records = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        (failure,) = (record for record in records if record.get("event") == "job_failed")
        assert (failure["exit_code"], failure["failure"]) == (75, "hanging")
        assert "no progress for 2 s" in failure["message"]
        assert "threading.Event().wait(600)" in failure["traceback"] or "in work" in failure["traceback"]
        assert records[-1]["Failures"] == 1

    def test_a_job_that_moves_on_may_take_its_time(self, night: Night) -> None:
        body = "end = time.monotonic() + 6\n    while time.monotonic() < end: time.sleep(0.1); job.progress.progress()"
        code, seconds, _ = _hang(night, body, "4")
        assert (code, seconds > 6) == (ExitCode.OK, True)

    def test_native_code_that_holds_the_interpreter_is_ended_too(self, night: Night) -> None:
        """With 1, because no Python runs any more that could choose the code; the workflow retries that as well."""
        body = (
            "from batch_runtime import watchdog; watchdog.HELD_UP_SECONDS = 1; time.sleep(1.5)\n"
            "    import ctypes; ctypes.PyDLL(None).sleep(90)"
        )
        code, seconds, output = _hang(night, body, "3")
        assert code == 1
        assert seconds < 60
        assert "Timeout" in output


class TestDocuments:
    def test_round_trip(self) -> None:
        shards = (
            ShardReference(shard=0, uri="s3://abc/x", trades=3),
            ShardReference(shard=1, uri="s3://abc/y", trades=1),
        )
        assert read_shard_list(write_shard_list(shards), "list") == shards
        summary = {
            "run_id": "r", "business_date": "2026-11-20", "shards": 2, "trades": 4, "quarantined": 0,
            "shards_uri": "s3://abc/s", "numbers": [0, 1],
        }  # fmt: skip
        content = json.dumps(summary).encode()
        assert json.loads(IngestionSummary.read(content, "summary").to_json()) == summary

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"{", "is not JSON"),
            (b"[]", "document: must be an object, got \\[\\]"),
            (b'{"business_date": "2026-11-20"}', "files: is missing .for example"),
            (b'{"business_date": "2026-11-20", "files": []}', "files: must have at least 1 entry, got \\[\\]"),
            (b'{"business_date": 1795132800, "files": []}', "not a date as YYYY-MM-DD, got 1795132800"),
            (b'{"business_date": "1795132800", "files": []}', "not a date as YYYY-MM-DD"),
            (b'{"files": [{"rows": true}]}', "files.0.rows: must be a whole number, got true"),
            (b'{"files": [{"rows": "5"}]}', 'files.0.rows: must be a whole number, got "5"'),
            (b'{"files": [], "files": []}', "the key 'files' comes twice"),
            (b'{"files": NaN}', "NaN is no JSON number"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"files": ' + b"[" * 400 + b"]" * 400 + b"}", "is not JSON: recursion limit"),
            (b'{"files": [{"key": "\\ud800.csv"}]}', "is not JSON: unexpected end of hex escape"),
            ('{"files": []}'.encode("utf-16"), "is not JSON: .*send it again as UTF-8 JSON"),
            (b"\x1f\x8b\x08\x00", "send it again as UTF-8 JSON"),
            (
                b'{"business_date": "2026-11-20", "files": [{"key": "a.txt", "sha256": "00", "rows": "many"}]}',
                "files.0.key: .*a.txt.*for example.*files.0.sha256: .*files.0.rows: ",
            ),
            (b'{"business_date": "2026-11-20", "file": []}', "file: is not known here; is it misspelt"),
        ],
    )
    def test_a_misfit_names_field_value_and_example(self, content: bytes, complaint: str) -> None:
        with pytest.raises(BadInputError, match=complaint):
            Manifest.read(content, "the manifest")

    def test_a_key_longer_than_s3_allows_is_refused(self) -> None:
        """1,024 bytes, not characters."""
        file = {"key": "é" * 600 + ".csv", "sha256": "0" * 64, "rows": 1}
        content = json.dumps({"business_date": "2026-11-20", "files": [file]}, ensure_ascii=False).encode()
        with pytest.raises(BadInputError, match="longer than the 1,024 bytes"):
            Manifest.read(content, "the manifest")

    def test_a_hundred_thousand_misfits_are_refused_in_seconds_and_in_a_short_message(self) -> None:
        files = [{"key": "a.txt", "sha256": "x", "rows": -1}] * 100_000
        content = json.dumps({"business_date": "2026-11-20", "files": files}).encode()
        start = time.process_time()
        with pytest.raises(BadInputError, match="and 299,990 more") as caught:
            Manifest.read(content, "the manifest")
        assert time.process_time() - start < 20
        assert len(str(caught.value)) < 5_000

    def test_an_entry_of_the_shard_list_may_carry_checksum_and_size(self) -> None:
        plain = ShardReference(shard=0, uri="s3://abc/x", trades=3)
        assert write_shard_list((plain,)) == b'[{"shard":0,"uri":"s3://abc/x","trades":3}]'
        checked = ShardReference(shard=0, uri="s3://abc/x", trades=3, sha256="0" * 64, bytes=12)
        assert read_shard_list(write_shard_list((checked,)), "list") == (checked,)

    def test_a_shard_list_with_a_gap_is_refused(self) -> None:
        with pytest.raises(BadInputError, match="without a gap"):
            read_shard_list(b'[{"shard": 1, "uri": "s3://abc/x", "trades": 3}]', "the shard list")
