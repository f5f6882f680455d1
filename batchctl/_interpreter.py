"""The one place that reaches into moto's Step Functions interpreter.

Owns: starting an execution without a server, and the hooks that fill what the interpreter leaves open: JSONata without a
Java machine, `ecs:runTask.sync` answered by a callable, batches and tolerated failures of a Distributed Map, and time.
Refuses: changing the definition's meaning. `ItemBatcher` and `ResultWriter`, which the parser does not read in JSONata mode,
are taken out of the text and carried out by a hook; nothing else of the definition is touched.
Why private imports: moto offers no public way to run a definition; when it changes, `tests/workflow/` fails here first.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import jsonata
from botocore.response import StreamingBody
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.jsonata import jsonata as interpreter_jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import Execution as InterpreterExecution

from . import local_workflow

if TYPE_CHECKING:
    from .local_workflow import Execution, LocalWorkflow

POLL_SECONDS = 0.005


class _Batch(list[Any]):
    """Items that one child execution of a Distributed Map gets together."""


@dataclass(frozen=True, kw_only=True)
class _Spread:
    """The fields of a Distributed Map that the parser does not take in JSONata mode."""

    batch: int
    writer: Mapping[str, str]
    """Arguments of the ResultWriter: Bucket and Prefix, as they stand in the definition."""


def execute(workflow: LocalWorkflow, given: Mapping[str, Any], name: str) -> Execution:
    """Runs `workflow` on `given` to its end."""
    definition = copy.deepcopy(dict(workflow.definition))
    if "TimeoutSeconds" in definition:
        definition["TimeoutSeconds"] = max(1, round(definition["TimeoutSeconds"] * workflow.timeout_scale))
    spreads = _taken_out(definition)
    program = _parsed(json.dumps(definition))
    prefix = f"arn:aws:states:{workflow.region}:{workflow.account}"
    machine = SimpleNamespace(
        arn=f"{prefix}:stateMachine:{workflow.name}",
        name=workflow.name,
        sm_type=api.StateMachineType.STANDARD,
        definition="",
    )
    running = InterpreterExecution(
        name=name,
        sm_type=machine.sm_type,
        role_arn=f"arn:aws:iam::{workflow.account}:role/local",
        exec_arn=f"{prefix}:execution:{workflow.name}:{name}",
        account_id=workflow.account,
        region_name=workflow.region,
        state_machine=machine,
        start_date=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=json.dumps(given),
    )
    with _hooks(workflow, program, spreads):
        running.start()
        while running.exec_status == api.ExecutionStatus.RUNNING:
            time.sleep(POLL_SECONDS)
    return local_workflow.Execution(
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


def _taken_out(block: dict[str, Any]) -> dict[str, _Spread]:
    """Takes out of `block` what the parser cannot read, and gives it by the Map's label, for `_map_run` to carry out."""
    taken: dict[str, _Spread] = {}
    for state in block["States"].values():
        if "ItemReader" in state:
            taken[state["Label"]] = _Spread(
                batch=state.pop("ItemBatcher")["MaxItemsPerBatch"], writer=state.pop("ResultWriter")["Arguments"]
            )
        for inner in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())):
            taken |= _taken_out(inner)
    return taken


