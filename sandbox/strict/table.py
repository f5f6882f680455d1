"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import in_use, tags
from sandbox.strict.network import security_groups, vpc
from sandbox.strict.rules import Rule
from sandbox.strict.services import (
    alarms,
    delivery,
    ecs,
    events,
    iam,
    logs,
    messages,
    placement,
    s3,
    scaling,
    scheduler,
    states,
    tables,
    task_definitions,
)

RULES: tuple[Rule, ...] = (
    *tags.RULES,
    *security_groups.rules.all,
    *vpc.rules.all,
    *s3.rules.all,
    *iam.RULES,
    *task_definitions.rules.all,
    *ecs.rules.all,
    *placement.rules.all,
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
