"""How ECS describes a task: in DescribeTasks, through moto's object, and in its state change events.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

from __future__ import annotations

import copy
import threading
from datetime import datetime
from typing import Any

_Task = Any
"""moto's task, which gets attributes that moto's class does not declare."""


_CHANGING = threading.RLock()


def prepare(task: _Task, now: datetime) -> None:
    """A task that has been asked for and has not begun; a container that never runs has no exit code."""
    task.created_at = now
    task.version = 0
    task.stop_code = None
    task.stopped_reason = None
    task.health_status = "UNKNOWN"
    for container in task.containers:
        container.exitCode = None
        container.health_status = "UNKNOWN"
        container.task_arn = task.task_arn
    change(task, "PROVISIONING")


def change(task: _Task, status: str) -> None:
    """The task and its containers have another state."""
    with _CHANGING:
        task.last_status = status
        task.version += 1
        for container in task.containers:
            container.last_status = status if status in ("RUNNING", "STOPPED") else "PENDING"


def snapshot(task: _Task) -> _Task:
    """The task at one moment: what is told of it is written out piece by piece, while it goes on."""
    with _CHANGING:
        copied = copy.copy(task)
        copied.containers = [copy.copy(container) for container in task.containers]
    return copied


def health(task: _Task, status: str) -> None:
    """The health of the task's container, and so of the task, has become another."""
    with _CHANGING:
        task.health_status = status
        task.containers[0].health_status = status


def started(task: _Task, now: datetime) -> None:
    """The container runs."""
    task.started_at = now


def end(task: _Task, stop_code: str, reason: str, exit_code: int | None, now: datetime) -> None:
    """The task has ended."""
    with _CHANGING:
        task.desired_status = "STOPPED"
        task.stop_code, task.stopped_reason = stop_code, reason
        task.stopped_at = task.stopping_at = task.execution_stopped_at = now
        for container in task.containers:
            container.exitCode = exit_code
            if exit_code is None:
                container.reason = reason
        change(task, "STOPPED")


def detail(task: _Task) -> dict[str, Any]:
    """The detail of a state change event."""
    moments = {
        name: getattr(task, attribute, None)
        for name, attribute in (
            ("createdAt", "created_at"),
            ("startedAt", "started_at"),
            ("stoppedAt", "stopped_at"),
            ("stoppingAt", "stopping_at"),
        )
    }
    members = {
        "attachments": task.attachments,
        "availabilityZone": getattr(task, "availability_zone", None),
        "capacityProviderName": task.capacity_provider_name,
        "clusterArn": task.cluster_arn,
        "containers": [_container(task, container) for container in task.containers],
        "desiredStatus": task.desired_status,
        "group": task.group,
        "lastStatus": task.last_status,
        "launchType": task.launch_type or "FARGATE",
        "overrides": task.overrides or {"containerOverrides": []},
        "platformVersion": task.platform_version,
        "startedBy": task.started_by,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "taskArn": task.task_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "updatedAt": None,
        "version": task.version,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
    return {name: value for name, value in members.items() if value is not None}


def _container(task: _Task, container: Any) -> dict[str, Any]:
    members = {
        "containerArn": container.container_arn,
        "exitCode": container.exitCode,
        "image": container.image,
        "lastStatus": container.last_status,
        "name": container.name,
        "networkInterfaces": container.network_interfaces,
        "reason": getattr(container, "reason", None),
        "taskArn": task.task_arn,
    }
    return {name: value for name, value in members.items() if value is not None}
