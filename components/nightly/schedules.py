"""What starts a state machine from outside: a role that may do just that, a rule on events, schedules on weekdays.

Schedules are cron expressions in a time zone, and cron knows no holidays: the state machine decides about those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.shared import state_machine
from components.shared.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from conventions import iam
from conventions.naming import Names, Reference

MAX_ATTEMPTS = 185
"""Deliveries at most, as many as EventBridge and Scheduler allow; the age ends them earlier."""


def starter_role(
    name: str,
    names: Names,
    *,
    purpose: str,
    service: str,
    source_arn: str,
    machine: str,
    parent: pulumi.Resource,
    statements: Sequence[iam.Statement] = (),
    key_arns: Sequence[pulumi.Input[str]] = (),
) -> pulumi.Output[str]:
    """ARN, usable when its policies are in place, of a role that lets `service` start the machine for `machine`.

    `source_arn` is the rule or schedule group on whose behalf the service acts; `statements` go beyond the start.
    """
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-role",
        name=names.name("role", f"{purpose}-starter"),
        description=f"{service} starts the {machine} state machine with this role",
        assume_role_policy=iam.trust(f"{service}.amazonaws.com", account=names.account, source_arn=source_arn),
        opts=child,
    )
    start = iam.statement("StartMachine", ["states:StartExecution"], [names.state_machine(machine).arn])
    policies = [
        aws.iam.RolePolicy(
            f"{name}-policy", name="start", role=role.name, policy=iam.document(start, *statements), opts=child
        )
    ]
    if key_arns:
        policies.append(
            aws.iam.RolePolicy(
                f"{name}-keys", name="use-keys", role=role.name, policy=state_machine.use_of(key_arns), opts=child
            )
        )
    return pulumi.Output.all(role.arn, *(policy.id for policy in policies)).apply(lambda outputs: str(outputs[0]))


@dataclass(frozen=True, kw_only=True)
class EventStartArgs:
    """Inputs of `start_on_event`."""

    names: Names
    purpose: str
    """The rule is `rule-<purpose>-<suffix>`."""
    machine: str
    """Purpose of the machine that is started."""
    state_machine_arn: pulumi.Input[str]
    description: str
    event_pattern: pulumi.Input[str]
    max_age_seconds: int
    """How long EventBridge tries to deliver, 60 to 86,400."""
    messages_key_arn: pulumi.Input[str]
    rule_name: str
    """The rule's logical name."""
    role_prefix: str
    """What the logical names of the role and of its policy begin with."""
    input_transformer: aws.cloudwatch.EventTargetInputTransformerArgsDict | None = None
    """None: the machine's input is the event."""


def start_on_event(name: str, args: EventStartArgs, parent: pulumi.Resource) -> DeadLetterQueue:
    """A rule that starts a machine on each matching event; events that cannot be delivered lie in the queue."""
    names, child = args.names, pulumi.ResourceOptions(parent=parent)
    reference: Reference = names.event_rule(args.purpose)
    dead_letter_queue = DeadLetterQueue(
        f"{name}-dead-letters",
        DeadLetterQueueArgs(
            names=names,
            purpose=f"{args.purpose}-dead-letters",
            kms_key_arn=args.messages_key_arn,
            rule_arns=[reference.arn],
        ),
        child,
    )
    rule = aws.cloudwatch.EventRule(
        args.rule_name,
        name=reference.name,
        description=args.description,
        event_pattern=args.event_pattern,
        opts=child,
    )
    role = starter_role(
        args.role_prefix,
        names,
        purpose=args.purpose,
        service="events",
        source_arn=reference.arn,
        machine=args.machine,
        parent=parent,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        target_id=args.machine,
        arn=args.state_machine_arn,
        role_arn=role,
        input_transformer=args.input_transformer,
        retry_policy={
            "maximum_event_age_in_seconds": args.max_age_seconds,
            "maximum_retry_attempts": MAX_ATTEMPTS,
        },
        dead_letter_config={"arn": dead_letter_queue.arn},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[dead_letter_queue.policy]),
    )
    return dead_letter_queue


@dataclass(frozen=True, kw_only=True)
class WeekdaySchedulesArgs:
    """Inputs of `WeekdaySchedules`."""

    names: Names
    purpose: str
    """The group is `schedule-<purpose>-<suffix>`, a schedule in it `schedule-<purpose>-<key>-<suffix>`."""
    machine: str
    """Purpose of the machine that is started."""
    state_machine_arn: pulumi.Input[str]
    times: Mapping[str, str]
    """Local times, "08:30", by what distinguishes the schedules."""
    timezone: str
    max_age_minutes: int
    """How long Scheduler tries to deliver."""
    messages_key_arn: pulumi.Input[str]
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By schedule: what the machine's input holds besides `local` and `scheduled`."""


class WeekdaySchedules(pulumi.ComponentResource):
    """Schedules from Monday to Friday at a local time, right over changes to and from daylight saving time."""

    group: str
    names: dict[str, str]
    queue_name: str
    queue_url: pulumi.Output[str]

    def __init__(self, name: str, args: WeekdaySchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:nightly:WeekdaySchedules", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names, dead_letter_purpose = args.names, f"{args.purpose}-schedule-dead-letters"
        dead_letter_queue = DeadLetterQueue(
            f"{name}-dead-letters",
            DeadLetterQueueArgs(names=names, purpose=dead_letter_purpose, kms_key_arn=args.messages_key_arn),
            child,
        )
        self.group = names.name("schedule", args.purpose)
        group = aws.scheduler.ScheduleGroup(f"{name}-group", name=self.group, opts=child)
        role = starter_role(
            name,
            names,
            purpose=f"{args.purpose}-schedule",
            service="scheduler",
            source_arn=names.arn("scheduler", f"schedule-group/{self.group}"),
            machine=args.machine,
            parent=self,
            statements=[
                iam.statement("KeepUndeliverable", ["sqs:SendMessage"], [names.queue(dead_letter_purpose).arn])
            ],
            key_arns=[args.messages_key_arn],
        )
        self.names = {}
        for key, time in args.times.items():
            self.names[key] = names.name("schedule", f"{args.purpose}-{key}")
            aws.scheduler.Schedule(
                f"{name}-{key}",
                name=self.names[key],
                group_name=group.name,
                schedule_expression=f"cron({int(time[3:])} {int(time[:2])} ? * MON-FRI *)",
                schedule_expression_timezone=args.timezone,
                flexible_time_window={"mode": "OFF"},
                target={
                    "arn": args.state_machine_arn,
                    "role_arn": role,
                    "input": json.dumps(
                        {**args.inputs.get(key, {}), "local": time, "scheduled": "<aws.scheduler.scheduled-time>"}
                    ),
                    "retry_policy": {
                        "maximum_event_age_in_seconds": args.max_age_minutes * 60,
                        "maximum_retry_attempts": MAX_ATTEMPTS,
                    },
                    "dead_letter_config": {"arn": dead_letter_queue.arn},
                },
                opts=child,
            )
        self.queue_name, self.queue_url = dead_letter_queue.name, dead_letter_queue.url
        self.register_outputs({"group": self.group})
