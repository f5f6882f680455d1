"""The grammar of state machine definitions: the Amazon States Language's with JSONata.

https://states-language.net/spec.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .machines import Json, expressions, machines_in, states

_COMMON: Final = frozenset(("Type", "Comment", "QueryLanguage"))


_FLOW: Final = frozenset(("Output", "Assign", "Next", "End"))


_HANDLED: Final = frozenset(("Retry", "Catch"))


FIELDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "Pass": (frozenset(), _FLOW),
    "Task": (
        frozenset(("Resource", "Arguments")),
        _FLOW | _HANDLED | {"TimeoutSeconds", "HeartbeatSeconds", "Credentials"},
    ),
    "Choice": (frozenset(("Choices", "Default")), frozenset(("Output", "Assign"))),
    "Wait": (frozenset(), _FLOW | {"Seconds", "Timestamp"}),
    "Succeed": (frozenset(), frozenset(("Output",))),
    "Fail": (frozenset(("Error", "Cause")), frozenset()),
    "Parallel": (frozenset(("Branches",)), _FLOW | _HANDLED | {"Arguments"}),
    "Map": (
        frozenset(("ItemProcessor",)),
        _FLOW
        | _HANDLED
        | {
            "Items",
            "ItemReader",
            "ItemSelector",
            "ItemBatcher",
            "ResultWriter",
            "MaxConcurrency",
            "Label",
            "ToleratedFailurePercentage",
            "ToleratedFailureCount",
        },
    ),
}
"""By type of state: the fields that it must have and those that it may have beside the common ones."""


ERRORS: Final = frozenset(
    f"States.{name}"
    for name in (
        "ALL",
        "DataLimitExceeded",
        "ExceedToleratedFailureThreshold",
        "HeartbeatTimeout",
        "Http.Socket",
        "ItemReaderFailed",
        "Permissions",
        "ResultWriterFailed",
        "Runtime",
        "TaskFailed",
        "Timeout",
        "QueryEvaluationError",
        "BranchFailed",
    )
)


_SERVICE_ERROR: Final = re.compile(
    r"(DynamoDB\.(ConditionalCheckFailed|ProvisionedThroughputExceeded|Throttling|InternalServer)Exception"
    r"|DynamoDb\.(ConditionalCheckFailed|ProvisionedThroughputExceeded)Exception"
    r"|ECS\.(Throttling|Server|ServerUnavailable|AmazonECS|Client)Exception|S3\.(NoSuchKey|S3|NoSuchBucket)(Exception)?"
    r"|Sfn\.(ExecutionAlreadyExists|ExecutionDoesNotExist|ExecutionLimitExceeded)Exception"
    r"|Sns\.\w+Exception|SNS\.\w+Exception)"
)


def faults(machine: Json) -> Iterator[tuple[str, str]]:
    """What is wrong with a machine's form: the path, and the fault."""
    if machine.get("QueryLanguage") != "JSONata":
        yield "QueryLanguage", "must be JSONata: what states hand on is checked in that language only"
        return
    for name in sorted(set(machine) - {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"}):
        yield name, "is no field of a machine"
    timeout = machine.get("TimeoutSeconds")
    if not isinstance(timeout, int) or not 60 <= timeout <= 604800:
        yield "TimeoutSeconds", "must be 60 to 604800 seconds: a run that hangs would never end"
    raised = {one.body.get("Error") for one in states(machine) if one.body.get("Type") == "Fail"}
    yield from _scope(machine, "", raised)


def _scope(machine: Json, path: str, raised: set[Any]) -> Iterator[tuple[str, str]]:
    result = machine.get("States")
    if not isinstance(result, Mapping) or not result:
        yield f"{path}States", "must have states"
        return
    if machine.get("StartAt") not in result:
        yield f"{path}StartAt", "must name a state"
    led: set[Any] = {machine.get("StartAt")}
    for name, body in result.items():
        here = f"{path}States.{name}"
        if not isinstance(body, Mapping):
            yield here, "must be an object"
            continue
        targets = list(_targets(body, here))
        led |= {target for _, target in targets}
        for where, target in targets:
            if target not in result:
                yield where, f"leads to {target!r}, which is no state beside it"
        yield from _form(body, here, raised)
        for inner, below in machines_in(body):
            yield from _scope(inner, f"{here}.{below}.", raised)
    for name in result:
        if name not in led:
            yield f"{path}States.{name}", "is reached by no other state"


def _targets(body: Json, here: str) -> Iterator[tuple[str, Any]]:
    if "Next" in body:
        yield f"{here}.Next", body["Next"]
    if "Default" in body:
        yield f"{here}.Default", body["Default"]
    for field in ("Choices", "Catch"):
        entries = body.get(field)
        for index, one in enumerate(entries if isinstance(entries, list) else ()):
            yield f"{here}.{field}[{index}].Next", one.get("Next") if isinstance(one, Mapping) else None


def _form(  # noqa: PLR0912 - one branch a field of the grammar
    body: Json, here: str, raised: set[Any]
) -> Iterator[tuple[str, str]]:
    kind = body.get("Type")
    if not isinstance(kind, str) or kind not in FIELDS:
        yield f"{here}.Type", f"is {kind!r}, which is no type of state"
        return
    needed, allowed = FIELDS[kind]
    for name in sorted(needed - set(body)):
        yield f"{here}.{name}", f"is missing in a {kind} state"
    for name in sorted(set(body) - needed - allowed - _COMMON):
        yield f"{here}.{name}", f"is no field of a {kind} state"
    if "Next" in allowed and ("Next" in body) == (body.get("End") is True):
        yield f"{here}.Next", "must stand alone, or End be true"
    if body.get("End", True) is not True:
        yield f"{here}.End", "can only be true"
    if kind == "Wait" and ("Seconds" in body) == ("Timestamp" in body):
        yield f"{here}.Seconds", "must be set, or Timestamp"
    if kind == "Choice":
        for index, one in enumerate(body.get("Choices") or [{}]):
            if not isinstance(one, Mapping) or not {"Condition", "Next"} <= set(one) <= {
                "Condition",
                "Next",
                "Output",
                "Assign",
                "Comment",
            }:
                yield f"{here}.Choices[{index}]", "must have Condition and Next"
            elif not _is_expression(one["Condition"]):
                yield f"{here}.Choices[{index}].Condition", "must be an expression"
    if kind == "Map":
        yield from _map(body, here)
    for index, one in enumerate(body.get("Retry") or ()):
        yield from _retry(one, f"{here}.Retry[{index}]", raised)
    for index, one in enumerate(body.get("Catch") or ()):
        yield from _catch(one, f"{here}.Catch[{index}]", raised)
    for name in ("Retry", "Catch"):
        yield from _all_comes_last(body.get(name), f"{here}.{name}")
    for name in ("Retry", "Catch", "Choices", "Branches"):
        if name in body and not (isinstance(body[name], list) and body[name]):
            yield f"{here}.{name}", "must be a list that is not empty"
    for where, text in expressions(body, here):
        if (
            text.count("(") != text.count(")")
            or text.count("{") != text.count("}")
            or text.count("[") != text.count("]")
        ):
            yield where, "has an expression whose brackets do not match"


def _map(body: Json, here: str) -> Iterator[tuple[str, str]]:
    processor = body.get("ItemProcessor")
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, Mapping) else {}
    mode = config.get("Mode", "INLINE") if isinstance(config, Mapping) else None
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"{here}.ItemProcessor.ProcessorConfig.Mode", "must be INLINE or DISTRIBUTED"
    if mode == "DISTRIBUTED" and config.get("ExecutionType") != "STANDARD":
        yield (
            f"{here}.ItemProcessor.ProcessorConfig.ExecutionType",
            "must be STANDARD: an express run ends after 5 minutes",
        )
    only = {"ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailurePercentage", "ToleratedFailureCount"}
    if mode != "DISTRIBUTED" and (wrong := sorted(only & set(body))):
        yield f"{here}.{wrong[0]}", "is for a DISTRIBUTED map only"
    if mode == "DISTRIBUTED" and not {"ItemReader", "ResultWriter", "ItemBatcher", "ToleratedFailurePercentage"} <= set(
        body
    ):
        yield (
            f"{here}.ItemReader",
            "a DISTRIBUTED map reads its items, batches them, writes its results and says what it tolerates",
        )
    if mode == "INLINE" and "Items" not in body:
        yield f"{here}.Items", "is missing: the map has nothing to work on"
    concurrency = body.get("MaxConcurrency")
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or not 1 <= concurrency <= 10000:
        yield f"{here}.MaxConcurrency", "must be 1 to 10000: without a bound the account's quota is spent"
    reader = body.get("ItemReader", {})
    if "ItemReader" in body and reader.get("ReaderConfig", {}).get("InputType") not in (
        "CSV",
        "JSON",
        "JSONL",
        "MANIFEST",
        "PARQUET",
    ):
        yield f"{here}.ItemReader.ReaderConfig.InputType", "must be CSV, JSON, JSONL, MANIFEST or PARQUET"
    if "Label" in body and not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", str(body["Label"])):
        yield f"{here}.Label", "must be up to 40 letters and digits"
    if "ToleratedFailurePercentage" in body and not 0 <= float(body["ToleratedFailurePercentage"]) <= 100:
        yield f"{here}.ToleratedFailurePercentage", "must be 0 to 100"
    batch = body.get("ItemBatcher", {})
    if "ItemBatcher" in body and not (
        isinstance(batch.get("MaxItemsPerBatch"), int) and 1 <= batch["MaxItemsPerBatch"] <= 1000
    ):
        yield f"{here}.ItemBatcher.MaxItemsPerBatch", "must be 1 to 1000"
    if not isinstance(body.get("ItemSelector"), Mapping) or not body["ItemSelector"]:
        yield f"{here}.ItemSelector", "must say what each item gets"


def _all_comes_last(entries: Any, here: str) -> Iterator[tuple[str, str]]:
    """States.ALL stands alone and last (concepts-error-handling.html)."""
    listed = [one.get("ErrorEquals") for one in entries or () if isinstance(one, Mapping)]
    for index, names in enumerate(listed):
        if isinstance(names, list) and "States.ALL" in names and (len(names) > 1 or index + 1 < len(listed)):
            yield f"{here}[{index}].ErrorEquals", "names States.ALL, which must stand alone and come last"


def _errors(one: Json, here: str, raised: set[Any]) -> Iterator[tuple[str, str]]:
    names = one.get("ErrorEquals")
    if not isinstance(names, list) or not names:
        yield f"{here}.ErrorEquals", "must name errors"
        return
    for name in names:
        if name not in ERRORS and name not in raised and not _SERVICE_ERROR.fullmatch(str(name)):
            yield f"{here}.ErrorEquals", f"names {name}, which nothing raises"


def _retry(one: Any, here: str, raised: set[Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(one, Mapping):
        yield here, "must be an object"
        return
    yield from _errors(one, here, raised)
    limits = {
        "MaxAttempts": (0, 99999999),
        "IntervalSeconds": (1, 99999999),
        "BackoffRate": (1, 100),
        "MaxDelaySeconds": (1, 31622400),
    }
    for name, (low, high) in limits.items():
        if name in one and not (
            isinstance(one[name], int | float) and not isinstance(one[name], bool) and low <= one[name] <= high
        ):
            yield f"{here}.{name}", f"must be {low} to {high}"
    if "MaxDelaySeconds" in one and one["MaxDelaySeconds"] <= one.get("IntervalSeconds", 1):
        yield f"{here}.MaxDelaySeconds", "must be more than IntervalSeconds"
    if one.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield f"{here}.JitterStrategy", "must be FULL or NONE"
    if strange := sorted(set(one) - {"ErrorEquals", "JitterStrategy", "Comment", *limits}):
        yield f"{here}.{strange[0]}", "is no field of a retrier"


def _catch(one: Any, here: str, raised: set[Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(one, Mapping):
        yield here, "must be an object"
        return
    yield from _errors(one, here, raised)
    if "Next" not in one:
        yield f"{here}.Next", "is missing"
    if strange := sorted(set(one) - {"ErrorEquals", "Next", "Output", "Assign", "Comment"}):
        yield f"{here}.{strange[0]}", "is no field of a catcher"


def _is_expression(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.startswith("{%") and value.endswith("%}"))
