"""Rules about buckets, repositories and log groups: who gets in, what stays, what is left after `destroy`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from fnmatch import fnmatchcase
from typing import Any, Final

from ..documents import ATTACHED, Document, MalformedError, documents
from ..graph import Absent, Graph, Known, Resource, Undecided, Unknown, kinds, members, read, value
from ..rule import Kind, Level, Problem, Severity, View, rule
from ..settings import Settings

_S3_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_ECR_GUIDE: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide"

_EMPTYING: Final[Mapping[str, tuple[str, Any]]] = {
    kinds.BUCKET: ("forceDestroy", True),
    kinds.REPOSITORY: ("forceDelete", True),
    kinds.SECRET: ("recoveryWindowInDays", 0),
    kinds.KEY: ("deletionWindowInDays", 7),
}
"""By store: the property, and the value, with which `destroy` leaves nothing behind."""

_GUARDABLE: Final = (kinds.BUCKET, kinds.KEY, kinds.REPOSITORY)


def _empty_on_destroy(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    if settings.guarded and token in _GUARDABLE:
        return False
    prop, required = _EMPTYING[token]
    if prop in set(props) and props[prop] == required:
        return False
    props[prop] = required
    return True


@rule(
    "stores-empty-on-destroy",
    *_EMPTYING,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Set it so that `pulumi destroy` can delete a store that holds something, in the shortest time AWS takes",
    url=f"{_S3_GUIDE}/delete-bucket.html",
    settings=("suffix", "guarded_suffixes"),
    remedy=_empty_on_destroy,
)
def stores_empty_on_destroy(store: Resource, view: View) -> Iterator[Problem]:
    """Buckets and repositories may be deleted full, secrets go at once, keys in 7 days; guarded stacks keep data."""
    if view.settings.guarded and store.type in _GUARDABLE:
        return
    prop, required = _EMPTYING[store.type]
    if value(store, prop) != required:
        yield Problem(message=f"{prop} is not {json.dumps(required)}, so something stays after destroy", property=prop)


_FLAGS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    "bucket-blocks-public",
    kinds.BUCKET,
    severity=Severity.CRITICAL,
    fix="Give the bucket an aws.s3.BucketPublicAccessBlock with all four flags true",
    url=f"{_S3_GUIDE}/access-control-block-public-access.html",
    frameworks=("FSBP S3.8",),
)
def bucket_blocks_public(bucket: Resource, view: View) -> Iterator[Problem]:
    """Each bucket blocks public access in all four ways."""
    blocks = view.graph.attached(bucket, "bucket", kinds.BUCKET_PUBLIC_ACCESS)
    if not blocks:
        yield Problem(message="has no public access block of its own", property="blockPublicPolicy")
    for block in blocks:
        for flag in _FLAGS:
            if value(block, flag) is not True:
                yield Problem(message=f"{flag} is not true", property=flag, resource=block)


@rule(
    "bucket-tls-only",
    kinds.BUCKET,
    severity=Severity.HIGH,
    fix='Deny s3:* to everyone on the bucket and its objects where aws:SecureTransport is "false"',
    url=f"{_S3_GUIDE}/security-best-practices.html",
    frameworks=("FSBP S3.5",),
)
def bucket_tls_only(bucket: Resource, view: View) -> Iterator[Problem]:
    """Each bucket's policy refuses requests over plain HTTP."""
    holders = [bucket, *view.graph.attached(bucket, "bucket", kinds.BUCKET_POLICY)]
    unknown: Undecided | None = None
    for document in (result for holder in holders for result in documents(holder, ATTACHED)):
        try:
            if _refuses_plain_http(document, bucket):
                return
        except Undecided as undecided:
            unknown = undecided
        except MalformedError:
            continue
    if unknown is not None:
        raise unknown
    yield Problem(message="takes requests over plain HTTP", property="policy", resource=holders[-1])


