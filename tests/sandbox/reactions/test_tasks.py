"""Tasks: processes with an image's entry point, and the mistakes after which a task does not start."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.reactions.cluster import Cluster
from tests.sandbox.reactions.world import World, eventually


def test_a_task_runs_logs_and_ends(cluster: Cluster) -> None:
    task = cluster.stopped(cluster.run(BATCH_WHO="me"))
    (container,) = task["containers"]
    assert (task["stopCode"], container["exitCode"]) == ("EssentialContainerExited", 0)
    lines = eventually(cluster.lines)
    assert json.loads(lines[0])["who"] == "me"
    assert lines[1] == "scratch True"


def test_an_exit_code_is_the_containers(cluster: Cluster) -> None:
    task = cluster.stopped(cluster.run(EXIT="65"))
    assert task["containers"][0].get("exitCode") == 65, task


def test_its_states_are_events(world: World, cluster: Cluster) -> None:
    url, arn = world.queue("states")
    world.rule(
        {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": {"clusterArn": [cluster.arn]}},
        {"Arn": arn},
    )
    task = cluster.run()
    cluster.stopped(task)
    world.sandbox.get("settle")
    details = [json.loads(message["Body"])["detail"] for message in world.messages(url)]
    assert {detail["taskArn"] for detail in details} == {task}
    assert [d["lastStatus"] for d in sorted(details, key=lambda d: d["version"])] == [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "STOPPED",
    ]


def test_a_failed_container_matches_a_pattern_below_a_list(world: World, cluster: Cluster) -> None:
    url, arn = world.queue("failed")
    world.rule(
        {
            "source": ["aws.ecs"],
            "detail": {
                "clusterArn": [cluster.arn],
                "lastStatus": ["STOPPED"],
                "$or": [{"containers": {"exitCode": [{"anything-but": [0]}]}}, {"stopCode": ["TaskFailedToStart"]}],
            },
        },
        {"Arn": arn},
    )
    cluster.stopped(cluster.run())
    failed = cluster.stopped(cluster.run(EXIT="1"))
    world.sandbox.get("settle")
    assert [json.loads(one["Body"])["detail"]["taskArn"] for one in world.messages(url)] == [failed["taskArn"]]


@pytest.mark.parametrize(
    ("command", "status"),
    [(["CMD-SHELL", "exit 0"], "HEALTHY"), (["CMD", "python", "-c", "raise SystemExit(1)"], "UNHEALTHY")],
)
def test_its_health_is_what_the_definitions_command_says(timed: World, command: list[str], status: str) -> None:
    cluster = Cluster(timed)
    cluster.task_definition = cluster.register(
        health_check={"command": command, "interval": 5, "retries": 1, "timeout": 20}, STAY="1"
    )
    arn = cluster.run(STAY="1")
    eventually(lambda: cluster.task(arn)["lastStatus"] == "RUNNING" and cluster.lines())
    assert cluster.task(arn)["healthStatus"] == "UNKNOWN"

    def checked() -> bool:
        timed.sandbox.post("clock", advance=6)
        return bool(cluster.task(arn)["healthStatus"] != "UNKNOWN")

    eventually(checked)
    task = cluster.task(arn)
    assert (task["healthStatus"], task["containers"][0]["healthStatus"]) == (status, status)
    timed.client("ecs").stop_task(cluster=cluster.arn, task=arn)
    cluster.stopped(arn)


def test_a_stopped_task_gets_its_signal(cluster: Cluster) -> None:
    arn = cluster.run(STAY="1")
    eventually(lambda: cluster.task(arn)["lastStatus"] == "RUNNING" and cluster.lines())
    cluster.world.client("ecs").stop_task(cluster=cluster.arn, task=arn, reason="enough")
    task = cluster.stopped(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 143


def test_the_job_has_its_task_roles_credentials(world: World, cluster: Cluster) -> None:
    script = cluster.world.folder / f"job-{world.name}.py"
    script.write_text("import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])", encoding="utf-8")
    cluster.stopped(cluster.run())
    (line,) = eventually(cluster.lines)
    assert f":assumed-role/task-{world.name}/" in line


def test_a_missing_image_is_not_found(cluster: Cluster) -> None:
    cluster.task_definition = cluster.register(tag="release-2")
    task = cluster.stopped(cluster.run())
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError") and "not found" in task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]


def test_a_missing_log_group_fails_the_start(cluster: Cluster) -> None:
    cluster.world.client("logs").delete_log_group(logGroupName=cluster.log_group)
    assert "failed to validate logger args" in cluster.stopped(cluster.run())["stoppedReason"]


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("ecr.api", "unable to pull secrets or registry auth"),
        ("ecr.dkr", "CannotPullContainerError"),
        ("logs", "failed to validate logger args"),
    ],
)
def test_without_an_endpoint_the_task_cannot_start(cluster: Cluster, service: str, reason: str) -> None:
    cluster.world.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[cluster.endpoints[service]])
    task = cluster.stopped(cluster.run())
    assert task["stopCode"] == "TaskFailedToStart" and reason in task["stoppedReason"]


def test_without_a_route_to_s3_the_image_cannot_be_pulled(cluster: Cluster) -> None:
    cluster.world.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[cluster.gateway])
    assert "CannotPullContainerError" in cluster.stopped(cluster.run())["stoppedReason"]


def test_endpoints_that_do_not_let_the_task_in_are_out_of_reach(cluster: Cluster) -> None:
    group = cluster.endpoints_group
    cluster.world.client("ec2").revoke_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "UserIdGroupPairs": [{"GroupId": cluster.tasks_group}],
            }
        ],
    )
    assert "ResourceInitializationError" in cluster.stopped(cluster.run())["stoppedReason"]


def test_a_deregistered_revision_starts_nothing(cluster: Cluster) -> None:
    cluster.world.client("ecs").deregister_task_definition(taskDefinition=cluster.task_definition)
    with pytest.raises(ClientError, match="inactive"):
        cluster.run()


def test_a_workflow_runs_a_task_to_its_end(world: World, cluster: Cluster) -> None:
    machine = world.machine({"StartAt": "Run", "States": {"Run": cluster.run_task_state()}})
    ended = world.ended(world.started(machine, {"who": "workflow"}))
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["Containers"][0]["ExitCode"] == 0
    assert json.loads(cluster.lines()[0])["who"] == "workflow"


def test_a_failing_task_fails_the_state_with_the_task_as_the_cause(world: World, cluster: Cluster) -> None:
    cluster.task_definition = cluster.register(EXIT="65")
    machine = world.machine({"StartAt": "Run", "States": {"Run": cluster.run_task_state()}})
    ended = world.ended(world.started(machine, {"who": "workflow"}))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(ended["cause"])
    assert cause["StopCode"] == "EssentialContainerExited" and cause["Containers"][0]["ExitCode"] == 65


def test_a_stopped_execution_stops_its_task(world: World, cluster: Cluster) -> None:
    cluster.task_definition = cluster.register(STAY="1")
    machine = world.machine({"StartAt": "Run", "States": {"Run": cluster.run_task_state()}})
    execution = world.started(machine, {"who": "workflow"})
    eventually(cluster.lines)
    world.client("stepfunctions").stop_execution(executionArn=execution, error="Operator", cause="enough")
    assert world.ended(execution)["status"] == "ABORTED"
    (arn,) = world.client("ecs").list_tasks(cluster=cluster.arn)["taskArns"]
    assert "Step Functions" in cluster.stopped(arn)["stoppedReason"]


def test_a_task_that_outlasts_its_states_timeout_is_stopped(world: World, cluster: Cluster) -> None:
    cluster.task_definition = cluster.register(STAY="1")
    state = cluster.run_task_state(TimeoutSeconds=3)
    machine = world.machine({"StartAt": "Run", "States": {"Run": state}})
    ended = world.ended(world.started(machine, {"who": "workflow"}))
    assert (ended["status"], ended.get("error")) == ("FAILED", "States.Timeout")
    (arn,) = world.client("ecs").list_tasks(cluster=cluster.arn)["taskArns"]
    cluster.stopped(arn)


@pytest.mark.parametrize(
    ("outcome", "error", "cause"),
    [
        ({"kind": "throttled"}, "ECS.ThrottlingException", "Rate exceeded"),
        ({"kind": "over-vcpu-quota"}, "ECS.ClientException", "limit on the number of vCPUs"),
        ({"kind": "no-capacity"}, "ECS.ClientException", "Capacity is unavailable"),
        ({"kind": "spot-interruption"}, "States.TaskFailed", "SpotInterruption"),
        ({"kind": "exit-code", "exit_code": 75}, "States.TaskFailed", '"ExitCode":75'),
        ({"kind": "never-starts"}, "States.TaskFailed", "TaskFailedToStart"),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)
def test_an_end_that_a_test_asks_for(
    world: World, cluster: Cluster, outcome: dict[str, object], error: str, cause: str
) -> None:
    world.sandbox.post("outcomes", job="job", **outcome)
    machine = world.machine({"StartAt": "Run", "States": {"Run": cluster.run_task_state()}})
    ended = world.ended(world.started(machine, {"who": "workflow"}))
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert cause in ended["cause"]


def test_an_unknown_outcome_is_refused_with_a_valid_one(world: World) -> None:
    with pytest.raises(Exception, match="400"):
        world.sandbox.post("outcomes", job="job", kind="explodes")
