"""What looks at a run from outside: the reconciler, and the deadline check with its two schedules.

They concern one night's report; metrics and alarms are `components/monitoring`'s.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.dead_letter_queue import DeadLetterQueue
from components.shared.stack_context import FailureSources, StackContext
from components.shared.state_machine import StateMachine, StateMachineArgs
from conventions import iam
from conventions.naming import Reference
from workflow import deadline_check, reconciler, run_input

from .schedules import EventStartArgs, WeekdaySchedules, WeekdaySchedulesArgs, start_on_event

if TYPE_CHECKING:
    import settings.models

RECONCILER, DEADLINE = "reconciler", "deadline"
FORECAST = "forecast"
EVENT_AGE_SECONDS = 24 * 3600
"""A run that was ended stays unclaimable until this is delivered, so EventBridge tries as long as it can."""
DEADLINE_AGE_MINUTES = 15
"""A warning that comes later than this is no warning."""


@dataclass(frozen=True, kw_only=True)
class RunMonitorsArgs:
    """Inputs of `RunMonitors`."""

    context: StackContext
    workflow: settings.models.Workflow
    nightly: Reference
    """The nightly run's state machine."""
    nightly_arn: pulumi.Input[str]
    """As the state machine reports it."""
    input: Reference
    """Bucket in which manifests arrive."""
    ledger: Reference
    topic: Reference


class RunMonitors(pulumi.ComponentResource):
    """The reconciler and the deadline machine, with what starts them."""

    state_machine_arns: dict[str, pulumi.Output[str]]
    state_machine_names: dict[str, str]
    log_groups: dict[str, aws.cloudwatch.LogGroup]
    rule_names: dict[str, str]
    schedule_names: dict[str, str]
    schedule_groups: dict[str, str]
    dead_letter_queues: dict[str, str]
    """Names of the dead-letter queues, by what could not be delivered."""
    dead_letter_queue_urls: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: RunMonitorsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:nightly:RunMonitors", name, None, opts)
        self._name, self._args = name, args
        names, workflow = args.context.names, args.workflow
        reconciling = self._machine(
            RECONCILER,
            reconciler.definition(
                reconciler.ReconcilerPlan(
                    environment=names.suffix,
                    partition=names.partition,
                    manifest_location=run_input.ManifestLocation(
                        bucket=args.input.name,
                        prefix=workflow.start.prefix,
                        suffix=workflow.start.suffix,
                        timezone=workflow.deadline.timezone,
                    ),
                    nightly_arn=args.nightly.arn,
                    ledger_table=args.ledger.name,
                    topic_arn=args.topic.arn,
                )
            ),
            ["dynamodb:Query", "dynamodb:UpdateItem"],
            iam.statement("ResumeRuns", ["states:StartExecution"], [args.nightly.arn]),
            iam.statement(
                "EndRedrivenRuns",
                ["states:DescribeExecution", "states:StopExecution"],
                [names.arn("states", f"execution:{args.nightly.name}:*")],
            ),
        )
        deadline = self._machine(
            DEADLINE,
            deadline_check.definition(
                deadline_check.DeadlinePlan(
                    environment=names.suffix,
                    partition=names.partition,
                    ledger_table=args.ledger.name,
                    topic_arn=args.topic.arn,
                    due=workflow.deadline.time,
                    timezone=workflow.deadline.timezone,
                    order=list(workflow.order),
                    holidays=[day.isoformat() for day in workflow.deadline.closed_days(datetime.now(UTC).year)],
                )
            ),
            ["dynamodb:Query"],
        )
        machines = {RECONCILER: reconciling, DEADLINE: deadline}
        self.state_machine_arns = {purpose: machine.arn for purpose, machine in machines.items()}
        self.state_machine_names = {purpose: machine.name for purpose, machine in machines.items()}
        self.log_groups = {purpose: machine.log_group for purpose, machine in machines.items()}
        dead_letter_queue = self._on_status_change(reconciling)
        schedules = self._before_the_deadline(deadline)
        self.schedule_names, self.schedule_groups = schedules.names, {DEADLINE: schedules.group}
        self.dead_letter_queues = {RECONCILER: dead_letter_queue.name, DEADLINE: schedules.queue_name}
        self.dead_letter_queue_urls = {RECONCILER: dead_letter_queue.url, DEADLINE: schedules.queue_url}
        self.register_outputs({"rule_names": self.rule_names, "schedule_groups": self.schedule_groups})

    @property
    def failure_sources(self) -> FailureSources:
        """What of the monitors themselves can fail unnoticed."""
        names = self._args.context.names
        return FailureSources(
            state_machines={purpose: names.state_machine(purpose) for purpose in self.state_machine_names},
            rules=self.rule_names,
            schedule_groups=self.schedule_groups,
            dead_letter_queues=self.dead_letter_queues,
        )

    def _machine(
        self, purpose: str, definition: dict[str, object], ledger_actions: list[str], *statements: iam.Statement
    ) -> StateMachine:
        args = self._args
        return StateMachine(
            f"{self._name}-{purpose}",
            StateMachineArgs(
                context=args.context,
                purpose=purpose,
                definition=json.dumps(definition),
                statements=[
                    iam.statement("UseLedger", ledger_actions, [args.ledger.arn]),
                    iam.statement(
                        "PublishNotifications",
                        ["sns:Publish"],
                        [args.topic.arn],
                    ),
                    *statements,
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _on_status_change(self, reconciling: StateMachine) -> DeadLetterQueue:
        args, names = self._args, self._args.context.names
        self.rule_names = {RECONCILER: names.event_rule(RECONCILER).name}
        return start_on_event(
            f"{self._name}-{RECONCILER}",
            EventStartArgs(
                names=names,
                purpose=RECONCILER,
                machine=RECONCILER,
                state_machine_arn=reconciling.arn,
                description="A nightly run ended without succeeding, or was redriven: close its entry, or resume it",
                event_pattern=pulumi.Output.from_input(args.nightly_arn).apply(
                    lambda arn: json.dumps(
                        {
                            "source": ["aws.states"],
                            "detail-type": ["Step Functions Execution Status Change"],
                            "detail": {"stateMachineArn": [arn], **reconciler.EVENT_PATTERN},
                        }
                    )
                ),
                max_age_seconds=EVENT_AGE_SECONDS,
                messages_key_arn=args.context.messages_key_arn,
                rule_name=f"{self._name}-{RECONCILER}-rule",
                role_prefix=f"{self._name}-{RECONCILER}-start",
            ),
            self,
        )

    def _before_the_deadline(self, deadline: StateMachine) -> WeekdaySchedules:
        due = self._args.workflow.deadline
        forecasts = {f"{FORECAST}-{time.replace(':', '')}": time for time in due.forecasts}
        stages = {"warn": due.warn, "escalate": due.escalate, **forecasts}
        return WeekdaySchedules(
            f"{self._name}-{DEADLINE}-schedules",
            WeekdaySchedulesArgs(
                names=self._args.context.names,
                purpose=DEADLINE,
                machine=DEADLINE,
                state_machine_arn=deadline.arn,
                times=stages,
                timezone=self._args.workflow.deadline.timezone,
                max_age_minutes=DEADLINE_AGE_MINUTES,
                messages_key_arn=self._args.context.messages_key_arn,
                inputs={key: {"stage": FORECAST if key in forecasts else key} for key in stages},
            ),
            pulumi.ResourceOptions(parent=self),
        )
