"""Mutants of roles, policies and keys."""

from __future__ import annotations

from policy.rules import kinds

from .model import (
    at,
    itself,
    mutant,
    statement,
    with_statement,
    without_condition,
    without_statement,
)
from .operators import (
    both,
    change,
    cut,
    delete,
    drop,
    edit,
    retarget,
    text,
)

_START_TASK = "data-ingestion-start-task-policy"


_DATA = "data-ingestion-reach-own-data-policy"


_DEFINITION = at(kinds.TASK_DEFINITION, "data-ingestion-*")


IDENTITY = [
    mutant("iam-policy-version", "2012-01-17", kinds.ROLE_POLICY, _DATA, text("policy", "2012-10-17", "2012-01-17")),
    mutant("iam-policy-version", "bucket's", kinds.BUCKET_POLICY, "*", text("policy", "2012-10-17", "2008-10-17")),
    mutant("iam-policy-version", "trust's", kinds.ROLE, "*", text("assumeRolePolicy", "2012-10-17", "2012-01-17")),
    mutant("iam-policy-version", "key's", kinds.KEY, "*", text("policy", "2012-10-17", "2012-01-17")),
    mutant("iam-policy-version", "endpoint's", kinds.ENDPOINT, "*-s3", text("policy", "2012-10-17", "2012-01-17")),
    mutant("iam-policy-version", "not JSON", kinds.ROLE_POLICY, _DATA, change("policy", "{")),
    mutant(
        "iam-least-privilege",
        "every action",
        kinds.ROLE_POLICY,
        _DATA,
        edit("policy", statement(0, Action="*")),
        itself,
        "passrole-scoped",
    ),
    mutant("iam-least-privilege", "a service", kinds.ROLE_POLICY, _DATA, edit("policy", statement(0, Action="s3:*"))),
    mutant("iam-least-privilege", "anywhere", kinds.ROLE_POLICY, _DATA, edit("policy", statement(0, Resource="*"))),
    mutant(
        "iam-least-privilege", "NotAction", kinds.ROLE_POLICY, _DATA, edit("policy", statement(0, NotAction="iam:*"))
    ),
    mutant(
        "passrole-scoped",
        "no condition",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", without_condition("PassJobRoles")),
    ),
    mutant(
        "passrole-scoped",
        "every role",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", with_statement("PassJobRoles", Resource="*")),
        itself,
        "iam-least-privilege",
    ),
    mutant(
        "role-trusts-its-consumer",
        "task role trusts EC2",
        kinds.ROLE,
        "data-ingestion-task-role",
        text("assumeRolePolicy", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"),
    ),
    mutant(
        "role-trusts-its-consumer",
        "machine's role",
        kinds.ROLE,
        "nightly-machine-role",
        text("assumeRolePolicy", "states.amazonaws.com", "lambda.amazonaws.com"),
    ),
    mutant(
        "role-trusts-its-consumer",
        "schedule's role",
        kinds.ROLE,
        "run-monitors-deadline-schedules-role",
        text("assumeRolePolicy", "scheduler.amazonaws.com", "events.amazonaws.com"),
    ),
    mutant(
        "execution-role-sufficient",
        "no pull",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", without_statement("PullOwnImage")),
        _DEFINITION,
    ),
    mutant(
        "execution-role-sufficient",
        "no sign-in",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", without_statement("SignInToRegistry")),
        _DEFINITION,
    ),
    mutant(
        "execution-role-sufficient",
        "no log",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", without_statement("WriteOwnLog")),
        _DEFINITION,
    ),
    mutant(
        "execution-role-sufficient",
        "another repository",
        kinds.ROLE_POLICY,
        _START_TASK,
        text("policy", "repository/repository-data-ingestion", "repository/repository-risk-calculation"),
        _DEFINITION,
    ),
    mutant("execution-role-sufficient", "policy dropped", kinds.ROLE_POLICY, _START_TASK, drop, _DEFINITION),
]


_LOGS = at(kinds.LOG_GROUP, "data-ingestion-logs")


_TOPIC = at(kinds.TOPIC, "notifications")


ENCRYPTION = [
    mutant("log-groups-use-cmk", "no key", kinds.LOG_GROUP, "data-ingestion-logs", delete("kmsKeyId")),
    mutant("log-groups-use-cmk", "foreign key", kinds.LOG_GROUP, "data-ingestion-logs", cut("kmsKeyId", kinds.KEY)),
    mutant("key-rotation-and-principals", "no rotation", kinds.KEY, "keys-data", change("enableKeyRotation", False)),
    mutant(
        "key-rotation-and-principals",
        "everyone",
        kinds.KEY,
        "keys-data",
        edit("policy", statement(1, Principal={"AWS": "*"})),
    ),
    mutant(
        "log-key-grants-logs",
        "no statement",
        kinds.KEY,
        "keys-logs",
        edit("policy", without_statement("UsedByThisStacksLogGroups")),
        _LOGS,
    ),
    mutant(
        "log-key-grants-logs",
        "another region",
        kinds.KEY,
        "keys-logs",
        text("policy", "logs.us-east-1.amazonaws.com", "logs.eu-west-1.amazonaws.com"),
        _LOGS,
    ),
    mutant(
        "log-key-grants-logs",
        "other groups",
        kinds.KEY,
        "keys-logs",
        text("policy", "log-group:/batch/", "log-group:/other/"),
        _LOGS,
    ),
    mutant(
        "log-key-grants-logs",
        "another key",
        kinds.LOG_GROUP,
        "data-ingestion-logs",
        retarget("kmsKeyId", kinds.KEY, at(kinds.KEY, "keys-data")),
    ),
    mutant(
        "topic-key-grants-publishers",
        "key does not admit alarms",
        kinds.KEY,
        "keys-messages",
        edit("policy", without_statement("AlarmsPublish")),
        _TOPIC,
    ),
    mutant(
        "topic-key-grants-publishers",
        "policy does not admit alarms",
        kinds.TOPIC_POLICY,
        "notifications-policy",
        edit("policy", without_statement("AlarmsPublish")),
        _TOPIC,
    ),
    mutant(
        "topic-key-grants-publishers",
        "AWS's own key",
        kinds.TOPIC,
        "notifications",
        both(delete("kmsMasterKeyId"), change("kmsMasterKeyId", "alias/aws/sns")),
    ),
]
