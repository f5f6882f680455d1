"""A Step Functions Standard state machine with a role of its own and a log of every event, execution data included.

Its log group is under /aws/vendedlogs/, so that the account's log resource policy stays short
(docs/aws-facts.md#log-resource-policy). Definition and statements come from whoever builds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import iam
from conventions.naming import Names

DATA_KEY_SECONDS = 300
"""How long a data key is used again, which saves calls to KMS; Step Functions takes 60 to 900."""

_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
"""Log delivery knows no resources; source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
_TRACING = ("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments")
"""X-Ray knows no resources; source: https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html"""


@dataclass(frozen=True, kw_only=True)
class StateMachineArgs:
    """Inputs of `StateMachine`."""

    context: StackContext
    purpose: str
    """The name is `statemachine-<purpose>-<suffix>`, the role's `role-<purpose>-machine-<suffix>`."""
    definition: pulumi.Input[str]
    statements: Sequence[iam.Statement]
    """What the machine's role may do besides logging and tracing; ARNs from names."""


class StateMachine(pulumi.ComponentResource):
    """A state machine, its role and its log group."""

    name: str
    arn: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: StateMachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:shared:StateMachine", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        context, names = args.context, args.context.names
        self.name = names.name("statemachine", args.purpose)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=names.workflow_log_group(args.purpose),
            retention_in_days=context.log_retention_days,
            kms_key_id=context.logs_key_arn,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=names.name("role", f"{args.purpose}-machine"),
            description=f"The {args.purpose} state machine acts with this role",
            assume_role_policy=iam.trust(
                "states.amazonaws.com", account=names.account, source_arn=_sources(names, args.purpose)
            ),
            opts=child,
        )
        run = iam.document(
            *args.statements,
            iam.statement("DeliverLogs", _DELIVERY, ["*"]),
            iam.statement("Trace", _TRACING, ["*"]),
        )
        policies = [
            # keys have no names: in a policy of their own they do not hide the rest from a preview
            aws.iam.RolePolicy(f"{name}-{purpose}", name=purpose, role=role.name, policy=document, opts=child)
            for purpose, document in (
                ("run", run),
                ("use-keys", use_of([context.data_key_arn, context.messages_key_arn])),
            )
        ]
        machine = aws.sfn.StateMachine(
            name,
            name=self.name,
            type="STANDARD",
            definition=args.definition,
            role_arn=role.arn,
            logging_configuration={
                "level": "ALL",
                "include_execution_data": True,
                "log_destination": self.log_group.arn.apply(lambda arn: f"{arn}:*"),
            },
            tracing_configuration={"enabled": True},
            encryption_configuration=_encryption(context),
            # creating it checks what the role may do
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.arn, self.role_arn = machine.arn, role.arn
        self.register_outputs({"arn": self.arn, "role_arn": self.role_arn})


def _encryption(context: StackContext) -> aws.sfn.StateMachineEncryptionConfigurationArgs | None:
    """The definition and executions under the data key, where the settings ask for it; otherwise under AWS's own."""
    if "state-machines" not in context.customer_keys:
        return None
    return aws.sfn.StateMachineEncryptionConfigurationArgs(
        type="CUSTOMER_MANAGED_KMS_KEY",
        kms_key_id=context.data_key_arn,
        kms_data_key_reuse_period_seconds=DATA_KEY_SECONDS,
    )


def _sources(names: Names, purpose: str) -> list[str]:
    """On whose behalf Step Functions takes the role: the machine, and the children of its Distributed Maps."""
    machine = names.state_machine(purpose)
    return [machine.arn, f"{machine.arn}/*", names.arn("states", f"mapRun:{machine.name}/*")]


def use_of(key_arns: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
    """A policy document that allows using the keys for data and messages; the key policies say through which
    services."""
    return pulumi.Output.all(*key_arns).apply(
        lambda arns: iam.document(
            iam.statement("UseKeys", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], list(arns))
        )
    )
