"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import in_use, tags
from sandbox.strict.containers import ecs, placement, scaling, starts, task_definitions
from sandbox.strict.network import endpoints, security_groups, vpc
from sandbox.strict.rules import Rule
from sandbox.strict.services import alarms, delivery, events, iam, logs, messages, scheduler, states
from sandbox.strict.storage import bucket_policies, s3, tables

RULES: tuple[Rule, ...] = (
    *tags.RULES,
    *security_groups.rules.all,
    *vpc.rules.all,
    *endpoints.rules.all,
    *s3.rules.all,
    *bucket_policies.rules.all,
    *iam.RULES,
    *task_definitions.rules.all,
    *ecs.rules.all,
    *starts.rules.all,
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
"""In the order in which they are held against a request."""
