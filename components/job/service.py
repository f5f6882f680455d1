"""One job: its log group, two roles, task definition, service and scaling, and its queue when it has one.

The nightly run starts tasks from the task definition. The service stays at 0 and serves as a queue worker, because a
service restarts whatever ends (docs/aws-facts.md#services-restart-what-ends). CPU tracking governs 1 to N only: it can
never wake a service (docs/aws-facts.md#no-cpu-metric-without-tasks).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext, TaskNetwork
from conventions import endpoint_services, iam
from conventions.fargate import strategy
from conventions.naming import Reference

from . import permissions
from .container import container
from .queue_worker import QueueWorker, QueueWorkerArgs

if TYPE_CHECKING:
    from settings.jobs import Job, Queue

PLATFORM_VERSION = "1.4.0"


@dataclass(frozen=True, kw_only=True)
class JobServiceArgs:
    """Inputs of `JobService`."""

    context: StackContext
    job: str
    """The job's name in the settings."""
    settings: Job
    image: pulumi.Input[str]
    repository: Reference
    """Where the image is pulled from."""
    buckets: Mapping[str, Reference]
    """The buckets that a job's `reads` and `writes` name, by purpose: `input`, `output`."""
    task_network: TaskNetwork
    agent_repository_arns: Sequence[str] = ()
    """Repositories that GuardDuty's agent is pulled from."""


