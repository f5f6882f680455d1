"""One component alone under Pulumi's mocks, in the way of https://www.pulumi.com/docs/iac/guides/testing/unit/.

`built` runs a function that creates components, waits for everything it registered, and answers with the registrations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

import settings
from components.shared.stack_context import StackContext, TaskNetwork
from conventions.naming import Names

NAMES = Names(suffix="dev", account="123456789012", region="us-east-1")
CONTEXT = StackContext(
    names=NAMES,
    data_key_arn=f"arn:aws:kms:us-east-1:{NAMES.account}:key/data",
    logs_key_arn=f"arn:aws:kms:us-east-1:{NAMES.account}:key/logs",
    messages_key_arn=f"arn:aws:kms:us-east-1:{NAMES.account}:key/messages",
    log_retention_days=30,
    teardown=True,
)
SETTINGS = settings.parse({"platform": {"environment": "dev"}}, stack="dev")
"""Every setting at its default."""
BUCKETS = {"input": NAMES.s3_bucket("input"), "output": NAMES.s3_bucket("output")}


class AwsMocks(pulumi.runtime.Mocks):
    """Answers every registration with an id and an ARN, and keeps it."""

    def __init__(self) -> None:
        self.registered: list[pulumi.runtime.MockResourceArgs] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """The resource's id and state."""
        self.registered.append(args)
        return f"{args.name}-id", {"arn": f"arn:aws:mock::{NAMES.account}:{args.name}", **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """A component alone looks nothing up."""
        raise AssertionError(f"the component calls {args.token}")

    def inputs(self, type_: str) -> list[dict[str, Any]]:
        """What each resource of this type was created with, in Pulumi's spelling."""
        return [args.inputs for args in self.registered if args.typ == type_]

    def one(self, type_: str) -> dict[str, Any]:
        """The inputs of the only resource of this type."""
        (inputs,) = self.inputs(type_)
        return inputs


def built(create: Callable[[], object]) -> AwsMocks:
    """Everything that `create` registers."""
    mocks = AwsMocks()
    pulumi.runtime.set_mocks(mocks, project="batch-platform", stack="dev", preview=False)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK gives it no types
    def run() -> None:
        create()

    run()
    return mocks


def task_network() -> TaskNetwork:
    """A cluster and two subnets, as the composition root would hand them on; call it inside `built`."""
    cluster = NAMES.cluster("batch")
    return TaskNetwork(
        cluster=cluster,
        cluster_name=cluster.name,
        cluster_arn=cluster.arn,
        capacity_providers=aws.ecs.ClusterCapacityProviders("capacity", cluster_name=cluster.name),
        subnet_ids=["subnet-a", "subnet-b"],
        security_group_id="sg-tasks",
    )
