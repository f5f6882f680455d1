"""What a state machine logs of an execution: the events of its history, by the level of its configuration.

Log groups under `/aws/vendedlogs/` take them without a resource policy; of others the policy is asked.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.logs.models import logs_backends
from moto.stepfunctions.parser.backend.execution import Execution

from sandbox.reactions.account import ACCOUNT_ID, Account, DeniedError

DELIVERY = "delivery.logs.amazonaws.com"
VENDED = "/aws/vendedlogs/"
_FATAL = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
_ERRORS = ("Failed", "TimedOut", "Aborted")
_DATA = ("input", "output", "parameters")


def write(account: Account, execution: Execution) -> None:
    """Puts the events of an ended execution into its machine's log group."""
    machine = execution.state_machine
    configuration: Mapping[str, Any] = getattr(machine, "loggingConfiguration", None) or {}
    level = configuration.get("level", "OFF")
    destinations = configuration.get("destinations") or []
    if level == "OFF" or not destinations:
        return
    arn = str(destinations[0]["cloudWatchLogsLogGroup"]["logGroupArn"]).removesuffix(":*")
    group, region = arn.split(":", 6)[6], execution.region_name
    backend = logs_backends[ACCOUNT_ID][region]
    if group not in backend.groups:
        account.tell("states", f"{machine.name}: the log group {group} does not exist: its events are lost")
        return
    stream = f"states/{machine.name}/{execution.name}"
    try:
        if not group.startswith(VENDED):
            account.check(DELIVERY, "logs:PutLogEvents", f"{arn}:log-stream:{stream}", machine.arn)
    except DeniedError:
        return
    history = execution.to_history_output()["events"]
    lines = list(_lines(history, level, bool(configuration.get("includeExecutionData")), execution.exec_arn))
    if not lines:
        return
    if stream not in backend.groups[group].streams:
        backend.create_log_stream(group, stream)
    moment = int(account.clock.now().timestamp() * 1000)
    backend.put_log_events(group, stream, [{"timestamp": moment, "message": line} for line in lines])


def _lines(history: Any, level: str, has_data: bool, arn: str) -> Iterator[str]:
    for event in history:
        kind = str(getattr(event["type"], "value", event["type"]))
        if level == "FATAL" and kind not in _FATAL:
            continue
        if level == "ERROR" and not kind.endswith(_ERRORS):
            continue
        details: Mapping[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails") and v), {})
        logged = {name: value for name, value in details.items() if has_data or name not in _DATA}
        yield json.dumps(
            {
                "id": str(event["id"]),
                "type": kind,
                "details": logged,
                "previous_event_id": str(event.get("previousEventId", 0)),
                "event_timestamp": str(int(datetime.fromisoformat(str(event["timestamp"])).timestamp() * 1000)),
                "execution_arn": arn,
            },
            default=str,
        )
