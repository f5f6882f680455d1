"""Runs a definition on moto's Step Functions interpreter; only this package reaches into it.

It starts an execution without a server and fills what the interpreter leaves open: JSONata and failures (`language`),
`ecs:runTask.sync` answered by a callable, batches and tolerated failures of a Distributed Map, and time. `ItemBatcher`
and `ResultWriter`, which the parser does not read in JSONata mode, are taken out of the text and carried out by a hook;
nothing else of the definition is touched. The imports are private because moto offers no public way to run a
definition; when it changes, `tests/workflow/` fails here first.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
from botocore.response import StreamingBody
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
from moto.stepfunctions.parser.asl.eval.event import event_detail
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import Execution as InterpreterExecution

from . import distributed_map, language
from .executions import Execution, Machine, RunTaskRequest, StartRefused, TaskNeverEnds, TaskResult, WindowEnds

POLL_SECONDS = 0.005
_details: Any = event_detail.EventDetails
"""Typed as if every kind of event had every detail."""


def execute(workflow: Machine, run_input: Mapping[str, Any], name: str) -> Execution:
    """Runs `workflow` on `run_input` to its end."""
    # it logs every failure that a test asks for, with the whole program
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    definition = copy.deepcopy(dict(workflow.definition))
    spreads = distributed_map.taken_out(definition)
    program = _parsed(json.dumps(definition))
    prefix = f"arn:aws:states:{workflow.region}:{workflow.account}"
    machine: Any = SimpleNamespace(
        arn=f"{prefix}:stateMachine:{workflow.name}",
        name=workflow.name,
        sm_type=api.StateMachineType.STANDARD,
        definition="",
    )
    started: Any = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # as AWS writes it
    running: Any = InterpreterExecution(
        name=name,
        sm_type=machine.sm_type,
        role_arn=f"arn:aws:iam::{workflow.account}:role/local",
        exec_arn=f"{prefix}:execution:{workflow.name}:{name}",
        account_id=workflow.account,
        region_name=workflow.region,
        state_machine=machine,
        start_date=started,
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=json.dumps(run_input),
    )
    window = _Window()
    with _hooks(workflow, program, spreads, window):
        running.start()
        while running.exec_status == api.ExecutionStatus.RUNNING:
            time.sleep(POLL_SECONDS)
    window.noticed.set()
    return Execution(
        name=name,
        arn=running.exec_arn,
        status=running.exec_status.value,
        output=running.output,
        error=running.error,
        cause=running.cause,
        history=running.to_history_output()["events"],
    )


@functools.lru_cache(maxsize=32)
def _parsed(definition: str) -> Any:
    """The program; parsing takes seconds, and the program holds no state of an execution."""
    return AmazonStateLanguageParser.parse(definition)[0]


class _Window:
    """The machine's own timeout, which is over when a task says so and not when time has passed."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.noticed = threading.Event()
        """The execution has ended by it."""


def _evaluate_within(window: _Window) -> Any:
    """What the interpreter's program does, whose timeout is seconds of this machine's clock; branches have none."""

    def evaluate(self: Any, env: Any) -> None:
        env.next_state_name = self.start_at.start_at_name
        worker = threading.Thread(target=EvalComponent.eval, args=(self, env), daemon=True)
        worker.start()
        while worker.is_alive() and (env.is_frame() or not window.over.is_set()):
            worker.join(POLL_SECONDS)
        if worker.is_alive():
            env.set_timed_out()

    return evaluate


@contextlib.contextmanager
def _hooks(
    workflow: Machine, program: Any, spreads: Mapping[str, distributed_map.DistributedMapFields], window: _Window
) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for target, attribute, replacement in (
            (execution_worker.ExecutionWorker, "_get_evaluation_entrypoint", lambda self: program),
            (Program, "eval", _evaluate_within(window)),
            (boto_client, "boto3", SimpleNamespace(client=_client_at(workflow))),
            (retrier_decl, "time", SimpleNamespace(sleep=lambda s: time.sleep(s * workflow.seconds))),
            (wait_function.WaitFunction, "_wait_interval", _wait(workflow)),
            (state_task_service_aws_sdk.StateTaskServiceAwsSdk, "_eval_service_task", _text_bodies()),
            (state_task_service_ecs.StateTaskServiceEcs, "_get_supported_parameters", lambda self: None),
            (
                state_task_service_ecs.StateTaskServiceEcs,
                "_validate_service_integration_is_supported",
                lambda self: None,
            ),
            (state_task_service_ecs.StateTaskServiceEcs, "_eval_service_task", _run_task(workflow, window)),
            (state_task_service_ecs.StateTaskServiceEcs, "_build_sync_resolver", _ended),
            # what goes wrong in a branch may have one of AWS's own names, which the interpreter refuses to hand on
            (branches_decl, "CustomErrorName", ErrorName),
            (iteration_worker, "CustomErrorName", ErrorName),
            *language.hooks(),
            *distributed_map.hooks(spreads),
        ):
            stack.enter_context(mock.patch.object(target, attribute, replacement))
        yield


