"""`batchctl verify --by-property` reads a preview with refresh: what differs, is gone, too much, or was not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchctl.project import Project
from batchctl.verify import Outcome, drift

QUEUE = "aws:sqs/queue:Queue"


def step(op: str, says: dict[str, Any] | None, is_now: dict[str, Any] | None, *reasons: str) -> dict[str, Any]:
    """A step as `pulumi preview --refresh --json` prints it (seen with 3.259)."""

    def state(inputs: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if inputs is None else {"type": QUEUE, "inputs": {"__defaults": [], **inputs}, "outputs": inputs}

    urn = f"urn:pulumi:dev::p::{QUEUE}::start"
    return {"op": op, "urn": urn, "oldState": state(is_now), "newState": state(says), "diffReasons": list(reasons)}


def outcomes(one: dict[str, Any]) -> list[tuple[Outcome, str]]:
    return [(check.outcome, f"{check.resource}: {check.says}; {check.observed}") for check in drift.of_step(one)]


def test_what_is_the_same_passes() -> None:
    assert [outcome for outcome, _ in outcomes(step("same", {"name": "q"}, {"name": "q"}))] == [Outcome.PASS]


def test_the_refresh_itself_says_nothing() -> None:
    """The CLI prints the state's values twice in it, whatever the provider read."""
    assert outcomes(step("refresh", {"name": "q"}, {"name": "q"})) == []


@pytest.mark.parametrize(
    ("says", "is_now", "line"),
    [
        ({"delaySeconds": 0}, {"delaySeconds": 5}, "delaySeconds is 0; found: 5"),
        ({"target": {"input": "{}"}}, {"target": {"input": "x"}}, "target.input is {}; found: x"),
        ({"tags": {"Team": "risk"}}, {"tags": {"Team": "other"}}, "tags.Team is risk; found: other"),
        ({"tags": {"Team": "risk"}}, {"tags": {}}, "tags.Team is risk; found: nothing"),
        ({"tags": {}}, {"tags": {"Team": "x"}}, "tags.Team is nothing; found: x"),
        ({"delaySeconds": 0}, {}, "delaySeconds is 0; found: nothing"),
        ({"names": ["a"]}, {"names": ["a", "b"]}, 'names is ["a"]; found: ["a", "b"]'),
        ({"policy": '{"A": 1, "B": {"C": 2}}'}, {"policy": '{"B":{"C":3},"A":1}'}, "policy.B.C is 2; found: 3"),
    ],
)
def test_a_property_that_differs_fails_by_its_path(says: dict[str, Any], is_now: dict[str, Any], line: str) -> None:
    assert outcomes(step("update", says, is_now, *says)) == [(Outcome.FAIL, f"start: {line}")]


def test_only_what_the_provider_finds_different_counts() -> None:
    """What `ignoreChanges` names, such as a service's count of tasks, is no reason of the engine."""
    both = step("update", {"delaySeconds": 0, "name": "q"}, {"delaySeconds": 5, "name": "r"}, "delaySeconds")
    assert outcomes(both) == [(Outcome.FAIL, "start: delaySeconds is 0; found: 5")]


def test_a_difference_that_cannot_be_seen_is_not_checkable() -> None:
    policies = '{"Version": "1", "Statement": []}', '{"Statement":[],"Version":"1"}'
    same = step("update", {"policy": policies[0]}, {"policy": policies[1]}, "policy")
    reason = "start: every property is read; the provider would change policy, and reads what the program says"
    assert outcomes(same) == [(Outcome.NOT_CHECKABLE, reason)]


def test_secrets_are_never_shown() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "hidden"}
    ((_, text),) = outcomes(step("update", {"value": secret}, {"value": "other"}, "value"))
    assert text == "start: value is [secret]; found: other"


def test_a_resource_that_is_gone_fails() -> None:
    assert outcomes(step("create", {"name": "q"}, None)) == [(Outcome.FAIL, "start: it is there; missing")]


def test_a_resource_that_no_program_registers_fails() -> None:
    line = "start: the program registers it; only the account and the state have it"
    assert outcomes(step("delete", None, {"name": "q"})) == [(Outcome.FAIL, line)]


def test_what_the_provider_does_not_read_is_listed() -> None:
    assert outcomes(step("same", {"name": "q", "forceDestroy": True}, {"name": "q"})) == [
        (Outcome.NOT_CHECKABLE, "start: every property is read; not read: forceDestroy")
    ]


def answer(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int = 0) -> tuple[Outcome, str]:
    """What the area says when the CLI prints the text and ends with the code."""
    command = folder / "pulumi"
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    (one,) = drift.checks("dev", Project(root=folder, name="p", defaults={}))
    return one.outcome, one.observed


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("error: no stack named 'dev' found", 255, "failed: error: no stack named 'dev' found"),
        (json.dumps({"diagnostics": [{"severity": "error", "message": "no credentials"}]}), 255, "no credentials"),
        (json.dumps({"steps": []}), 0, "names no resource of AWS"),
    ],
)
def test_an_engine_that_fails_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int, says: str
) -> None:
    outcome, observed = answer(tmp_path, monkeypatch, text, code)
    assert outcome is Outcome.NOT_CHECKABLE
    assert observed.startswith("`pulumi preview --refresh") and observed.endswith(says)


def test_without_cli_or_stack_it_is_not_checkable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    here = Project(root=tmp_path, name="p", defaults={})
    assert [(one.outcome, one.observed) for one in drift.checks("dev", here)] == [
        (Outcome.NOT_CHECKABLE, "there is no `pulumi` on PATH")
    ]
    assert [one.outcome for one in drift.checks(None, here)] == [Outcome.NOT_CHECKABLE]
