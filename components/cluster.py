"""The ECS cluster, its Container Insights log group, and Fargate's two capacity providers.

FARGATE and FARGATE_SPOT exist in every account and are only associated (docs/aws-facts.md#fargate-capacity-providers).
The ECS service-linked role belongs to the account, and creating it here would break a second stack, so
`batchctl doctor` checks for it instead (docs/aws-facts.md#service-linked-roles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext, TaskNetwork
from conventions.fargate import strategy
from conventions.naming import Reference

if TYPE_CHECKING:
    from settings.jobs import Capacity


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Inputs of `Cluster`."""

    context: StackContext
    capacity: Capacity
    """Default strategy of whatever starts a task without naming one."""
    guard_duty: bool = False
    """Whether GuardDuty's runtime monitoring may put its agent beside each task."""
    debug: bool = False
    """Whether people may open sessions in tasks; sessions are encrypted and logged."""


class Cluster(pulumi.ComponentResource):
    """An ECS cluster on Fargate with Container Insights."""

    reference: Reference
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    insights_log_group: aws.cloudwatch.LogGroup
    sessions_log_group: aws.cloudwatch.LogGroup | None
    """What people typed and saw in tasks; None where nobody may enter."""
    capacity_providers: aws.ecs.ClusterCapacityProviders
    """The association; services depend on it, so that they are gone before it is.

    Source: docs/aws-facts.md#capacity-providers-in-use
    """

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:cluster:Cluster", name, None, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        self.reference = args.context.names.cluster("batch")
        # Container Insights would create this group itself, without key or retention
        # (docs/aws-facts.md#container-insights-log-group)
        self.insights_log_group = aws.cloudwatch.LogGroup(
            f"{name}-insights",
            name=args.context.names.insights_log_group(self.reference.name),
            retention_in_days=args.context.log_retention_days,
            kms_key_id=args.context.logs_key_arn,
            opts=child,
        )
        self.sessions_log_group = self._sessions_log_group() if args.debug else None
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=self.reference.name,
            settings=[{"name": "containerInsights", "value": "enabled"}],
            configuration=self._configuration(),
            # what runtime monitoring goes by: without the tag it would add an agent that nothing lets in
            # (docs/aws-facts.md#guardduty-runtime-monitoring)
            tags={"GuardDutyManaged": str(args.guard_duty).lower()},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.insights_log_group]),
        )
        self.capacity_providers = aws.ecs.ClusterCapacityProviders(
            f"{name}-capacity",
            cluster_name=cluster.name,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            default_capacity_provider_strategies=[
                aws.ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs(**item)
                for item in strategy(args.capacity)
            ],
            opts=child,
        )
        self.name, self.arn = cluster.name, cluster.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _sessions_log_group(self) -> aws.cloudwatch.LogGroup:
        context = self._args.context
        return aws.cloudwatch.LogGroup(
            f"{self._name}-sessions",
            name=context.names.log_group("sessions"),
            retention_in_days=context.log_retention_days,
            kms_key_id=context.logs_key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _configuration(self) -> aws.ecs.ClusterConfigurationArgs | None:
        """The keys of sessions and of tasks' scratch space, where the settings ask for them."""
        context = self._args.context
        sessions, storage = None, None
        if self.sessions_log_group is not None:
            sessions = aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
                kms_key_id=context.data_key_arn,
                logging="OVERRIDE",
                log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
                    cloud_watch_encryption_enabled=True, cloud_watch_log_group_name=self.sessions_log_group.name
                ),
            )
        if "ephemeral-storage" in context.customer_keys:
            storage = aws.ecs.ClusterConfigurationManagedStorageConfigurationArgs(
                fargate_ephemeral_storage_kms_key_id=context.data_key_arn
            )
        if sessions is None and storage is None:
            return None
        return aws.ecs.ClusterConfigurationArgs(
            execute_command_configuration=sessions, managed_storage_configuration=storage
        )

    def task_network(
        self, subnet_ids: Sequence[pulumi.Input[str]], security_group_id: pulumi.Input[str]
    ) -> TaskNetwork:
        """This cluster in those subnets: where tasks run."""
        return TaskNetwork(
            cluster=self.reference,
            cluster_name=self.name,
            cluster_arn=self.arn,
            capacity_providers=self.capacity_providers,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
        )
