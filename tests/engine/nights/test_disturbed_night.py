"""One night with everything that may come in between: a bad shard, a corrected manifest, a deployment in its middle.

It prints the timeline: what people did, between what the account did (docs/failure-matrix.md, "A disturbed night").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from batchctl import cli
from batchctl.errors import OK, PROBLEM, OperatorError
from tests.engine.conftest import Engine
from tests.engine.nights.night import FRIDAY, REGION, Night, configure, deployed_night, eventually

SETTINGS = {
    "batch-platform:platform": {"teardown": False},
    "batch-platform:jobs": {
        "data-ingestion": {"environment": {"BATCH_SHARD_SIZE": "25"}},
        "risk-calculation": {"environment": {"BATCH_SCENARIOS": "1000"}},
        "report-generation": {"retry": {"backoffSeconds": 600, "capacityAttempts": 20}},
    },
}
"""A portfolio of 200 trades is some eight shards; a report that finds no room is waited for as long as a deployment."""
RISK, REPORT = "risk-calculation", "report-generation"
_REPEATS = re.compile("^aws[.].*(ECS Task|Execution|Alarm).* Change: |^rule .*(ECS Task|Alarm) State Change")
_IDENTIFIER = re.compile(r"\b([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_DETAIL = re.compile(r"arn:aws:states:[^:]*:\d+:execution:|: Threshold Crossed.*|: Essential container in task exited")


@dataclass
class People:
    """What people did, to be printed between what the account did."""

    night: Night
    outputs: Path
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        self.lines.append((self.night.sandbox.get("clock")["now"], "PEOPLE", what))


@pytest.fixture(scope="module")
def night(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The dev stack with small shards, whose revisions outlive a deployment."""
    with deployed_night(engine, tmp_path_factory, SETTINGS) as one:
        yield one


@pytest.mark.timeout(2400)
def test_a_night_with_a_bad_shard_a_corrected_manifest_and_a_deployment(
    night: Night, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in night.sandbox.environment(REGION).items():
        monkeypatch.setenv(name, value)
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(night.outputs), encoding="utf-8")
    people, begin = People(night, outputs), len(night.sandbox.get("timeline"))

    try:
        _disturbed(night, people)
    finally:
        lines = night.sandbox.get(f"timeline?since={begin}")
        with capsys.disabled():
            _print(lines, people.lines)
    assert [line["what"] for line in lines if "FAULT" in line["what"] or "NOT EMULATED" in line["what"]] == []


def _disturbed(night: Night, people: People) -> None:
    first, resumed = _bad_shard(night, people)
    second, newer = _corrected_manifest(night, people, first, resumed)
    old, new = _deployment(night, people, newer)

    ended = night.run_of(second, 600)
    assert ended["status"] == "SUCCEEDED", ended
    assert {task["taskDefinitionArn"] for task in _tasks(night, REPORT)} == {old}
    assert _marker(night)["run_id"] == ended["name"]
    assert (night.ledger(first)["status"], night.ledger(second)["status"]) == ("SUPERSEDED", "SUCCEEDED")
    assert night.hears("succeeded", str(FRIDAY))
    retired = json.loads(_ask("retire-revisions", "--stack", "dev", "--json").output)["retired"]
    people(f"the pipeline: batchctl retire-revisions deregisters {len(retired)}")
    assert old in retired and new not in retired


def _bad_shard(night: Night, people: People) -> tuple[str, str]:
    """A shard fails the run; resumed, it computes no finished shard again. The manifest's version, the execution."""
    people("the client sends the manifest")
    version = night.send(FRIDAY)
    eventually(lambda: len(_tasks(night, RISK)) >= 3, 300)
    night.expect(RISK, "exit-code", exit_code=65)
    failed = night.run_of(version, 600)
    assert (failed["status"], failed.get("error")) == ("FAILED", "Batch.BadInput"), failed
    eventually(lambda: all(task["lastStatus"] == "STOPPED" for task in _tasks(night, RISK)), 300)
    run_id, before = failed["name"], _results(night, failed["name"])
    listed = _shards(night, run_id)
    assert before and set(before) < set(listed), "some shards are finished, one is not"
    assert night.hears("FAILED", str(FRIDAY))

    _no_room_for_the_report(night)
    earlier = len(_tasks(night, RISK))
    people(f"an operator: batchctl resume; {len(before)} of {len(listed)} shards are finished")
    resumed = json.loads(_ask("resume", "--json", "--outputs", str(people.outputs)).output)["arn"]
    eventually(lambda: _is_waiting(night, resumed), 600)
    after = _results(night, run_id)
    assert set(after) == set(listed)
    assert {shard: after[shard] for shard in before} == before, "a finished shard was computed again"
    assert len(_tasks(night, RISK)) - earlier == len(listed) - len(before)
    return version, resumed