def _client_at(workflow: Machine) -> Any:
    def client(**arguments: Any) -> Any:
        if workflow.endpoint_url:
            arguments["endpoint_url"] = workflow.endpoint_url
        return boto3.client(**arguments)

    return client


def _wait(workflow: Machine) -> Any:
    def interval(self: Any, env: Any, wait_seconds: float) -> None:
        if workflow.on_wait:
            workflow.on_wait()
        env.program_state_event.wait(wait_seconds * workflow.seconds)

    return interval


def _text_bodies() -> Any:
    """AWS hands an object's body over as text; the interpreter leaves the stream.

    Step Functions' own API takes and gives names that begin with a small letter; AWS's integration and the definition
    write them with a capital, and the interpreter hands them on unchanged.
    """
    original = state_task_service_aws_sdk.StateTaskServiceAwsSdk._eval_service_task

    def evaluate(self: Any, env: Any, **arguments: Any) -> None:
        if self.resource.api_name == "sfn":
            task_input = arguments["normalised_parameters"]
            arguments["normalised_parameters"] = {
                name[0].lower() + name[1:]: value for name, value in task_input.items()
            }
        original(self, env=env, **arguments)
        answer = env.stack[-1]
        if self.resource.api_name == "sfn":
            answer = env.stack[-1] = {name[0].upper() + name[1:]: value for name, value in answer.items()}
        for key, value in answer.items():
            if isinstance(value, StreamingBody):
                answer[key] = value.read().decode()

    return evaluate


def _run_task(workflow: Machine, window: _Window) -> Any:
    def evaluate(self: Any, env: Any, normalised_parameters: dict[str, Any], **_: Any) -> None:
        override = normalised_parameters["Overrides"]["ContainerOverrides"][0]
        request = RunTaskRequest(
            job=override["Name"],
            environment={pair["Name"]: pair["Value"] for pair in override["Environment"]},
            capacity_provider=normalised_parameters["CapacityProviderStrategy"][0]["CapacityProvider"],
            task_definition=normalised_parameters["TaskDefinition"],
            arguments=normalised_parameters,
        )
        try:
            env.stack.append(_description(request, workflow.run_task(request)))
        except TaskNeverEnds as error:
            raise TimeoutError from error
        except WindowEnds as error:
            window.over.set()
            window.noticed.wait()
            raise TimeoutError from error
        except StartRefused as refusal:
            raise _failure(self, env, refusal.error, refusal.cause) from refusal

    return evaluate


def _description(request: RunTaskRequest, result: TaskResult) -> dict[str, Any]:
    """A stopped task, as `.sync` describes it."""
    container: dict[str, Any] = {"Name": request.job, "LastStatus": "STOPPED"}
    if result.exit_code is not None:
        container["ExitCode"] = result.exit_code
    return {
        "CapacityProviderName": request.capacity_provider,
        "Containers": [{"Name": "aws-guardduty-agent", "ExitCode": 0}, container],
        "LastStatus": "STOPPED",
        "StopCode": result.stop_code,
        "StoppedReason": result.stopped_reason,
        "TaskDefinitionArn": request.task_definition,
    }


def _ended(self: Any, env: Any, **_: Any) -> Any:
    """`.sync` fails the state unless every container ended with 0."""
    task = env.stack.pop()
    if task["StopCode"] == "EssentialContainerExited" and all(c.get("ExitCode") == 0 for c in task["Containers"]):
        return lambda: task

    def fail() -> None:
        raise _failure(self, env, "States.TaskFailed", json.dumps(task, separators=(",", ":")))

    return fail


def _failure(service: Any, env: Any, error: str, cause: str) -> FailureEventException:
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=ErrorName(error),
            event_type=api.HistoryEventType.TaskFailed,
            event_details=_details(
                taskFailedEventDetails=api.TaskFailedEventDetails(
                    error=error,
                    cause=cause,
                    resource=service._get_sfn_resource(),
                    resourceType=service._get_sfn_resource_type(),
                )
            ),
        )
    )
