"""What starts a pipeline by the clock: an EventBridge rule and the role that lets it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from conventions import iam
from conventions.naming import Names

from .step_role import StepRole, StepRoleArgs


@dataclass(frozen=True, kw_only=True)
class ScheduleArgs:
    """Inputs of `Schedule`."""

    names: Names
    purpose: str
    """Of the pipeline: `rescan`."""
    expression: str
    """`cron(…)` or `rate(…)`, in UTC."""
    pipeline_arn: pulumi.Input[str]
    permissions_boundary: str | None


class Schedule(pulumi.ComponentResource):
    """Starts a pipeline regularly."""

    rule_name: pulumi.Output[str]

    def __init__(self, name: str, args: ScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:delivery:Schedule", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        reference = names.event_rule(args.purpose)
        pipeline = names.arn("codepipeline", names.name("pipeline", args.purpose))
        role = StepRole(
            name,
            StepRoleArgs(
                names=names,
                purpose=f"{args.purpose}-schedule",
                description=f"EventBridge starts the pipeline {args.purpose} with this role",
                trust=iam.trust("events.amazonaws.com", account=names.account, source_arn=reference.arn),
                inline=iam.document(
                    iam.statement("StartPipeline", ["codepipeline:StartPipelineExecution"], [pipeline])
                ),
                permissions_boundary=args.permissions_boundary,
            ),
            opts=child,
        )
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=reference.name,
            description=f"Starts the pipeline {args.purpose}",
            schedule_expression=args.expression,
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            target_id=args.purpose,
            arn=args.pipeline_arn,
            role_arn=role.usable_arn,
            opts=child,
        )
        self.rule_name = rule.name
        self.register_outputs({"rule_name": self.rule_name})
