"""What S3 demands of the replication of a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import bucket_of

_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_ERRORS: Final = f"{_API}ErrorResponses.html#ReplicationErrorCodeList"
_MALFORMED: Final = "The XML you provided was not well-formed or did not validate against our published schema"
_RULE_MINUTES: Final = 15
"""The only time that replication within a time may take."""

rules = Rules("s3")


def _listed(call: Call) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = call.parameters["ReplicationConfiguration"].get("Rules", [])
    return listed


def _is_versioned(bucket: Any) -> bool:
    return bucket is not None and bucket.versioning_status == "Enabled"


@rules.add("PutBucketReplication", source=_ERRORS, code="InvalidRequest")
def replicated_versions(call: Call, account: Account) -> Iterator[str]:
    """The bucket and those that it is replicated to exist and keep versions."""
    if not _is_versioned(bucket_of(call, account)):
        yield "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    for rule in _listed(call):
        target = rule["Destination"].get("Bucket", "")
        bucket = account.backend("s3").buckets.get(target.rpartition(":")[2])
        if not re.fullmatch(r"arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}", target) or bucket is None:
            yield "Destination bucket must exist."
        elif not _is_versioned(bucket):
            yield "Destination bucket must have versioning enabled."


@rules.add("PutBucketReplication", source=f"{_API}API_ReplicationConfiguration.html", code="InvalidArgument")
def replication_role(call: Call, _: Account) -> Iterator[str]:
    """Replication has a role, by its ARN."""
    role = call.parameters["ReplicationConfiguration"].get("Role", "")
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", role):
        yield f"Invalid Amazon Resource Name (ARN) provided for role: {role}"


@rules.add("PutBucketReplication", source=f"{_API}API_ReplicationRule.html", code="MalformedXML")
def replication_shape(call: Call, _: Account) -> Iterator[str]:
    """There are 1 to 1,000 rules; a filter is one predicate and comes with a priority and what becomes of delete
    markers; a time comes with metrics, another key with its encryption, another owner with the account.
    """
    listed = _listed(call)
    if not 1 <= len(listed) <= 1000 or any(fault for rule in listed for fault in _shape_faults(rule)):
        yield _MALFORMED


def _shape_faults(rule: Mapping[str, Any]) -> Iterator[bool]:
    chosen = {name for name, value in (rule.get("Filter") or {}).items() if value is not None}
    target: Mapping[str, Any] = rule["Destination"]
    yield len(chosen) > 1 or ("Filter" in rule and "Prefix" in rule)
    yield "Filter" in rule and not {"Priority", "DeleteMarkerReplication"} <= set(rule)
    yield "ReplicationTime" in target and "Metrics" not in target
    yield (
        "SourceSelectionCriteria" in rule
        and "EncryptionConfiguration" not in target
        and bool(rule["SourceSelectionCriteria"].get("SseKmsEncryptedObjects"))
    )
    yield "AccessControlTranslation" in target and "Account" not in target


@rules.add("PutBucketReplication", source=f"{_API}API_ReplicationRule.html", code="InvalidRequest")
def replication_rules(call: Call, _: Account) -> Iterator[str]:
    """Rules have ids of at most 255 characters and priorities of their own; prefixes have at most 1,024; delete markers
    are not replicated by tag; a time is 15 minutes.
    """
    listed = _listed(call)
    for member in ("ID", "Priority"):
        values = [rule[member] for rule in listed if member in rule]
        if len(set(values)) != len(values):
            yield f"Found duplicate {member} in replication configuration."
    for rule in listed:
        chosen = rule.get("Filter") or {}
        both = {**chosen, **(chosen.get("And") or {})}
        if len(rule.get("ID", "")) > 255 or len(both.get("Prefix", rule.get("Prefix", ""))) > 1024:
            yield "Rule Id must not be longer than 255 characters, and a prefix not longer than 1024."
        markers = rule.get("DeleteMarkerReplication", {}).get("Status")
        if markers == "Enabled" and (both.get("Tag") or both.get("Tags")):
            yield "Delete marker replication is not supported if any Tag filter is specified."
        within = rule["Destination"].get("ReplicationTime", {}).get("Time", {}).get("Minutes", _RULE_MINUTES)
        if within != _RULE_MINUTES:
            yield "Replication Time Control Minutes value must be 15."
