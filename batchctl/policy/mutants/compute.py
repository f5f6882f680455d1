"""Mutants of task definitions, services and scaling."""

from __future__ import annotations

from typing import Any

from policy.rules import kinds

from .model import (
    container,
    mutant,
)
from .operators import (
    change,
    delete,
    edit,
    option,
    retarget,
    text,
)

_SOFTENED: dict[str, dict[str, Any]] = {
    "root": {"user": "0"},
    "writable root": {"readonlyRootFilesystem": False},
    "privileged": {"privileged": True},
    "plain secret": {"environment": [{"name": "DB_PASSWORD", "value": "x"}]},
}


COMPUTE = [
    mutant("services-start-empty", "one task", kinds.SERVICE, "*", change("desiredCount", 1)),
    mutant("autoscaling-respects-zero-start", "one task", kinds.SCALING_TARGET, "*", change("minCapacity", 1)),
    mutant("autoscaled-service-ignores-count", "not ignored", kinds.SERVICE, "*", option(ignore_changes=())),
    mutant(
        "image-reference-pinned",
        "latest",
        kinds.TASK_DEFINITION,
        "*",
        edit("containerDefinitions", lambda c: c[0].update(image=c[0]["image"].partition(":")[0] + ":latest")),
    ),
    mutant(
        "image-reference-pinned",
        "tags can be moved",
        kinds.REPOSITORY,
        "*",
        change("imageTagMutability", "MUTABLE"),
    ),
    mutant(
        "service-circuit-breaker", "no rollback", kinds.SERVICE, "*", change("deploymentCircuitBreaker.rollback", False)
    ),
    mutant("service-circuit-breaker", "none", kinds.SERVICE, "*", delete("deploymentCircuitBreaker")),
    mutant("fargate-cpu-memory-pair", "no such pair", kinds.TASK_DEFINITION, "*", change("memory", "1000")),
    mutant("fargate-cpu-memory-pair", "no such CPU", kinds.TASK_DEFINITION, "*", change("cpu", "300")),
    mutant(
        "fargate-no-placement",
        "strategy",
        kinds.SERVICE,
        "*",
        change("orderedPlacementStrategies", [{"type": "spread", "field": "attribute:ecs.availability-zone"}]),
    ),
    mutant(
        "fargate-no-placement",
        "constraint",
        kinds.TASK_DEFINITION,
        "*",
        change("placementConstraints", [{"type": "memberOf"}]),
    ),
    mutant(
        "grace-period-needs-health-check",
        "120 s, no load balancer",
        kinds.SERVICE,
        "*",
        change("healthCheckGracePeriodSeconds", 120),
    ),
    mutant("fargate-task-shape", "bridge", kinds.TASK_DEFINITION, "*", change("networkMode", "bridge")),
    mutant("fargate-task-shape", "EC2", kinds.TASK_DEFINITION, "*", change("requiresCompatibilities", ["EC2"])),
    mutant("fargate-task-shape", "daemon", kinds.SERVICE, "*", change("schedulingStrategy", "DAEMON")),
    mutant(
        "fargate-task-shape",
        "json-file",
        kinds.TASK_DEFINITION,
        "*",
        text("containerDefinitions", '"awslogs"', '"json-file"'),
    ),
    *(
        mutant("task-hardening", what, kinds.TASK_DEFINITION, "*", edit("containerDefinitions", container(**changes)))
        for what, changes in _SOFTENED.items()
    ),
    mutant(
        "task-hardening",
        "one role for both",
        kinds.TASK_DEFINITION,
        "*",
        retarget("taskRoleArn", kinds.ROLE, lambda graph, one: graph.targets(one, "executionRoleArn", kinds.ROLE)[0]),
    ),
]
