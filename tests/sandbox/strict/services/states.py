"""Requests to Step Functions."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.services.state_seeds import _CREATE_MACHINE, _logging, _machine

_PASS = {"Type": "Pass", "End": True}


_RUN = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}


def _states(**states: Any) -> dict[str, Any]:
    return _machine(states)


def _data(**states: Any) -> dict[str, Any]:
    return _machine(states, QueryLanguage="JSONata")


_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"


_MACHINE: Final = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}


def _definition(**states: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": next(iter(states)), "States": states})}


REQUESTS: Final[dict[str, list[Request]]] = {
    "stepfunctions": [
        request(
            "CreateStateMachine",
            _CREATE_MACHINE[1],
            no_json={"definition": "{"},
            no_start={"definition": json.dumps({"States": {"A": _PASS}})},
            other_start=_machine({"A": _PASS}, start="B"),
            no_states={"definition": json.dumps({"StartAt": "A", "States": {}})},
            kind=_states(A={"Type": "Job", "End": True}),
            no_kind=_states(A={"End": True}),
            nowhere=_states(A={"Type": "Pass"}),
            next=_states(A={"Type": "Pass", "Next": "B"}),
            both=_states(A={"Type": "Pass", "Next": "B", "End": True}, B={"Type": "Succeed"}),
            unreachable=_states(A=_PASS, B=_PASS),
            no_resource=_states(A={"Type": "Task", "End": True}),
            resource=_states(A={"Type": "Task", "Resource": "ecs:runTask", "End": True}),
            no_choices=_states(A={"Type": "Choice", "Choices": []}),
            choice_next=_states(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True}]}),
            comparison=_states(
                A={"Type": "Choice", "Choices": [{"Variable": "$.x", "Equals": 1, "Next": "B"}]}, B=_PASS
            ),
            choice_end=_states(
                A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}], "End": True},
                B=_PASS,
            ),
            two_waits=_states(A={"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z", "End": True}),
            no_wait=_states(A={"Type": "Wait", "End": True}),
            wait_word=_states(A={"Type": "Wait", "Seconds": "one", "End": True}),
            wait_time=_states(A={"Type": "Wait", "Timestamp": "tomorrow", "End": True}),
            no_branches=_states(A={"Type": "Parallel", "Branches": [], "End": True}),
            no_processor=_states(A={"Type": "Map", "End": True}),
            retry=_states(A={**_RUN, "Retry": [{"ErrorEquals": []}]}),
            retry_backoff=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 0.5}]}),
            retry_interval=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0}]}),
            retry_attempts=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": -1}]}),
            retry_order=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}),
            retry_company=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["States.ALL", "X"]}]}),
            jitter=_states(A={**_RUN, "Retry": [{"ErrorEquals": ["X"], "JitterStrategy": "SOME"}]}),
            catch=_states(A={**_RUN, "Catch": [{"ErrorEquals": ["States.ALL"]}]}),
            catch_next=_states(A={**_RUN, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]}),
            catch_of_pass=_states(A={**_PASS, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}]}),
            timeout=_states(A={**_RUN, "TimeoutSeconds": 0}),
            timeout_twice=_states(A={**_RUN, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}),
            heartbeat=_states(A={**_RUN, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
            field=_states(A={**_PASS, "Colour": "red"}),
            path=_states(A={**_PASS, "InputPath": "x"}),
            result_path=_states(A={**_PASS, "ResultPath": "result"}),
            reference=_states(A={**_PASS, "Parameters": {"x.$": "x"}}),
            intrinsic=_states(A={**_PASS, "Parameters": {"x.$": "States.Nothing($.x)"}}),
            fail_next=_states(A={"Type": "Fail", "Next": "B"}, B=_PASS),
            fail_both=_states(A={"Type": "Fail", "Cause": "x", "CausePath": "$.x"}),
            language=_machine({"A": _PASS}, QueryLanguage="SQL"),
            expression=_data(A={**_PASS, "Output": "{% 1 + %}"}),
            open_expression=_data(A={**_PASS, "Output": {"x": "{% $states.input"}}),
            path_in_jsonata=_data(A={**_PASS, "InputPath": "$"}),
            parameters_in_jsonata=_data(A={**_RUN, "Parameters": {}}),
            arguments_in_jsonpath=_states(A={**_RUN, "Arguments": {}}),
            condition_in_jsonpath=_states(
                A={"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"}]}, B=_PASS
            ),
            variable_in_jsonata=_data(
                A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}]}, B=_PASS
            ),
            condition_text=_data(A={"Type": "Choice", "Choices": [{"Condition": "true", "Next": "B"}]}, B=_PASS),
            assigned=_data(A={**_PASS, "Assign": {"states": 1}}),
            assigned_name=_data(A={**_PASS, "Assign": {"a b": 1}}),
            long_state=_machine({"s" * 81: _PASS}, start="s" * 81),
            express_sync={**_states(A=_RUN), "type": "EXPRESS"},
            kind_of_machine={"type": "FAST"},
            logging=_logging(),
            log_level={"loggingConfiguration": {"level": "SOME"}},
            log_arn=lambda a: _logging(destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": a.log_group}}]),
            ghost={"roleArn": NO_ROLE},
            role_of_another=lambda a: {"roleArn": a.events_role},
            name={"name": "a machine"},
            taken={"name": "machine"},
            description={"versionDescription": "d"},
            key={"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}},
            reuse={"encryptionConfiguration": {"type": "AWS_OWNED_KEY", "kmsDataKeyReusePeriodSeconds": 100}},
            version=_machine({"A": _PASS}, Version="2.0"),
            machine_timeout=_machine({"A": _PASS}, TimeoutSeconds=-1),
            concurrency=_states(
                A={
                    "Type": "Map",
                    "MaxConcurrency": -1,
                    "ItemProcessor": {"StartAt": "B", "States": {"B": _PASS}},
                    "End": True,
                }
            ),
            mode=_states(
                A={
                    "Type": "Map",
                    "ItemProcessor": {"ProcessorConfig": {"Mode": "BIG"}, "StartAt": "B", "States": {"B": _PASS}},
                    "End": True,
                }
            ),
            batches=_states(
                A={
                    "Type": "Map",
                    "ItemBatcher": {},
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "B",
                        "States": {"B": _PASS},
                    },
                    "End": True,
                }
            ),
            tolerated=_states(
                A={
                    "Type": "Map",
                    "ToleratedFailurePercentage": 101,
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "B",
                        "States": {"B": _PASS},
                    },
                    "End": True,
                }
            ),
            integration=_states(A={**_RUN, "Resource": "arn:aws:states:::ecs:fly"}),
            sdk=_states(A={**_RUN, "Resource": "arn:aws:states:::aws-sdk:nothing:doIt"}),
        ),
        request(
            "StartExecution",
            lambda a: {"stateMachineArn": a.machine, "name": a.name(), "input": "{}"},
            no_json={"input": "{"},
            space={"name": "a run"},
            long={"name": "r" * 81},
            large={"input": json.dumps("x" * 262145)},
            none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
            arn={"stateMachineArn": "machine"},
            taken=lambda a: {"name": a.new_execution(), "input": '{"other": 1}'},
        ),
        request(
            "UpdateStateMachine",
            lambda a: {"stateMachineArn": a.machine, "roleArn": a.states_role},
            nothing={"roleArn": ABSENT},
            none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
            definition={"definition": "{}"},
            ghost={"roleArn": NO_ROLE},
        ),
        request(
            "StopExecution",
            lambda a: {"executionArn": a.new_execution_arn()},
            none={"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:machine:ghost"},
            arn={"executionArn": "run"},
            error={"error": "e" * 257},
        ),
        request(
            "DescribeExecution",
            lambda a: {"executionArn": a.new_execution_arn()},
            none={"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:machine:ghost"},
            arn={"executionArn": "run"},
        ),
        request(
            "ListExecutions",
            lambda a: {"stateMachineArn": a.machine},
            page={"maxResults": 1001},
            status={"statusFilter": "DONE"},
            none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
            nothing={"stateMachineArn": ABSENT},
        ),
        request(
            "DescribeStateMachine",
            lambda a: {"stateMachineArn": a.machine},
            none={"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
            arn={"stateMachineArn": "m"},
        ),
        request(
            "TagResource",
            lambda a: {"resourceArn": a.machine, "tags": [{"key": "k", "value": "v"}]},
            ghost={"resourceArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
        ),
        request(
            "CreateStateMachine",
            lambda a: {"name": a.name(), "definition": json.dumps(_MACHINE), "roleArn": a.states_role},
            foreign_role={"roleArn": _FOREIGN},
            comment_only={"definition": json.dumps({"Comment": "x"})},
            no_end=_definition(A={"Type": "Pass"}),
            end_goes_on=_definition(A={"Type": "Succeed", "Next": "A"}),
            mixed=_definition(A={"Type": "Pass", "QueryLanguage": "JSONata", "Parameters": {}, "End": True}),
            map_of_both=_definition(A={"Type": "Map", "ItemProcessor": _MACHINE, "Iterator": _MACHINE, "End": True}),
            destination={"loggingConfiguration": {"level": "ALL"}},
            two_destinations=lambda a: {
                "loggingConfiguration": {
                    "level": "ALL",
                    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{a.log_group}:*"}}] * 2,
                }
            },
            ghost_group={
                "loggingConfiguration": {
                    "level": "ALL",
                    "destinations": [
                        {
                            "cloudWatchLogsLogGroup": {
                                "logGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/batch/ghost:*"
                            }
                        }
                    ],
                }
            },
            large={"definition": json.dumps({**_MACHINE, "Comment": "x" * 1_048_577})},
            seconds=_definition(A={"Type": "Wait", "Seconds": 1.5, "End": True}),
            choice=_definition(A={"Type": "Choice", "Choices": []}),
            unknown_field=_definition(A={"Type": "Pass", "End": True, "Nxt": "B"}),
            role={"roleArn": "states"},
        ),
    ],
}
