"""Seeds for the rules of Step Functions."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import NO_ROLE
from tests.sandbox.strict.seeds import ABSENT, Seed, seed


def _machine(states: dict[str, Any], start: str = "A", **members: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": start, "States": states, **members})}


_END = {"Type": "Succeed"}


_TASK = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}


_CREATE_MACHINE = (
    "CreateStateMachine",
    lambda a: {"name": a.name(), "roleArn": a.states_role, **_machine({"A": _TASK})},
)


def _logging(**members: Any) -> dict[str, Any]:
    return {"loggingConfiguration": {"level": "ALL", **members}}


def _one_state(**state: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": "A", "States": {"A": {"End": True, **state}}})}


_PUBLISH = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"Message": "m"}}


SEEDS: Final[list[Seed]] = [
    seed("stepfunctions.name_taken", *_CREATE_MACHINE, {"name": "machine"}),
    seed("stepfunctions.name", *_CREATE_MACHINE, {"name": "with space"}, {"name": "a*b"}, {"name": "a/b"}),
    seed(
        "stepfunctions.definition",
        *_CREATE_MACHINE,
        {"definition": "{"},
        {"definition": "{}"},
        _machine({"A": _TASK}, start="B"),
        _machine({"A": {**_TASK, "End": ABSENT} | {"End": False, "Next": "B"}}),
        _machine({"A": _TASK, "B": _END}),
        _machine({"A": {"Type": "Tusk", "End": True}}),
        _machine({"A": {"Type": "Task", "End": True}}),
        _machine({"A": {**_TASK, "Resource": "runTask"}}),
        _machine({"A": {**_TASK, "Next": "A"}}),
        _machine({"A": {"Type": "Pass"}}),
        _machine({"A": {"Type": "Wait", "End": True}}),
        _machine({"A": {"Type": "Choice", "Choices": []}}),
        _machine({"A": {**_END, "End": True}}),
        _machine({"A": {**_TASK, "Catch": [{"ErrorEquals": ["States.ALL"]}]}}),
        _machine({"A": {**_TASK, "Retry": [{"ErrorEquals": ["States.ALL", "States.Timeout"]}]}}),
        _machine({"A": {**_TASK, "Arguments": {}}}),
        _machine({"A": {**_TASK, "Parameters": {}}}, QueryLanguage="JSONata"),
        _machine({"A": {**_TASK, "Arguments": "{% $x"}}, QueryLanguage="JSONata"),
        _machine({"A": _TASK}, QueryLanguage="JMESPath"),
        _machine({"A": {**_TASK, "Resource": "arn:aws:states:::ecs:runTusk.sync"}}),
        _machine({"A": {**_TASK, "Resource": "arn:aws:states:::aws-sdk:s3:headObjekt"}}),
        _machine({"A": {**_TASK, "Colour": "red"}}),
        _machine({"A": {**_TASK, "TimeoutSeconds": 0}}),
        _machine({"A": {**_TASK, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}}),
        _machine({"A": {"Type": "Wait", "Seconds": -1, "End": True}}),
        _machine({"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}}),
        _machine({"A": {"Type": "Pass", "End": True, "Output": "{% $x( %}"}}, QueryLanguage="JSONata"),
        _machine({"A": {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "X", "States": {}}}}),
        _machine({"A": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": "X", "States": {"Y": _END}}]}}),
    ),
    seed(
        "stepfunctions.logging",
        *_CREATE_MACHINE,
        _logging(),
        lambda a: _logging(destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": a.log_group}}]),
        _logging(
            destinations=[
                {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/none:*"}}
            ]
        ),
    ),
    seed("stepfunctions.role", *_CREATE_MACHINE, lambda a: {"roleArn": a.events_role}, {"roleArn": NO_ROLE}),
    seed(
        "stepfunctions.execution_input",
        "StartExecution",
        lambda a: {"stateMachineArn": a.machine, "input": "{}"},
        {"input": "{"},
    ),
    seed(
        "stepfunctions.definition",
        "CreateStateMachine",
        lambda a: {
            "name": a.name(),
            "roleArn": a.states_role,
            **_one_state(
                **_PUBLISH, ResultPath="$.a['b c'][0]", Retry=[{"ErrorEquals": ["States.TaskFailed", "My.Error"]}]
            ),
        },
        _one_state(**_PUBLISH, ResultPath="$.a[*]"),
        _one_state(**_PUBLISH, ResultPath="$..a"),
        _one_state(**_PUBLISH, Retry=[{"ErrorEquals": ["States.TimedOut"]}]),
        _one_state(Type="Parallel", Branches=[{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]),
        _one_state(Type="Map", ItemProcessor={"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
    ),
    seed("stepfunctions.name", "StartExecution", lambda a: {"stateMachineArn": a.machine}, {"name": "a b"}),
]
