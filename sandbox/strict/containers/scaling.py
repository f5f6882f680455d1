"""What Application Auto Scaling demands of scalable targets and policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import available_timezones

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.schedules import is_at, is_cron, is_rate
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/autoscaling/application/APIReference/"

rules = Rules("application-autoscaling")


@rules.add(
    "RegisterScalableTarget",
    "PutScalingPolicy",
    "PutScheduledAction",
    source=f"{_API}API_RegisterScalableTarget.html",
    code="ValidationException",
)
def resource(call: Call, _: Account) -> Iterator[str]:
    """Namespace, dimension and resource id name one thing: `service/CLUSTER/SERVICE` for ECS."""
    namespace, dimension = call.parameters["ServiceNamespace"], call.parameters["ScalableDimension"]
    identifier = call.parameters["ResourceId"]
    if dimension.split(":")[0] != namespace:
        yield f"Unsupported service namespace, resource type or scalable dimension: {namespace}, {dimension}"
    if namespace == "ecs" and not re.fullmatch(r"service/[A-Za-z0-9_-]{1,255}/[A-Za-z0-9_-]{1,255}", identifier):
        yield "Unsupported service namespace, resource type or scalable dimension"
    if namespace == "dynamodb" and not re.fullmatch(r"table/[A-Za-z0-9_.-]{3,255}(/index/.+)?", identifier):
        yield "Unsupported service namespace, resource type or scalable dimension"


@rules.add(
    "RegisterScalableTarget",
    source=f"{_API}API_RegisterScalableTarget.html",
    code="ValidationException",
)
def capacity(call: Call, account: Account) -> Iterator[str]:
    """A new target has a least and a greatest capacity, of 0 or more, the first no greater than the last."""
    least, most = call.parameters.get("MinCapacity"), call.parameters.get("MaxCapacity")
    registered = account.backend("applicationautoscaling").targets.get(call.parameters["ScalableDimension"], {})
    if call.parameters["ResourceId"] not in registered and (least is None or most is None):
        yield "Min and max capacity must be specified for a new scalable target."
    if (least or 0) < 0 or (least is not None and most is not None and least > most):
        yield "Minimum capacity cannot be greater than maximum capacity or negative"


@rules.add(
    "RegisterScalableTarget",
    source=f"{_API}API_RegisterScalableTarget.html",
    code="ValidationException",
)
def service(call: Call, account: Account) -> Iterator[str]:
    """The ECS service that is to be scaled exists."""
    parts = call.parameters["ResourceId"].split("/")
    if call.parameters["ServiceNamespace"] == "ecs" and len(parts) == 3:
        services = list(account.backend("ecs").services.values())
        if not any(
            item.name == parts[2] and item.cluster_name == parts[1] and item.status == "ACTIVE" for item in services
        ):
            yield f"ECS service doesn't exist: {call.parameters['ResourceId']}"


@rules.add(
    "PutScalingPolicy",
    "PutScheduledAction",
    "DeregisterScalableTarget",
    source=f"{_API}API_PutScalingPolicy.html#API_PutScalingPolicy_Errors",
    code="ObjectNotFoundException",
)
def policy_target(call: Call, account: Account) -> Iterator[str]:
    """A policy or a scheduled action is for a target that is registered, and such a one is deregistered."""
    targets = account.backend("applicationautoscaling").targets.get(call.parameters["ScalableDimension"], {})
    if call.parameters["ResourceId"] not in targets:
        yield (
            f"No scalable target registered for service namespace: {call.parameters['ServiceNamespace']}, resource ID: "
            f"{call.parameters['ResourceId']}, scalable dimension: {call.parameters['ScalableDimension']}"
        )


@rules.add(
    "PutScalingPolicy",
    source=f"{_API}API_PutScalingPolicy.html",
    code="ValidationException",
)
def policy_type(call: Call, _: Account) -> Iterator[str]:
    """A policy has the configuration of its type; a target tracking one has a target above 0 and one metric."""
    kind = call.parameters.get("PolicyType", "StepScaling")
    members = {
        "StepScaling": "StepScalingPolicyConfiguration",
        "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
        "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
    }
    configurations = [member for member in members.values() if call.parameters.get(member)]
    if configurations and configurations != [members[kind]]:
        yield f"Policy type {kind} takes {members[kind]}, not {', '.join(configurations)}"
    tracking = call.parameters.get("TargetTrackingScalingPolicyConfiguration")
    if tracking is not None:
        both = [m for m in ("PredefinedMetricSpecification", "CustomizedMetricSpecification") if tracking.get(m)]
        if len(both) != 1 or tracking.get("TargetValue", 0) <= 0:
            yield "A target tracking policy has a target value above 0, and a predefined or a customized metric"
        if min(tracking.get("ScaleInCooldown", 0), tracking.get("ScaleOutCooldown", 0)) < 0:
            yield "A cooldown must not be negative"


@rules.add(
    "PutScalingPolicy",
    source=f"{_API}API_StepScalingPolicyConfiguration.html",
    code="ValidationException",
)
def adjustment_type(call: Call, _: Account) -> Iterator[str]:
    """Step scaling says what kind of number its adjustments are."""
    configuration = call.parameters.get("StepScalingPolicyConfiguration")
    if configuration is not None and not configuration.get("AdjustmentType"):
        yield "AdjustmentType is required for a new step scaling policy configuration"


@rules.add(
    "PutScalingPolicy",
    source=f"{_API}API_StepAdjustment.html",
    code="ValidationException",
)
def steps(call: Call, _: Account) -> Iterator[str]:
    """Step adjustments neither overlap nor leave a gap, and at most one is open at each end."""
    configuration = call.parameters.get("StepScalingPolicyConfiguration", {})
    infinite = float("inf")
    bounds = sorted(
        (item.get("MetricIntervalLowerBound", -infinite), item.get("MetricIntervalUpperBound", infinite))
        for item in configuration.get("StepAdjustments", [])
    )
    if any(lower >= upper for lower, upper in bounds):
        yield "Lower bound of a step adjustment must be less than its upper bound"
    if any(first[1] != second[0] for first, second in pairwise(bounds)):
        yield "There must not be a gap or an overlap between step adjustments"
    if configuration and not bounds:
        yield "At least one step adjustment must be specified"


@rules.add("PutScalingPolicy", source=f"{_API}API_PredefinedMetricSpecification.html", code="ValidationException")
def predefined_metric(call: Call, _: Account) -> Iterator[str]:
    """A predefined metric is one of the namespace: those of ECS begin with `ECS` or `ALB`, DynamoDB's with its name;
    one of requests to a load balancer has its label.
    """
    tracking = call.parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    metric = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
    prefixes = {"ecs": ("ECS", "ALB"), "dynamodb": ("DynamoDB",)}.get(call.parameters["ServiceNamespace"])
    labelled = tracking.get("PredefinedMetricSpecification", {}).get("ResourceLabel")
    if metric == "ALBRequestCountPerTarget" and not labelled:
        yield "ResourceLabel is required with the metric type ALBRequestCountPerTarget."
    if metric and prefixes and not metric.startswith(prefixes):
        yield f"{metric} is not supported for the namespace {call.parameters['ServiceNamespace']}"


@rules.add("PutScheduledAction", source=f"{_API}API_PutScheduledAction.html", code="ValidationException")
def scheduled_action(call: Call, _: Account) -> Iterator[str]:
    """A scheduled action has a schedule, rate(...), cron(...) or at(...), in a zone of the IANA database, and changes a
    capacity, the least of which is no greater than the greatest.
    """
    text, zone = call.parameters.get("Schedule", ""), call.parameters.get("Timezone", "UTC")
    if not (is_rate(text) or is_cron(text) or is_at(text)):
        yield f"Schedule '{text}' is not valid: it must be rate(...), cron(...) or at(...)"
    if zone not in available_timezones():
        yield f"Timezone '{zone}' is not valid"
    capacity = call.parameters.get("ScalableTargetAction") or {}
    if not capacity or capacity.get("MinCapacity", 0) > capacity.get("MaxCapacity", float("inf")):
        yield "ScalableTargetAction must have a minimum or a maximum capacity, the minimum no greater than the maximum"
