"""Plausible mistakes in requests to Step Functions and CloudWatch."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.documented import Request, request

_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"
_MACHINE: Final = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}


def _definition(**states: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": next(iter(states)), "States": states})}


REQUESTS: Final[dict[str, list[Request]]] = {
    "stepfunctions": [
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
    "cloudwatch": [
        request(
            "PutMetricAlarm",
            data.alarm,
            elsewhere={"AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"]},
            statistic={"ExtendedStatistic": "p99"},
            name={"AlarmName": "a" * 256},
            tags={"Tags": [{"Key": "aws:x", "Value": "v"}]},
            negative={"EvaluationPeriods": -1},
            high_resolution={"Period": 15},
        ),
        request("DeleteAlarms", lambda a: {"AlarmNames": [a.new_alarm()]}, many={"AlarmNames": ["a"] * 101}),
        request(
            "PutDashboard",
            {"DashboardName": "further", "DashboardBody": json.dumps({"widgets": []})},
            text={"DashboardBody": "widgets"},
            metrics={
                "DashboardBody": json.dumps(
                    {"widgets": [{"type": "metric", "width": 6, "height": 6, "properties": {"metrics": "m"}}]}
                )
            },
            region={
                "DashboardBody": json.dumps(
                    {"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/ECS", "CPU"]]}}]}
                )
            },
            height={"DashboardBody": json.dumps({"widgets": [{"type": "text", "height": 1001, "properties": {}}]})},
        ),
    ],
}
