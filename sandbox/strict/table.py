"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import (
    alarms,
    delivery,
    ec2,
    ecs,
    events,
    iam,
    in_use,
    logs,
    messages,
    s3,
    scaling,
    scheduler,
    states,
    tables,
    tags,
    task_definitions,
    vpc,
)
from sandbox.strict.rules import Rule

RULES: tuple[Rule, ...] = (
    *tags.RULES,
    *ec2.rules.all,
    *vpc.rules.all,
    *s3.rules.all,
    *iam.RULES,
    *task_definitions.rules.all,
    *ecs.rules.all,
    *logs.rules.all,
    *alarms.alarms.all,
    *events.rules.all,
    *scheduler.rules.all,
    *states.rules.all,
    *messages.RULES,
    *tables.rules.all,
    *scaling.rules.all,
    *delivery.RULES,
    *in_use.RULES,
)
