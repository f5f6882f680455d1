"""Step Functions: deployed state machines run on moto's interpreter, each call with the machine's role.

The interpreter's gaps (JSONata, batches of a Distributed Map, `ecs:runTask.sync`) are filled by the hooks of the local
workflow; here they are installed for good, and a task is a real call of `RunTask` that is followed to the task's end.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import ExecutionStatus, GetExecutionHistoryOutput, InvalidDefinition
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.evaluation_details import ExecutionDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from sandbox.reactions.account import Account, DeniedError
from sandbox.reactions.events.bus import Bus
from sandbox.reactions.hooks import replace
from sandbox.reactions.metrics import Metrics
from sandbox.reactions.states import execution_logs, execution_tasks, redrives
from sandbox.reactions.states.execution_tasks import execution_of
from sandbox.workflow import distributed_map, interpreter, language

SERVICE = "states.amazonaws.com"
NAMESPACE = "AWS/States"
_METRICS = {
    ExecutionStatus.SUCCEEDED: "ExecutionsSucceeded",
    ExecutionStatus.FAILED: "ExecutionsFailed",
    ExecutionStatus.TIMED_OUT: "ExecutionsTimedOut",
    ExecutionStatus.ABORTED: "ExecutionsAborted",
}
_CURRENT = threading.local()
"""The environment of the component that this thread evaluates."""
POLL_SECONDS = 0.05


class Executions:
    """Every execution of the account."""

    def __init__(self, account: Account, bus: Bus, metrics: Metrics) -> None:
        self._account, self._bus, self._metrics = account, bus, metrics
        self._credentials: dict[tuple[str, str], Any] = {}
        self._definitions: dict[str, str] = {}
        """Of each execution, by its ARN."""

    def install(self) -> None:
        """Makes moto execute state machines, and fills what its interpreter leaves open."""
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        replace(models.StepFunctionsParserBackend, "_validate_definition", staticmethod(_program))
        replace(
            ExecutionWorker,
            "_get_evaluation_entrypoint",
            lambda worker: _program(worker._evaluation_details.state_machine_details.definition)[0],
        )
        self._follow_executions()
        self._fill_language()
        self._pass_time()
        self._act_with_roles()
        redrives.install(self._account.clock, self._announce)

    def _follow_executions(self) -> None:
        """The start and the end of each execution are an event and a metric."""
        begin = models.StepFunctionsParserBackend.start_execution
        create, start, history = Execution.__init__, Execution.start, Execution.to_history_output
        terminated = BaseExecutionWorkerCommunication.terminated

        def created(execution: Execution, *arguments: Any, **named_arguments: Any) -> None:
            create(execution, *arguments, **named_arguments)
            execution.exec_status = ExecutionStatus.RUNNING  # it is listed before it is started

        def started(execution: Execution) -> None:
            self._account.busy()
            self._definitions[execution.exec_arn] = execution.state_machine.definition
            self._announce(execution, ExecutionStatus.RUNNING)
            start(execution)

        def ended(communication: BaseExecutionWorkerCommunication) -> None:
            try:
                terminated(communication)
                self._announce(communication.execution, communication.execution.exec_status)
                self._account.background(execution_logs.write, self._account, communication.execution)
            finally:
                self._account.idle()

        def history_output(execution: Execution) -> GetExecutionHistoryOutput:
            """Its history; an execution that is listed and not started yet has none."""
            return history(execution) if execution.exec_worker else GetExecutionHistoryOutput(events=[])

        def details(execution: Execution) -> ExecutionDetails:
            return ExecutionDetails(
                arn=execution.exec_arn,
                name=execution.name,
                role_arn=execution.role_arn,
                inpt=execution.input_data,
                start_time=_iso(execution.start_date),
            )

        def named(
            backend: Any, state_machine_arn: str, name: str | None = None, *rest: Any, **others: Any
        ) -> Execution:
            return begin(backend, state_machine_arn, name or str(uuid.uuid4()), *rest, **others)

        replace(models.StepFunctionsParserBackend, "start_execution", named)
        replace(Execution, "__init__", created)
        replace(Execution, "start", started)
        replace(Execution, "to_history_output", history_output)
        replace(Execution, "get_start_execution_details", details)
        replace(BaseExecutionWorkerCommunication, "terminated", ended)

    def _announce(self, execution: Execution, status: ExecutionStatus | None) -> None:
        assert status is not None, f"{execution.exec_arn} has no status"
        machine, region = execution.state_machine.arn, execution.region_name
        dimensions = {"StateMachineArn": machine}
        self._account.tell("states", f"{execution.state_machine.name} {execution.name} {status.value}{_why(execution)}")
        if status is ExecutionStatus.RUNNING:
            self._metrics.put(region, NAMESPACE, "ExecutionsStarted", dimensions, 1)
        else:
            for name in _METRICS.values():
                self._metrics.put(region, NAMESPACE, name, dimensions, int(name == _METRICS[status]))
            duration = _milliseconds(execution.stop_date) - _milliseconds(execution.start_date)
            self._metrics.put(region, NAMESPACE, "ExecutionTime", dimensions, duration, "Milliseconds")
        self._bus.publish(
            region,
            "aws.states",
            "Step Functions Execution Status Change",
            [execution.exec_arn],
            _detail(execution, machine, status),
        )

    def _fill_language(self) -> None:
        """JSONata and what the parser or the map leaves out of a Distributed Map."""
        for target, attribute, replacement in (
            *language.hooks(),
            (branches_decl, "CustomErrorName", ErrorName),
            (iteration_worker, "CustomErrorName", ErrorName),
            (StateTaskServiceAwsSdk, "_eval_service_task", interpreter._text_bodies()),
            *distributed_map.hooks(_SpreadsOfCurrent()),
        ):
            replace(target, attribute, replacement)
        run = DistributedIterationComponent._map_run

        def map_run(component: Any, env: Any, eval_input: Any) -> None:
            _CURRENT.definition = self._definitions[execution_of(env)]
            run(component, env=env, eval_input=eval_input)

        replace(DistributedIterationComponent, "_map_run", map_run)

    def _pass_time(self) -> None:
        """Waits and backoffs last as long as on the account's clock."""
        clock = self._account.clock

        def interval(_: WaitFunction, env: Any, wait_seconds: float) -> None:
            with self._account.waiting(execution_of(env)):
                clock.sleep(wait_seconds, lambda: not env.is_running())

        def sleep(seconds: float) -> None:
            with self._account.waiting(execution_of(_CURRENT.env)):
                clock.sleep(seconds, lambda: not _CURRENT.env.is_running())

        replace(WaitFunction, "_wait_interval", interval)
        replace(retrier_decl, "time", SimpleNamespace(sleep=sleep))
        replace(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", POLL_SECONDS)

    def _act_with_roles(self) -> None:
        """Every call of an execution is made with its machine's role."""
        evaluate = EvalComponent.eval

        def evaluated(component: EvalComponent, env: Any) -> None:
            _CURRENT.env = env
            evaluate(component, env)

        replace(EvalComponent, "eval", evaluated)
        replace(boto_client, "boto3", SimpleNamespace(client=self._client))
        execution_tasks.install(self._account)

    def _client(self, *, service_name: str, region_name: str, **_: Any) -> Any:
        role = _CURRENT.env.aws_execution_details.role_arn
        context = _CURRENT.env.states.context_object.context_object_data
        machine, name = context["StateMachine"]["Id"], context["Execution"]["Name"]
        key = (role, context["Execution"]["Id"])
        try:
            if key not in self._credentials:
                self._credentials[key] = self._account.assume(
                    role, SERVICE, region_name, source_arn=machine, session=str(name)[:64]
                )
        except DeniedError as error:
            answer: Any = {
                "Error": {"Code": "AccessDeniedException", "Message": error.message},
                "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "refused"},
            }
            raise ClientError(answer, "AssumeRole") from error
        return self._account.client(service_name, region_name, self._credentials[key])


class _SpreadsOfCurrent(Mapping[str, distributed_map.DistributedMapFields]):
    """The Distributed Maps of the machine that this thread runs, by label."""

    def __getitem__(self, label: str) -> distributed_map.DistributedMapFields:
        return _program(_CURRENT.definition)[1][label]

    def __iter__(self) -> Iterator[str]:
        return iter(_program(_CURRENT.definition)[1])

    def __len__(self) -> int:
        return len(_program(_CURRENT.definition)[1])


@functools.lru_cache(maxsize=64)
def _program(definition: str) -> tuple[Any, dict[str, distributed_map.DistributedMapFields]]:
    """The parsed program and its Distributed Maps; parsing takes seconds. Raises moto's `InvalidDefinition`."""
    try:
        loaded: dict[str, Any] = json.loads(definition)
        spreads = distributed_map.taken_out(loaded)
        return AmazonStateLanguageParser.parse(json.dumps(loaded))[0], spreads
    except Exception as error:
        raise InvalidDefinition(message=f"Invalid State Machine Definition: {error}") from error


def _iso(moment: Any) -> str:
    """As AWS writes the start of an execution."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(moment)


def _milliseconds(moment: Any) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1000)


def _why(execution: Execution) -> str:
    return f": {execution.error}: {str(execution.cause)[:300]}" if execution.error else ""


def _detail(execution: Execution, machine: str, status: ExecutionStatus) -> dict[str, Any]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
    is_over = status is not ExecutionStatus.RUNNING
    succeeded = status is ExecutionStatus.SUCCEEDED
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": machine,
        "name": execution.name,
        "status": status.value,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date) if is_over else None,
        "input": json.dumps(execution.input_data, separators=(",", ":")),
        "output": json.dumps(execution.output, separators=(",", ":")) if succeeded else None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": redrives.redrives(execution),
        "redriveDate": None,
        "redriveStatus": None,
        "redriveStatusReason": None,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if succeeded else None,
        "error": execution.error,
        "cause": execution.cause,
    }
