"""A setting that cannot be is refused by the real engine before the first resource."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.conftest import Engine


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("batch-platform:jobs.risk-calculation.cpu", "300", "jobs.risk-calculation.cpu = 300"),
        ("batch-platform:network.zones", "9", "network.zones = 9"),
        ("batch-platform:network.cidr", "10.0.0.0/29", "network.cidr"),
    ],
)
def test_a_bad_setting_is_refused_before_the_first_resource(
    engine: Engine, tmp_path: Path, path: str, value: str, says: str
) -> None:
    """One readable message, no traceback, and not one resource in the state."""
    own_state = replace(engine, environment={**engine.environment, "PULUMI_BACKEND_URL": tmp_path.as_uri()})
    own_state.run("stack", "init", "bad")
    own_state.run("config", "set", "aws:region", "us-east-1", "--stack", "bad")
    own_state.run("config", "set", "--path", path, value, "--stack", "bad")
    refused = own_state.run("up", "--yes", "--skip-preview", "--stack", "bad", check=False)
    (engine.directory / "Pulumi.bad.yaml").unlink()
    printed = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert says in printed and "Traceback" not in printed
    assert "aws:" not in own_state.run("stack", "export", "--stack", "bad").stdout
