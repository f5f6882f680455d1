"""Mutants of what optional settings make: DNS firewall, object lock, customer keys, senders, GuardDuty, sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from policy.rules import kinds

from .model import Choice, Mutant, at, itself, mutant, with_statement, without_condition
from .operators import Operator, change, delete, drop, edit, retarget

EVERY_SETTING = "every setting"
"""The dev stack with every optional setting on."""


def of(kind: str, name: str, rule: str, what: str, do: Operator, *also: str, blames: Choice = itself) -> Mutant:
    """A breakage of one resource, which the rule must notice on it or on what `blames` chooses."""
    return replace(mutant(rule, what, kind, name, do, blames, *also), stacks=(EVERY_SETTING,))


def _policy(act: Any) -> Operator:
    return edit("policy", act)


_FIREWALL = at(kinds.FIREWALL_RULES)
_SESSIONS = "configuration.executeCommandConfiguration"
OPTIONS = [
    of(kinds.FIREWALL_DOMAINS, "dns-allowed", "network-properties", "resolves any name", change("domains[0]", "*")),
    of(kinds.FIREWALL_RULE, "dns-others-rule", "network-properties", "only alerts", change("action", "ALERT")),
    of(kinds.FIREWALL_RULE, "dns-others-rule", "network-properties", "blocks first", change("priority", 50)),
    of(
        kinds.FIREWALL_ASSOCIATION,
        "*",
        "network-properties",
        "firewall of another network",
        change("vpcId", "vpc-0123456789abcdef0"),
    ),
    of(kinds.FIREWALL_ASSOCIATION, "*", "network-properties", "priority that AWS refuses", change("priority", 9901)),
    of(kinds.FIREWALL_ASSOCIATION, "*", "companions-present", "firewall of no network", drop, blames=_FIREWALL),
    of(kinds.FIREWALL_RULE, "dns-others-rule", "companions-present", "nothing is blocked", drop, blames=_FIREWALL),
    of(
        kinds.BUCKET_OBJECT_LOCK,
        "*",
        "storage-properties",
        "locked for no day",
        change("rule.defaultRetention.days", 0),
    ),
    of(
        kinds.BUCKET_OBJECT_LOCK,
        "*",
        "storage-properties",
        "lock switched off",
        change("objectLockEnabled", "Disabled"),
    ),
    of(
        kinds.BUCKET_OBJECT_LOCK,
        "*",
        "no-retain-or-protect",
        "nobody can destroy it",
        change("rule.defaultRetention.mode", "COMPLIANCE"),
    ),
    of(
        kinds.BUCKET_OBJECT_LOCK,
        "*",
        "storage-properties",
        "bucket of access logs",
        retarget("bucket", kinds.BUCKET, at(kinds.BUCKET, "data-audit")),
    ),
    of(
        kinds.STATE_MACHINE,
        "nightly-machine",
        "workflow-properties",
        "somebody else's key",
        change("encryptionConfiguration.kmsKeyId", "arn:aws:kms:us-east-1:999999999999:key/0"),
    ),
    of(
        kinds.KEY,
        "keys-data",
        "resource-policies-accounted-for",
        "Fargate of any cluster",
        _policy(without_condition("FargateEncryptsScratchSpace")),
    ),
    of(
        kinds.KEY,
        "keys-data",
        "resource-policies-accounted-for",
        "senders use the key for anything",
        _policy(without_condition("SendersEncrypt")),
    ),
    of(
        kinds.KEY,
        "keys-data",
        "resource-policies-accounted-for",
        "sessions of any task",
        _policy(without_condition("SessionsEncrypt")),
    ),
    of(
        kinds.BUCKET_POLICY,
        "data-input-policy",
        "resource-policies-accounted-for",
        "senders read",
        _policy(with_statement("SendersWrite", Action=["s3:PutObject", "s3:GetObject"])),
    ),
    of(
        kinds.BUCKET_POLICY,
        "data-input-policy",
        "resource-policies-accounted-for",
        "everybody sends",
        _policy(with_statement("SendersWrite", Principal={"AWS": "*"})),
    ),
    of(
        kinds.BUCKET_POLICY,
        "data-input-policy",
        "resource-policies-accounted-for",
        "senders write anywhere",
        _policy(with_statement("SendersWrite", Resource="arn:aws:s3:::bucket-input-123456789012-dev/*")),
    ),
    of(
        kinds.ROLE_POLICY,
        "data-ingestion-start-task-policy",
        "grants-accounted-for",
        "agent from anywhere",
        _policy(with_statement("PullAgent", Resource="*")),
        "iam-least-privilege",
    ),
    of(
        kinds.ENDPOINT,
        "network-endpoint-ecr-dkr",
        "resource-policies-accounted-for",
        "agent from any repository",
        _policy(with_statement("PullAgent", Resource="*")),
    ),
    of(
        kinds.ENDPOINT,
        "network-endpoint-guardduty-data",
        "resource-policies-accounted-for",
        "anything of GuardDuty",
        _policy(with_statement("Report", Action="guardduty:*")),
        "iam-least-privilege",
    ),
    of(kinds.CLUSTER, "*", "compute-properties", "sessions are not logged", change(f"{_SESSIONS}.logging", "NONE")),
    of(
        kinds.CLUSTER,
        "*",
        "compute-properties",
        "sessions without a key",
        delete(f"{_SESSIONS}.kmsKeyId"),
        blames=at(kinds.SERVICE, "data-ingestion-service"),
    ),
    of(
        kinds.CLUSTER,
        "*",
        "compute-properties",
        "log of sessions in the clear",
        change(f"{_SESSIONS}.logConfiguration.cloudWatchEncryptionEnabled", False),
    ),
    of(
        kinds.ROLE_POLICY,
        "data-ingestion-open-session-policy",
        "iam-least-privilege",
        "any message of Systems Manager",
        _policy(with_statement("OpenSession", Action="ssmmessages:*")),
    ),
    of(
        kinds.ROLE_POLICY,
        "data-ingestion-decrypt-session-policy",
        "grants-accounted-for",
        "decrypts anything",
        _policy(without_condition("DecryptSession")),
        blames=at(kinds.ROLE, "data-ingestion-task-role"),
    ),
    of(
        kinds.SERVICE,
        "report-generation-service",
        "grants-accounted-for",
        "sessions without their rights",
        change("enableExecuteCommand", True),
        blames=at(kinds.ROLE, "report-generation-task-role"),
    ),
]
