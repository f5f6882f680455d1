"""`RedriveExecution`: an execution that ended in a Fail state goes on there, and fails once more.

That is what AWS does with such an execution, and all that the interpreter can do: it cannot go on in the middle of one.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.clock import Clock
from sandbox.reactions.hooks import replace

NOT_REDRIVABLE = "Execution is not redrivable: its status is {status}."


class ExecutionNotRedrivableError(AWSError):
    """The execution runs, or has succeeded."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


def install(clock: Clock, announce: Callable[[Execution, ExecutionStatus], None]) -> None:
    """Answers the call, and says how often an execution was redriven; `announce` sends its status as an event and a
    metric.
    """
    describe = StepFunctionResponse.describe_execution

    def redrive_execution(response: StepFunctionResponse) -> str:
        arn = response._get_param("executionArn")
        execution: Any = response.stepfunction_backend.describe_execution(arn)
        status = execution.exec_status
        if status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
            raise ExecutionNotRedrivableError(NOT_REDRIVABLE.format(status=status.value))
        if not _ended_in_a_fail_state(execution):
            raise NotImplementedError("of an execution that did not end in a Fail state")
        execution.redrive_count = redrives(execution) + 1
        execution.exec_status = ExecutionStatus.RUNNING
        announce(execution, ExecutionStatus.RUNNING)
        execution.exec_status = ExecutionStatus.FAILED
        execution.stop_date = clock.now()
        announce(execution, ExecutionStatus.FAILED)
        return json.dumps({"redriveDate": clock.now().timestamp()})

    def describe_execution(response: StepFunctionResponse) -> ActionResult:
        answer = describe(response)
        execution: Any = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        return ActionResult({**answer.result, "redriveCount": redrives(execution)})  # type: ignore[dict-item]

    replace(StepFunctionResponse, "describe_execution", describe_execution)
    StepFunctionResponse.redrive_execution = redrive_execution  # type: ignore[attr-defined]  # moto has no such action


def redrives(execution: Execution) -> int:
    """How often the execution was redriven."""
    return int(getattr(execution, "redrive_count", 0))


def _ended_in_a_fail_state(execution: Execution) -> bool:
    entered = [event["type"] for event in execution.to_history_output()["events"] if event["type"].endswith("Entered")]
    return execution.exec_status is ExecutionStatus.FAILED and entered[-1:] == ["FailStateEntered"]
