"""What watches a run from outside: closing a run that was ended, and asking for the report before its deadline.

Owns: the closing machine with the rule that starts it, and the deadline machine with its two schedules.
Refuses: metrics and alarms (`observability.py`): they speak of numbers, these two of one night's report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.dead_letter_queue import DeadLetters, DeadLettersArgs
from components.shared.stack_context import Foundation, Watchable
from components.shared.state_machine import Machine, MachineArgs
from conventions import iam
from workflow import deadline_check, reconciler, run_input

from .schedules import MAX_ATTEMPTS, Weekdays, WeekdaysArgs, starter_role

if TYPE_CHECKING:
    import settings.models

CLOSING, DEADLINE = "closing", "deadline"
EVENT_AGE_SECONDS = 24 * 3600
"""A run that was ended stays unclaimable until this is delivered, so EventBridge tries as long as it can."""
DEADLINE_AGE_MINUTES = 15
"""A warning that comes later than this is no warning."""


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """Inputs of `Watch`."""

    base: Foundation
    workflow: settings.models.Workflow
    nightly_arn: pulumi.Input[str]
    """The state machine that is watched."""


class Watch(pulumi.ComponentResource):
    """The closing machine and the deadline machine, with what starts them."""

    machine_arns: dict[str, pulumi.Output[str]]
    machine_names: dict[str, str]
    log_groups: dict[str, aws.cloudwatch.LogGroup]
    rule_names: dict[str, str]
    schedule_names: dict[str, str]
    schedule_groups: dict[str, str]
    letter_queues: dict[str, str]
    """Names of the dead-letter queues, by what could not be delivered."""
    letter_urls: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: WatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:watch:Watch", name, None, opts)
        self._name, self._args = name, args
        names, workflow = args.base.names, args.workflow
        table, topic = names.name("table", "ledger"), names.arn("sns", names.name("topic", "announcements"))
        closing = self._machine(
            CLOSING,
            reconciler.definition(
                reconciler.ClosingPlan(
                    environment=names.suffix,
                    partition=names.partition,
                    manifests=run_input.Manifests(
                        bucket=names.bucket("input"),
                        prefix=workflow.start.prefix,
                        suffix=workflow.start.suffix,
                        timezone=workflow.deadline.timezone,
                    ),
                    ledger_table=table,
                    topic_arn=topic,
                )
            ),
            ["dynamodb:Query", "dynamodb:UpdateItem"],
        )
        deadline = self._machine(
            DEADLINE,
            deadline_check.definition(
                deadline_check.DeadlinePlan(
                    environment=names.suffix,
                    partition=names.partition,
                    ledger_table=table,
                    topic_arn=topic,
                    due=workflow.deadline.time,
                    timezone=workflow.deadline.timezone,
                    holidays=[day.isoformat() for day in workflow.deadline.holidays],
                )
            ),
            ["dynamodb:Query"],
        )
        machines = {CLOSING: closing, DEADLINE: deadline}
        self.machine_arns = {purpose: machine.arn for purpose, machine in machines.items()}
        self.machine_names = {purpose: machine.name for purpose, machine in machines.items()}
        self.log_groups = {purpose: machine.log_group for purpose, machine in machines.items()}
        letters = self._on_status_change(closing)
        schedules = self._before_the_deadline(deadline)
        self.schedule_names, self.schedule_groups = schedules.names, {DEADLINE: schedules.group}
        self.letter_queues = {CLOSING: letters.name, DEADLINE: schedules.queue_name}
        self.letter_urls = {CLOSING: letters.url, DEADLINE: schedules.queue_url}
        self.register_outputs({"rule_names": self.rule_names, "schedule_groups": self.schedule_groups})

    @property
    def watchable(self) -> Watchable:
        """What of the watchers themselves can fail unnoticed."""
        return Watchable(
            machines=self.machine_names,
            rules=self.rule_names,
            schedule_groups=self.schedule_groups,
            letter_queues=self.letter_queues,
        )

    def _machine(self, purpose: str, definition: dict[str, object], ledger_actions: list[str]) -> Machine:
        args, names = self._args, self._args.base.names
        return Machine(
            f"{self._name}-{purpose}",
            MachineArgs(
                names=names,
                purpose=purpose,
                definition=json.dumps(definition),
                statements=[
                    iam.statement(
                        "UseLedger", ledger_actions, [names.arn("dynamodb", f"table/{names.name('table', 'ledger')}")]
                    ),
                    iam.statement(
                        "Announce", ["sns:Publish"], [names.arn("sns", names.name("topic", "announcements"))]
                    ),
                ],
                key_arns=[args.base.data_key_arn, args.base.messages_key_arn],
                logs_key_arn=args.base.logs_key_arn,
                log_retention_days=args.base.log_retention_days,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _on_status_change(self, closing: Machine) -> DeadLetters:
        args, names, child = self._args, self._args.base.names, pulumi.ResourceOptions(parent=self)
        self.rule_names = {CLOSING: names.name("rule", CLOSING)}
        rule_arn = names.arn("events", f"rule/{self.rule_names[CLOSING]}")
        letters = DeadLetters(
            f"{self._name}-{CLOSING}-letters",
            DeadLettersArgs(
                names=names, purpose=f"{CLOSING}-letters", kms_key_arn=args.base.messages_key_arn, rule_arns=[rule_arn]
            ),
            child,
        )
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-{CLOSING}-rule",
            name=self.rule_names[CLOSING],
            description="A nightly run has ended without succeeding: close its ledger entry if it could not",
            event_pattern=pulumi.Output.from_input(args.nightly_arn).apply(
                lambda arn: json.dumps(
                    {
                        "source": ["aws.states"],
                        "detail-type": ["Step Functions Execution Status Change"],
                        "detail": {"stateMachineArn": [arn], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
                    }
                )
            ),
            opts=child,
        )
        role = starter_role(
            f"{self._name}-{CLOSING}-start",
            names,
            purpose=CLOSING,
            service="events",
            source_arn=rule_arn,
            machine=CLOSING,
            parent=self,
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-{CLOSING}-target",
            rule=rule.name,
            target_id=CLOSING,
            arn=closing.arn,
            role_arn=role,
            retry_policy={
                "maximum_event_age_in_seconds": EVENT_AGE_SECONDS,
                "maximum_retry_attempts": MAX_ATTEMPTS,
            },
            dead_letter_config={"arn": letters.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[letters.policy]),
        )
        return letters

    def _before_the_deadline(self, deadline: Machine) -> Weekdays:
        stages = {"warn": self._args.workflow.deadline.warn, "escalate": self._args.workflow.deadline.escalate}
        return Weekdays(
            f"{self._name}-{DEADLINE}-schedules",
            WeekdaysArgs(
                names=self._args.base.names,
                purpose=DEADLINE,
                machine=DEADLINE,
                machine_arn=deadline.arn,
                times=stages,
                timezone=self._args.workflow.deadline.timezone,
                max_age_minutes=DEADLINE_AGE_MINUTES,
                messages_key_arn=self._args.base.messages_key_arn,
                inputs={stage: {"stage": stage} for stage in stages},
            ),
            pulumi.ResourceOptions(parent=self),
        )
