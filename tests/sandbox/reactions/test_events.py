"""From an object in a bucket to an execution, and the wiring mistakes after which it does not happen."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.reactions.world import World, eventually

DONE: dict[str, Any] = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
TRANSFORMER = {
    "InputPathsMap": {"key": "$.detail.object.key", "version": "$.detail.object.version-id"},
    "InputTemplate": '{"origin": "event", "manifest": {"key": <key>, "version": <version>}}',
}


def pattern(bucket: str, key: str = "incoming/*/manifest.json") -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"wildcard": key}]}},
    }


def wired(world: World, bucket: str, *, role: str | None = None, event_pattern: dict[str, Any] | None = None) -> str:
    """A rule from the bucket to a machine; returns the machine's ARN."""
    machine = world.machine(DONE)
    world.rule(
        event_pattern or pattern(bucket),
        {
            "Arn": machine,
            "RoleArn": role or world.role("starter", "events.amazonaws.com"),
            "InputTransformer": TRANSFORMER,
        },
    )
    return machine


def put(world: World, bucket: str, key: str = "incoming/2026-11-20/manifest.json") -> str:
    answer = world.client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}")
    world.sandbox.get("settle")
    return str(answer.get("VersionId"))


def test_an_object_starts_an_execution_with_what_the_transformer_makes(world: World) -> None:
    bucket = world.bucket()
    machine = wired(world, bucket)
    version = put(world, bucket)
    (execution,) = eventually(lambda: world.executions(machine, "SUCCEEDED"))
    execution_details = world.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(execution_details["input"]) == {
        "origin": "event",
        "manifest": {"key": "incoming/2026-11-20/manifest.json", "version": version},
    }


def test_another_key_starts_nothing(world: World) -> None:
    bucket = world.bucket()
    machine = wired(world, bucket)
    put(world, bucket, "incoming/2026-11-20/trades-1.csv")
    assert world.executions(machine) == []


def test_without_the_buckets_switch_nothing_happens(world: World) -> None:
    bucket = world.bucket(eventbridge=False)
    machine = wired(world, bucket)
    put(world, bucket)
    assert world.executions(machine) == []
    assert world.timeline_lines(bucket) == []


def test_a_wrong_pattern_matches_nothing(world: World) -> None:
    bucket = world.bucket()
    machine = wired(world, bucket, event_pattern={**pattern(bucket), "detail-type": ["ObjectCreated"]})
    put(world, bucket)
    assert world.executions(machine) == []


def test_a_disabled_rule_does_nothing(world: World) -> None:
    bucket = world.bucket()
    machine = wired(world, bucket)
    world.client("events").disable_rule(Name=f"rule-{world.name}")
    put(world, bucket)
    assert world.executions(machine) == []


def test_an_unversioned_bucket_gives_no_version_and_the_input_is_no_json(world: World) -> None:
    bucket = world.bucket(versioned=False)
    machine = wired(world, bucket)
    put(world, bucket)
    assert world.executions(machine) == []
    assert world.timeline_lines(f"rule-{world.name}", "makes no JSON")


@pytest.mark.parametrize(
    ("exists", "why"), [(True, "not authorized to perform: sts:AssumeRole"), (False, "does not exist")]
)
def test_a_role_that_events_cannot_assume_sends_the_event_to_the_dead_letters(
    world: World, exists: bool, why: str
) -> None:
    bucket = world.bucket()
    role = world.role("starter", "events.amazonaws.com")
    letters_url, letters_arn = world.queue("letters")
    machine = world.machine(DONE)
    target = {"Arn": machine, "RoleArn": role, "InputTransformer": TRANSFORMER}
    rule = world.rule(pattern(bucket), {**target, "DeadLetterConfig": {"Arn": letters_arn}})
    world.distrust(role)
    if not exists:
        iam = world.client("iam")
        iam.delete_role_policy(RoleName=f"starter-{world.name}", PolicyName="all")
        iam.delete_role(RoleName=f"starter-{world.name}")
    put(world, bucket)
    (letter,) = eventually(lambda: world.messages(letters_url))
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["RULE_ARN"].endswith(rule) and attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert why in attributes["ERROR_MESSAGE"]
    assert json.loads(letter["Body"])["detail"]["bucket"]["name"] == bucket
    assert world.executions(machine) == []


