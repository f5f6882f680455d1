"""Services: alarms of a deployment, strategies, and what a deployment controller takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"

rules = Rules("ecs")


@rules.add(
    "CreateService", "UpdateService", source=f"{_API}API_DeploymentAlarms.html", code="InvalidParameterException"
)
def deployment_alarms(call: Call, _: Account) -> Iterator[str]:
    """A deployment that is watched by alarms names them."""
    alarms = (call.parameters.get("deploymentConfiguration") or {}).get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarmNames"):
        yield "alarmNames must not be empty when deployment alarms are enabled."


@rules.add(
    "CreateService",
    "UpdateService",
    "RunTask",
    source=f"{_API}API_CapacityProviderStrategyItem.html",
    code="InvalidParameterException",
)
def strategy_weight(call: Call, _: Account) -> Iterator[str]:
    """At least one provider of a strategy has a weight above 0."""
    strategy = call.parameters.get("capacityProviderStrategy") or []
    if strategy and not any(item.get("weight", 0) for item in strategy):
        yield "The capacity provider strategy must contain at least one capacity provider with a weight greater than 0."


@rules.add("CreateService", source=f"{_API}API_CreateService.html", code="InvalidParameterException")
def service_details(call: Call, _: Account) -> Iterator[str]:
    """A client token has at most 36 characters; a circuit breaker is of ECS's own deployments; a registry has one
    port.
    """
    parameters = call.parameters
    if len(parameters.get("clientToken", "")) > 36:
        yield "clientToken: at most 36 characters."
    breaker = parameters.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    if breaker.get("enable") and parameters.get("deploymentController", {}).get("type", "ECS") != "ECS":
        yield "DeploymentCircuitBreaker feature can be configured with ECS deployment controller only."
    for registry in parameters.get("serviceRegistries", []):
        if "port" in registry and "containerPort" in registry:
            yield "serviceRegistries: specify either a port or a containerName and containerPort, not both."
