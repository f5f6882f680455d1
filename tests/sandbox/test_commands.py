"""`batchctl sandbox`, by its own processes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from batchctl.errors import PROBLEM, OperatorError
from sandbox import commands
from sandbox.server import free_port


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home for the state of this test's account, which is ended whatever happens."""
    monkeypatch.setattr(commands, "FOLDER", tmp_path)
    yield tmp_path
    if record := commands.running():
        os.kill(record.pid, 9)


def invoke(*words: str) -> str:
    done = CliRunner().invoke(commands.app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_account_from_up_to_down(folder: Path) -> None:
    record = folder / "calls.jsonl"
    output = invoke("up", "--port", str(free_port()), "--record", str(record))
    variables = dict(line.removeprefix("export ").split("=", 1) for line in output.splitlines())
    assert output == invoke("env")
    ecr = boto3.client(
        "ecr",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    ecr.create_repository(repositoryName="repository-risk-calculation-dev")
    assert "sha256:" in invoke("push", "risk-calculation")
    assert invoke("clock", "--set", "2026-11-23T13:30:00Z").startswith("2026-11-23T13:30")
    assert variables["AWS_ENDPOINT_URL"] in invoke("status")
    with pytest.raises(OperatorError, match="runs already"):
        invoke("up")
    with pytest.raises(OperatorError, match=r"pulumi up --stack dev"):
        invoke("push", "data-ingestion")
    with pytest.raises(OperatorError, match="Dockerfile does not exist"):
        invoke("push", "no-such-job")
    calls = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [(call["operation"], call["verdict"]) for call in calls] == [
        ("CreateRepository", "answered"),
        ("DescribeRepositories", "answered"),
        ("PutImage", "answered"),
        ("DescribeRepositories", "refused"),
    ]
    assert "is down" in invoke("down")
    assert CliRunner().invoke(commands.app, ["status"]).exit_code == PROBLEM


@pytest.mark.parametrize("command", ["env", "down", "clock"])
def test_without_an_account_a_command_says_how_to_start_one(folder: Path, command: str) -> None:
    with pytest.raises(OperatorError, match="batchctl sandbox up"):
        invoke(command)


def test_a_port_that_is_taken_is_said(folder: Path) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(OperatorError, match="choose another one"):
            invoke("up", "--port", str(listener.getsockname()[1]))