def test_a_target_that_is_gone_is_a_dead_letter_and_counts(world: World) -> None:
    letters_url, letters_arn = world.queue("letters")
    gone = world.arn("states", "stateMachine:gone")
    target = {"Arn": gone, "RoleArn": world.role("starter", "events.amazonaws.com")}
    rule = world.rule({"source": [world.name]}, {**target, "DeadLetterConfig": {"Arn": letters_arn}})
    world.client("events").put_events(Entries=[{"Source": world.name, "DetailType": "Any", "Detail": '{"a": 1}'}])
    (letter,) = eventually(lambda: world.messages(letters_url))
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"
    world.sandbox.get("settle")
    for name, count in (("MatchedEvents", 1), ("FailedInvocations", 1), ("InvocationsSentToDlq", 1)):
        assert total(world, "AWS/Events", name, RuleName=rule) == count, name


def total(world: World, namespace: str, name: str, **dimensions: str) -> float:
    """Sum of a metric over the last day."""
    now = datetime.fromisoformat(world.sandbox.get("clock")["now"])
    span = timedelta(hours=12)
    points = world.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - span,
        EndTime=now + span,
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def test_an_executions_end_is_an_event(world: World) -> None:
    machine = world.machine({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Batch.No", "Cause": "why"}}})
    url, arn = world.queue("ends")
    world.rule(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
        },
        {"Arn": arn},
    )
    execution = world.started(machine)
    (message,) = eventually(lambda: world.messages(url))
    detail = json.loads(message["Body"])["detail"]
    assert (detail["executionArn"], detail["status"], detail["error"], detail["cause"]) == (
        execution,
        "FAILED",
        "Batch.No",
        "why",
    )


def test_an_execution_acts_with_its_machines_role_or_not_at_all(world: World) -> None:
    topic, inbox = world.subscribed_topic()
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": topic, "Message": "hello"},
        "End": True,
    }
    definition = {"StartAt": "Say", "States": {"Say": publish}}
    world.ended(world.started(world.machine(definition)))
    assert [json.loads(one["Body"])["Message"] for one in eventually(lambda: world.messages(inbox))] == ["hello"]
    role = world.role("distrusted", "states.amazonaws.com")
    wrong = world.machine(definition, "wrong", role)
    world.distrust(role)
    ended = world.ended(world.started(wrong))
    assert ended["status"] == "FAILED"
    assert "sts:AssumeRole" in ended["cause"]


@pytest.mark.parametrize(
    ("level", "types"), [("ALL", {"ExecutionStarted", "ExecutionFailed"}), ("FATAL", {"ExecutionFailed"})]
)
def test_an_execution_writes_its_log(world: World, level: str, types: set[str]) -> None:
    logs, group = world.client("logs"), f"/aws/vendedlogs/states/{world.name}"
    logs.create_log_group(logGroupName=group)
    arn = f"{world.arn('logs', f'log-group:{group}')}:*"
    sfn = world.client("stepfunctions")
    machine = world.machine(
        {"StartAt": "End", "States": {"End": {"Type": "Fail", "Error": "Batch.No", "Cause": "none"}}}
    )
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
    sfn.update_state_machine(
        stateMachineArn=machine,
        loggingConfiguration={"level": level, "includeExecutionData": False, "destinations": destinations},
    )
    world.ended(world.started(machine, {"secret": "data"}))

    def written() -> list[dict[str, str]]:
        """The lines, once those of the types are among them: they arrive one after the other."""
        events = logs.filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(event["message"]) for event in events]
        return lines if types <= {line["type"] for line in lines} else []

    lines = eventually(written)
    assert (level == "FATAL") == (len(lines) == 1)
    assert "secret" not in json.dumps(lines)
