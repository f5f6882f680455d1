"""`ecs:runTask.sync`: an execution starts a task with its role, follows it to its end, and stops what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session
from moto.ecs.models import ecs_backends
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from sandbox.reactions.account import ACCOUNT_ID, Account
from sandbox.reactions.hooks import replace
from sandbox.workflow import interpreter

STARTED_BY = "AWS Step Functions"
"""No caller of RunTask may use this name, which has spaces."""
_ECS = get_session().get_service_model("ecs")


def install(account: Account) -> None:
    """Takes the place of the interpreter's integration, which heeds neither exit codes nor strategies."""
    wait = StateTaskServiceEcs._eval_sync

    def run(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], **_: Any) -> None:
        ecs: Any = boto_client_for(region=resource_runtime_part.region, service="ecs")
        normalised_parameters.pop("StartedBy", None)  # the interpreter's, set below
        self._to_boto_request(normalised_parameters, _ECS.operation_model("RunTask").input_shape)
        answer = ecs.run_task(**normalised_parameters)
        if answer["failures"] or not answer["tasks"]:
            self._from_boto_response(answer, _ECS.operation_model("RunTask").output_shape)
            answer.pop("ResponseMetadata", None)
            raise interpreter._failure(self, env, "AmazonECS.Unknown", json.dumps(answer, default=str))
        (task,) = answer["tasks"]
        backend = ecs_backends[ACCOUNT_ID][resource_runtime_part.region]
        backend.tasks[task["clusterArn"].rpartition("/")[2]][task["taskArn"]].started_by = STARTED_BY
        env.stack.append({"Tasks": [{"TaskArn": task["taskArn"], "ClusterArn": task["clusterArn"]}]})

    def resolver(self: Any, env: Any, resource_runtime_part: Any, **_: Any) -> Any:
        (submitted,) = env.stack.pop()["Tasks"]
        ecs: Any = boto_client_for(region=resource_runtime_part.region, service="ecs")
        named = {"cluster": submitted["ClusterArn"], "tasks": [submitted["TaskArn"]]}

        def look() -> dict[str, Any] | None:
            answer = ecs.describe_tasks(**named)
            (task,) = answer["tasks"]
            if task["lastStatus"] != "STOPPED":
                return None
            self._from_boto_response(answer, _ECS.operation_model("DescribeTasks").output_shape)
            return _judged(self, env, json.loads(json.dumps(answer["Tasks"][0], default=str)))

        def stop() -> None:
            ecs.stop_task(cluster=named["cluster"], task=submitted["TaskArn"], reason="Task stopped by Step Functions")

        look.stop = stop  # type: ignore[attr-defined]
        return look

    def follow(self: Any, env: Any, sync_resolver: Any, **others: Any) -> Any:
        with account.waiting(execution_of(env)):
            ended = wait(self, env=env, sync_resolver=sync_resolver, **others)
        if not isinstance(ended, dict):  # no task: the execution was stopped, or the state's timeout is the outcome
            try:
                sync_resolver.stop()
            except ClientError as error:
                account.tell("states", f"could not stop the task of an execution that ended: {error}")
        return ended

    replace(StateTaskServiceEcs, "_get_supported_parameters", lambda self: None)
    replace(StateTaskServiceEcs, "_validate_service_integration_is_supported", lambda self: None)
    replace(StateTaskServiceEcs, "_eval_service_task", run)
    replace(StateTaskServiceEcs, "_build_sync_resolver", resolver)
    replace(StateTaskServiceEcs, "_eval_sync", follow)
    replace(StateTaskServiceEcs, "_from_error", _from_error(StateTaskServiceEcs._from_error))


def _from_error(otherwise: Callable[..., FailureEvent]) -> Callable[..., FailureEvent]:
    """How the integration words a refusal of ECS; anything else goes to `otherwise`."""

    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            code, message = ex.response["Error"]["Code"], ex.response["Error"]["Message"]
            error = f"ECS.{code}" if code.endswith("Exception") else f"ECS.{code}Exception"
            cause = (
                f"{message} (Service: AmazonECS; Status Code: {ex.response['ResponseMetadata']['HTTPStatusCode']}; "
                f"Error Code: {code}; Proxy: null)"
            )
            return interpreter._failure(self, env, error, cause).failure_event
        return otherwise(self, env=env, ex=ex)

    return from_error


def execution_of(env: Any) -> str:
    """ARN of the execution that `env` belongs to."""
    return str(env.states.context_object.context_object_data["Execution"]["Id"])


def _judged(service: Any, env: Any, task: dict[str, Any]) -> dict[str, Any]:
    """The stopped task when every container ended with 0; otherwise raises `States.TaskFailed` with it as the cause."""
    ended = task.get("StopCode") == "EssentialContainerExited"
    if ended and all(container.get("ExitCode") == 0 for container in task["Containers"]):
        return task
    raise interpreter._failure(service, env, "States.TaskFailed", json.dumps(task, separators=(",", ":")))
