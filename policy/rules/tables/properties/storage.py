"""Storage: buckets with all that belongs to one, and the run ledger."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

from ...documents import ATTACHED, MalformedError, documents
from ...graph import kinds
from ...graph.location import location_of
from ..rows import JSON, Context, Table, between, exactly, free, holds, keyed, maybe, named, refers, row, suffixed, text

_S3: Final = "https://docs.aws.amazon.com/AmazonS3/latest"
_OF_A_BUCKET: Final = row("bucket", refers(kinds.BUCKET), "it belongs to a bucket of this stack")
_DAYS: Final = between(1, 3650)


def _takes_access_logs(at: Context) -> bool:
    return any(
        at.graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)
        for bucket in at.graph.resolve(at.resource, "bucket", kinds.BUCKET)
    )


def _algorithm(value: Any, at: Context) -> bool:
    return value in ("aws:kms", "aws:kms:dsse") or (value == "AES256" and _takes_access_logs(at))


def _own_prefix(value: Any, at: Context) -> bool:
    """Each logged bucket has a prefix of its own in the log bucket."""
    others = [one for one in at.graph.of_type(kinds.BUCKET_LOGGING) if one is not at.resource]
    names = at.graph.resolve(at.resource, "bucket", kinds.BUCKET)
    fits = all(str(value).rstrip("/") in one.name.split("-") for one in names)
    return str(value).endswith("/") and all(one.props.get("targetPrefix") != value for one in others) and fits


def _may_be_kept(mode: Any, at: Context) -> bool:
    """Whether objects may be locked in this mode: COMPLIANCE yields to nobody before its days are over."""
    buckets = at.graph.resolve(at.resource, "bucket", kinds.BUCKET)
    return mode == "GOVERNANCE" or (mode == "COMPLIANCE" and not any(one.props.get("forceDestroy") for one in buckets))


TABLES: Final = (
    Table(
        type=kinds.BUCKET,
        source=f"{_S3}/userguide/bucketnamingrules.html",
        rows=(
            row(
                "bucket",
                suffixed("bucket-{purpose}-{account}-{suffix}", r"bucket-[a-z0-9-]+-\d{12}-"),
                "bucket names are shared by all accounts",
            ),
            row(
                "bucket",
                holds("a name with the account's own id", lambda value, at: _of_own_account(value, at)),
                "with another account's id in it the name says that it is somebody else's, and may be taken",
            ),
            maybe("forceDestroy", free(bool), "teardown decides; stores-empty-on-destroy judges it"),
        ),
    ),
    Table(
        type=kinds.BUCKET_VERSIONING,
        source=f"{_S3}/userguide/Versioning.html",
        rows=(
            _OF_A_BUCKET,
            row("versioningConfiguration.status", exactly("Enabled"), "an overwritten object can be brought back"),
        ),
    ),
    Table(
        type=kinds.BUCKET_PUBLIC_ACCESS,
        source=f"{_S3}/userguide/access-control-block-public-access.html",
        rows=(
            _OF_A_BUCKET,
            *(
                row(flag, exactly(True), "nothing in a bucket of this platform is public")
                for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
            ),
        ),
    ),
    Table(
        type=kinds.BUCKET_OWNERSHIP,
        source=f"{_S3}/userguide/about-object-ownership.html",
        rows=(
            _OF_A_BUCKET,
            row("rule.objectOwnership", exactly("BucketOwnerEnforced"), "access control lists are off"),
        ),
    ),
    Table(
        type=kinds.BUCKET_ENCRYPTION,
        source=f"{_S3}/userguide/UsingKMSEncryption.html",
        rows=(
            _OF_A_BUCKET,
            row(
                "rules[].applyServerSideEncryptionByDefault.sseAlgorithm",
                holds("aws:kms (AES256 only where S3 delivers access logs)", _algorithm),
                "the data is encrypted with a key of this stack; log delivery knows SSE-S3 only",
            ),
            row(
                "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId",
                keyed("s3"),
                "another key is not administered by this stack",
                when=("rules[].applyServerSideEncryptionByDefault.sseAlgorithm", "aws:kms"),
            ),
            row(
                "rules[].bucketKeyEnabled",
                exactly(True),
                "it cuts the calls to KMS, which are paid for",
                when=("rules[].applyServerSideEncryptionByDefault.sseAlgorithm", "aws:kms"),
            ),
            maybe(
                "rules[].bucketKeyEnabled",
                free(bool),
                "means nothing to SSE-S3",
                when=("rules[].applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"),
            ),
        ),
    ),
    Table(
        type=kinds.BUCKET_POLICY,
        source=f"{_S3}/userguide/bucket-policies.html",
        rows=(_OF_A_BUCKET, row("policy", JSON, "judged as a document (bucket-tls-only, iam-least-privilege)")),
    ),
    Table(
        type=kinds.BUCKET_LIFECYCLE,
        source=f"{_S3}/userguide/lifecycle-configuration-examples.html",
        rows=(
            _OF_A_BUCKET,
            row(
                "rules",
                holds(
                    "rules by which objects, old versions and unfinished uploads of the whole bucket go",
                    lambda value, at: _aborts(value),
                ),
                "what nobody deletes is paid for",
            ),
            row("rules[].id", text(r".{1,255}", "up to 255 characters"), "S3 takes each id once"),
            row("rules[].status", exactly("Enabled"), "a disabled rule deletes nothing"),
            maybe("rules[].filter.prefix", free(), "which objects the rule is about is the platform's choice"),
            maybe("rules[].expiration.days", _DAYS, "settings keep data between a day and ten years"),
            maybe("rules[].noncurrentVersionExpiration.noncurrentDays", _DAYS, "versions are kept for a time only"),
            maybe(
                "rules[].abortIncompleteMultipartUpload.daysAfterInitiation",
                between(1, 30),
                "unfinished uploads cost and are seen by nobody",
            ),
        ),
    ),
    Table(
        type=kinds.BUCKET_LOGGING,
        source=f"{_S3}/userguide/ServerLogs.html",
        rows=(
            _OF_A_BUCKET,
            row(
                "targetBucket",
                holds("another bucket of this stack", lambda value, at: _other_bucket(value, at)),
                "a bucket that logs into itself grows without bound",
            ),
            row(
                "targetPrefix",
                holds("a prefix of its own, named after the bucket", _own_prefix),
                "the log bucket's policy admits deliveries by prefix",
            ),
            row(
                "targetPrefix",
                holds(
                    "a prefix under which the log bucket's policy admits S3", lambda value, at: _is_admitted(value, at)
                ),
                "S3 drops a log that it may not write",
            ),
        ),
    ),
    Table(
        type=kinds.BUCKET_NOTIFICATION,
        source=f"{_S3}/userguide/EventBridge.html",
        rows=(
            _OF_A_BUCKET,
            row("eventbridge", exactly(True), "the run's start listens on EventBridge; other targets are not used"),
        ),
    ),
    Table(
        type=kinds.BUCKET_OBJECT_LOCK,
        source=f"{_S3}/userguide/object-lock-managing.html",
        rows=(
            row(
                "bucket",
                holds("a bucket of this stack that takes no access logs", lambda value, at: _may_be_locked(value, at)),
                "S3 delivers no access logs to a locked bucket",
            ),
            row("objectLockEnabled", exactly("Enabled"), "the only value"),
            row(
                "rule.defaultRetention.mode",
                holds("GOVERNANCE, or COMPLIANCE where the bucket keeps what is in it", _may_be_kept),
                "a bucket that a destroy is to empty cannot be emptied of it",
            ),
            row("rule.defaultRetention.days", between(1, 36500), "S3 takes up to a hundred years"),
        ),
    ),
    Table(
        type=kinds.TABLE,
        source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html",
        rows=(
            row("name", named("table"), "two environments share an account"),
            row("billingMode", exactly("PAY_PER_REQUEST"), "provisioned capacity is paid for all night"),
            row(
                "hashKey",
                holds(
                    "an attribute of the table, and not the range key", lambda value, at: _key(value, at, "rangeKey")
                ),
                "DynamoDB refuses a key that no attribute describes",
            ),
            row(
                "rangeKey",
                holds("an attribute of the table, and not the hash key", lambda value, at: _key(value, at, "hashKey")),
                "the ledger keeps entries by date and manifest; DynamoDB refuses a key that no attribute describes",
            ),
            row(
                "attributes[].name",
                holds(
                    "one of the two keys",
                    lambda value, at: value in (at.resource.props.get("hashKey"), at.resource.props.get("rangeKey")),
                ),
                "DynamoDB refuses an attribute that no key uses",
            ),
            row("attributes[].type", exactly("S"), "keys are dates and texts"),
            row("pointInTimeRecovery.enabled", exactly(True), "the ledger decides what runs twice"),
            row("serverSideEncryption.enabled", exactly(True), "with a key of this stack"),
            row("serverSideEncryption.kmsKeyArn", keyed("dynamodb"), "another key is not administered by this stack"),
            row("ttl.enabled", exactly(True), "the ledger forgets"),
            row("ttl.attributeName", exactly("expires_at"), "the state machines write this attribute"),
            maybe("deletionProtectionEnabled", free(bool), "teardown decides; no-retain-or-protect judges it"),
        ),
    ),
)


def _of_own_account(value: Any, at: Context) -> bool:
    return f"-{location_of(at.graph).account}-" in str(value) or not location_of(at.graph).account


def _is_admitted(value: Any, at: Context) -> bool:
    """Whether S3 may write below the prefix; a policy that is unknown may say so."""
    targets = at.graph.resolve(at.resource, "targetBucket", kinds.BUCKET)
    held = [
        document
        for bucket in targets
        for policy in at.graph.attached(bucket, "bucket", kinds.BUCKET_POLICY)
        for document in documents(policy, ATTACHED)
    ]
    log_keys = [f"{bucket.props.get('bucket')}/{value}log" for bucket in targets]
    try:
        return any(one.text is None for one in held) or any(
            one.allows
            and one.admits("logging.s3.amazonaws.com")
            and one.covers_action("s3:PutObject")
            and any(fnmatchcase(name, pattern.rpartition(":")[2]) for name in log_keys for pattern in one.resources)
            for document in held
            for one in document.statements
        )
    except MalformedError:
        return True  # iam-policy-version says so


def _aborts(value: Any) -> bool:
    """Every kind of thing that a bucket gathers goes one day, wherever it lies: objects, old versions, uploads."""
    enabled = [
        one
        for one in value
        if isinstance(one, dict) and one.get("status") == "Enabled" and not any((one.get("filter") or {}).values())
    ]
    kinds_of = ("expiration", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload")
    return all(any(one.get(name) for one in enabled) for name in kinds_of)


def _may_be_locked(value: Any, at: Context) -> bool:
    return bool(at.graph.resolve(at.resource, "bucket", kinds.BUCKET)) and not _takes_access_logs(at)


def _key(value: Any, at: Context, other: str) -> bool:
    names = [one.get("name") for one in at.resource.props.get("attributes", [])]
    return value in names and value != at.resource.props.get(other)


def _other_bucket(value: Any, at: Context) -> bool:
    targets = at.graph.named(value, kinds.BUCKET)
    return bool(targets) and value != at.resource.props.get("bucket")
