"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import (
    delivery,
    ec2,
    ecs,
    events,
    iam,
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
    *logs.RULES,
    *events.rules.all,
    *scheduler.rules.all,
    *states.rules.all,
    *messages.RULES,
    *tables.rules.all,
    *scaling.rules.all,
    *delivery.RULES,
)
