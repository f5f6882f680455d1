"""ECS services: as many tasks run as are desired, and a task that ends or is not healthy is replaced.

A task that is not healthy is stopped once its replacement runs, where `maximumPercent` admits one more, and before
otherwise: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html: a deployment whose tasks
keep failing is given up, and rolled back to the one before when the service asks for it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend, Service, ecs_backends

from sandbox.reactions.account import ACCOUNT_ID, Account
from sandbox.reactions.events.bus import Bus
from sandbox.reactions.hooks import replace

from .fargate import Fargate

EVERY_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 60
SCALED_IN = ("ServiceSchedulerInitiated", "Scaling activity initiated by deployment")
UNHEALTHY = ("ServiceSchedulerInitiated", "Task failed container health checks")


class Services:
    """Keeps every service at its desired count."""

    def __init__(self, account: Account, bus: Bus, fargate: Fargate) -> None:
        self._account, self._bus, self._fargate = account, bus, fargate
        self._failures: Counter[str] = Counter()
        """Tasks in a row that failed, by deployment."""
        self._counted: set[str] = set()
        self._not_before: dict[str, datetime] = {}
        self._completed: dict[str, str] = {}
        """The task definition of the last deployment that was steady, by the service's ARN."""
        self._changing = threading.Lock()
        """An update sets one field after the other, and no task must start between two of them."""

    def install(self) -> None:
        """Looks after the services in a thread of its own; how many tasks run is for it to say, not for an update."""
        update = EC2ContainerServiceBackend.update_service

        def updated(backend: Any, service_properties: dict[str, Any]) -> Service:
            service = backend._get_service(service_properties.get("cluster", "default"), service_properties["service"])
            with self._changing:
                counted = service.running_count, service.pending_count
                answer = update(backend, service_properties)
                answer.running_count, answer.pending_count = counted
            return answer

        replace(EC2ContainerServiceBackend, "update_service", updated)
        threading.Thread(target=self._run, name="services", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            for backend in list(ecs_backends[ACCOUNT_ID].values()):
                for service in list(backend.services.values()):
                    try:
                        with self._changing:
                            self._keep(backend, service)
                    except Exception as error:  # one service's fault must not end the others
                        self._account.tell_once("sandbox", f"FAULT in service {service.name}: {error!r}")

    def _keep(self, backend: Any, service: Service) -> None:
        tasks = [task for task in backend.tasks.get(service.cluster_name, {}).values() if _is_of(task, service)]
        self._count_failures(service, tasks)
        living = [task for task in tasks if task.desired_status == "RUNNING"]
        unhealthy = [task for task in living if task.health_status == "UNHEALTHY"]
        current = [
            task for task in living if task.task_definition_arn == service.task_definition and task not in unhealthy
        ]
        desired = service.desired_count if service.status == "ACTIVE" else 0
        if len(current) < desired and self._may_start(service):
            for _ in range(desired - len(current)):
                self._start(backend, service)
        steady = self._is_steady(current, desired)
        at_once = [] if _may_exceed(service) else unhealthy
        surplus = [task for task in living if task not in current and (steady or task in at_once)]
        for task in [*surplus, *current[desired:]]:
            self._fargate.stop(task, *(UNHEALTHY if task in unhealthy else SCALED_IN))
        service.running_count = sum(task.last_status == "RUNNING" for task in tasks)
        service.pending_count = sum(task.last_status in ("PROVISIONING", "PENDING") for task in tasks)
        self._describe(service, desired, current)

    def _is_steady(self, current: list[Any], desired: int) -> bool:
        return sum(bool(task.last_status == "RUNNING") for task in current) >= desired

    def _start(self, backend: Any, service: Service) -> None:
        strategy = getattr(service, "capacity_provider_strategy", None)
        (task,) = backend.run_task(
            service.cluster_name,
            service.task_definition,
            1,
            None,
            _deployment_id(service),
            service.tags if service.propagate_tags == "SERVICE" else [],
            None if strategy else "FARGATE",
            service.network_configuration,
            f"service:{service.name}",
            service.platform_version,
            strategy,
        )
        self._account.tell("ecs", f"service {service.name} starts task {task.id}")

    def _may_start(self, service: Service) -> bool:
        breaker = (getattr(service, "deployment_configuration", None) or {}).get("deploymentCircuitBreaker", {})
        threshold = max(3, min(200, math.ceil(service.desired_count / 2)))
        deployment = _deployment_id(service)
        deploying = self._completed.get(service.arn) != service.task_definition
        if breaker.get("enable") and deploying and self._failures[deployment] >= threshold:
            self._give_up(service, bool(breaker.get("rollback")))
            return False
        pause = self._not_before.get(deployment)
        return pause is None or self._account.clock.now() >= pause

    def _give_up(self, service: Service, rollback: bool) -> None:
        """The circuit breaker: the deployment has failed."""
        deployment = service.deployments[0]
        if deployment.get("rolloutState") == "FAILED":
            return
        deployment["rolloutState"] = "FAILED"
        deployment["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        self._account.tell("ecs", f"service {service.name}: deployment failed: circuit breaker")
        self._bus.publish(
            service.region_name,
            "aws.ecs",
            "ECS Deployment State Change",
            [service.arn],
            {"eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": deployment["id"]},
        )
        before = self._completed.get(service.arn)
        if rollback and before and before != service.task_definition:
            service.task_definition = before
            deployment["rolloutStateReason"] = f"ECS deployment circuit breaker: rolling back to {before}."

    def _count_failures(self, service: Service, tasks: list[Any]) -> None:
        for task in tasks:
            if task.last_status != "STOPPED" or task.id in self._counted:
                continue
            self._counted.add(task.id)
            failed = task.stop_code == "TaskFailedToStart" or task.stopped_reason == UNHEALTHY[1]
            if task.stop_code == SCALED_IN[0] and not failed:
                continue
            deployment = _deployment_id(service)
            self._failures[deployment] = self._failures[deployment] + 1 if failed else 0
            pause = min(LONGEST_PAUSE_SECONDS, 2 ** self._failures[deployment]) if failed else 1
            self._not_before[deployment] = self._account.clock.now() + timedelta(seconds=pause)

    def _describe(self, service: Service, desired: int, current: list[Any]) -> None:
        if not service.deployments:
            return
        deployment = service.deployments[0]
        deployment["taskDefinition"] = service.task_definition
        deployment["desiredCount"] = desired
        deployment["runningCount"] = service.running_count
        deployment["pendingCount"] = service.pending_count
        deployment["failedTasks"] = self._failures[_deployment_id(service)]
        if deployment.get("rolloutState") != "FAILED":
            steady = self._is_steady(current, desired)
            deployment["rolloutState"] = "COMPLETED" if steady else "IN_PROGRESS"
            if steady and desired:
                self._completed[service.arn] = str(service.task_definition)


def _is_of(task: Any, service: Service) -> bool:
    return bool(task.group == f"service:{service.name}")


def _may_exceed(service: Service) -> bool:
    """Whether more tasks than desired may run for a while: a replacement starts before what it replaces ends."""
    configuration = getattr(service, "deployment_configuration", None) or {}
    return bool(service.desired_count * configuration.get("maximumPercent", 200) // 100 > service.desired_count)


def _deployment_id(service: Service) -> str:
    """A new task definition is a new deployment."""
    base = service.deployments[0]["id"] if service.deployments else f"ecs-svc/{service.name}"
    return f"{base}:{(service.task_definition or '').rsplit(':', 1)[-1]}"
