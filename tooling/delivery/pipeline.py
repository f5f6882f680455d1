"""The pipelines that deploy the platform's stacks and scan again what they run: CodePipeline (V2) and CodeBuild.

Each step has a role of its own for each stack: the step that builds images from a branch's code must not be able to
deploy, and the one that deploys dev must not reach prod. The state backend must exist before any stack, so
`tooling/scripts/bootstrap_state.py` makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_aws as aws

from components.shared.bucket import Bucket, BucketArgs
from components.shared.stack_context import StackContext
from conventions import iam

from . import step_rights, steps
from .build_environment import build_environment, variables
from .schedule import Schedule, ScheduleArgs
from .step_role import StepRole, StepRoleArgs
from .steps import Step

if TYPE_CHECKING:
    from pulumi_aws.codepipeline import PipelineStageArgsDict as Stage
    from pulumi_aws.codepipeline import PipelineTriggerArgsDict as Trigger

    import tooling.delivery.delivery_settings

PREVIOUS_VERSION_DAYS: Final = 7


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """Inputs of `Delivery`."""

    context: StackContext
    settings: tooling.delivery.delivery_settings.Delivery
    repositories: Mapping[str, str]
    """Name of each job's release repository in this stack: where images are built into and scanned."""
    architectures: Collection[steps.Architecture]
    """What the jobs' images are for; one build project for each."""
    topic_arn: pulumi.Input[str]
    """Topic that says that an approval waits; it must be in the pipeline's region (docs/aws-facts.md#approvals)."""

    def __post_init__(self) -> None:
        if not self.settings.repository:
            raise ValueError("delivery.repository must be set: a pipeline has no placeholder source")


