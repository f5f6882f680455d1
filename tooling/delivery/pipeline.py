"""The pipeline that deploys the platform's stacks: a CodePipeline (V2) and its CodeBuild projects.

Each step has a role of its own for each stack: the step that builds images from a branch's code must not be able to
deploy, and the one that deploys dev must not reach prod. The state backend must exist before any stack, so
`tooling/scripts/bootstrap_state.py` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.bucket import Bucket, BucketArgs
from components.shared.stack_context import StackContext
from conventions import iam

from . import step_roles, steps
from .steps import Step

if TYPE_CHECKING:
    import tooling.delivery.delivery_settings

BUILD_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
PREVIOUS_VERSION_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """Inputs of `Delivery`."""

    context: StackContext
    settings: tooling.delivery.delivery_settings.Delivery
    repositories: Mapping[str, str]
    """Name of each job's release repository in this stack: where images are built into and scanned."""

    def __post_init__(self) -> None:
        if not self.settings.repository:
            raise ValueError("delivery.repository must be set: a pipeline has no placeholder source")


class Delivery(pulumi.ComponentResource):
    """Source, build, scan, and for each stack preview, approval where asked, up and verify."""

    pipeline_name: pulumi.Output[str]
    pipeline_arn: pulumi.Output[str]
    connection_arn: pulumi.Output[str]
    connection_status: pulumi.Output[str]
    """As AWS reports it; `PENDING` until a person has completed the handshake in the console."""
    connection_next_step: pulumi.Output[str]
    artifact_bucket_name: pulumi.Output[str]
    topic_arn: pulumi.Output[str]
    project_names: dict[str, pulumi.Output[str]]
    """By step: `checks`, `images`, `scan`, `preview-dev`, `up-dev`, …"""
    role_arns: dict[str, pulumi.Output[str]]
    log_group_arns: dict[str, pulumi.Output[str]]

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
        self._announce()
        self.project_names, self.role_arns, self.log_group_arns = {}, {}, {}
        for step in steps.steps(args.settings):
            self._project(step)
        self._pipeline()
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

    def _announce(self) -> None:
        """The topic that says an approval waits; it must be in the pipeline's region (docs/aws-facts.md#approvals)."""
        topic = aws.sns.Topic(
            f"{self._name}-approvals",
            name=self._args.context.names.name("topic", "approvals"),
            kms_master_key_id=self._args.context.messages_key_arn,
            opts=self._child,
        )
        for address in self._args.settings.approvers:
            aws.sns.TopicSubscription(
                f"{self._name}-approver-{address}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                opts=self._child,
            )
        self.topic_arn = topic.arn

    def _project(self, step: Step) -> None:
        names, args = self._args.context.names, self._args
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-{step.name}-logs",
            name=names.build_log_group(step.name),
            retention_in_days=args.context.log_retention_days,
            kms_key_id=args.context.logs_key_arn,
            opts=self._child,
        )
        role = self._role(
            step.name,
            f"The pipeline's step {step.name} runs with this role",
            iam.trust(
                "codebuild.amazonaws.com",
                account=names.account,
                source_arn=names.arn("codebuild", f"project/{names.name('build', step.name)}"),
            ),
        )
        policies = self._policies(role, step)
        project = aws.codebuild.Project(
            f"{self._name}-{step.name}",
            name=names.name("build", step.name),
            description=f"{step.title}: {step.buildspec}",
            service_role=role.arn,
            build_timeout=args.settings.build_minutes,
            encryption_key=args.context.data_key_arn,
            source={"type": "CODEPIPELINE", "buildspec": step.buildspec},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "compute_type": "BUILD_GENERAL1_SMALL",
                "image": BUILD_IMAGE,
                "privileged_mode": step.runs_docker,
                "environment_variables": [
                    {"name": key, "value": value} for key, value in sorted(self._variables(step).items())
                ],
            },
            logs_config={"cloudwatch_logs": {"group_name": group.name, "status": "ENABLED"}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.project_names[step.name], self.role_arns[step.name] = project.name, role.arn
        self.log_group_arns[step.name] = group.arn

    def _variables(self, step: Step) -> dict[str, str]:
        """What the buildspecs read besides COMMIT and EXECUTION."""
        names, delivery = self._args.context.names, self._args.settings
        bucket, alias = step_roles.state_bucket(names, delivery), delivery.state_key_alias
        return {
            "ARTIFACT_BUCKET": names.bucket("artifacts"),
            "BATCH_REPOSITORY": str(delivery.repository),
            "PULUMI_BACKEND_URL": f"s3://{bucket}?region={names.region}",
            "PULUMI_SECRETS_PROVIDER": f"awskms:///{alias}?region={names.region}",
            "RELEASE_SUFFIX": names.suffix,
            "SCAN_TIMEOUT": str(delivery.scan.timeout),
            "SCAN_TOLERATED": delivery.scan.tolerated,
            "STACK": step.stack,
        }

    def _role(self, purpose: str, description: str, trust: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self._name}-{purpose}-role",
            name=self._args.context.names.name("role", purpose),
            description=description,
            assume_role_policy=trust,
            permissions_boundary=self._args.settings.permissions_boundary,
            opts=self._child,
        )

    def _policies(self, role: aws.iam.Role, step: Step) -> list[pulumi.Resource]:
        """The step's own policy, and managed ones where its statements exceed what a role holds by itself."""
        args = self._args
        own = pulumi.Output.from_input(args.context.data_key_arn).apply(
            lambda key: iam.document(*step_roles.base(step, args.context.names, key))
        )
        policies: list[pulumi.Resource] = [
            aws.iam.RolePolicy(
                f"{self._name}-{step.name}-policy", name="step", role=role.name, policy=own, opts=self._child
            )
        ]
        statements = step_roles.of_step(step, args.context.names, args.settings, sorted(args.repositories.values()))
        for number, chunk in enumerate(step_roles.chunks(statements), start=1):
            policy = aws.iam.Policy(
                f"{self._name}-{step.name}-managed-{number}",
                name=args.context.names.name("policy", f"{step.name}-{number}"),
                description=f"What the pipeline's step {step.name} may do, part {number}",
                policy=iam.document(*chunk),
                opts=self._child,
            )
            policies.append(
                aws.iam.RolePolicyAttachment(
                    f"{self._name}-{step.name}-attached-{number}",
                    role=role.name,
                    policy_arn=policy.arn,
                    opts=self._child,
                )
            )
        return policies

    def _pipeline(self) -> None:
        names, args = self._args.context.names, self._args
        name = names.name("pipeline", "delivery")
        role = self._role(
            "pipeline",
            "The pipeline starts its steps with this role",
            iam.trust("codepipeline.amazonaws.com", account=names.account, source_arn=names.arn("codepipeline", name)),
        )
        document = pulumi.Output.all(
            connection=self.connection_arn,
            topic=self.topic_arn,
            data_key=args.context.data_key_arn,
            messages_key=args.context.messages_key_arn,
        ).apply(
            lambda known: iam.document(
                *step_roles.pipeline(names, steps=[step.name for step in steps.steps(args.settings)], **known)
            )
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-pipeline-policy", name="pipeline", role=role.name, policy=document, opts=self._child
        )
        pipeline = aws.codepipeline.Pipeline(
            self._name,
            name=name,
            pipeline_type="V2",
            execution_mode="QUEUED",
            role_arn=role.arn,
            artifact_stores=[
                {
                    "type": "S3",
                    "location": self._bucket.name,
                    "encryption_key": {"type": "KMS", "id": args.context.data_key_arn},
                }
            ],
            stages=steps.stages(
                args.settings,
                projects=self.project_names,
                connection=self.connection_arn,
                topic=self.topic_arn,
                preview_link=f"https://{names.region}.console.aws.amazon.com/s3/object/{names.bucket('artifacts')}"
                f"?region={names.region}&prefix=",
            ),
            triggers=steps.triggers(args.settings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, self._bucket.policy]),
        )
        self.pipeline_name, self.pipeline_arn = pipeline.name, pipeline.arn
