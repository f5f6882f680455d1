"""Repositories, buckets, the ledger, the queues and the topic (FR-T3, DATA): whether what holds data is closed,
encrypted, and kept no longer than meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .model import Claim, Deployment, Subject, object_lock_of
from .registry import by_key, check, listed, single, statements

_BUCKETS = single("inputBucketName", "outputBucketName", "auditBucketName")


def _repositories(deployed: Deployment) -> dict[str, str]:
    return {job: arn.partition(":repository/")[2] for job, arn in deployed.outputs.by_key("repositoryArns").items()}


@check("FR-T3", _repositories)
def repository(it: Subject) -> Iterator[Claim]:
    """The repository scans what is pushed, lets no tag be moved and is under the data key."""
    (repository,) = it.aws("ecr").describe_repositories(repositoryNames=[it.name])["repositories"]
    yield it.equals("scan on push", (repository.get("imageScanningConfiguration") or {}).get("scanOnPush"), True)
    yield it.equals("tag mutability", repository.get("imageTagMutability"), "IMMUTABLE")
    encryption = repository.get("encryptionConfiguration") or {}
    yield it.equals("key", encryption.get("kmsKey"), it.outputs.text("dataKeyArn"))


@check("FR-T3", _repositories)
def lifecycle(it: Subject) -> Iterator[Claim]:
    """The lifecycle keeps what is deployed before it counts releases, and lets old images go."""
    text = it.aws("ecr").get_lifecycle_policy(repositoryName=it.name)["lifecyclePolicyText"]
    rules = sorted(json.loads(text).get("rules", []), key=lambda rule: int(rule["rulePriority"]))
    prefixes = [prefix for rule in rules for prefix in rule["selection"].get("tagPrefixList", [])]
    yield it.equals("the order of protected tags", prefixes, ["deployed-", "release-"])
    counts = [
        rule["selection"]["countNumber"] for rule in rules if "release-" in rule["selection"].get("tagPrefixList", [])
    ]
    if it.settings:
        yield it.equals("the number of releases kept", counts, [it.settings.registry.keep_images])
    untagged = any(rule["selection"]["tagStatus"] == "untagged" for rule in rules)
    yield Claim("untagged images expire", untagged, rules)


@check("FR-T3", _repositories)
def repository_policy(it: Subject) -> Iterator[Claim]:
    """Nobody else was let in by a policy on the repository."""
    client = it.aws("ecr")
    try:
        policy = client.get_repository_policy(repositoryName=it.name)["policyText"]
    except client.exceptions.RepositoryPolicyNotFoundException:
        policy = ""
    yield Claim("no repository policy lets anybody in", not policy, policy)


@check("DATA", _BUCKETS)
def bucket_versions(it: Subject) -> Iterator[Claim]:
    """The bucket is versioned."""
    yield it.equals("versioning", it.aws("s3").get_bucket_versioning(Bucket=it.name).get("Status"), "Enabled")


@check("DATA", _BUCKETS)
def bucket_encryption(it: Subject) -> Iterator[Claim]:
    """The bucket is encrypted; with the data key, except for the audit bucket: S3 delivers logs to SSE-S3 only."""
    rules = it.aws("s3").get_bucket_encryption(Bucket=it.name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    if it.key == "auditBucketName":
        yield it.equals("encryption", default.get("SSEAlgorithm"), "AES256")
    else:
        yield it.equals("key", default.get("KMSMasterKeyID"), it.outputs.text("dataKeyArn"))
        yield it.equals("bucket key", rules[0].get("BucketKeyEnabled") if rules else None, True)


@check("DATA", _BUCKETS)
def bucket_public_access(it: Subject) -> Iterator[Claim]:
    """Public access is blocked in all four ways."""
    blocks = it.aws("s3").get_public_access_block(Bucket=it.name)["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    open_ways = [name for name in names if not blocks.get(name)]
    yield Claim("public access is blocked four ways", not open_ways, f"off: {', '.join(open_ways)}")


@check("DATA", _BUCKETS)
def bucket_policy(it: Subject) -> Iterator[Claim]:
    """The bucket policy refuses plain HTTP and admits no stranger."""
    policy = json.loads(it.aws("s3").get_bucket_policy(Bucket=it.name)["Policy"])
    refused = [
        entry
        for entry in statements(policy)
        if entry["Effect"] == "Deny"
        and entry.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
    ]
    yield Claim("plain HTTP is refused", bool(refused), policy)
    senders = set(it.settings.data.senders) if it.settings and it.key == "inputBucketName" else set()
    strangers = [entry for entry in statements(policy) if entry["Effect"] == "Allow" and not _admitted(entry, senders)]
    yield Claim("only AWS services, under a condition, and the senders are admitted", not strangers, strangers)
    if it.settings and it.key == "auditBucketName" and it.settings.data.object_lock:
        protecting = [entry for entry in statements(policy) if "s3:DeleteObjectVersion" in listed(entry["Action"])]
        refused = [entry["Effect"] for entry in protecting]
        yield it.equals("deletion from it", refused, [] if it.settings.platform.teardown else ["Deny"])


def _admitted(entry: dict[str, Any], senders: set[str]) -> bool:
    """A service of AWS's under a condition, or one of the senders with nothing but writing."""
    principal = entry["Principal"]
    if "Service" in principal:
        return bool(entry.get("Condition"))
    actions = {str(action) for action in listed(entry["Action"])}
    return set(listed(principal.get("AWS", []))) <= senders and actions <= {"s3:AbortMultipartUpload", "s3:PutObject"}


