"""What EventBridge demands of rules, event patterns and targets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.schedules import is_cron, is_rate
from sandbox.strict.rules import Rules, is_json, of_free_document

_API = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
_WITH_ROLE = (
    "states",
    "ecs",
    "kinesis",
    "codebuild",
    "codepipeline",
    "batch",
    "execute-api",
    "firehose",
    "redshift",
    "ssm",
    "sagemaker",
    "inspector",
)
_COMPARISONS = frozenset(
    ("prefix", "suffix", "anything-but", "numeric", "cidr", "exists", "equals-ignore-case", "wildcard")
)

rules = Rules("events")


@rules.add(
    "PutRule",
    source=f"{_API}API_PutRule.html",
    code="ValidationException",
)
def schedule(call: Call, _: Account) -> Iterator[str]:
    """A rule has an event pattern or a schedule: rate(...) or cron(...), the latter on the default bus."""
    expression = call.parameters.get("ScheduleExpression")
    if not expression and not call.parameters.get("EventPattern"):
        yield "Parameter(s) ScheduleExpression or EventPattern must be specified."
    if expression and not (is_rate(expression) or is_cron(expression)):
        yield "Parameter ScheduleExpression is not valid."
    if expression and call.parameters.get("EventBusName", "default").rpartition("/")[2] != "default":
        yield "ScheduleExpression is supported only on the default event bus."


@rules.add(
    "PutRule",
    "TestEventPattern",
    "CreateArchive",
    source=f"{_GUIDE}eb-create-pattern-operators.html",
    code="InvalidEventPatternException",
)
@of_free_document("Event pattern is not valid. Reason: a value is of a wrong type")
def event_pattern(call: Call, _: Account) -> Iterator[str]:
    """An event pattern is JSON whose leaves are lists of values and known comparisons, in at most 4,096 characters."""
    text = call.parameters.get("EventPattern")
    if not text:
        return
    try:
        pattern = json.loads(text)
    except ValueError:
        yield "Event pattern is not valid. Reason: the pattern is not valid JSON"
        return
    if not isinstance(pattern, dict) or not pattern:
        yield "Event pattern is not valid. Reason: Filter is not an object"
    else:
        yield from (f"Event pattern is not valid. Reason: {fault}" for fault in _pattern_faults(pattern))


def _pattern_faults(pattern: Mapping[str, Any]) -> Iterator[str]:
    if not pattern:
        yield "Empty objects are not allowed"
    for name, value in pattern.items():
        if name == "$or":
            alternatives = value if isinstance(value, list) else []
            if len(alternatives) < 2:
                yield "$or must be an array of at least two patterns"
            for item in alternatives:
                yield from _pattern_faults(item)
        elif isinstance(value, dict):
            yield from _pattern_faults(value)
        elif not isinstance(value, list):
            yield f'"{name}" must be an object or an array'
        elif not value:
            yield "Empty arrays are not allowed"
        else:
            for item in value:
                yield from _leaf_faults(name, item)


def _leaf_faults(name: str, item: object) -> Iterator[str]:
    if isinstance(item, list):
        yield f'"{name}": arrays in arrays are not allowed'
    if not isinstance(item, dict):
        return
    if len(item) != 1 or not set(item) <= _COMPARISONS:
        yield f"Unrecognized match type {', '.join(item) or '(none)'}"
        return
    comparison, operand = next(iter(item.items()))
    if comparison == "exists" and not isinstance(operand, bool):
        yield "exists match pattern must be either true or false"
    if comparison in ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr") and not isinstance(
        operand, str | dict
    ):
        yield f"{comparison} match pattern must be a string"
    if comparison == "cidr" and not _is_range(operand):
        yield f"Malformed CIDR, one or more of the address and the mask is not valid: {operand}"
    if comparison == "wildcard" and "**" in str(operand):
        yield "Consecutive wildcard characters are not allowed"
    if comparison == "numeric":
        operators = operand[::2] if isinstance(operand, list) else []
        numbers = operand[1::2] if isinstance(operand, list) else []
        well = operators and len(operators) == len(numbers) and set(map(str, operators)) <= {"=", "<", "<=", ">", ">="}
        if not well or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
            yield "Invalid numeric match: operators and numbers must alternate"
        elif len(numbers) == 2 and numbers[0] >= numbers[1]:
            yield "Bottom must be less than top"
    if comparison == "anything-but":
        yield from _exclusion_faults(operand)


def _exclusion_faults(operand: object) -> Iterator[str]:
    if operand == []:
        yield "Empty arrays are not allowed"
    if isinstance(operand, dict):
        for name, text in operand.items():
            if not isinstance(text, str | list):
                yield f"{name} match pattern must be a string"


def _is_range(text: object) -> bool:
    try:
        ip_network(str(text), strict=False)
    except ValueError:
        return False
    return True


@rules.add("TestEventPattern", source=f"{_API}API_TestEventPattern.html", code="ValidationException")
def tested_event(call: Call, _: Account) -> Iterator[str]:
    """The event that a pattern is tested on is JSON with the members of every event."""
    needed = {"id", "account", "source", "time", "region", "resources", "detail-type"}
    try:
        event = json.loads(call.parameters["Event"])
    except ValueError:
        event = None
    if not isinstance(event, dict) or not needed <= set(event):
        yield f"Parameter Event is not valid. Reason: it must be JSON with {', '.join(sorted(needed))}"


@rules.add("PutEvents", source=f"{_GUIDE}eb-putevents.html#eb-putevent-size", code="ValidationException")
def entries_size(call: Call, _: Account) -> Iterator[str]:
    """The entries of a request have together at most 1 MB."""
    members = ("Source", "DetailType", "Detail", "TraceHeader")
    texts = [str(entry.get(member, "")) for entry in call.parameters["Entries"] for member in members]
    if sum(len(text.encode()) for text in texts) > 1_048_576:
        yield "Total size of the entries in the request is over the limit."


@rules.add(
    "PutTargets",
    source=f"{_GUIDE}eb-quota.html",
    code="LimitExceededException",
)
def targets(call: Call, account: Account) -> Iterator[str]:
    """A rule has at most 5 targets, each id once."""
    bus = account.backend("events").event_buses.get(call.parameters.get("EventBusName", "default").rpartition("/")[2])
    rule = bus.rules.get(call.parameters["Rule"]) if bus is not None else None
    names = [target["Id"] for target in call.parameters["Targets"]]
    existing = [target["Id"] for target in rule.targets] if rule is not None else []
    if len({*names, *existing}) > 5:
        yield "The requested resource exceeds the maximum number allowed."


@rules.add(
    "PutTargets",
    source=f"{_API}API_PutTargets.html",
    code="ValidationException",
)
def target_ids(call: Call, _: Account) -> Iterator[str]:
    """A target's id is given once in a request."""
    names = [target["Id"] for target in call.parameters["Targets"]]
    if len(set(names)) != len(names):
        yield "Target ids must be unique in a request."


