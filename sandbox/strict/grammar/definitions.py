"""The grammar of Amazon States Language: https://states-language.net/spec.html"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.session import get_session
from jsonata import Jsonata

from sandbox.strict.grammar.state_fields import field_faults

_ENDS = {"Succeed", "Fail"}
_REQUIRED = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
    "Map": ("ItemProcessor", "Iterator"),
}
_PATHS = ("InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath", "TimeoutSecondsPath")
_TYPES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
_WAITS = ("Seconds", "Timestamp", "SecondsPath", "TimestampPath")
_NO_COMPARISON = {"Next", "Variable", "Comment", "Assign", "Output"}
OPTIMIZED: dict[str, tuple[str, ...]] = {
    "apigateway": ("invoke",),
    "athena": ("startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"),
    "batch": ("submitJob",),
    "bedrock": ("invokeModel", "createModelCustomizationJob"),
    "codebuild": ("startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports", "startBuildBatch"),
    "databrew": ("startJobRun",),
    "dynamodb": ("getItem", "putItem", "deleteItem", "updateItem"),
    "ecs": ("runTask",),
    "eks": ("call", "createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup", "runJob"),
    "events": ("putEvents",),
    "glue": ("startJobRun",),
    "http": ("invoke",),
    "lambda": ("invoke",),
    "mediaconvert": ("createJob",),
    "sagemaker": ("createTrainingJob", "createTransformJob", "createProcessingJob", "createModel", "createEndpoint"),
    "sns": ("publish",),
    "sqs": ("sendMessage",),
    "states": ("startExecution",),
}
"""Actions by integration, without EMR: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html"""


ERRORS = frozenset(
    f"States.{name}"
    for name in (
        *("ALL", "BranchFailed", "DataLimitExceeded", "ExceedToleratedFailureThreshold", "HeartbeatTimeout"),
        *("Http.Socket", "IntrinsicFailure", "ItemReaderFailed", "NoChoiceMatched", "ParameterPathFailure"),
        *("Permissions", "QueryEvaluationError", "ResultPathMatchFailure", "ResultWriterFailed", "Runtime"),
        *("TaskFailed", "Timeout"),
    )
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
_JAVA_NAMES = ("cloudwatchevents", "codestarconnections", "costandusagereport", "costexplorer", "databasemigration")
"""Further names in https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"""


def machine_faults(machine: object, path: str, language: str | None) -> Iterator[str]:
    """Each fault of a state machine, or of a branch or item processor within one at `path`."""
    if not isinstance(machine, dict) or not isinstance(machine.get("States"), dict) or not machine["States"]:
        yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [States] at {path or '/'}"
        return
    states, start = machine["States"], machine.get("StartAt")
    language = machine.get("QueryLanguage", language)
    if language not in (None, "JSONPath", "JSONata"):
        yield (
            "SCHEMA_VALIDATION_FAILED: Value is not one of the permitted values: [JSONPath, JSONata] at "
            f"{path}/QueryLanguage"
        )
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


def repeated_names(machine: object) -> Iterator[str]:
    """Names that more than one state of a state machine has, those in branches and item processors counted."""
    names = list(_names(machine))
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"DUPLICATE_STATE_NAME: Duplicate State name: {name}"


def _names(machine: object) -> Iterator[str]:
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        yield name
        if isinstance(state, dict):
            for inner in (*(state.get("Branches") or []), state.get("ItemProcessor"), state.get("Iterator")):
                yield from _names(inner)


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
    yield from _type_faults(kind, state, where)
    yield from _language_faults(state, where, language)
    yield from _handler_faults(state, where)
    yield from _field_faults(state, where)
    yield from field_faults(state, where, language)
    for position, branch in enumerate(state.get("Branches") or []):
        yield from machine_faults(branch, f"{where}/Branches[{position}]", language)
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield from machine_faults(state[field], f"{where}/{field}", language)


def _type_faults(kind: str, state: Mapping[str, Any], where: str) -> Iterator[str]:
    """What a state of this type lacks or must not have."""
    failed = "SCHEMA_VALIDATION_FAILED:"
    needed = _REQUIRED.get(kind, ())
    if needed and not any(state.get(field) for field in needed):
        yield f"{failed} These fields are required: [{needed[0]}] at {where}"
    if kind not in _ENDS | {"Choice"} and ("Next" in state) == (state.get("End") is True):
        yield f"{failed} Exactly one of Next and End is required at {where}"
    if kind in _ENDS | {"Choice"} and ("Next" in state or "End" in state):
        yield f"{failed} Next and End are not supported at {where}"
    if kind == "Wait" and isinstance(state.get("Seconds"), float):
        yield f"{failed} Value is not a valid integer at {where}/Seconds"
    if kind == "Map" and {"ItemProcessor", "Iterator"} <= set(state):
        yield f"{failed} Only one of ItemProcessor and Iterator is supported at {where}"
    if kind == "Wait" and len([field for field in _WAITS if field in state]) != 1:
        yield f"{failed} Exactly one of {', '.join(_WAITS)} is required at {where}"
    if kind == "Task" and not re.fullmatch(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:.+|\{%.*%\}", str(state.get("Resource", ""))):
        yield f"{failed} Value is not a valid resource ARN at {where}/Resource"


def _field_faults(state: Mapping[str, Any], where: str) -> Iterator[str]:
    """Numbers out of range, choices without a comparison, integrations that do not exist."""
    failed = "SCHEMA_VALIDATION_FAILED:"
    for field, least in (("Seconds", 0), ("TimeoutSeconds", 1), ("HeartbeatSeconds", 1), ("MaxConcurrency", 0)):
        number = state.get(field, least)
        if isinstance(number, bool) or (isinstance(number, int | float) and number < least):
            yield f"{failed} Value is not valid, it must be at least {least} at {where}/{field}"
    for position, choice in enumerate(state.get("Choices") or []):
        if not {"And", "Or", "Not", "Condition"} & set(choice) and len(set(choice) - _NO_COMPARISON) != 1:
            yield f"{failed} Exactly one comparison is required at {where}/Choices[{position}]"
    fault = integration_fault(str(state.get("Resource", ""))) if state.get("Type") == "Task" else None
    if fault:
        yield f"{failed} {fault} at {where}/Resource"


def integration_fault(resource: str) -> str | None:
    """Why Step Functions does not know the integration: no such action of an AWS service; None where it knows it."""
    match = re.fullmatch(r"arn:[^:]*:states:[^:]*:[^:]*:(aws-sdk:)?([A-Za-z0-9-]+):([A-Za-z0-9]+)(\.\S+)?", resource)
    if match is None or match[2].startswith(("elasticmapreduce", "emr-")):
        return None
    service = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(match[2], match[2])
    if match[1] is None:
        actions = OPTIMIZED.get(match[2], ())
        unknown = match[3] not in actions or match[4] not in (None, ".sync", ".sync:2", ".waitForTaskToken")
    else:
        unknown = service not in _sdk_services() or (
            service in get_session().get_available_services()
            and f"{match[3][0].upper()}{match[3][1:]}" not in get_session().get_service_model(service).operation_names
        )
    return f"The resource provided {resource} is not recognized." if unknown else None


@functools.cache
def _sdk_services() -> frozenset[str]:
    """Names of services, with and without hyphens; those whose SDK for Java goes by a third name are beside them."""
    names = get_session().get_available_services()
    return frozenset((*names, *(name.replace("-", "") for name in names), *_JAVA_NAMES))


def _language_faults(state: Mapping[str, Any], where: str, language: str | None) -> Iterator[str]:
    """Fields of the other query language, and expressions that are left open."""
    for field in _PATHS if language == "JSONata" else ("Arguments", "Output"):
        if field in state:
            yield f"SCHEMA_VALIDATION_FAILED: Field is not supported with {language or 'JSONPath'} at {where}/{field}"
    if language == "JSONata":
        yield from _expression_faults(state, where)


def _handler_faults(state: Mapping[str, Any], where: str) -> Iterator[str]:
    """Retriers and catchers that name no error, or States.ALL beside or before another."""
    for group in ("Retry", "Catch"):
        handlers = state.get(group) or []
        for position, item in enumerate(handlers):
            at = f"{where}/{group}[{position}]"
            errors = item.get("ErrorEquals") or []
            if not errors or (group == "Catch" and "Next" not in item):
                yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [ErrorEquals] at {at}"
            if item.get("BackoffRate", 1) < 1 or item.get("IntervalSeconds", 1) < 1 or item.get("MaxAttempts", 0) < 0:
                yield f"SCHEMA_VALIDATION_FAILED: Value is out of range at {at}"
            for error in errors:
                if str(error).startswith("States.") and error not in ERRORS:
                    yield f"SCHEMA_VALIDATION_FAILED: {error} is not an error of States at {at}"
            if "States.ALL" in errors and (len(errors) > 1 or position + 1 < len(handlers)):
                yield f"SCHEMA_VALIDATION_FAILED: States.ALL must appear alone and last at {at}"


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
    elif isinstance(value, str) and value.strip().startswith("{%"):
        try:
            Jsonata(value.strip()[2:-2])
        except Exception as error:  # the parser raises what it meets: its own error, or one of Python's
            yield f"SCHEMA_VALIDATION_FAILED: The JSONata expression is not valid: {error} at {where}"
