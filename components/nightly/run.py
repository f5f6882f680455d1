"""The nightly state machine and what starts it: the rule on manifests in the input bucket, and the optional schedule.

Nothing that the run writes can start it again: the rule listens to the input bucket, and all results go to the output
bucket. The machine's definition is built in `workflow/nightly.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from components.shared.stack_context import FailureSources, StackContext, TaskNetwork
from components.shared.state_machine import StateMachine, StateMachineArgs
from conventions import fargate, iam
from conventions.naming import Reference
from workflow import job_stage, nightly, run_input

from .schedules import MAX_ATTEMPTS, WeekdaySchedules, WeekdaySchedulesArgs, starter_role

if TYPE_CHECKING:
    import settings.jobs
    import settings.models

PURPOSE = "nightly"
START_PURPOSE = "start"
MANAGED_RULE = "StepFunctionsGetEventsForECSTaskRule"
"""The rule that Step Functions makes in the account to hear of a task's end (docs/aws-facts.md#ecs-run-task-sync)."""


@dataclass(frozen=True, kw_only=True)
class NightlyRunArgs:
    """Inputs of `NightlyRun`."""

    context: StackContext
    workflow: settings.models.Workflow
    jobs: Mapping[str, settings.jobs.Job]
    """By job."""
    ledger_days: int
    input: Reference
    """Bucket in which manifests arrive."""
    output: Reference
    """Bucket in which the jobs leave shards, results and reports."""
    ledger: Reference
    topic: Reference
    task_network: TaskNetwork
    task_definition_arns: Mapping[str, pulumi.Input[str]]
    """By job: one revision each, so that a run that has begun does not change under itself.

    Source: docs/aws-facts.md#task-definition-revisions
    """


