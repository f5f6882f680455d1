"""What EventBridge Scheduler demands of targets: the parameters of each kind, and tasks of ECS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import subnet_of
from sandbox.strict.rules import Rules, is_json

_API: Final = "https://docs.aws.amazon.com/scheduler/latest/APIReference/"
_GUIDE: Final = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/"
_SCHEDULE: Final = ("CreateSchedule", "UpdateSchedule")
_LARGEST_INPUT: Final = 262_144
_READS: Final = re.compile(
    "get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe"
    "|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized"
    "|invokeModel"
)
"""How the names of operations begin that Scheduler does not call."""
_PARAMETERS: Final = {
    "EcsParameters": (r":ecs:[^:]*:\d{12}:cluster/", True),
    "EventBridgeParameters": (r":events:[^:]*:\d{12}:event-bus/", True),
    "KinesisParameters": (r":kinesis:[^:]*:\d{12}:stream/", True),
    "SageMakerPipelineParameters": (r":sagemaker:[^:]*:\d{12}:pipeline/", False),
    "SqsParameters": (r":sqs:[^:]*:\d{12}:", False),
}
"""Parameters of a target by its kind, and whether such a target needs them."""

rules = Rules("scheduler")


@rules.add(*_SCHEDULE, source=f"{_GUIDE}managing-targets-templated.html", code="ValidationException")
def target_parameters(call: Call, _: Account) -> Iterator[str]:
    """A target has the parameters of its kind, and of no other."""
    target = call.parameters["Target"]
    for member, (pattern, needed) in _PARAMETERS.items():
        of_kind = re.search(pattern, target["Arn"]) is not None
        if (member in target and not of_kind) or (of_kind and needed and member not in target):
            yield f"{member} must be specified for targets of its kind, and for no other: {target['Arn']}"


@rules.add(*_SCHEDULE, source=f"{_API}API_Target.html", code="ValidationException")
def target_input(call: Call, _: Account) -> Iterator[str]:
    """The input has at most 256 KB, and is JSON for an event bus."""
    target = call.parameters["Target"]
    text = target.get("Input", "")
    if len(text.encode()) > _LARGEST_INPUT:
        yield "Input must be at most 256 KB."
    if text and "EventBridgeParameters" in target and not is_json(text):
        yield "Invalid Input: the input of this target must be valid JSON."


@rules.add(*_SCHEDULE, source=f"{_GUIDE}managing-targets-universal.html", code="ValidationException")
def target_action(call: Call, _: Account) -> Iterator[str]:
    """An action of the SDK is `arn:aws:scheduler:::aws-sdk:service:action`, and not one that only reads."""
    arn = call.parameters["Target"]["Arn"]
    if ":scheduler:::" not in arn:
        return
    match = re.fullmatch(r"arn:aws[a-z-]*:scheduler:::aws-sdk:[a-z0-9]+:([a-z]\w*)", arn)
    if match is None or _READS.match(match[1]):
        yield f"The service or the operation of {arn} is not supported."


@rules.add(*_SCHEDULE, source=f"{_API}API_EcsParameters.html", code="ValidationException")
def tasks(call: Call, account: Account) -> Iterator[str]:
    """Tasks are started by a launch type or by a strategy with one base, from the ARN of a task definition; on Fargate
    in a network, in subnets of one VPC and without placement; only there with a public address.
    """
    parameters = call.parameters["Target"].get("EcsParameters")
    if parameters is not None:
        yield from _start_faults(parameters)
        yield from _network_faults(parameters, account)


def _start_faults(parameters: Mapping[str, Any]) -> Iterator[str]:
    strategy, launch = parameters.get("CapacityProviderStrategy", []), parameters.get("LaunchType")
    if strategy and launch:
        yield "LaunchType and CapacityProviderStrategy are mutually exclusive."
    if len([item for item in strategy if item.get("base")]) > 1:
        yield "Only one capacity provider in a strategy can have a base."
    if not re.fullmatch(r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task-definition/.+", parameters["TaskDefinitionArn"]):
        yield f"TaskDefinitionArn {parameters['TaskDefinitionArn']} is not valid."
    if not re.fullmatch(r"LATEST|\d+\.\d+\.\d+", parameters.get("PlatformVersion", "LATEST")):
        yield f"PlatformVersion {parameters['PlatformVersion']} is not valid."
    constraints = parameters.get("PlacementConstraints", [])
    if any(item.get("type") == "distinctInstance" and item.get("expression") for item in constraints):
        yield "An expression cannot be specified for the constraint distinctInstance."
    if _on_fargate(parameters) and (constraints or parameters.get("PlacementStrategy")):
        yield "Placement is not supported on Fargate."


def _network_faults(parameters: Mapping[str, Any], account: Account) -> Iterator[str]:
    network = parameters.get("NetworkConfiguration", {}).get("awsvpcConfiguration", {})
    if _on_fargate(parameters) and not network.get("Subnets"):
        yield "NetworkConfiguration is required on Fargate."
    if network.get("AssignPublicIp") == "ENABLED" and parameters.get("LaunchType") not in (None, "FARGATE"):
        yield "AssignPublicIp can be ENABLED only with the launch type FARGATE."
    subnets = [subnet_of(account, name) for name in network.get("Subnets", [])]
    if len({subnet.vpc_id for subnet in subnets if subnet is not None}) > 1:
        yield "The subnets must all be in the same VPC."


def _on_fargate(parameters: Mapping[str, Any]) -> bool:
    providers = [item.get("capacityProvider", "") for item in parameters.get("CapacityProviderStrategy", [])]
    return parameters.get("LaunchType") == "FARGATE" or any(name.startswith("FARGATE") for name in providers)
