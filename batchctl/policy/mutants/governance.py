"""Mutants of options, names and tags, and of the pack's own exemptions."""

from __future__ import annotations

from dataclasses import replace

from policy.rules import UNKNOWN, kinds

from .model import (
    Mutant,
    at,
    itself,
    mutant,
)
from .operators import (
    change,
    cut,
    delete,
    option,
    remove_from_outputs,
    with_foreign_ids,
)

GOVERNANCE = [
    replace(
        mutant("no-retain-or-protect", "option protect", kinds.BUCKET, "data-input", option(protect=True)),
        stacks=("dev",),
    ),
    replace(
        mutant("no-retain-or-protect", "not protected", kinds.BUCKET, "data-input", option(protect=False)),
        stacks=("prod",),
    ),
    replace(
        mutant("no-retain-or-protect", "ledger not protected", kinds.TABLE, "*", option(protect=False)),
        stacks=("prod",),
    ),
    mutant("no-retain-or-protect", "network protected", kinds.VPC, "*", option(protect=True)),
    mutant("no-retain-or-protect", "skipDestroy", kinds.LOG_GROUP, "*", change("skipDestroy", True)),
    replace(
        mutant("no-retain-or-protect", "table protected", kinds.TABLE, "*", change("deletionProtectionEnabled", True)),
        stacks=("dev",),
    ),
    mutant("no-foreign-infrastructure", "foreign VPC", kinds.SUBNET, "*-a", cut("vpcId", kinds.VPC)),
    mutant("no-foreign-infrastructure", "foreign role", kinds.FLOW_LOG, "*", cut("iamRoleArn", kinds.ROLE)),
    mutant(
        "no-foreign-infrastructure",
        "foreign subnets",
        kinds.SERVICE,
        "*",
        with_foreign_ids("networkConfiguration", "networkConfiguration.subnets"),
        itself,
        "private-tasks-have-endpoints",
    ),
    mutant("stack-outputs-complete", "VPC not exported", kinds.VPC, "*", remove_from_outputs),
    mutant("stack-outputs-complete", "bucket not exported", kinds.BUCKET, "data-input", remove_from_outputs),
    mutant("stack-outputs-complete", "alarm not exported", kinds.ALARM, "*run-failed", remove_from_outputs),
]


NAMING = [
    mutant("environment-suffix-in-names", "cluster", kinds.CLUSTER, "*", change("name", "cluster-batch")),
    mutant(
        "environment-suffix-in-names",
        "family",
        kinds.TASK_DEFINITION,
        "*",
        change("family", "task-data-ingestion"),
        itself,
        "sync-task-managed-rule",
    ),
    mutant(
        "environment-suffix-in-names", "suffix within a word", kinds.ALARM, "*", change("name", "alarm-production1dev2")
    ),
    mutant("name-fits-service", "too long", kinds.EVENT_RULE, "*", change("name", f"rule-{'x' * 64}-dev-prod")),
    mutant("name-fits-service", "characters", kinds.CLUSTER, "*", change("name", "cluster batch/dev/prod")),
    mutant("required-tags", "none", kinds.BUCKET, "*", delete("tags")),
    mutant("required-tags", "one missing", kinds.SUBNET, "*", delete("tags.Team")),
]


_EXEMPTION = {"name": "data-input", "reason": "only until the migration is over", "owner": "data team"}


PACK = [
    Mutant(
        rule="exemptions-are-current",
        what=what,
        config={"bucket-tls-only": {"exemptions": [{**_EXEMPTION, "expires": "2099-01-01", **changes}]}},
    )
    for what, changes in {
        "expired": {"expires": "2020-01-01"},
        "unused, and for too long": {},
        "no owner": {"owner": ""},
        "short reason": {"reason": "later"},
        "too broad": {"name": "*"},
    }.items()
] + [
    mutant(
        "undecided-rules-reported",
        "value made unknown",
        kinds.SERVICE,
        "data-ingestion-*",
        change("desiredCount", UNKNOWN),
        at(""),
    )
]
