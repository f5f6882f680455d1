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


class Cluster(pulumi.ComponentResource):
    """An ECS cluster on Fargate with Container Insights."""

    reference: Reference
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    insights_log_group: aws.cloudwatch.LogGroup
    capacity_providers: aws.ecs.ClusterCapacityProviders
    """The association; services depend on it, so that they are gone before it is.

    Source: docs/aws-facts.md#capacity-providers-in-use
    """

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:cluster:Cluster", name, None, opts)
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
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=self.reference.name,
            settings=[{"name": "containerInsights", "value": "enabled"}],
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
