"""What S3 demands of Object Lock: default retention, retention and holds of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import bucket_of

_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_MALFORMED: Final = "The XML you provided was not well-formed or did not validate against our published schema"
_MOST: Final = {"Days": 36_500, "Years": 100}
_WRITES: Final = ("PutObject", "CopyObject", "CreateMultipartUpload")

rules = Rules("s3")


@rules.add("PutObjectLockConfiguration", source=f"{_API}API_DefaultRetention.html", code="MalformedXML")
def default_retention(call: Call, _: Account) -> Iterator[str]:
    """A default retention has a mode, and days or years."""
    rule = call.parameters.get("ObjectLockConfiguration", {}).get("Rule")
    retention: Mapping[str, Any] = (rule or {}).get("DefaultRetention") or {}
    if rule is not None and ("Mode" not in retention or len({"Days", "Years"} & set(retention)) != 1):
        yield _MALFORMED


@rules.add("PutObjectLockConfiguration", source=f"{_API}API_DefaultRetention.html", code="InvalidArgument")
def retention_length(call: Call, _: Account) -> Iterator[str]:
    """A default retention is 1 to 36,500 days or 1 to 100 years."""
    retention = ((call.parameters.get("ObjectLockConfiguration", {}).get("Rule") or {}).get("DefaultRetention")) or {}
    for member, most in _MOST.items():
        if not 1 <= retention.get(member, 1) <= most:
            yield f"Default retention period must be a positive integer value of at most {most} {member.lower()}"


@rules.add("PutObjectRetention", source=f"{_API}API_ObjectLockRetention.html", code="MalformedXML")
def retention_parts(call: Call, _: Account) -> Iterator[str]:
    """A retention has its mode and its date."""
    retention = {name for name, value in (call.parameters.get("Retention") or {}).items() if value is not None}
    if retention & {"Mode", "RetainUntilDate"} and not {"Mode", "RetainUntilDate"} <= retention:
        yield _MALFORMED


@rules.add("PutObjectLegalHold", source=f"{_API}API_ObjectLockLegalHold.html", code="MalformedXML")
def hold_status(call: Call, _: Account) -> Iterator[str]:
    """A legal hold is on or off."""
    if not (call.parameters.get("LegalHold") or {}).get("Status"):
        yield _MALFORMED


@rules.add("PutObjectRetention", *_WRITES, source=f"{_API}API_PutObjectRetention.html", code="InvalidArgument")
def retention_date(call: Call, _: Account) -> Iterator[str]:
    """An object is retained until a date in the future, and its mode and date come together."""
    parameters = call.parameters
    mode, until = parameters.get("ObjectLockMode"), parameters.get("ObjectLockRetainUntilDate")
    if (mode is None) != (until is None):
        yield "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
    date = until or (parameters.get("Retention") or {}).get("RetainUntilDate")
    if isinstance(date, datetime) and (date if date.tzinfo else date.replace(tzinfo=UTC)) < datetime.now(UTC):
        yield "The retain until date must be in the future!"


@rules.add(
    "PutBucketVersioning",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html",
    code="InvalidBucketState",
    status=409,
)
def versions_of_lock(call: Call, account: Account) -> Iterator[str]:
    """A bucket with Object Lock keeps its versions."""
    bucket = bucket_of(call, account)
    status = call.parameters["VersioningConfiguration"].get("Status")
    if bucket is not None and bucket.object_lock_enabled and status == "Suspended":
        yield ("An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")


@rules.add("PutBucketVersioning", source=f"{_API}API_PutBucketVersioning.html", code="AccessDenied", status=403)
def deletion_with_mfa(call: Call, _: Account) -> Iterator[str]:
    """MFA Delete is switched with a token of the device."""
    if call.parameters["VersioningConfiguration"].get("MFADelete") and not call.parameters.get("MFA"):
        yield "Mfa Authentication must be used for this request"