@rules.add(
    "PutTargets",
    source=f"{_GUIDE}eb-use-resource-based.html",
    code="ValidationException",
)
def target_role(call: Call, account: Account) -> Iterator[str]:
    """A target is named by an ARN, and has its role where EventBridge needs one: state machines, tasks, streams,
    builds, pipelines, jobs.
    """
    for target in call.parameters["Targets"]:
        arn, role = target["Arn"], target.get("RoleArn")
        if not re.fullmatch(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:.+", arn):
            yield f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        elif arn.split(":")[3] not in ("", call.region) and ":event-bus/" not in arn:
            yield f"Parameter {arn} is not valid. Reason: a target in another region must be an event bus."
        elif arn.split(":")[2] in _WITH_ROLE and not role:
            yield f"RoleArn is required for target {arn}."
        elif role and not account.trusts(role, "events.amazonaws.com"):
            yield f"The role {role} does not exist, or events.amazonaws.com may not assume it."


@rules.add(
    "PutTargets",
    source=f"{_GUIDE}eb-transform-target-input.html",
    code="ValidationException",
)
def target_input(call: Call, _: Account) -> Iterator[str]:
    """A target takes one of input, input path and input transformer; a transformer's template uses its own
    variables, and is JSON where it begins as an object.
    """
    for target in call.parameters["Targets"]:
        inputs = [member for member in ("Input", "InputPath", "InputTransformer") if target.get(member)]
        if len(inputs) > 1:
            yield f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        if not target.get("InputPath", "$").startswith("$"):
            yield f"Parameter InputPath is not valid for target {target['Id']}."
        if target.get("Input") and not is_json(target["Input"]):
            yield f"Parameter Input is not valid JSON for target {target['Id']}."
        transformer = target.get("InputTransformer", {})
        paths = transformer.get("InputPathsMap", {})
        for name, path in paths.items():
            if not str(path).startswith("$") or name.startswith("AWS."):
                yield f"Invalid InputPathsMap for target {target['Id']}: {name}"
        used = set(re.findall(r"<([A-Za-z0-9._-]+)>", transformer.get("InputTemplate", "")))
        unknown = {name for name in used if name not in paths and not name.startswith("aws.")}
        if unknown:
            yield f"InputTemplate for target {target['Id']} contains invalid placeholder {', '.join(sorted(unknown))}."
        template = re.sub(r"<[A-Za-z0-9._-]+>", "0", transformer.get("InputTemplate", ""))
        if template.lstrip().startswith("{") and not is_json(template):
            yield f"Invalid InputTemplate for target {target['Id']}: it is not JSON."


@rules.add(
    "PutTargets",
    source=f"{_API}API_EcsParameters.html",
    code="ValidationException",
)
def target_ecs(call: Call, _: Account) -> Iterator[str]:
    """A target of ECS has its parameters: the task definition, and for Fargate the network."""
    for target in call.parameters["Targets"]:
        parameters = target.get("EcsParameters")
        is_cluster = re.search(r":ecs:.*:cluster/", target["Arn"]) is not None
        if is_cluster != (parameters is not None):
            yield f"Parameter(s) EcsParameters {'missing' if is_cluster else 'not valid'} for target: {target['Id']}."
        elif parameters and parameters.get("LaunchType") and parameters.get("CapacityProviderStrategy"):
            yield "LaunchType and CapacityProviderStrategy must not both be specified."
        elif parameters and parameters.get("LaunchType") == "FARGATE" and not parameters.get("NetworkConfiguration"):
            yield "NetworkConfiguration is required for launch type FARGATE."


@rules.add(
    "PutTargets",
    source=f"{_GUIDE}eb-rule-dlq.html",
    code="ValidationException",
)
def target_dead_letters(call: Call, account: Account) -> Iterator[str]:
    """A dead-letter queue is a standard SQS queue of this region that exists."""
    for target in call.parameters["Targets"]:
        arn = target.get("DeadLetterConfig", {}).get("Arn")
        if arn and not account.is_standard_queue(arn):
            yield f"Parameter(s) DeadLetterConfig not valid: {arn} is no standard queue that exists."


@rules.add("PutRule", source=f"{_API}API_PutRule.html", code="ValidationException")
def rule_role(call: Call, _: Account) -> Iterator[str]:
    """A rule's role is the ARN of a role."""
    role = call.parameters.get("RoleArn")
    if role and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", role):
        yield f"Parameter {role} is not valid. Reason: Provided Arn is not in correct format."


@rules.add("CreateEventBus", source=f"{_API}API_CreateEventBus.html", code="ValidationException")
def bus_name(call: Call, _: Account) -> Iterator[str]:
    """A custom bus is not called default, and its name has neither a slash nor the prefix `aws.`."""
    name = call.parameters["Name"]
    custom = "EventSourceName" not in call.parameters
    if name == "default" or (custom and ("/" in name or name.startswith("aws."))):
        yield f"Event bus name {name} is not valid."
