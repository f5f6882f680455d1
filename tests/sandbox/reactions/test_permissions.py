"""With policies evaluated, what the account does by itself needs permissions like anybody's calls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import server
from tests.sandbox.reactions.cluster import Cluster
from tests.sandbox.reactions.test_events import DONE, TRANSFORMER, pattern, put
from tests.sandbox.reactions.world import World, eventually

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on PATH: policies were not evaluated")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Sandbox]:
    with server.running(log=tmp_path_factory.mktemp("judged") / "server.log", permissions=True) as running:
        yield running
        assert [line["what"] for line in running.get("timeline") if "FAULT" in line["what"]] == []


@pytest.fixture
def strange(judged: server.Sandbox, tmp_path: Path) -> World:
    return World(judged, tmp_path)


@pytest.mark.parametrize("allowed", ["states:StartExecution", "states:DescribeExecution"])
def test_a_starter_needs_the_start(strange: World, allowed: str) -> None:
    bucket, machine = strange.bucket(), strange.machine(DONE)
    statements = [{"Effect": "Allow", "Action": allowed, "Resource": machine}]
    role = strange.role("starter", "events.amazonaws.com", statements)
    letters_url, letters_arn = strange.queue("letters")
    source = strange.arn("events", f"rule/rule-{strange.name}")
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": letters_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    strange.client("sqs").set_queue_attributes(
        QueueUrl=letters_url,
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]})},
    )
    target = {"Arn": machine, "RoleArn": role, "InputTransformer": TRANSFORMER}
    strange.rule(pattern(bucket), {**target, "DeadLetterConfig": {"Arn": letters_arn}})
    put(strange, bucket)
    if allowed == "states:StartExecution":
        assert eventually(lambda: strange.executions(machine, "SUCCEEDED"))
        return
    (letter,) = eventually(lambda: strange.messages(letters_url))
    assert (
        "is not authorized to perform: states:StartExecution"
        in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    )
    assert strange.executions(machine) == []


def test_a_dead_letter_queue_that_lets_nobody_in_loses_the_event(strange: World) -> None:
    letters_url, letters_arn = strange.queue("letters")
    machine = strange.machine(DONE)
    role = strange.role("starter", "events.amazonaws.com", [{"Effect": "Deny", "Action": "*", "Resource": "*"}])
    bucket = strange.bucket()
    strange.rule(pattern(bucket), {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": letters_arn}})
    put(strange, bucket)
    assert strange.messages(letters_url) == []
    assert strange.timeline_lines(f"rule-{strange.name}", "does not take the event")


def test_a_machine_needs_what_its_definition_does(strange: World) -> None:
    topic, inbox = strange.subscribed_topic()
    state = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
    state["Arguments"] = {"TopicArn": topic, "Message": "hello"}
    role = strange.role("mute", "states.amazonaws.com", [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    ended = strange.ended(strange.started(strange.machine({"StartAt": "Say", "States": {"Say": state}}, role=role)))
    assert ended["status"] == "FAILED" and "sns:Publish" in ended["cause"]
    assert strange.messages(inbox) == []


@pytest.mark.parametrize("denied", ["iam:PassRole", "ecs:RunTask"])
def test_a_machine_without_a_right_to_the_task_starts_none(strange: World, denied: str) -> None:
    cluster = Cluster(strange)
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": denied, "Resource": "*"},
    ]
    role = strange.role("runner", "states.amazonaws.com", statements)
    machine = strange.machine({"StartAt": "Run", "States": {"Run": cluster.run_task_state()}}, role=role)
    ended = strange.ended(strange.started(machine, {"who": "nobody"}))
    assert (ended["status"], ended["error"]) == ("FAILED", "ECS.AccessDeniedException")
    assert denied in ended["cause"]
    assert strange.client("ecs").list_tasks(cluster=cluster.arn)["taskArns"] == []


def test_an_execution_role_that_may_not_pull_fails_the_start(strange: World) -> None:
    cluster = Cluster(strange)
    strange.client("iam").put_role_policy(
        RoleName=cluster.execution_role.rpartition("/")[2],
        PolicyName="all",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
        ),
    )
    task = cluster.stopped(cluster.run())
    assert task["stopCode"] == "TaskFailedToStart"
    assert "ecr:GetAuthorizationToken" in task["stoppedReason"]
