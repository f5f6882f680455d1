"""Mistakes that a reviewer of the pack wrote without having read it, and that it did not notice at first.

How they were written, and what of all of them is noticed: docs/policy/independent-mistakes.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policy.rules import UNKNOWN, Graph, Resource, kinds

from .events import REVIEWED_AT_NIGHT
from .model import TAGS, Mutant, at, container, mutant, new, with_statement
from .operators import add, both, change, edit, option, swapped, text

_TASK, _DATA = "data-ingestion-task", "data-ingestion-reach-own-data-policy"
_TASK_ROLE = at(kinds.ROLE, "data-ingestion-task-role")
_MACHINE_ROLE = at(kinds.ROLE, "nightly-machine-role")


def _variable(name: str, value: str) -> Callable[[Any], None]:
    """Adds a variable to a job's container."""
    return lambda definitions: definitions[0]["environment"].append({"name": name, "value": value})


def _let_in(graph: Graph, group: Resource) -> Graph:
    """A rule that lets the network's own addresses in to tasks."""
    props = {
        "securityGroupId": group.props["id"],
        "cidrIpv4": "10.0.0.0/16" if graph.stack == "dev" else "10.1.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "description": "HTTPS from everything in the network",
    }
    graph = add(kinds.GROUP_INGRESS, "let-in", {**props, "tags": TAGS})(graph, group)
    graph = option(ignore_changes=("tags.CreatedAt",))(graph, graph.of_type(kinds.GROUP_INGRESS)[-1])
    let_in = graph.of_type(kinds.GROUP_INGRESS)[-1]
    return swapped(graph, let_in, replace(let_in, property_dependencies={"securityGroupId": (group.urn,)}))


def _idle_pipeline(graph: Graph, one: Resource) -> Graph:
    """A pipeline whose role may start none of the builds that its stages name."""
    suffix = graph.stack
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}}],
    }
    trust["Statement"][0]["Action"] = "sts:AssumeRole"  # type: ignore[index]  # a list of statements
    parts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (kinds.ROLE, "idle-role", {"name": f"role-idle-{suffix}", "assumeRolePolicy": json.dumps(trust)}),
        (kinds.BUILD_PROJECT, "idle-build", {"name": f"build-idle-{suffix}"}),
        (kinds.PIPELINE, "idle", {"name": f"pipeline-idle-{suffix}", "roleArn": UNKNOWN, "stages": UNKNOWN}),
    )
    for kind, name, props in parts:
        graph = add(kind, name, {**props, "tags": TAGS})(graph, one)
        graph = option(ignore_changes=("tags.CreatedAt",))(graph, graph.of_type(kind)[-1])
    pipeline = graph.of_type(kinds.PIPELINE)[-1]
    edges = {
        prop: (graph.of_type(kind)[-1].urn,)
        for prop, kind in (("roleArn", kinds.ROLE), ("stages", kinds.BUILD_PROJECT))
    }
    return swapped(graph, pipeline, replace(pipeline, property_dependencies=edges))


_ACCESS = [
    mutant(
        "statements-are-sound",
        "StringEquals with a wildcard",
        kinds.ROLE_POLICY,
        _DATA,
        edit("policy", with_statement("ListInputToRead", Condition={"StringEquals": {"s3:prefix": ["incoming/*"]}})),
    ),
    mutant(
        "grants-accounted-for",
        "the whole bucket",
        kinds.ROLE_POLICY,
        _DATA,
        both(text("policy", "/incoming/*", "/*"), text("policy", '["incoming/*"]', '["*"]')),
        _TASK_ROLE,
    ),
    mutant(
        "grants-accounted-for",
        "another folder than the manifests'",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        text("policy", "/incoming/*", "/manifests/*"),
        _MACHINE_ROLE,
    ),
    mutant(
        "grants-accounted-for",
        "results of maps where nothing may be written",
        kinds.STATE_MACHINE,
        "nightly-machine",
        text("definition", "'maps/' &", "'map-results/' &"),
        _MACHINE_ROLE,
        "state-machines-are-sound",
    ),
    Mutant(
        rule="keys-are-kept-with-data",
        what="data key not protected",
        kind=kinds.KEY,
        name="keys-data",
        do=option(protect=False),
        config={"keys-are-kept-with-data": {"guardedSuffixes": ["prod"]}},
        stacks=("prod",),
    ),
    mutant("required-tags", "another environment's", kinds.VPC, "*", change("tags.Environment", "test")),
    mutant(
        "types-accounted-for",
        "provider with keys",
        "",
        "",
        add("pulumi:providers:aws", "with-keys", {"region": "us-east-1", "accessKey": "AKIAIOSFODNN7EXAMPLE"}),
        new("pulumi:providers:aws", "with-keys"),
    ),
]
_NETWORK = [
    mutant(
        "nothing-reaches-in",
        "the network itself, to tasks",
        kinds.SECURITY_GROUP,
        "network-tasks",
        _let_in,
        new(kinds.GROUP_INGRESS, "let-in"),
    ),
]
_STORAGE = [
    mutant(
        "storage-properties",
        "only a folder expires",
        kinds.BUCKET_LIFECYCLE,
        "data-input-*",
        change("rules[0].filter.prefix", "tmp/"),
    ),
    mutant(
        "bucket-and-queue-encryption",
        "access logs under a key",
        kinds.BUCKET_ENCRYPTION,
        "data-audit-*",
        change(
            "rules",
            [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "arn:aws:kms:us-east-1:123456789012:key/x",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        ),
    ),
    mutant(
        "storage-properties",
        "one deployed image",
        kinds.REPOSITORY_LIFECYCLE,
        "*",
        edit("policy", lambda document: document["rules"][0]["selection"].update(countNumber=1)),
    ),
    mutant(
        "state-machines-call-accounted-for",
        "a query without the partition key",
        kinds.TABLE,
        "data-ledger",
        both(change("hashKey", "manifest"), change("rangeKey", "business_date")),
        at(kinds.STATE_MACHINE, "run-monitors-reconciler"),
    ),
]
_TASKS = [
    mutant(
        "compute-properties",
        "password in an address",
        kinds.TASK_DEFINITION,
        _TASK,
        edit("containerDefinitions", _variable("WAREHOUSE", "postgresql://batch:s3cr3tPa55@db.internal:5432/risk")),
    ),
    mutant(
        "compute-properties",
        "token in a variable",
        kinds.TASK_DEFINITION,
        _TASK,
        edit("containerDefinitions", _variable("SOURCE", f"ghp_{'16C7e42F292c6912E771'}{'0c838347Ae178B4a'}")),
    ),
    mutant(
        "compute-properties",
        "token in the command",
        kinds.TASK_DEFINITION,
        _TASK,
        edit("containerDefinitions", container(command=["job", "--key", f"AKIA{'IOSFODNN7EXAMPLE'}"])),
    ),
    mutant(
        "compute-properties",
        "a deployment that can never go on",
        kinds.SERVICE,
        "*",
        change("deploymentMaximumPercent", 100),
    ),
]
_DELIVERY = [
    mutant(
        "pipeline-starts-its-builds",
        "a role that may start nothing",
        "",
        "",
        _idle_pipeline,
        lambda graph, one: _idle_pipeline(graph, one).of_type(kinds.ROLE)[-1],
        "workflow-logging",
    ),
]

REVIEWED = [*_ACCESS, *_NETWORK, *_STORAGE, *_TASKS, *_DELIVERY, *REVIEWED_AT_NIGHT]