class Delivery(pulumi.ComponentResource):
    """Source, build, scan, and for each stack preview, approval if configured, up and verify; and the daily rescan."""

    names: dict[str, pulumi.Output[str]]
    """Pipelines by purpose: `delivery`, `rescan`."""
    pipeline_arn: pulumi.Output[str]
    connection_arn: pulumi.Output[str]
    connection_status: pulumi.Output[str]
    """As AWS reports it; `PENDING` until a person has completed the handshake in the console."""
    connection_next_step: pulumi.Output[str]
    artifact_bucket_name: pulumi.Output[str]
    project_names: dict[str, pulumi.Output[str]]
    """By step: `checks`, `images`, `scan`, `preview-dev`, `up-dev`, …"""
    role_arns: dict[str, pulumi.Output[str]]
    log_group_arns: dict[str, pulumi.Output[str]]
    rule_names: list[pulumi.Output[str]]
    """Of the event rules that start a pipeline by the clock."""

    def __init__(self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:delivery:Delivery", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket = Bucket(
            f"{name}-artifacts",
            BucketArgs(
                bucket=args.context.names.s3_bucket("artifacts"),
                kms_key_arn=args.context.data_key_arn,
                expire_days=args.settings.artifact_days,
                previous_version_days=PREVIOUS_VERSION_DAYS,
                force_destroy=args.context.teardown,
            ),
            opts=self._child,
        )
        self.artifact_bucket_name = self._bucket.name
        self._connect()
        self.project_names, self.role_arns, self.log_group_arns, self.names = {}, {}, {}, {}
        releasing, rescanning = (
            steps.release_steps(args.settings, args.architectures),
            steps.rescan_steps(args.settings),
        )
        for step in (*releasing, *rescanning):
            self._project(step)
        names = args.context.names
        wiring = steps.Wiring(
            projects=self.project_names,
            connection=self.connection_arn,
            topic=args.topic_arn,
            preview_link=f"https://{names.region}.console.aws.amazon.com/s3/object/{names.bucket('artifacts')}"
            f"?region={names.region}&prefix=",
        )
        stages = steps.release_stages(args.settings, args.architectures, wiring)
        self.pipeline_arn = self._pipeline("delivery", releasing, stages, steps.triggers(args.settings))
        self.rule_names = []
        if args.settings.scan.rescan:
            rescan_arn = self._pipeline("rescan", rescanning, steps.rescan_stages(args.settings, wiring), [])
            schedule = ScheduleArgs(
                names=names,
                purpose="rescan",
                expression=args.settings.scan.rescan,
                pipeline_arn=rescan_arn,
                permissions_boundary=args.settings.permissions_boundary,
            )
            self.rule_names.append(Schedule(f"{name}-rescan-schedule", schedule, self._child).rule_name)
        self.register_outputs({"pipeline_arn": self.pipeline_arn, "connection_arn": self.connection_arn})

    def _connect(self) -> None:
        delivery, names = self._args.settings, self._args.context.names
        if delivery.connection:
            existing = aws.codestarconnections.get_connection_output(
                arn=delivery.connection, opts=pulumi.InvokeOptions(parent=self)
            )
            self.connection_arn, self.connection_status = existing.arn, existing.connection_status
        else:
            connection = aws.codestarconnections.Connection(
                f"{self._name}-source",
                name=names.name("connection", "source"),
                provider_type=delivery.provider,
                opts=self._child,
            )
            self.connection_arn, self.connection_status = connection.arn, connection.connection_status
        console = f"https://{names.region}.console.aws.amazon.com/codesuite/settings/connections?region={names.region}"
        self.connection_next_step = self.connection_status.apply(
            lambda status: (
                "none: the connection is ready"
                if status == "AVAILABLE"
                else f"the connection is {status}: open {console}, choose it, then 'Update pending connection' and "
                f"sign in to the provider; until then no execution gets past Source"
            )
        )

    def _project(self, step: Step) -> None:
        names, args = self._args.context.names, self._args
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-{step.name}-logs",
            name=names.build_log_group(step.name),
            retention_in_days=args.context.log_retention_days,
            kms_key_id=args.context.logs_key_arn,
            opts=self._child,
        )
        role = StepRole(
            f"{self._name}-{step.name}",
            StepRoleArgs(
                names=names,
                purpose=step.name,
                description=f"The pipeline's step {step.name} runs with this role",
                trust=iam.trust(
                    "codebuild.amazonaws.com",
                    account=names.account,
                    source_arn=names.arn("codebuild", f"project/{names.name('build', step.name)}"),
                ),
                inline=pulumi.Output.from_input(args.context.data_key_arn).apply(
                    lambda key: iam.document(*step_rights.of_build(step, names, key))
                ),
                statements=step_rights.of_step(step, names, args.settings, sorted(args.repositories.values())),
                permissions_boundary=args.settings.permissions_boundary,
            ),
            opts=self._child,
        )
        project = aws.codebuild.Project(
            f"{self._name}-{step.name}",
            name=names.name("build", step.name),
            description=f"{step.title}: {step.buildspec}",
            service_role=role.usable_arn,
            build_timeout=args.settings.build_minutes,
            encryption_key=args.context.data_key_arn,
            source={"type": "CODEPIPELINE", "buildspec": step.buildspec},
            artifacts={"type": "CODEPIPELINE"},
            environment=build_environment(step, variables(step, names, args.settings)),
            logs_config={"cloudwatch_logs": {"group_name": group.name, "status": "ENABLED"}},
            opts=self._child,
        )
        self.project_names[step.name], self.role_arns[step.name] = project.name, role.arn
        self.log_group_arns[step.name] = group.arn

    def _pipeline(
        self, purpose: str, its_steps: Sequence[Step], stages: list[Stage], triggers: list[Trigger]
    ) -> pulumi.Output[str]:
        """A pipeline of these stages; its ARN."""
        names, args = self._args.context.names, self._args
        name = names.name("pipeline", purpose)
        # the one that deploys has the component's own name
        logical_name = self._name if purpose == self._name else f"{self._name}-{purpose}"
        document = pulumi.Output.all(
            connection=self.connection_arn,
            topic=args.topic_arn,
            data_key=args.context.data_key_arn,
            messages_key=args.context.messages_key_arn,
        ).apply(
            lambda arns: iam.document(*step_rights.pipeline(names, steps=[step.name for step in its_steps], **arns))
        )
        role = StepRole(
            f"{logical_name}-pipeline",
            StepRoleArgs(
                names=names,
                purpose=f"pipeline-{purpose}",
                description=f"The pipeline {purpose} starts its steps with this role",
                trust=iam.trust(
                    "codepipeline.amazonaws.com", account=names.account, source_arn=names.arn("codepipeline", name)
                ),
                inline=document,
                permissions_boundary=args.settings.permissions_boundary,
            ),
            opts=self._child,
        )
        pipeline = aws.codepipeline.Pipeline(
            logical_name,
            name=name,
            pipeline_type="V2",
            execution_mode="QUEUED",
            role_arn=role.usable_arn,
            artifact_stores=[
                {
                    "type": "S3",
                    "location": self._bucket.name,
                    "encryption_key": {"type": "KMS", "id": args.context.data_key_arn},
                }
            ],
            stages=stages,
            triggers=triggers,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._bucket.policy]),
        )
        self.names[purpose] = pipeline.name
        return pipeline.arn
