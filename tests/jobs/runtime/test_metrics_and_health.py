"""Metrics are one line, and the health check is a process that imports little."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

from batch_runtime import health
from batch_runtime.metrics import Metrics, Unit
from tests.jobs.harness import Night


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
        units = {"Seconds", "Count", "Megabytes", "Count/Second"}
        assert {str(unit) for unit in Unit} <= units


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
