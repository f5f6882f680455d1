"""The nightly state machine and what starts it: the rule on manifests in the input bucket, and the optional schedule.

Nothing that the run writes can start it again: the rule listens to the input bucket, and all results go to the output
bucket. The machine's definition is built in `workflow/nightly.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import FailureSources, StackContext, TaskNetwork
from components.shared.state_machine import StateMachine, StateMachineArgs
from conventions import concurrency
from conventions.naming import NIGHTLY, Reference
from workflow import nightly, run_input, task_attempts

from . import permissions
from .schedules import EventStartArgs, WeekdaySchedules, WeekdaySchedulesArgs, start_on_event

if TYPE_CHECKING:
    import settings.jobs
    import settings.models

PURPOSE = NIGHTLY
START_PURPOSE = "start"


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
    network_places: int
    """Tasks that the subnets and the region's network interfaces hold at once."""
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
                ).apply(lambda outputs: json.dumps(nightly.definition(plan(args, *outputs)))),
                statements=permissions.statements(
                    permissions.RunPermissions(
                        names=args.context.names,
                        jobs=args.workflow.order,
                        manifests=args.workflow.start.prefix,
                        cluster=args.task_network.cluster,
                        input=args.input,
                        output=args.output,
                        ledger=args.ledger,
                        topic=args.topic,
                    )
                ),
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
        args, names = self._args, self._args.context.names
        queue = start_on_event(
            f"{self._name}-start",
            EventStartArgs(
                names=names,
                purpose=START_PURPOSE,
                machine=PURPOSE,
                state_machine_arn=self.state_machine_arn,
                description="A manifest has been written to the input bucket: the nightly run starts",
                event_pattern=json.dumps(start_pattern(args.input.name, args.workflow.start)),
                max_age_seconds=args.workflow.start.max_event_age_minutes * 60,
                messages_key_arn=args.context.messages_key_arn,
                rule_name=f"{self._name}-start",
                role_prefix=f"{self._name}-start",
                input_transformer={
                    "input_paths": {"key": "$.detail.object.key", "version": "$.detail.object.version-id"},
                    "input_template": '{"origin": "event", "manifest": {"key": <key>, "version": <version>}}',
                },
            ),
            self,
        )
        self.rule_names = {START_PURPOSE: names.event_rule(START_PURPOSE).name}
        self.dead_letter_queues = {START_PURPOSE: queue.name}
        self.dead_letter_queue_urls = {START_PURPOSE: queue.url}

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
    # two fan-out jobs would write results under the same names: then each leaves out its own finished shards itself
    one_fan_out = sum(args.jobs[job].fan_out is not None for job in workflow.order) == 1
    return nightly.NightlyPlan(
        environment=names.suffix,
        target=task_attempts.RunTaskTarget(
            partition=names.partition,
            cluster_arn=cluster_arn,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
            output_bucket=args.output.name,
            ledger_table=args.ledger.name,
        ),
        stages=[
            replace(
                _stage(job, args, task_definition_arns[job]),
                skips_finished_shards=one_fan_out,
            )
            for job in workflow.order
        ],
        manifest_location=manifest_location(args.input, workflow),
        max_age_days=workflow.start.max_age_days,
        max_ahead_days=workflow.start.max_ahead_days,
        ledger_table=args.ledger.name,
        ledger_days=args.ledger_days,
        topic_arn=args.topic.arn,
        on_newer_manifest=workflow.on_newer_manifest,
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


def _stage(name: str, args: NightlyRunArgs, task_definition_arn: str) -> task_attempts.StagePlan:
    job, fan_out = args.jobs[name], None
    if job.fan_out is not None:
        fan_out = task_attempts.FanOutPlan(
            inline_limit=job.fan_out.inline_limit,
            batch=job.fan_out.batch,
            concurrency=job.fan_out.concurrency
            or concurrency.tasks_at_once(job.cpu, args.workflow.vcpus_of_run(args.jobs), args.network_places),
            tolerated_failure_percent=job.fan_out.tolerated_failure_percent,
        )
    return task_attempts.StagePlan(
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
