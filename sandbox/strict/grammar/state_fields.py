"""Which fields a state of each type has in Amazon States Language, and what their values may be.

https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_EVERY = frozenset({"Type", "Comment", "QueryLanguage"})
_FLOW = frozenset({"Next", "End", "Assign", "Output"})
_PATHS = frozenset({"InputPath", "OutputPath"})
_RESULT = frozenset({"ResultPath", "ResultSelector", "Parameters", "Retry", "Catch"})
FIELDS: dict[str, frozenset[str]] = {
    "Task": _EVERY
    | _FLOW
    | _PATHS
    | _RESULT
    | {"Arguments", "Resource", "Credentials", "TimeoutSeconds", "TimeoutSecondsPath"}
    | {"HeartbeatSeconds", "HeartbeatSecondsPath"},
    "Pass": _EVERY | _FLOW | _PATHS | {"Result", "ResultPath", "Parameters"},
    "Choice": _EVERY | _PATHS | {"Choices", "Default", "Assign", "Output"},
    "Wait": _EVERY | _FLOW | _PATHS | {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"},
    "Succeed": _EVERY | _PATHS | {"Output"},
    "Fail": _EVERY | {"Error", "Cause", "ErrorPath", "CausePath"},
    "Parallel": _EVERY | _FLOW | _PATHS | _RESULT | {"Arguments", "Branches"},
    "Map": _EVERY
    | _FLOW
    | _PATHS
    | _RESULT
    | {"Items", "ItemsPath", "ItemReader", "ItemSelector", "ItemBatcher", "ItemProcessor", "Iterator", "ResultWriter"}
    | {"MaxConcurrency", "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath", "Label"}
    | {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"},
}
"""Type to the fields that a state of it may have, in either query language."""
_COMPARISONS = frozenset(
    (
        *("And", "Or", "Not", "IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"),
        *("BooleanEquals", "BooleanEqualsPath", "StringMatches"),
        *(
            f"{kind}{name}{path}"
            for kind in ("String", "Numeric", "Timestamp")
            for name in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
            for path in ("", "Path")
        ),
    )
)
_INTRINSICS = frozenset(
    (
        *("Format", "StringToJson", "JsonToString", "Array", "ArrayPartition", "ArrayContains", "ArrayRange"),
        *("ArrayGetItem", "ArrayLength", "ArrayUnique", "Base64Encode", "Base64Decode", "Hash", "JsonMerge"),
        *("MathRandom", "MathAdd", "StringSplit", "UUID"),
    )
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SEVERAL_NODES = re.compile(r"\*|\.\.|[?@,:]")
"""What a path may have and a reference path, which names one node, may not."""
_MOST_SECONDS = 99_999_999
_DISTRIBUTED = ("ItemReader", "ItemBatcher", "ResultWriter", "ToleratedFailureCount", "ToleratedFailurePercentage")
_FAILED = "SCHEMA_VALIDATION_FAILED:"


def field_faults(state: Mapping[str, Any], where: str, language: str | None) -> Iterator[str]:
    """Each fault in the fields of a state of a known type; `language` is JSONata, or JSONPath when it is None."""
    kind = state["Type"]
    for field in sorted(set(state) - FIELDS[kind]):
        yield f"{_FAILED} Field '{field}' is not supported at {where}"
    for field in state:
        if f"{field}Path" in state:
            yield f"{_FAILED} Only one of {field} and {field}Path is supported at {where}"
    yield from _times(state, where)
    yield from _assigned(state.get("Assign") or {}, where)
    for position, choice in enumerate(state.get("Choices") or []):
        yield from _choice(choice, f"{where}/Choices[{position}]", language)
        yield from _assigned(choice.get("Assign") or {}, where)
    if language != "JSONata":
        yield from _paths(state, where)
    if kind == "Map":
        yield from _map(state, where)


def _times(state: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("Seconds", "TimeoutSeconds", "HeartbeatSeconds"):
        value = state.get(field)
        if isinstance(value, str) and not value.startswith("{%"):
            yield f"{_FAILED} Value must be a number at {where}/{field}"
        if isinstance(value, int) and value > _MOST_SECONDS:
            yield f"{_FAILED} Value is not valid, it must be at most {_MOST_SECONDS} at {where}/{field}"
    timestamp = state.get("Timestamp")
    if timestamp is not None and not str(timestamp).startswith("{%") and not _TIME.fullmatch(str(timestamp)):
        yield f"{_FAILED} Value is not a valid timestamp at {where}/Timestamp"
    beat, end = state.get("HeartbeatSeconds"), state.get("TimeoutSeconds", _MOST_SECONDS)
    if isinstance(beat, int) and isinstance(end, int) and beat >= end:
        yield f"{_FAILED} HeartbeatSeconds must be smaller than TimeoutSeconds at {where}"
    for position, retrier in enumerate(state.get("Retry") or []):
        if retrier.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield f"{_FAILED} JitterStrategy must be FULL or NONE at {where}/Retry[{position}]"
        if retrier.get("MaxDelaySeconds", _MOST_SECONDS) <= retrier.get("IntervalSeconds", 1):
            yield f"{_FAILED} MaxDelaySeconds must be greater than IntervalSeconds at {where}/Retry[{position}]"


def _assigned(variables: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in variables:
        plain = name.removesuffix(".$")
        if plain == "states" or not re.fullmatch(r"[A-Za-z_]\w{0,79}", plain):
            yield f"{_FAILED} '{name}' is not a valid variable name at {where}/Assign"


def _choice(choice: Mapping[str, Any], where: str, language: str | None, *, nested: bool = False) -> Iterator[str]:
    if not nested and "Next" not in choice:
        yield f"{_FAILED} These fields are required: [Next] at {where}"
    if language == "JSONata":
        condition = choice.get("Condition")
        if not isinstance(condition, bool) and not (isinstance(condition, str) and condition.strip().startswith("{%")):
            yield f"{_FAILED} Condition must be a JSONata expression at {where}"
        for field in sorted((_COMPARISONS | {"Variable"}) & set(choice)):
            yield f"{_FAILED} Field '{field}' is not supported with JSONata at {where}"
        return
    others = {"Next", "Variable", "Comment", "Assign", "Output"}
    for field in sorted(set(choice) - _COMPARISONS - others):
        yield f"{_FAILED} Field '{field}' is not a comparison at {where}"
    for group in ("And", "Or"):
        for position, inner in enumerate(choice.get(group) or []):
            yield from _choice(inner, f"{where}/{group}[{position}]", language, nested=True)
    if isinstance(choice.get("Not"), Mapping):
        yield from _choice(choice["Not"], f"{where}/Not", language, nested=True)


def _paths(state: Mapping[str, Any], where: str) -> Iterator[str]:
    """Reference paths, and the dynamic members of payload templates."""
    for field in ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "SecondsPath", "TimestampPath"):
        path = state.get(field)
        one_node = field in ("InputPath", "OutputPath") or not _SEVERAL_NODES.search(re.sub(r"'[^']*'", "", str(path)))
        if path is not None and not (str(path).startswith("$") and one_node):
            yield f"{_FAILED} Value is not a Reference Path: The value '{path}' is not valid at {where}/{field}"
    for field in ("Parameters", "ResultSelector", "ItemSelector", "Assign"):
        yield from _template(state.get(field), f"{where}/{field}")


def _template(value: object, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _template(item, where)
    if not isinstance(value, Mapping):
        return
    for name, item in value.items():
        if not str(name).endswith(".$"):
            yield from _template(item, f"{where}/{name}")
            continue
        function = re.match(r"States\.(\w+)\(", str(item))
        if not (function and function[1] in _INTRINSICS) and not str(item).startswith("$"):
            yield f"{_FAILED} The value for the field '{name}' must be a valid JSONPath or a valid intrinsic at {where}"


def _map(state: Mapping[str, Any], where: str) -> Iterator[str]:
    processor = state.get("ItemProcessor") or {}
    configuration = processor.get("ProcessorConfig") or {} if isinstance(processor, Mapping) else {}
    mode = configuration.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"{_FAILED} Mode must be INLINE or DISTRIBUTED at {where}/ItemProcessor/ProcessorConfig"
    if mode == "DISTRIBUTED" and configuration.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
        yield f"{_FAILED} ExecutionType must be STANDARD or EXPRESS at {where}/ItemProcessor/ProcessorConfig"
    if mode == "INLINE":
        for field in sorted(set(_DISTRIBUTED) & set(state)):
            yield f"{_FAILED} Field '{field}' is only supported for a map of mode DISTRIBUTED at {where}"
    batcher = state.get("ItemBatcher")
    sizes = ("MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath")
    if batcher is not None and not any(size in batcher for size in sizes):
        yield f"{_FAILED} One of MaxItemsPerBatch and MaxInputBytesPerBatch is required at {where}/ItemBatcher"
    percentage, count = state.get("ToleratedFailurePercentage", 0), state.get("ToleratedFailureCount", 0)
    if isinstance(percentage, int | float) and not 0 <= percentage <= 100:
        yield f"{_FAILED} Value must be from 0 to 100 at {where}/ToleratedFailurePercentage"
    if isinstance(count, int) and count < 0:
        yield f"{_FAILED} Value must not be negative at {where}/ToleratedFailureCount"


def machine_field_faults(machine: Mapping[str, Any]) -> Iterator[str]:
    """The fields of the definition itself."""
    if machine.get("Version", "1.0") != "1.0":
        yield f"{_FAILED} Value is not one of the permitted values: [1.0] at /Version"
    timeout = machine.get("TimeoutSeconds", 1)
    if not isinstance(timeout, int) or not 1 <= timeout <= _MOST_SECONDS:
        yield f"{_FAILED} Value must be from 1 to {_MOST_SECONDS} at /TimeoutSeconds"


def of_express(machine: Mapping[str, Any]) -> Iterator[str]:
    """What a machine of the type EXPRESS cannot do: wait for a job or for a token."""
    for name, state in (machine.get("States") or {}).items():
        resource = str(state.get("Resource", ""))
        if re.search(r"\.(sync(:2)?|waitForTaskToken)$", resource):
            yield f"{_FAILED} Express state machine does not support '{resource}' service integration at /States/{name}"