@check("DATA", _BUCKETS)
def bucket_lifecycle(it: Subject) -> Iterator[Claim]:
    """Objects and abandoned uploads end."""
    rules = it.aws("s3").get_bucket_lifecycle_configuration(Bucket=it.name)["Rules"]
    on = [rule for rule in rules if rule.get("Status") == "Enabled"]
    days = [rule["Expiration"].get("Days") for rule in on if "Expiration" in rule]
    if it.settings:
        purpose = it.key.removesuffix("BucketName")
        yield it.equals("days until objects expire", days, [getattr(it.settings.data, f"{purpose}_days")])
    else:
        yield Claim("objects expire", bool(days), rules)
    yield Claim("abandoned uploads end", any("AbortIncompleteMultipartUpload" in rule for rule in on), rules)


@check("DATA", single("inputBucketName", "outputBucketName", "auditBucketName"))
def object_lock(it: Subject) -> Iterator[Claim]:
    """Object lock is as the settings say: on the output bucket, and on no other."""
    retention = (object_lock_of(it).get("Rule") or {}).get("DefaultRetention") or {}
    actual = {key: retention[key] for key in ("Mode", "Days") if retention.get(key)} or None
    lock = it.settings.data.object_lock if it.settings and it.key == "outputBucketName" else None
    expected = {"Mode": lock.mode.upper(), "Days": lock.days} if lock else None
    if it.settings or it.key != "outputBucketName":
        yield it.equals("the lock of new objects", actual, expected)


@check("DATA", single("ledgerTableName"))
def ledger(it: Subject) -> Iterator[Claim]:
    """The ledger is on demand and under the data key."""
    table = it.aws("dynamodb").describe_table(TableName=it.name)["Table"]
    yield it.equals("status", table.get("TableStatus"), "ACTIVE")
    yield it.equals("billing", (table.get("BillingModeSummary") or {}).get("BillingMode"), "PAY_PER_REQUEST")
    key = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    yield it.equals("key", key, it.outputs.text("dataKeyArn"))


@check("DATA", single("ledgerTableName"))
def ledger_recovery(it: Subject) -> Iterator[Claim]:
    """The ledger can be recovered, and its entries expire."""
    backups = it.aws("dynamodb").describe_continuous_backups(TableName=it.name)["ContinuousBackupsDescription"]
    recovery = (backups.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus")
    yield it.equals("point-in-time recovery", recovery, "ENABLED")
    expiry = it.aws("dynamodb").describe_time_to_live(TableName=it.name)["TimeToLiveDescription"]
    yield it.equals("time-to-live attribute", expiry.get("AttributeName"), "expires_at")


@check("DATA", by_key("deadLetterQueueUrls", "jobQueueUrls", "jobDeadLetterQueueUrls"))
def queue(it: Subject) -> Iterator[Claim]:
    """The queue is under the messages key and refuses plain HTTP."""
    attributes = it.aws("sqs").get_queue_attributes(QueueUrl=it.name, AttributeNames=["All"]).get("Attributes", {})
    yield it.equals("key", attributes.get("KmsMasterKeyId"), it.outputs.text("messagesKeyArn"))
    policy = attributes.get("Policy", "")
    yield Claim("plain HTTP is refused", "aws:SecureTransport" in policy, policy)


@check("DATA", single("topicArn"))
def topic(it: Subject) -> Iterator[Claim]:
    """The topic is under the messages key and takes no messages from strangers."""
    attributes = it.aws("sns").get_topic_attributes(TopicArn=it.name)["Attributes"]
    yield it.equals("key", attributes.get("KmsMasterKeyId"), it.outputs.text("messagesKeyArn"))
    allowed = [
        entry for entry in statements(json.loads(attributes.get("Policy") or "{}")) if entry["Effect"] == "Allow"
    ]
    open_ones = [
        entry
        for entry in allowed
        if not entry.get("Condition")
        and (entry["Principal"] == "*" or "*" in listed(dict(entry["Principal"]).get("AWS", [])))
    ]
    yield Claim("nobody may publish without a condition", not open_ones, open_ones)
