"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import in_use, properties, tags
from sandbox.strict.containers import container_definitions, ecs, placement, scaling, starts, task_definitions
from sandbox.strict.delivery import actions, environments, pipelines, projects, repositories
from sandbox.strict.network import endpoints, requests, security_groups, vpc
from sandbox.strict.rules import Rule
from sandbox.strict.sentences import keys, network, stores, tasks, things
from sandbox.strict.sentences import messages as sentences_of_messages
from sandbox.strict.services import (
    alarms,
    events,
    iam,
    log_events,
    log_requests,
    logs,
    message_contents,
    messages,
    metrics,
    schedule_targets,
    scheduler,
    sessions,
    states,
)
from sandbox.strict.storage import (
    access_lists,
    bucket_policies,
    bucket_settings,
    expressions,
    locks,
    objects,
    replication,
    s3,
    tables,
    transitions,
)

RULES: tuple[Rule, ...] = (
    *tags.RULES,
    *security_groups.rules.all,
    *vpc.rules.all,
    *endpoints.rules.all,
    *requests.rules.all,
    *s3.rules.all,
    *bucket_settings.rules.all,
    *transitions.rules.all,
    *access_lists.rules.all,
    *locks.rules.all,
    *replication.rules.all,
    *objects.rules.all,
    *bucket_policies.rules.all,
    *iam.RULES,
    *sessions.RULES,
    *task_definitions.rules.all,
    *container_definitions.rules.all,
    *ecs.rules.all,
    *starts.rules.all,
    *placement.rules.all,
    *logs.rules.all,
    *log_events.rules.all,
    *log_requests.rules.all,
    *alarms.alarms.all,
    *metrics.metrics.all,
    *events.rules.all,
    *scheduler.rules.all,
    *schedule_targets.rules.all,
    *states.rules.all,
    *messages.RULES,
    *message_contents.RULES,
    *tables.rules.all,
    *expressions.rules.all,
    *scaling.rules.all,
    *repositories.rules.all,
    *projects.rules.all,
    *environments.rules.all,
    *pipelines.rules.all,
    *actions.rules.all,
    *properties.RULES,
    *network.rules.all,
    *tasks.RULES,
    *keys.RULES,
    *stores.RULES,
    *things.RULES,
    *sentences_of_messages.RULES,
    *in_use.RULES,
)
"""In the order in which they are held against a request."""
