"""Mutants of what only the tables account for."""

from __future__ import annotations

from dataclasses import replace

from policy.rules import kinds

from .model import (
    at,
    container,
    itself,
    mutant,
    new,
    statement,
    without_statement,
)
from .operators import (
    add,
    change,
    drop,
    edit,
    option,
    swapped,
    text,
)

_TASKS_EGRESS = "network-tasks-to-endpoints"


ACCOUNTED = [
    mutant(
        "types-accounted-for",
        "internet gateway added",
        "",
        "",
        add("aws:ec2/internetGateway:InternetGateway", "way-out", {}),
        new("aws:ec2/internetGateway:InternetGateway", "way-out"),
        "required-tags",
    ),
    mutant(
        "companions-present",
        "no versioning",
        "aws:s3/bucketVersioning:BucketVersioning",
        "data-input-*",
        drop,
        at(kinds.BUCKET, "data-input"),
    ),
    *(
        mutant("access-properties", what, "", "", add(kinds.PROVIDER, "own", props), new(kinds.PROVIDER, "own"))
        for what, props in (
            ("provider with a key", {"accessKey": "AKIAIOSFODNN7EXAMPLE", "secretKey": "x"}),
            ("provider of another Region", {"region": "eu-west-3"}),
            ("provider of another account", {"allowedAccountIds": ["999999999999"]}),
            ("provider with endpoints", {"endpoints": [{"s3": "https://s3.example.com"}]}),
        )
    ),
    mutant("resources-are-used", "role of nobody", kinds.FLOW_LOG, "*", drop, at(kinds.ROLE, "network-flow-logs-role")),
    mutant(
        "alarms-watch-what-fails",
        "no alarm on failed runs",
        kinds.ALARM,
        "*run-failed",
        drop,
        at(kinds.STATE_MACHINE, "nightly-machine"),
    ),
    mutant(
        "order-is-kept",
        "policy at the same time as the block",
        kinds.BUCKET_POLICY,
        "data-input-*",
        lambda graph, one: swapped(
            graph,
            one,
            replace(one, dependencies=(), property_dependencies={"bucket": one.property_dependencies["bucket"]}),
        ),
    ),
    mutant(
        "options-accounted-for",
        "policy ignored",
        kinds.BUCKET_POLICY,
        "data-input-*",
        option(ignore_changes=("policy",)),
    ),
    mutant("creation-time-is-kept", "not ignored", kinds.BUCKET, "data-input", option(ignore_changes=())),
    mutant("network-properties", "another protocol", kinds.GROUP_EGRESS, _TASKS_EGRESS, change("ipProtocol", "-1")),
    mutant("network-properties", "website range", kinds.SUBNET, "*-a", change("cidrBlock", "192.168.0.0/20")),
    mutant("storage-properties", "provisioned", kinds.TABLE, "*", change("billingMode", "PROVISIONED")),
    mutant("storage-properties", "nobody accounted for", kinds.BUCKET, "data-input", change("acl", "public-read")),
    mutant("compute-properties", "process namespace", kinds.TASK_DEFINITION, "*", change("pidMode", "host")),
    mutant(
        "compute-properties",
        "not essential",
        kinds.TASK_DEFINITION,
        "data-ingestion-*",
        edit("containerDefinitions", container(essential=False)),
    ),
    mutant(
        "access-properties",
        "key for a day",
        kinds.KEY,
        "keys-data",
        change("deletionWindowInDays", 1),
        itself,
        "stores-empty-on-destroy",
    ),
    mutant("messages-properties", "letters of a minute", kinds.QUEUE, "*", change("messageRetentionSeconds", 60)),
    mutant("workflow-properties", "express", kinds.STATE_MACHINE, "nightly*", change("type", "EXPRESS")),
    mutant(
        "workflow-properties",
        "broken cron",
        kinds.SCHEDULE,
        "*-warn",
        change("scheduleExpression", "cron(30 8 * * MON-FRI *)"),
    ),
    mutant(
        "observation-properties",
        "raised by too little",
        kinds.ALARM,
        "*run-failed",
        change("comparisonOperator", "LessThanThreshold"),
    ),
    mutant("delivery-properties", "parallel", kinds.PIPELINE, "synthetic-*", change("executionMode", "PARALLEL")),
    mutant(
        "references-resolve",
        "another environment's topic",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        text("policy", ":topic-notifications-", ":topic-other-"),
    ),
    mutant(
        "statements-are-sound",
        "no effect",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        edit("policy", lambda document: document["Statement"][0].pop("Effect")),
    ),
    mutant(
        "grants-accounted-for",
        "may delete the table",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        edit("policy", statement(0, Action="dynamodb:DeleteTable")),
    ),
    mutant(
        "resource-policies-accounted-for",
        "another account",
        kinds.TOPIC_POLICY,
        "notifications-policy",
        edit("policy", statement(0, Principal={"AWS": "arn:aws:iam::999999999999:root"})),
        itself,
        "topic-key-grants-publishers",
    ),
    mutant(
        "trust-is-tied",
        "trusts another account",
        kinds.ROLE,
        "run-monitors-reconciler-role",
        edit("assumeRolePolicy", statement(0, Principal={"AWS": "arn:aws:iam::999999999999:root"})),
        itself,
        "role-trusts-its-consumer",
    ),
    mutant(
        "messages-need-tls",
        "plain HTTP",
        kinds.QUEUE_POLICY,
        "nightly-start-dead-letters-policy",
        edit("policy", without_statement("RefusePlainHttp")),
    ),
    mutant("tags-are-accepted", "ampersand", kinds.BUCKET, "data-input", change("tags.Team", "Risk & X")),
    mutant(
        "state-machines-are-sound",
        "no JSON",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        change("definition", "{"),
    ),
    mutant(
        "state-machines-call-accounted-for",
        "another's table",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        text("definition", "table-ledger-", "table-other-"),
    ),
    mutant(
        "failures-are-handled",
        "no retry",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        edit("definition", lambda machine: machine["States"]["Find entry"].pop("Retry")),
    ),
    mutant("values-are-accepted", "too long", kinds.ROLE, "*", change("description", "x" * 1001)),
    mutant("values-are-accepted", "no such value", kinds.SCHEDULE, "*", change("state", "PAUSED")),
    mutant("values-are-accepted", "characters", kinds.EVENT_RULE, "*", change("description", "x" * 513)),
]
