"""The ECS cluster.

Owns: the cluster, its Container Insights log group and the association of Fargate's two capacity providers.
Refuses: jobs (`job.py`); capacity provider resources, which belong to EC2 Auto Scaling groups: FARGATE and FARGATE_SPOT
exist already (facts-aws.md 4); and the ECS service-linked role, which belongs to the account: creating it here would
break a second stack in the account, so `batchctl doctor` checks for it instead (facts-aws.md 16).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import Foundation, TaskPlace
from conventions.fargate import strategy

if TYPE_CHECKING:
    from settings.jobs import Capacity


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Inputs of `Cluster`."""

    base: Foundation
    capacity: Capacity
    """Default strategy of whatever starts a task without naming one."""


class Cluster(pulumi.ComponentResource):
    """An ECS cluster on Fargate with Container Insights."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    insights_log_group: aws.cloudwatch.LogGroup
    capacity_providers: aws.ecs.ClusterCapacityProviders
    """The association; services depend on it, so that they are gone before it is (facts-aws.md 41)."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:batch:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cluster_name = args.base.names.name("cluster", "batch")
        # Container Insights would create this group itself, without key or retention (facts-aws.md 44)
        self.insights_log_group = aws.cloudwatch.LogGroup(
            f"{name}-insights",
            name=args.base.names.insights_log_group(cluster_name),
            retention_in_days=args.base.log_retention_days,
            kms_key_id=args.base.logs_key_arn,
            opts=child,
        )
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=cluster_name,
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

    def place(self, subnet_ids: Sequence[pulumi.Input[str]], security_group_id: pulumi.Input[str]) -> TaskPlace:
        """This cluster in those subnets: where tasks run."""
        return TaskPlace(
            cluster_name=self.name,
            cluster_arn=self.arn,
            capacity_providers=self.capacity_providers,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
        )
