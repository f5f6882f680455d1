"""`batchctl verify --by-property` reads a refresh that changes nothing: what differs, is gone, or was not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batchctl.project import Project
from batchctl.verify import Outcome, drift

QUEUE = "aws:sqs/queue:Queue"


def step(was: dict[str, Any], there: dict[str, Any] | None, token: str = QUEUE, op: str = "refresh") -> dict[str, Any]:
    old = {"type": token, "inputs": {"__defaults": [], **was}, "outputs": was}
    new = None if there is None else {"type": token, "inputs": there, "outputs": there}
    return {"op": op, "urn": f"urn:pulumi:dev::p::{token}::start", "oldState": old, "newState": new}


def outcomes(one: dict[str, Any]) -> list[tuple[Outcome, str]]:
    return [(check.outcome, f"{check.resource}: {check.says}; {check.observed}") for check in drift.of_step(one)]


def test_what_is_the_same_passes() -> None:
    policy = '{"Version": "2012-10-17", "Statement": []}'
    same = {"name": "q", "delaySeconds": 0, "policy": policy, "names": ["a", "b"]}
    read = {"name": "q", "delaySeconds": "0", "policy": '{"Statement":[],"Version":"2012-10-17"}', "names": ["b", "a"]}
    assert [outcome for outcome, _ in outcomes(step(same, read))] == [Outcome.PASS]


@pytest.mark.parametrize(
    ("was", "there", "path"),
    [
        ({"delaySeconds": 0}, {"delaySeconds": 5}, "delaySeconds is 0"),
        ({"target": {"input": "{}"}}, {"target": {"input": "x"}}, "target.input is {}"),
        ({"tags": {"Team": "risk"}}, {"tags": {"Team": "other"}}, "tags.Team is risk"),
        ({"names": ["a"]}, {"names": ["a", "b"]}, 'names is ["a"]'),
    ],
)
def test_a_property_that_differs_fails_by_its_path(was: dict[str, Any], there: dict[str, Any], path: str) -> None:
    ((outcome, text),) = outcomes(step(was, there))
    assert outcome is Outcome.FAIL
    assert text.startswith(f"start: {path}; found: ")


@pytest.mark.parametrize("op", ["delete", "refresh"])
def test_a_resource_that_is_gone_fails(op: str) -> None:
    assert outcomes(step({"name": "q"}, None, op=op)) == [(Outcome.FAIL, "start: it is there; missing")]


def test_what_the_provider_does_not_read_is_listed() -> None:
    assert (Outcome.NOT_CHECKABLE, "start: every property is read; not read: forceDestroy") in outcomes(
        step({"name": "q", "forceDestroy": True}, {"name": "q"})
    )


def test_what_others_may_change_is_left_out() -> None:
    changed = step({"desiredCount": 0, "name": "s"}, {"desiredCount": 4, "name": "s"}, "aws:ecs/service:Service")
    assert [outcome for outcome, _ in outcomes(changed)] == [Outcome.PASS]


def test_without_cli_or_stack_it_is_not_checkable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    here = Project(root=tmp_path, name="p", defaults={})
    assert [(one.outcome, one.observed) for one in drift.checks("dev", here)] == [
        (Outcome.NOT_CHECKABLE, "there is no `pulumi` on PATH")
    ]
    assert [one.outcome for one in drift.checks(None, here)] == [Outcome.NOT_CHECKABLE]
