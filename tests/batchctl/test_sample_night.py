"""The sample night: for the next business date, truthful, and to the ingestion job's taste."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batchctl import cli
from batchctl import project as projects
from batchctl.errors import OperatorError
from batchctl.operate import sample_night
from batchctl.program import stack_settings
from tests.jobs.conftest import emulated, images, night  # noqa: F401 - fixtures
from tests.jobs.harness import Night

FRIDAY_NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_it_is_for_the_next_business_date_and_the_manifest_tells_the_truth(tmp_path: Path) -> None:
    sample = sample_night.write(tmp_path / "night", "dev", trades=101, now=FRIDAY_NIGHT)
    assert sample.business_date == "2026-11-23", "the weekend has none"
    manifest = json.loads((tmp_path / "night" / sample.files[-1]).read_text())
    assert manifest["business_date"] == sample.business_date
    assert [promise["key"] for promise in manifest["files"]] == list(sample.files[:-1])
    assert sum(promise["rows"] for promise in manifest["files"]) == 101
    for promise in manifest["files"]:
        content = (tmp_path / "night" / promise["key"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == promise["sha256"]
        assert len(content.splitlines()) == promise["rows"] + 1


def test_its_date_starts_a_run_by_itself(tmp_path: Path) -> None:
    """Otherwise the manifest would be held (`workflow.start`)."""
    start = stack_settings(projects.find().stack("dev")).workflow.start
    sample = sample_night.write(tmp_path / "night", "dev", trades=1, now=FRIDAY_NIGHT)
    ahead = datetime.fromisoformat(sample.business_date).date() - FRIDAY_NIGHT.date()
    assert -start.max_age_days <= ahead.days <= start.max_ahead_days


def test_the_ingestion_job_takes_every_row(tmp_path: Path, night: Night) -> None:  # noqa: F811
    sample = sample_night.write(tmp_path / "night", "dev", trades=400, now=FRIDAY_NIGHT)
    night.upload(tmp_path / "night")
    uri = f"s3://{night.input_bucket}/{sample.files[-1]}"
    outcome = night.run("data-ingestion", BATCH_BUSINESS_DATE=sample.business_date, BATCH_MANIFEST_URI=uri)
    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    (summary,) = [content for key, content in night.outputs().items() if key.endswith("summary.json")]
    assert {"trades": 400, "quarantined": 0}.items() <= json.loads(summary).items()


def test_the_command_says_how_to_go_on(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["sample-night", "--out", str(tmp_path / "night"), "--trades", "10"])
    assert result.exit_code == 0, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("aws s3 cp")]
    assert len(lines) == 2
    assert "--exclude '*manifest.json'" in lines[0]
    assert lines[1].startswith(f"aws s3 cp {tmp_path}/night/incoming/"), "the manifest goes last"
    assert "batchctl status --stack dev" in result.output


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(OperatorError, match="is not empty: name a folder that does not exist"):
        sample_night.write(tmp_path, "dev", trades=10)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
