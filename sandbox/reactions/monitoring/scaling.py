"""Application Auto Scaling: alarms move a service's desired count, by target tracking or by steps.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-step-scaling-policies.html
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy as Policy
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import Alarm
from moto.ecs.models import ecs_backends

from sandbox.reactions.account import ACCOUNT_ID, Account
from sandbox.reactions.hooks import replace

DEFAULT_COOLDOWN_SECONDS = 300
LOW_SHARE = 0.9
"""The low alarm of a target tracking policy stands at this share of the target."""


class Scaling:
    """Every scaling policy of the account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last: dict[str, datetime] = {}
        """When a policy last changed something, by its ARN."""

    def install(self) -> None:
        """The alarms of a target tracking policy stand at its target; moto gives all the same number."""
        generate = Policy._generate_ecs_alarms

        def generated(policy: Policy) -> list[Alarm]:
            high, low = generate(policy)
            target = float(_tracking(policy)["TargetValue"])
            high.threshold, low.threshold = target, target * LOW_SHARE
            high.treat_missing_data = low.treat_missing_data = "missing"
            return [high, low]

        replace(Policy, "_generate_ecs_alarms", generated)

    def scale(self, action: str, alarm: Alarm, value: float) -> None:
        """Carries out the policy that `action` names, with the alarm's newest value."""
        region = action.split(":")[3]
        arn = action.split(":createdBy/", maxsplit=1)[0]
        for policy in applicationautoscaling_backends[ACCOUNT_ID][region].policies.values():
            if policy.policy_arn == arn and policy.service_namespace == "ecs":
                self._carry_out(policy, region, alarm, value)

    def _carry_out(self, policy: Policy, region: str, alarm: Alarm, value: float) -> None:
        _, cluster, name = policy.resource_id.split("/")
        service = ecs_backends[ACCOUNT_ID][region].services.get(f"{cluster}:{name}")
        target = self._target(policy, region)
        if service is None or service.status != "ACTIVE" or target is None:
            return
        capacity = _target_capacity(policy, service.desired_count, alarm, value)
        bounded = max(int(target.min_capacity), min(int(target.max_capacity), capacity))
        if bounded == service.desired_count or self._is_cooling(policy, bounded > service.desired_count):
            return
        self._account.tell(
            "application-autoscaling", f"{policy.policy_name}: {name} {service.desired_count} -> {bounded} tasks"
        )
        service.desired_count = bounded
        self._last[policy.policy_arn] = self._account.clock.now()

    def _is_cooling(self, policy: Policy, is_out: bool) -> bool:
        if policy.step_scaling_policy_configuration is not None:
            seconds = policy.step_scaling_policy_configuration.get("Cooldown", DEFAULT_COOLDOWN_SECONDS)
        else:
            name = "ScaleOutCooldown" if is_out else "ScaleInCooldown"
            seconds = _tracking(policy).get(name, DEFAULT_COOLDOWN_SECONDS)
        last = self._last.get(policy.policy_arn)
        return last is not None and self._account.clock.now() - last < timedelta(seconds=int(seconds))

    def _target(self, policy: Policy, region: str) -> Any:
        targets = applicationautoscaling_backends[ACCOUNT_ID][region].targets[policy.scalable_dimension]
        return targets.get(policy.resource_id)


def _tracking(policy: Policy) -> dict[str, Any]:
    """The configuration of a target tracking policy."""
    return policy.target_tracking_scaling_policy_configuration or {}


def _target_capacity(policy: Policy, current: int, alarm: Alarm, value: float) -> int:
    if policy.step_scaling_policy_configuration is None:
        goal = float(_tracking(policy)["TargetValue"])
        return math.ceil(current * value / goal)
    configuration = policy.step_scaling_policy_configuration
    beyond = value - float(alarm.threshold)
    for step in configuration.get("StepAdjustments", []):
        low = step.get("MetricIntervalLowerBound")
        high = step.get("MetricIntervalUpperBound")
        if (low is None or beyond >= float(low)) and (high is None or beyond < float(high) or beyond == high == 0):
            return _adjusted(configuration["AdjustmentType"], current, int(step["ScalingAdjustment"]))
    return current


def _adjusted(kind: str, current: int, adjustment: int) -> int:
    if kind == "ExactCapacity":
        return adjustment
    if kind == "PercentChangeInCapacity":
        return current + math.ceil(current * adjustment / 100)
    return current + adjustment
