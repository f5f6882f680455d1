"""`batchctl push`."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from batchctl.errors import UNREACHABLE
from tests.batchctl.operate.account import Account, ask, refused


class TestPush:
    def test_without_docker_it_is_one_message(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("batchctl.operate.push._commit", lambda: "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d")
        monkeypatch.setattr("subprocess.run", _no_program)
        error = refused(ask(account, "push", "data-ingestion"))
        assert error.code == UNREACHABLE
        assert "docker" in str(error)

    def test_a_docker_that_fails_is_one_sentence_with_a_way_out(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(command: Any, **_: Any) -> Any:
            raise subprocess.CalledProcessError(1, command, stderr="Cannot connect to the Docker daemon\n")

        monkeypatch.setattr("batchctl.operate.push._commit", lambda: "3cc9de9f4c1b2a7d8e6f5a4b3c2d1e0f9a8b7c6d")
        monkeypatch.setattr("subprocess.run", failing)
        message = str(refused(ask(account, "push", "data-ingestion")))
        assert "Cannot connect to the Docker daemon" in message
        assert "docker info" in message
        assert "[" not in message, "no Python list"
        assert "non-zero exit status" not in message

    def test_unknown_job(self, account: Account) -> None:
        assert "Jobs: data-ingestion" in str(refused(ask(account, "push", "nope")))


def _no_program(command: Any, **_: Any) -> Any:
    raise FileNotFoundError(2, "No such file or directory", command[0])
