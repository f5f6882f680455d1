"""Every rule of the account, service by service."""

from __future__ import annotations

from sandbox.strict import in_use, properties, tags
from sandbox.strict.containers import container_definitions, ecs, placement, scaling, starts, task_definitions
from sandbox.strict.delivery import actions, environments, pipelines, projects, repositories
from sandbox.strict.network import dns_firewall, endpoints, requests, security_groups, vpc
from sandbox.strict.rules import Rule
from sandbox.strict.security import detectors, key_states, parameters, secrets
from sandbox.strict.sentences import keys, network, tasks, things
from sandbox.strict.sentences import messages as sentences_of_messages
from sandbox.strict.services import (
    alarms,
    budgets,
    dashboards,
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
    *dns_firewall.rules.all,
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
    *dashboards.rules.all,
    *budgets.rules.all,
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
    *things.RULES,
    *sentences_of_messages.RULES,
    *in_use.RULES,
    *key_states.rules.all,
    *secrets.rules.all,
    *parameters.rules.all,
    *detectors.rules.all,
)
"""In the order in which they are held against a request."""