@contextlib.contextmanager
def _hooks(workflow: LocalWorkflow, program: Any, spreads: Mapping[str, _Spread]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for target, attribute, replacement in (
            (execution_worker.ExecutionWorker, "_get_evaluation_entrypoint", lambda self: program),
            (interpreter_jsonata, "_eval_jsonata", _evaluate),
            (boto_client, "boto3", SimpleNamespace(client=_client_at(workflow))),
            (retrier_decl, "time", SimpleNamespace(sleep=lambda s: time.sleep(s * workflow.seconds))),
            (wait_function.WaitFunction, "_wait_interval", _wait(workflow.seconds)),
            (state_task_service_aws_sdk.StateTaskServiceAwsSdk, "_eval_service_task", _text_bodies()),
            (state_task_service_ecs.StateTaskServiceEcs, "_get_supported_parameters", lambda self: None),
            (
                state_task_service_ecs.StateTaskServiceEcs,
                "_validate_service_integration_is_supported",
                lambda self: None,
            ),
            (state_task_service_ecs.StateTaskServiceEcs, "_eval_service_task", _run_task(workflow)),
            (state_task_service_ecs.StateTaskServiceEcs, "_build_sync_resolver", _ended),
            (distributed_iteration_component.DistributedIterationComponent, "_map_run", _map_run(spreads)),
            (
                distributed_item_processor_worker.DistributedItemProcessorWorker,
                "_eval_input",
                _batched_input(),
            ),
        ):
            stack.enter_context(mock.patch.object(target, attribute, replacement))
        yield


def _evaluate(expression: str) -> Any:
    try:
        return jsonata.Jsonata(expression).evaluate(None)
    except Exception as error:
        raise interpreter_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _client_at(workflow: LocalWorkflow) -> Any:
    def client(**arguments: Any) -> Any:
        if workflow.endpoint_url:
            arguments["endpoint_url"] = workflow.endpoint_url
        return boto3.client(**arguments)

    return client


def _wait(seconds: float) -> Any:
    def interval(self: Any, env: Any, wait_seconds: float) -> None:
        env.program_state_event.wait(wait_seconds * seconds)

    return interval


def _text_bodies() -> Any:
    """AWS hands an object's body over as text; the interpreter leaves the stream."""
    original = state_task_service_aws_sdk.StateTaskServiceAwsSdk._eval_service_task

    def evaluate(self: Any, env: Any, **arguments: Any) -> None:
        original(self, env=env, **arguments)
        answer = env.stack[-1]
        for key, value in answer.items():
            if isinstance(value, StreamingBody):
                answer[key] = value.read().decode()

    return evaluate


def _run_task(workflow: LocalWorkflow) -> Any:
    def evaluate(self: Any, env: Any, normalised_parameters: dict[str, Any], **_: Any) -> None:
        override = normalised_parameters["Overrides"]["ContainerOverrides"][0]
        request = local_workflow.RunTaskRequest(
            job=override["Name"],
            environment={pair["Name"]: pair["Value"] for pair in override["Environment"]},
            capacity_provider=normalised_parameters["CapacityProviderStrategy"][0]["CapacityProvider"],
            task_definition=normalised_parameters["TaskDefinition"],
            arguments=normalised_parameters,
        )
        try:
            env.stack.append(_description(request, workflow.run_task(request)))
        except local_workflow.TaskNeverEnds as error:
            raise TimeoutError from error
        except local_workflow.StartRefused as refusal:
            raise _failure(self, env, refusal.error, refusal.cause) from refusal

    return evaluate


def _description(request: local_workflow.RunTaskRequest, result: local_workflow.TaskResult) -> dict[str, Any]:
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
            error_name=CustomErrorName(error),
            event_type=api.HistoryEventType.TaskFailed,
            event_details=EventDetails(
                taskFailedEventDetails=api.TaskFailedEventDetails(
                    error=error,
                    cause=cause,
                    resource=service._get_sfn_resource(),
                    resourceType=service._get_sfn_resource_type(),
                )
            ),
        )
    )


def _map_run(spreads: Mapping[str, _Spread]) -> Any:
    """Batches before the items are handed out; results written and failures counted after they have ended."""
    original = distributed_iteration_component.DistributedIterationComponent._map_run

    def run(self: Any, env: Any, eval_input: Any) -> None:
        items, spread, record = env.stack.pop(), spreads[eval_input.label], eval_input.map_run_record
        env.stack.append([_Batch(items[i : i + spread.batch]) for i in range(0, len(items), spread.batch)])
        original(self, env=env, eval_input=eval_input)
        _write_results(env, spread.writer, record, env.stack[-1])
        total = record.execution_counter.total.get()
        lost = total - record.execution_counter.succeeded.get()
        if lost * 100 > eval_input.tolerated_failure_percentage * total:
            error = "States.ExceedToleratedFailureThreshold"
            raise FailureEventException(
                FailureEvent(
                    env=env,
                    error_name=CustomErrorName(error),
                    event_type=api.HistoryEventType.MapRunFailed,
                    event_details=EventDetails(
                        mapRunFailedEventDetails=api.MapRunFailedEventDetails(
                            error=error, cause="The specified tolerated failure threshold was exceeded"
                        )
                    ),
                )
            )

    return run


def _write_results(env: Any, writer: Mapping[str, str], record: Any, outputs: list[Any]) -> None:
    """Results and manifest under the writer's prefix; a child that failed has no output here."""
    place = {}
    for name, value in writer.items():
        if value.startswith("{%"):
            string_expression.StringJSONata(value[2:-2].strip()).eval(env)
            value = env.stack.pop()
        place[name] = value
    folder = f"{place['Prefix'].rstrip('/')}/{record.map_run_arn.rpartition(':')[2]}"
    s3 = boto_client.boto_client_for(region=env.aws_execution_details.region, service="s3")
    results, manifest = f"{folder}/SUCCEEDED_0.json", f"{folder}/manifest.json"
    succeeded = [{"Output": json.dumps(output)} for output in outputs if output is not None]
    for key, body in (
        (results, succeeded),
        (manifest, {"MapRunArn": record.map_run_arn, "ResultFiles": {"SUCCEEDED": [{"Key": results}]}}),
    ):
        s3.put_object(Bucket=place["Bucket"], Key=key, Body=json.dumps(body).encode())


def _batched_input() -> Any:
    """Selects item by item, as AWS does, and hands the child `{"Items": […]}`."""
    worker = distributed_item_processor_worker.DistributedItemProcessorWorker
    original = worker._eval_input

    def evaluate(self: Any, env_frame: Any) -> None:
        context = env_frame.states.context_object.context_object_data
        batch = context["Map"]["Item"]["Value"]
        if not isinstance(batch, _Batch):
            original(self, env_frame=env_frame)
            return
        selected = []
        for item in batch:
            context["Map"]["Item"]["Value"] = item
            original(self, env_frame=env_frame)
            selected.append(env_frame.states.get_input())
        env_frame.states.reset(input_value={"Items": selected})

    return evaluate
