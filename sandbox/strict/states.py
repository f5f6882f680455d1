"""What Step Functions demands of state machines and their definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/step-functions/latest/apireference/"
_GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_ENDS = {"Succeed", "Fail"}
_REQUIRED = {"Task": "Resource", "Choice": "Choices", "Parallel": "Branches", "Map": ("ItemProcessor", "Iterator")}
_TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
_WAITS = ("Seconds", "Timestamp", "SecondsPath", "TimestampPath")

rules = Rules("stepfunctions")


@rules.add(
    "CreateStateMachine",
    "CreateActivity",
    source=f"{_API}API_CreateStateMachine.html#StepFunctions-CreateStateMachine-request-name",
    code="InvalidName",
)
def name(call: Call, _: Account) -> Iterator[str]:
    r"""A name has 1 to 80 characters: no white space, bracket or wildcard, none of `"#%\^|~`$&,;:/`, no control code."""
    text = call.parameters["name"]
    if not re.fullmatch(r"""[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}""", text):
        yield f"Invalid Name: '{text}'"


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    "ValidateStateMachineDefinition",
    source="https://states-language.net/spec.html",
    code="InvalidDefinition",
)
def definition(call: Call, _: Account) -> Iterator[str]:
    """A definition is a graph in Amazon States Language: a start, known types, what each type needs, transitions
    that exist, no state out of reach.
    """
    text = call.parameters.get("definition")
    if text is None or call.operation == "ValidateStateMachineDefinition":
        return
    try:
        document = json.loads(text)
    except ValueError as error:
        yield f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'"
        return
    for fault in machine_faults(document, "", None):
        yield f"Invalid State Machine Definition: '{fault}'"


def machine_faults(machine: object, path: str, language: str | None) -> Iterator[str]:
    """Each fault of a state machine, or of a branch or item processor within one at `path`."""
    if not isinstance(machine, dict) or not isinstance(machine.get("States"), dict) or not machine["States"]:
        yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [States] at {path or '/'}"
        return
    states, start = machine["States"], machine.get("StartAt")
    language = machine.get("QueryLanguage", language)
    if language not in (None, "JSONPath", "JSONata"):
        yield f"SCHEMA_VALIDATION_FAILED: Value is not one of the permitted values: [JSONPath, JSONata] at {path}/QueryLanguage"
    if start not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'StartAt' target: {start} at {path}/StartAt"
    reached = {start}
    for name_, state in states.items():
        where = f"{path}/States/{name_}"
        if not isinstance(state, dict) or len(name_) > 80:
            yield f"SCHEMA_VALIDATION_FAILED: a state must be an object with a name of at most 80 characters at {where}"
            continue
        for target in _targets(state):
            reached.add(target)
            if target not in states:
                yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}"
        yield from _state_faults(state, where, language)
    for name_ in sorted(set(states) - reached):
        yield f'MISSING_TRANSITION_TARGET: State "{name_}" is not reachable. at {path}/States/{name_}'


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    choices = state.get("Choices") or []
    for holder in (state, *choices, *(state.get("Catch") or [])):
        if isinstance(holder, dict) and "Next" in holder:
            yield holder["Next"]
    if "Default" in state:
        yield state["Default"]


def _state_faults(state: Mapping[str, Any], where: str, language: str | None) -> Iterator[str]:
    kind = state.get("Type")
    language = state.get("QueryLanguage", language)
    if kind not in _TYPES:
        yield f"SCHEMA_VALIDATION_FAILED: Value is not one of the permitted values: {sorted(_TYPES)} at {where}/Type"
        return
    needed = _REQUIRED.get(kind, ())
    needed = (needed,) if isinstance(needed, str) else needed
    if needed and not any(state.get(field) for field in needed):
        yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [{needed[0]}] at {where}"
    if kind not in _ENDS | {"Choice"} and ("Next" in state) == (state.get("End") is True):
        yield f"SCHEMA_VALIDATION_FAILED: Exactly one of Next and End is required at {where}"
    if kind in _ENDS | {"Choice"} and ("Next" in state or "End" in state):
        yield f"SCHEMA_VALIDATION_FAILED: Next and End are not supported at {where}"
    if kind == "Wait" and len([field for field in _WAITS if field in state]) != 1:
        yield f"SCHEMA_VALIDATION_FAILED: Exactly one of {', '.join(_WAITS)} is required at {where}"
    if kind == "Task" and not re.fullmatch(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:.+|\{%.*%\}", str(state.get("Resource", ""))):
        yield f"SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at {where}/Resource"
    paths = ("InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath", "TimeoutSecondsPath")
    for field in paths if language == "JSONata" else ("Arguments", "Output"):
        if field in state:
            yield f"SCHEMA_VALIDATION_FAILED: Field is not supported with {language or 'JSONPath'} at {where}/{field}"
    for group in ("Retry", "Catch"):
        for position, item in enumerate(state.get(group) or []):
            if not item.get("ErrorEquals") or (group == "Catch" and "Next" not in item):
                yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [ErrorEquals] at {where}/{group}[{position}]"
            if "States.ALL" in item.get("ErrorEquals", []) and (
                len(item["ErrorEquals"]) > 1 or position + 1 < len(state[group])
            ):
                yield f"SCHEMA_VALIDATION_FAILED: States.ALL must appear alone and last at {where}/{group}[{position}]"
    if language == "JSONata":
        yield from _expression_faults(state, where)
    for position, branch in enumerate(state.get("Branches") or []):
        yield from machine_faults(branch, f"{where}/Branches[{position}]", language)
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield from machine_faults(state[field], f"{where}/{field}", language)


def _expression_faults(value: object, where: str) -> Iterator[str]:
    """Text that begins as a JSONata expression ends as one, and the other way round."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("ItemProcessor", "Iterator", "Branches"):
                yield from _expression_faults(item, f"{where}/{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _expression_faults(item, f"{where}[{position}]")
    elif isinstance(value, str) and value.strip().startswith("{%") != value.strip().endswith("%}"):
        yield f"SCHEMA_VALIDATION_FAILED: A JSONata expression must begin with {{% and end with %}} at {where}"


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    source=f"{_API}API_LoggingConfiguration.html",
    code="InvalidLoggingConfiguration",
)
def logging(call: Call, account: Account) -> Iterator[str]:
    """A state machine that logs has one log group, whose ARN ends with `:*`."""
    configuration = call.parameters.get("loggingConfiguration", {})
    destinations = configuration.get("destinations", [])
    if configuration.get("level", "OFF") != "OFF" and len(destinations) != 1:
        yield "Invalid Logging Configuration: Must specify exactly one Log Destination."
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        group = re.fullmatch(r"arn:[^:]+:logs:[^:]+:\d{12}:log-group:([^:]+):\*", arn)
        if group is None or group[1] not in account.backend("logs").groups:
            yield "Invalid Logging Configuration: Log Destination not found."


@rules.add(
    "CreateStateMachine",
    "UpdateStateMachine",
    source=f"{_GUIDE}procedure-create-iam-role.html",
    code="AccessDeniedException",
)
def role(call: Call, account: Account) -> Iterator[str]:
    """The role of a state machine exists and lets Step Functions assume it."""
    arn = call.parameters.get("roleArn")
    if arn and not account.trusts(arn, "states.amazonaws.com"):
        yield (
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role."
        )


@rules.add(
    "StartExecution",
    "StartSyncExecution",
    source=f"{_API}API_StartExecution.html#API_StartExecution_Errors",
    code="InvalidExecutionInput",
)
def execution_input(call: Call, _: Account) -> Iterator[str]:
    """An execution's input is JSON."""
    try:
        json.loads(call.parameters.get("input", "{}"))
    except ValueError as error:
        yield f"Invalid State Machine Execution Input: '{error}'"