def _corrected_manifest(night: Night, people: People, first: str, resumed: str) -> tuple[str, str]:
    """A newer manifest closes and stops the resumed run. Its version, its execution, which waits for its report."""
    people("the client sends a corrected manifest")
    version = night.send(FRIDAY, trades=300)
    eventually(lambda: night.ledger(first).get("status") == "SUPERSEDED", 300)
    eventually(lambda: _status(night, resumed) == "ABORTED", 300)
    night.sandbox.post("outcomes", clear=True)
    _no_room_for_the_report(night)
    newer = eventually(lambda: next((e for e in night.executions() if version in e["input"]), None), 300)
    eventually(lambda: _is_waiting(night, newer["executionArn"]), 600)
    return version, str(newer["executionArn"])


def _deployment(night: Night, people: People, newer: str) -> tuple[str, str]:
    """The pipeline would wait; a person deploys all the same. The report's revision before and after."""
    night.sandbox.post("clock", speed=1)
    refusal = _ask("wait-for-run", "--stack", "dev", "--refuse")
    assert isinstance(refusal.exception, OperatorError) and refusal.exception.code == PROBLEM
    people("the pipeline: batchctl wait-for-run --refuse ends with 1, a run is under way")
    people("somebody deploys all the same: pulumi up, more memory for the report")
    engine, old = night.deployed.engine, night.outputs["taskDefinitionArns"]
    configure(engine, {"batch-platform:jobs": {REPORT: {"memory": 3072}}})
    engine.run("up", "--yes", "--skip-preview", "--stack", "dev")
    new = engine.outputs("dev")["taskDefinitionArns"]
    assert new[REPORT] != old[REPORT]
    assert _status(night, newer) == "RUNNING"
    people("the deployment has ended; Fargate has room again")
    night.sandbox.post("outcomes", clear=True)
    night.sandbox.post("clock", advance=1200)
    night.sandbox.post("clock", speed=20)
    return str(old[REPORT]), str(new[REPORT])


def _ask(*words: str) -> Result:
    done = CliRunner().invoke(cli.app, [*words])
    assert done.exit_code in (OK, PROBLEM), done.output
    return done


def _no_room_for_the_report(night: Night) -> None:
    night.expect(REPORT, "over-vcpu-quota", times=20)


def _tasks(night: Night, job: str) -> list[dict[str, Any]]:
    """Every task of a job that was started, running or stopped."""
    ecs, cluster = night.client("ecs"), night.outputs["clusterName"]
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, family=f"task-{job}-dev", desiredStatus=status)["taskArns"]
    ]
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []


def _results(night: Night, run_id: str) -> dict[int, str]:
    """By shard: the version of its result, which another computation would change."""
    s3, bucket = night.client("s3"), night.outputs["outputBucketName"]
    answer = s3.list_object_versions(Bucket=bucket, Prefix=f"results/{run_id}/shard-")
    versions: dict[int, str] = {}
    for one in answer.get("Versions", []):
        number = int(one["Key"].rpartition("shard-")[2].removesuffix(".risk"))
        assert number not in versions, f"{one['Key']} was written twice"
        versions[number] = one["VersionId"]
    return versions


def _shards(night: Night, run_id: str) -> list[int]:
    body = night.client("s3").get_object(Bucket=night.outputs["outputBucketName"], Key=f"shards/{run_id}/shards.json")[
        "Body"
    ]
    return [line["shard"] for line in json.loads(body.read())]


def _marker(night: Night) -> dict[str, Any]:
    body = night.client("s3").get_object(Bucket=night.outputs["outputBucketName"], Key=f"reports/{FRIDAY}/_SUCCESS")
    return dict(json.loads(body["Body"].read()))


def _status(night: Night, arn: str) -> str:
    return str(night.client("stepfunctions").describe_execution(executionArn=arn)["status"])


def _is_waiting(night: Night, arn: str) -> bool:
    """Whether the run has come as far as a report for which there is no room."""
    pages = night.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    events = sorted((event for page in pages for event in page["events"]), key=lambda event: int(event["id"]))
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    return bool(entered) and entered[-1] == f"{REPORT}: wait"


def _print(lines: list[dict[str, str]], people: list[tuple[str, str, str]]) -> None:
    """Both in order of time, without the events that repeat what their service said; identifiers cut to 8 digits."""
    services = [
        (line["time"], line["source"], _brief(line["what"])) for line in lines if not _REPEATS.search(line["what"])
    ]
    print(f"\nThe night of {FRIDAY}:")
    for time, source, what in sorted([*services, *people], key=lambda line: line[0]):
        print(f"  {time[11:19]} {source:10} {what[:100]}")


def _brief(what: str) -> str:
    return _DETAIL.sub("", _IDENTIFIER.sub(r"\1", what)).replace("family:", "")