def _refuses_plain_http(document: Document, bucket: Resource) -> bool:
    name = bucket.props.get("bucket")

    def whole(resources: tuple[str, ...]) -> bool:
        """The bucket and its objects; while its name is unknown, a bucket and its objects."""
        if not isinstance(name, str):
            return {resource.endswith("/*") for resource in resources} == {True, False}
        tails = [resource.rpartition(":")[2] for resource in resources]
        return all(any(fnmatchcase(target, tail) for tail in tails) for target in (name, f"{name}/*"))

    return any(
        not one.allows
        and one.covers_action("s3:GetObject")
        and one.covers_action("s3:PutObject")
        and "*" in one.principals.get("*", ())
        and "false" in {v.lower() for v in one.conditions.get("Bool", {}).get("aws:securetransport", ())}
        and ("*" in one.resources or whole(one.resources))
        for one in document.statements
    )


@rule(
    "bucket-and-queue-encryption",
    kinds.BUCKET,
    kinds.QUEUE,
    kinds.TOPIC,
    severity=Severity.HIGH,
    fix="Encrypt with a KMS key of the stack (on buckets with bucketKeyEnabled, which cuts KMS calls)",
    url=f"{_S3_GUIDE}/UsingKMSEncryption.html",
    frameworks=("FSBP SNS.1", "FSBP SQS.1"),
)
def bucket_and_queue_encryption(store: Resource, view: View) -> Iterator[Problem]:
    """Buckets, queues and topics are encrypted with KMS; only a bucket that takes S3's access logs has S3's own key."""
    if store.type != kinds.BUCKET:
        if not _is_set(store, "kmsMasterKeyId"):
            yield Problem(message="is not encrypted with a KMS key", property="kmsMasterKeyId")
        return
    holders = view.graph.attached(store, "bucket", kinds.BUCKET_ENCRYPTION)
    rules = [(holder, entry) for holder in holders for entry in members(holder, "rules")] or [
        (store, entry) for entry in members(store, "serverSideEncryptionConfiguration.rule")
    ]
    if not rules:
        yield Problem(message="has no encryption configuration", property="kmsMasterKeyId")
    for holder, entry in rules:
        if entry is None or not isinstance(entry, Mapping):
            raise Undecided("rules")
        algorithm = value(entry, "applyServerSideEncryptionByDefault.sseAlgorithm")
        if algorithm in ("aws:kms", "aws:kms:dsse"):
            if _takes_access_logs(view.graph, store):
                message = "takes access logs, which S3 delivers to a bucket under its own keys (AES256) only"
                yield Problem(message=message, property="rules", resource=holder)
            if value(entry, "bucketKeyEnabled") is not True:
                yield Problem(message="has no bucket key", property="rules", resource=holder)
            if not _is_set(entry, "applyServerSideEncryptionByDefault.kmsMasterKeyId"):
                yield Problem(message="uses AWS's own KMS key", property="rules", resource=holder)
        elif not _takes_access_logs(view.graph, store):
            yield Problem(message="is not encrypted with a KMS key", property="rules", resource=holder)


def _is_set(source: Resource | Mapping[str, Any], path: str) -> bool:
    """Whether there is, or will be, a value."""
    return isinstance(read(source, path), Known | Unknown)


def _takes_access_logs(graph: Graph, bucket: Resource) -> bool:
    return bool(graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING))


