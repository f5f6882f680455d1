"""The variables of the contract: everything that is wrong in one message."""

import os
from pathlib import Path

import pytest

from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import ExitCode, UsageError
from batch_runtime.layout import S3Uri
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