class JobService(pulumi.ComponentResource):
    """Task definition, roles, log group, service and scaling of one job."""

    task_family: Reference
    task_definition_arn: pulumi.Output[str]
    task_role_arn: pulumi.Output[str]
    execution_role_arn: pulumi.Output[str]
    service_name: pulumi.Output[str]
    service_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    log_group_arn: pulumi.Output[str]
    worker: QueueWorker | None
    """Queue-worker mode, where the settings ask for it."""

    def __init__(self, name: str, args: JobServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:job:JobService", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.task_family = args.context.names.task_family(args.job)
        group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.context.names.log_group(args.job),
            retention_in_days=args.context.log_retention_days,
            kms_key_id=args.context.logs_key_arn,
            opts=self._child,
        )
        self.log_group_name, self.log_group_arn = group.name, group.arn
        execution_policies = self._execution_role()
        task_policies = self._task_role()
        definition = self._task_definition()
        self.task_definition_arn = definition.arn
        self._service(definition, [*execution_policies, *task_policies])
        target = self._scaling()
        self.worker = self._queue_worker(args.settings.queue, target) if args.settings.queue else None
        self.register_outputs({"task_definition_arn": self.task_definition_arn, "service_arn": self.service_arn})

    def _role(self, purpose: str, description: str) -> aws.iam.Role:
        names = self._args.context.names
        return aws.iam.Role(
            f"{self._name}-{purpose}-role",
            name=names.name("role", f"{self._args.job}-{purpose}"),
            description=description,
            assume_role_policy=iam.trust(
                "ecs-tasks.amazonaws.com", account=names.account, source_arn=names.arn("ecs", "*")
            ),
            opts=self._child,
        )

    def _policy(self, role: aws.iam.Role, purpose: str, document: pulumi.Input[str]) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            f"{self._name}-{purpose}-policy", name=purpose, role=role.name, policy=document, opts=self._child
        )

    def _execution_role(self) -> list[aws.iam.RolePolicy]:
        """What ECS does on the task's behalf before the container runs: pull, open the log stream, read secrets."""
        names, job = self._args.context.names, self._args.job
        role = self._role("execution", f"ECS pulls {job}'s image and writes its log with this role")
        self.execution_role_arn = role.arn
        statements = [
            iam.statement("PullOwnImage", endpoint_services.PULL_ACTIONS, [self._args.repository.arn]),
            *(
                [iam.statement("PullAgent", endpoint_services.PULL_ACTIONS, self._args.agent_repository_arns)]
                if self._args.agent_repository_arns
                else []
            ),
            iam.statement("SignInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
            iam.statement(
                "WriteOwnLog", endpoint_services.LOG_ACTIONS, [f"{names.log_group_arn(names.log_group(job))}:*"]
            ),
        ]
        for service, actions in (
            ("secretsmanager", ["secretsmanager:GetSecretValue"]),
            ("ssm", ["ssm:GetParameters"]),
        ):
            if arns := sorted(
                {iam.secret_arn(arn) for arn in self._args.settings.secrets.values() if f":{service}:" in arn}
            ):
                statements.append(iam.statement(f"Read{service.capitalize()}", actions, arns))
        if keys := self._args.settings.secret_key_arns:
            services = [f"{service}.{names.region}.amazonaws.com" for service in ("secretsmanager", "ssm")]
            statements.append(
                iam.statement(
                    "DecryptSecrets",
                    ["kms:Decrypt"],
                    keys,
                    conditions={"StringEquals": {"kms:ViaService": services}},
                )
            )
        return [self._policy(role, "start-task", iam.document(*statements))]

    def _task_role(self) -> list[aws.iam.RolePolicy]:
        """What the job's own code may do: its prefixes of the two buckets, and the key under them."""
        role = self._role("task", f"{self._args.job}'s own code runs with this role")
        self.task_role_arn = role.arn
        sessions = self._session_policies(role) if self._args.settings.debug else []
        if not (statements := permissions.data_statements(self._args.buckets, self._args.job, self._args.settings)):
            return sessions
        key_use = pulumi.Output.from_input(self._args.context.data_key_arn).apply(
            lambda arn: iam.document(
                iam.statement("UseDataKeyThroughS3", ["kms:Decrypt", "kms:GenerateDataKey"], [arn])
            )
        )
        return [
            self._policy(role, "reach-own-data", iam.document(*statements)),
            self._policy(role, "use-data-key", key_use),
            *sessions,
        ]

    def _session_policies(self, role: aws.iam.Role) -> list[aws.iam.RolePolicy]:
        """What the agent of a session does with the task's role; source: docs/aws-facts.md#ecs-exec."""
        context, cluster = self._args.context, self._args.task_network.cluster.name
        open_session = iam.document(*permissions.session_statements(context.names))
        key_use = pulumi.Output.from_input(context.data_key_arn).apply(
            lambda arn: iam.document(permissions.decrypt_sessions(arn, cluster))
        )
        return [
            self._policy(role, "open-session", open_session),
            self._policy(role, "decrypt-session", key_use),
        ]

    def _task_definition(self) -> aws.ecs.TaskDefinition:
        args = self._args
        return aws.ecs.TaskDefinition(
            f"{self._name}-task",
            family=self.task_family.name,
            cpu=str(args.settings.cpu),
            memory=str(args.settings.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform={
                "cpu_architecture": args.settings.architecture,
                "operating_system_family": "LINUX",
            },
            ephemeral_storage={"size_in_gib": args.settings.ephemeral_storage},
            execution_role_arn=self.execution_role_arn,
            task_role_arn=self.task_role_arn,
            volumes=[{"name": "scratch"}],
            container_definitions=self._container_definitions(),
            # a run under way holds the revision it began with, and an inactive one starts no tasks:
            # docs/adr/workflow/revisions-outlive-a-deployment.md
            skip_destroy=None if args.context.teardown else True,
            opts=self._child,
        )

    def _container_definitions(self) -> pulumi.Input[str]:
        args = self._args

        def definitions(image: str) -> str:
            return json.dumps([container(args.context.names, args.job, args.settings, image, args.buckets)])

        # a plain reference stays plain: an Output would be unknown to a preview even when its value is not
        return (
            definitions(args.image)
            if isinstance(args.image, str)
            else pulumi.Output.concat(args.image).apply(definitions)
        )

    def _service(self, definition: aws.ecs.TaskDefinition, policies: list[aws.iam.RolePolicy]) -> None:
        args = self._args
        service = aws.ecs.Service(
            f"{self._name}-service",
            name=args.context.names.name("service", args.job),
            cluster=args.task_network.cluster_arn,
            task_definition=definition.arn,
            desired_count=0,
            platform_version=PLATFORM_VERSION,
            capacity_provider_strategies=[
                aws.ecs.ServiceCapacityProviderStrategyArgs(**item) for item in strategy(args.settings.capacity)
            ],
            network_configuration={
                "subnets": args.task_network.subnet_ids,
                "security_groups": [args.task_network.security_group_id],
                "assign_public_ip": False,
            },
            deployment_circuit_breaker={"enable": True, "rollback": True},
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            availability_zone_rebalancing="ENABLED",
            enable_ecs_managed_tags=True,
            enable_execute_command=True if args.settings.debug else None,
            propagate_tags="SERVICE",
            wait_for_steady_state=False,
            # without it the provider replaces the service, deleting it first, when its capacity changes
            force_new_deployment=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[args.task_network.capacity_providers, *policies],
                ignore_changes=["desiredCount"],
            ),
        )
        # the id is the ARN in every version of the provider; `arn` came with version 7
        self.service_name, self.service_arn = service.name, service.id

    def _scaling(self) -> aws.appautoscaling.Target:
        args = self._args
        target = aws.appautoscaling.Target(
            f"{self._name}-scaling",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.task_network.cluster_name, "/", self.service_name),
            min_capacity=0,
            max_capacity=args.settings.scaling.max_tasks,
            opts=self._child,
        )
        aws.appautoscaling.Policy(
            f"{self._name}-cpu-tracking",
            name=f"cpu-{args.job}-{args.context.names.suffix}",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"},
                # a task that waits for its queue uses no CPU: what has work decides about scaling in
                "disable_scale_in": args.settings.queue is not None,
                "target_value": args.settings.scaling.cpu_target,
                "scale_in_cooldown": args.settings.scaling.cooldown,
                "scale_out_cooldown": args.settings.scaling.cooldown,
            },
            opts=self._child,
        )
        return target

    def _queue_worker(self, queue: Queue, target: aws.appautoscaling.Target) -> QueueWorker:
        args = self._args
        return QueueWorker(
            f"{self._name}-worker",
            QueueWorkerArgs(
                context=args.context,
                task_network=args.task_network,
                job=args.job,
                queue=queue,
                cooldown=args.settings.scaling.cooldown,
                scalable_resource_id=target.resource_id,
                task_role_arn=self.task_role_arn,
            ),
            self._child,
        )