def _scan(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    props["imageScanningConfiguration"] = {"scanOnPush": True}
    return True


@rule(
    "ecr-scan-on-push",
    kinds.REPOSITORY,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Set imageScanningConfiguration.scanOnPush to true",
    url=f"{_ECR_GUIDE}/image-scanning-basic.html",
    frameworks=("FSBP ECR.1",),
    remedy=_scan,
)
def ecr_scan_on_push(repository: Resource, view: View) -> Iterator[Problem]:
    """Each repository scans images when they are pushed; saying nothing means no."""
    path = "imageScanningConfiguration.scanOnPush"
    if value(repository, path) is not True:
        yield Problem(message="does not scan on push", property=path)


@rule(
    "ecr-lifecycle-policy",
    kinds.REPOSITORY,
    severity=Severity.MEDIUM,
    fix="Add an aws.ecr.LifecyclePolicy with a rule that expires untagged images",
    url=f"{_ECR_GUIDE}/LifecyclePolicies.html",
    frameworks=("FSBP ECR.3",),
)
def ecr_lifecycle_policy(repository: Resource, view: View) -> Iterator[Problem]:
    """Each repository has a valid lifecycle policy that expires untagged images."""
    policies = view.graph.attached(repository, "repository", kinds.REPOSITORY_LIFECYCLE)
    if not policies:
        yield Problem(
            message="has no lifecycle policy, so every image ever pushed is kept and paid for", property="policy"
        )
    for policy in policies:
        try:
            entries = json.loads(value(policy, "policy", "{}"))["rules"]
            expires = any(
                entry["selection"]["tagStatus"] in ("untagged", "any") and entry["action"]["type"] == "expire"
                for entry in entries
            )
        except (ValueError, KeyError, TypeError):
            yield Problem(message="is no valid lifecycle policy", property="policy", resource=policy)
            continue
        if not expires:
            yield Problem(message="expires no untagged images", property="policy", resource=policy)


_RETENTION: Final = frozenset(
    (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)
"""Days that CloudWatch Logs takes (PutRetentionPolicy, API reference); 0: for ever."""


@rule(
    "log-retention-value-valid",
    kinds.LOG_GROUP,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Take one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096 or more (API reference)",
    url="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
def log_retention_value_valid(group: Resource, view: View) -> Iterator[Problem]:
    """A log group's retention is a number of days that CloudWatch Logs accepts."""
    days = value(group, "retentionInDays", 0)
    if days not in _RETENTION:
        yield Problem(message=f"CloudWatch Logs takes no retention of {days} days", property="retentionInDays")


@rule(
    "storage-and-logs-bounded",
    kinds.BUCKET,
    kinds.LOG_GROUP,
    level=Level.ADVISORY,
    severity=Severity.LOW,
    fix="Give buckets a lifecycle that aborts unfinished uploads, and log groups a retention up to maxRetentionDays",
    url=f"{_S3_GUIDE}/mpu-abort-incomplete-mpu-lifecycle-config.html",
    frameworks=("FSBP S3.13",),
    tags=("cost",),
    settings=("max_retention_days",),
)
def storage_and_logs_bounded(store: Resource, view: View) -> Iterator[Problem]:
    """Nothing grows for ever: buckets abort unfinished uploads, log groups forget."""
    if store.type == kinds.LOG_GROUP:
        days = value(store, "retentionInDays", 0)
        if not 0 < days <= view.settings.max_retention_days:
            duration = f"for {days} days" if days else "for ever"
            yield Problem(message=f"keeps events {duration}", property="retentionInDays")
        return
    holders = view.graph.attached(store, "bucket", kinds.BUCKET_LIFECYCLE)
    rules = [entry for holder in holders for entry in members(holder, "rules")] + members(store, "lifecycleRules")
    if not any(_aborts(entry) for entry in rules):
        yield Problem(
            message="keeps unfinished uploads for ever", property="rules", resource=holders[0] if holders else None
        )


def _aborts(entry: Mapping[str, Any]) -> bool:
    if value(entry, "status", "Enabled") != "Enabled" or value(entry, "enabled", True) is not True:
        return False
    days = read(entry, "abortIncompleteMultipartUpload.daysAfterInitiation")
    return not isinstance(days, Absent) or _is_set(entry, "abortIncompleteMultipartUploadDays")


@rule(
    "one-notification-per-bucket",
    kinds.BUCKET,
    severity=Severity.HIGH,
    fix="Merge them into one aws.s3.BucketNotification",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketnotification/",
    tags=("graph",),
)
def one_notification_per_bucket(bucket: Resource, view: View) -> Iterator[Problem]:
    """A bucket has at most one notification resource: S3 keeps one configuration, so two overwrite each other."""
    matching = view.graph.attached(bucket, "bucket", kinds.BUCKET_NOTIFICATION)
    if len(matching) > 1:
        names = ", ".join(notification.name for notification in matching)
        yield Problem(
            message=f"{len(matching)} notification resources ({names}) overwrite each other", property="bucket"
        )
