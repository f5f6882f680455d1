"""Fargate: what RunTask asks for starts as a process, lives through a task's states, and is told about as ECS tells it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from __future__ import annotations

import functools
import shutil
import threading
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError
from moto.ecs.models import EC2ContainerServiceBackend, Task, ecs_backends

from sandbox.reactions.account import ACCOUNT_ID, Account, DeniedError
from sandbox.reactions.events.bus import Bus
from sandbox.reactions.hooks import replace

from . import containers, descriptions, health, images, network
from .logs import LogStream
from .outcomes import Outcome, Outcomes

SERVICE = "ecs-tasks.amazonaws.com"
EXITED = "EssentialContainerExited"
NOT_STARTED = "TaskFailedToStart"


class Fargate:
    """Every task of the account."""

    def __init__(self, account: Account, bus: Bus) -> None:
        self._account, self._bus = account, bus
        self.outcomes = Outcomes()
        self.credentials: dict[str, Any] = {}
        """The task role's credentials by the task's id, for the credentials endpoint."""
        self._running: dict[str, containers.Started] = {}
        self._stopping: dict[str, tuple[str, str]] = {}
        """Stop code and reason of tasks that somebody stops, by ARN."""

    def install(self) -> None:
        """Takes moto's tasks, which stand for something running, and runs them."""
        run, describe = EC2ContainerServiceBackend.run_task, EC2ContainerServiceBackend.describe_tasks
        replace(Task, "advance", lambda task: None)

        def run_task(backend: Any, cluster_str: str, task_definition_str: str, *rest: Any, **named: Any) -> list[Task]:
            definition = backend.describe_task_definition(task_definition_str)
            if definition.status != "ACTIVE":
                raise JsonRESTError("ClientException", "TaskDefinition is inactive")
            job = definition.container_definitions[0]["name"]
            outcome = self.outcomes.next(job)
            if outcome and outcome.refused:
                raise JsonRESTError(*outcome.refused)
            tasks: list[Task] = run(backend, cluster_str, task_definition_str, *rest, **named)
            for task in tasks:
                self.begin(task, outcome)
            return tasks

        def stop_task(backend: Any, cluster_str: str, task_str: str, reason: str) -> Task:
            tasks: list[Task] = [
                task
                for task in backend.tasks.get(cluster_str.rsplit("/", maxsplit=1)[-1], {}).values()
                if task.id in task_str
            ]
            if not tasks:
                raise JsonRESTError("InvalidParameterException", "The referenced task was not found.")
            self.stop(tasks[0], "UserInitiated", reason or "Task stopped by user")
            return tasks[0]

        # Fargate places by the task's size; moto would add up the containers' memory, which they need not have
        replace(
            EC2ContainerServiceBackend,
            "_calculate_task_resource_requirements",
            staticmethod(lambda definition: {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}),
        )

        def describe_tasks(backend: Any, cluster_str: str, tasks: list[str]) -> list[Task]:
            return [descriptions.snapshot(task) for task in describe(backend, cluster_str, tasks)]

        replace(EC2ContainerServiceBackend, "describe_tasks", describe_tasks)
        replace(EC2ContainerServiceBackend, "run_task", run_task)
        replace(EC2ContainerServiceBackend, "stop_task", stop_task)

    def begin(self, task: Task, outcome: Outcome | None) -> None:
        """Starts a task's life."""
        descriptions.prepare(task, self._account.clock.now())
        threading.Thread(target=self._live_guarded, args=(task, outcome), daemon=True).start()

    def stop(self, task: Task, code: str, reason: str) -> None:
        """Asks a task to end: SIGTERM, and SIGKILL after its stop timeout."""
        if task.last_status == "STOPPED" or task.task_arn in self._stopping:
            return
        self._stopping[task.task_arn] = (code, reason)
        task.desired_status = "STOPPED"
        self._account.background(self._end_process, task)

    def _end_process(self, task: Task) -> None:
        started = self._running.get(task.task_arn)
        if started:
            definition = _definition(task).container_definitions[0]
            seconds = float(definition.get("stopTimeout", containers.DEFAULT_STOP_SECONDS))
            with self._account.waiting(f"stop {task.task_arn}"):
                containers.stop(started, seconds, self._account.clock)

    def _live_guarded(self, task: Task, outcome: Outcome | None) -> None:
        try:
            self._live(task, outcome)
        except (ClientError, DeniedError) as error:
            self._over(task, NOT_STARTED, f"ResourceInitializationError: {error}", None)
        except (images.ImageError, network.UnreachableError) as error:
            self._over(task, NOT_STARTED, str(error), None)
        except Exception as error:  # a fault of the sandbox must not leave a task that never ends
            self._account.tell("sandbox", f"FAULT in task {task.task_arn}: {error!r}")
            self._over(task, NOT_STARTED, f"the sandbox could not run the task: {error!r}", None)

    def _live(self, task: Task, outcome: Outcome | None) -> None:
        self._now(task, "PROVISIONING")
        definition = _definition(task)
        container = definition.container_definitions[0]
        region = task.region_name
        if outcome and outcome.kind == "never-starts":
            raise images.ImageError("ResourceInitializationError: unable to pull secrets or registry auth")
        where = task.network_configuration["awsvpcConfiguration"]
        task_network = network.TaskNetwork(region, where["subnets"][0], where["securityGroups"])
        task_network.require(logs="logConfiguration" in container)
        self._now(task, "PENDING")
        execution = self._account.assume(
            definition.execution_role_arn, SERVICE, region, source_arn=task.task_arn, session=task.id
        )
        self._account.vpc_of_key[execution.access_key_id] = task_network.vpc
        self._pull(container["image"], region, execution)
        image = images.find(container["image"])
        log = LogStream.open(self._account, container, region, execution, task.id)
        variables = self._platform_variables(task, definition, task_network.vpc)
        variables |= self._secrets(container, region, execution)
        if outcome and outcome.kind != "never-starts":
            self._pretend(task, outcome)
            return
        override = _override(task, container["name"])
        started = containers.start(image, container, override, variables)
        self._running[task.task_arn] = started
        descriptions.started(task, self._account.clock.now())
        self._now(task, "RUNNING")
        if check := container.get("healthCheck"):
            followed = health.HealthCheck(check, self._account.clock.now()).follow
            on_status = functools.partial(self._healthy, task)
            threading.Thread(target=followed, args=(started, self._account.clock, on_status), daemon=True).start()
        log.follow(started.lines)
        code = containers.exit_code(started)
        self._running.pop(task.task_arn, None)
        shutil.rmtree(started.folder, ignore_errors=True)
        stop_code, reason = self._stopping.pop(task.task_arn, (EXITED, "Essential container in task exited"))
        self._over(task, stop_code, reason, code)

    def _healthy(self, task: Task, status: health.Status) -> None:
        """A container's health is another one; `sandbox/tasks/services.py` replaces a task that is not healthy."""
        descriptions.health(task, status)
        self._account.tell("ecs", f"task {task.group} {task.id} is {status}")

    def _pretend(self, task: Task, outcome: Outcome) -> None:
        """An end that a test asked for."""
        self._now(task, "RUNNING")
        if outcome.kind == "hangs":
            while task.task_arn not in self._stopping:
                time.sleep(0.05)
            self._over(task, *self._stopping.pop(task.task_arn), 137)
        elif outcome.kind == "spot-interruption":
            self._over(task, "SpotInterruption", "Your Spot Task was interrupted.", 143)
        elif outcome.kind == "no-capacity-failure":
            self._over(task, NOT_STARTED, "Capacity is unavailable at this time. Please try again later", None)
        else:
            self._over(task, EXITED, "Essential container in task exited", outcome.exit_code)

    def _pull(self, reference: str, region: str, execution: Any) -> None:
        """Asks the registry as the agent does, with the execution role. Raises `images.ImageError`."""
        named = images.parts(reference)
        ecr = self._account.client("ecr", region, execution)
        try:
            ecr.get_authorization_token()
            image_id = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
            ecr.batch_get_image(repositoryName=named["repository"], imageIds=[image_id])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("RepositoryNotFoundException", "ImageNotFoundException"):
                raise images.ImageError(
                    f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                    f"{reference}: {reference}: not found"
                ) from error
            raise images.ImageError(
                f"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
                f"failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): {error}"
            ) from error

    def _secrets(self, container: Mapping[str, Any], region: str, execution: Any) -> dict[str, str]:
        """Values of the container's secrets, read with the execution role. Raises `ClientError`."""
        values = {}
        for secret in container.get("secrets", []):
            arn = secret["valueFrom"]
            if ":secretsmanager:" in arn:
                client = self._account.client("secretsmanager", region, execution)
                values[secret["name"]] = client.get_secret_value(SecretId=arn)["SecretString"]
            else:
                client = self._account.client("ssm", region, execution)
                answer = client.get_parameters(Names=[arn.split(":parameter")[-1]], WithDecryption=True)
                values[secret["name"]] = answer["Parameters"][0]["Value"]
        return values

    def _platform_variables(self, task: Task, definition: Any, vpc: str) -> dict[str, str]:
        variables = {
            "AWS_ENDPOINT_URL": self._account.endpoint,
            "AWS_REGION": task.region_name,
            "AWS_DEFAULT_REGION": task.region_name,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if definition.task_role_arn:
            self.credentials[task.id] = self._account.assume(
                definition.task_role_arn, SERVICE, task.region_name, source_arn=task.task_arn, session=task.id
            )
            self._account.vpc_of_key[self.credentials[task.id].access_key_id] = vpc
            variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{self._account.endpoint}/_sandbox/credentials/{task.id}"
        return variables

    def _now(self, task: Task, status: str) -> None:
        """The task's state has changed: ECS says so."""
        if task.task_arn in self._stopping and status != "STOPPED" and task.task_arn not in self._running:
            raise images.ImageError(self._stopping.pop(task.task_arn)[1])
        descriptions.change(task, status)
        self._tell(task)

    def _over(self, task: Task, stop_code: str, reason: str, exit_code: int | None) -> None:
        descriptions.end(task, stop_code, reason, exit_code, self._account.clock.now())
        self._account.tell("ecs", f"task {task.group} {task.id} ended: {exit_code} {stop_code}: {reason}")
        self._tell(task)

    def _tell(self, task: Task) -> None:
        self._bus.publish(
            task.region_name, "aws.ecs", "ECS Task State Change", [task.task_arn], descriptions.detail(task)
        )


def _definition(task: Task) -> Any:
    return ecs_backends[ACCOUNT_ID][task.region_name].describe_task_definition(task.task_definition_arn)


def _override(task: Task, name: str) -> dict[str, Any]:
    overrides = (task.overrides or {}).get("containerOverrides", [])
    return next((dict(one) for one in overrides if one.get("name") == name), {})