class NightlyRun(pulumi.ComponentResource):
    """The nightly state machine and its starts."""

    state_machine: Reference
    state_machine_arn: pulumi.Output[str]
    state_machine_name: str
    rule_names: dict[str, str]
    dead_letter_queues: dict[str, str]
    """Names of the dead-letter queues, by what could not be delivered."""
    dead_letter_queue_urls: dict[str, pulumi.Output[str]]
    schedule_names: dict[str, str]
    schedule_groups: dict[str, str]
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: NightlyRunArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:nightly:NightlyRun", name, None, opts)
        self._name, self._args = name, args
        machine = StateMachine(
            f"{name}-machine",
            StateMachineArgs(
                context=args.context,
                purpose=PURPOSE,
                definition=pulumi.Output.all(
                    args.task_network.cluster_arn,
                    list(args.task_network.subnet_ids),
                    args.task_network.security_group_id,
                    dict(args.task_definition_arns),
                ).apply(lambda known: json.dumps(nightly.definition(plan(args, *known)))),
                statements=statements(args),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.state_machine = args.context.names.state_machine(PURPOSE)
        self.state_machine_arn, self.state_machine_name, self.log_group = machine.arn, machine.name, machine.log_group
        self._start()
        self.schedule_names, self.schedule_groups = {}, {}
        if args.workflow.start.schedule:
            self._schedule(args.workflow.start.schedule)
        self.register_outputs({"state_machine_arn": self.state_machine_arn, "rule_names": self.rule_names})

    @property
    def failure_sources(self) -> FailureSources:
        """What of the start can fail unnoticed."""
        return FailureSources(
            rules=self.rule_names, schedule_groups=self.schedule_groups, dead_letter_queues=self.dead_letter_queues
        )

    def _start(self) -> None:
        args, names, child = self._args, self._args.context.names, pulumi.ResourceOptions(parent=self)
        rule_reference = names.event_rule(START_PURPOSE)
        self.rule_names = {START_PURPOSE: rule_reference.name}
        dead_letter_queue = DeadLetterQueue(
            f"{self._name}-start-dead-letters",
            DeadLetterQueueArgs(
                names=names,
                purpose=f"{START_PURPOSE}-dead-letters",
                kms_key_arn=args.context.messages_key_arn,
                rule_arns=[rule_reference.arn],
            ),
            child,
        )
        self.dead_letter_queues, self.dead_letter_queue_urls = (
            {START_PURPOSE: dead_letter_queue.name},
            {START_PURPOSE: dead_letter_queue.url},
        )
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-start",
            name=self.rule_names[START_PURPOSE],
            description="A manifest has been written to the input bucket: the nightly run starts",
            event_pattern=json.dumps(start_pattern(args.input.name, args.workflow.start)),
            opts=child,
        )
        role = starter_role(
            f"{self._name}-start",
            names,
            purpose=START_PURPOSE,
            service="events",
            source_arn=rule_reference.arn,
            machine=PURPOSE,
            parent=self,
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-start-target",
            rule=rule.name,
            target_id=PURPOSE,
            arn=self.state_machine_arn,
            role_arn=role,
            input_transformer={
                "input_paths": {"key": "$.detail.object.key", "version": "$.detail.object.version-id"},
                "input_template": '{"origin": "event", "manifest": {"key": <key>, "version": <version>}}',
            },
            retry_policy={
                "maximum_event_age_in_seconds": args.workflow.start.max_event_age_minutes * 60,
                "maximum_retry_attempts": MAX_ATTEMPTS,
            },
            dead_letter_config={"arn": dead_letter_queue.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[dead_letter_queue.policy]),
        )

    def _schedule(self, time: str) -> None:
        """Beside the event; whichever comes second finds the manifest claimed and ends as a duplicate."""
        args = self._args
        schedules = WeekdaySchedules(
            f"{self._name}-schedule",
            WeekdaySchedulesArgs(
                names=args.context.names,
                purpose=START_PURPOSE,
                machine=PURPOSE,
                state_machine_arn=self.state_machine_arn,
                times={"daily": time},
                timezone=args.workflow.deadline.timezone,
                max_age_minutes=args.workflow.start.max_event_age_minutes,
                messages_key_arn=args.context.messages_key_arn,
                inputs={"daily": {"origin": "schedule"}},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        purpose = f"{START_PURPOSE}-schedule"
        self.schedule_names, self.schedule_groups = (
            {"start": schedules.names["daily"]},
            {START_PURPOSE: schedules.group},
        )
        self.dead_letter_queues[purpose], self.dead_letter_queue_urls[purpose] = (
            schedules.queue_name,
            schedules.queue_url,
        )


def start_pattern(bucket: str, start: settings.models.Start) -> dict[str, object]:
    """Matches a manifest's creation in `bucket` and nothing else there."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [bucket]},
            "object": {"key": [{"wildcard": f"{start.prefix}*/{start.suffix}"}]},
        },
    }


def plan(
    args: NightlyRunArgs,
    cluster_arn: str,
    subnet_ids: Sequence[str],
    security_group_id: str,
    task_definition_arns: Mapping[str, str],
) -> nightly.NightlyPlan:
    """The nightly run's plan out of the settings and the ARNs that only the cloud knows."""
    names, workflow = args.context.names, args.workflow
    return nightly.NightlyPlan(
        environment=names.suffix,
        target=job_stage.RunTaskTarget(
            partition=names.partition,
            cluster_arn=cluster_arn,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
            output_bucket=args.output.name,
        ),
        stages=[
            _stage(job, args.jobs[job], workflow.vcpus_of_run(args.jobs), task_definition_arns[job])
            for job in workflow.order
        ],
        manifest_location=manifest_location(args.input, workflow),
        max_age_days=workflow.start.max_age_days,
        max_ahead_days=workflow.start.max_ahead_days,
        ledger_table=args.ledger.name,
        ledger_days=args.ledger_days,
        topic_arn=args.topic.arn,
        timeout=workflow.deadline.window_seconds,
    )


def manifest_location(input_: Reference, workflow: settings.models.Workflow) -> run_input.ManifestLocation:
    """Where manifests lie."""
    return run_input.ManifestLocation(
        bucket=input_.name,
        prefix=workflow.start.prefix,
        suffix=workflow.start.suffix,
        timezone=workflow.deadline.timezone,
    )


def _stage(name: str, job: settings.jobs.Job, vcpus: float, task_definition_arn: str) -> job_stage.StagePlan:
    fan_out = None
    if job.fan_out is not None:
        fan_out = job_stage.FanOutPlan(
            inline_limit=job.fan_out.inline_limit,
            batch=job.fan_out.batch,
            concurrency=job.fan_out.concurrency or int(vcpus // fargate.vcpus(job.cpu)),
            tolerated_failure_percent=job.fan_out.tolerated_failure_percent,
        )
    return job_stage.StagePlan(
        job=name,
        task_definition_arn=task_definition_arn,
        timeout=job.timeout,
        spot=job.capacity == "spot-with-fallback",
        attempts=job.retry.attempts,
        capacity_attempts=job.retry.capacity_attempts,
        backoff_seconds=job.retry.backoff_seconds,
        fan_out=fan_out,
        debug=job.debug,
    )


def statements(args: NightlyRunArgs) -> list[iam.Statement]:
    """What the nightly machine's role may do; ARNs from names, so that they can be read at preview.

    Source: docs/aws-facts.md#ecs-run-task-sync
    """
    names = args.context.names
    jobs = list(args.workflow.order)
    families = [names.task_family(job).arn for job in jobs]
    cluster = args.task_network.cluster
    own_cluster = {"ArnEquals": {"ecs:cluster": cluster.arn}}
    machine = names.state_machine(PURPOSE)
    output, input_ = args.output.arn, args.input.arn
    roles = [names.role_arn(f"{job}-{kind}") for job in jobs for kind in ("task", "execution")]
    return [
        iam.statement("RunOwnTasks", ["ecs:RunTask"], families, conditions=own_cluster),
        # tasks have no ARN before they run; the cluster confines the two
        iam.statement("FollowOwnTasks", ["ecs:DescribeTasks", "ecs:StopTask"], ["*"], conditions=own_cluster),
        iam.statement(
            "TagOwnTasks",
            ["ecs:TagResource"],
            [names.arn("ecs", f"task/{cluster.name}/*")],
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        iam.statement(
            "PassJobRoles",
            ["iam:PassRole"],
            roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        iam.statement(
            "ManageTaskEventRule",
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [names.arn("events", f"rule/{MANAGED_RULE}")],
        ),
        iam.statement(
            "WriteLedger",
            ["dynamodb:PutItem", "dynamodb:UpdateItem"],
            [args.ledger.arn],
        ),
        iam.statement("FindManifest", ["s3:GetObject"], [f"{input_}/{args.workflow.start.prefix}*"]),
        iam.statement("ReadStageResults", ["s3:GetObject"], [f"{output}/shards/*", f"{output}/reports/*"]),
        # without it a missing object answers 403, which reads like a permission problem
        iam.statement("DistinguishMissingFromForbidden", ["s3:ListBucket"], [input_, output]),
        # source: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        iam.statement(
            "WriteMapResults",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            [f"{output}/maps/*"],
        ),
        iam.statement("PublishNotifications", ["sns:Publish"], [args.topic.arn]),
        # a Distributed Map starts its children as executions of the same machine
        iam.statement("StartChildren", ["states:StartExecution"], [machine.arn]),
        iam.statement(
            "FollowChildren",
            ["states:DescribeExecution", "states:StopExecution"],
            [names.arn("states", f"execution:{machine.name}{mark}*") for mark in (":", "/")],
        ),
    ]
