"""What S3 demands of the settings of a bucket: region, rules of one kind, lifecycle, notifications, origins."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import lifecycle_of

_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_COLDER = (*("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"),)
"""Storage classes in the order in which objects move."""

rules = Rules("s3")


@rules.add("CreateBucket", source=f"{_API}API_CreateBucket.html", code="IllegalLocationConstraintException")
def bucket_region(call: Call, _: Account) -> Iterator[str]:
    """A bucket is made in the region that is asked; elsewhere than in us-east-1 the request says which."""
    region = (call.parameters.get("CreateBucketConfiguration") or {}).get("LocationConstraint") or "us-east-1"
    if {"EU": "eu-west-1"}.get(region, region) != call.region:
        yield (
            f"The {region} location constraint is incompatible for the region specific endpoint this request was sent "
            "to."
        )


@rules.add("PutBucketEncryption", "PutBucketOwnershipControls", source=f"{_API}API_Types.html", code="MalformedXML")
def one_rule(call: Call, _: Account) -> Iterator[str]:
    """Default encryption and ownership are one rule each."""
    for member in ("ServerSideEncryptionConfiguration", "OwnershipControls"):
        if len(call.parameters.get(member, {}).get("Rules", [None])) != 1:
            yield "The XML you provided was not well-formed or did not validate against our published schema"


@rules.add("PutBucketLifecycleConfiguration", source=f"{_API}API_LifecycleRule.html", code="MalformedXML")
def lifecycle_shape(call: Call, _: Account) -> Iterator[str]:
    """An expiration is by days, by date or of delete markers; a filter is one predicate, or two and more within And."""
    for rule in lifecycle_of(call):
        expiration = [name for name, value in rule.get("Expiration", {}).items() if value is not None]
        chosen = {name: value for name, value in (rule.get("Filter") or {}).items() if value is not None}
        both = chosen.get("And") or {}
        predicates = [name for name in both if name != "Tags"] + list(both.get("Tags", []))
        if len(expiration) > 1 or len(chosen) > 1 or ("And" in chosen and len(predicates) < 2):
            yield "The XML you provided was not well-formed or did not validate against our published schema"


@rules.add("PutBucketLifecycleConfiguration", source=f"{_API}API_LifecycleExpiration.html", code="InvalidArgument")
def lifecycle_dates(call: Call, _: Account) -> Iterator[str]:
    """A date is midnight UTC; objects move to colder classes only, later to the colder one."""
    for rule in lifecycle_of(call):
        dates = [part.get("Date") for part in (rule.get("Expiration", {}), *rule.get("Transitions", []))]
        if any(isinstance(date, datetime) and (date.hour, date.minute, date.second) != (0, 0, 0) for date in dates):
            yield "'Date' must be at midnight GMT"
        moves = sorted(rule.get("Transitions", []), key=lambda move: int(move.get("Days", 0)))
        ranks = [_COLDER.index(move["StorageClass"]) for move in moves if move.get("StorageClass") in _COLDER]
        if ranks != sorted(ranks):
            yield "'Days' in the Transition action for a colder StorageClass must be greater than for a warmer one"


@rules.add("PutBucketLifecycleConfiguration", source=f"{_GUIDE}intro-lifecycle-rules.html", code="InvalidRequest")
def lifecycle_tags(call: Call, _: Account) -> Iterator[str]:
    """What ends unfinished uploads or delete markers chooses by no tag, and the former by no size."""
    for rule in lifecycle_of(call):
        chosen = rule.get("Filter") or {}
        both = {**chosen, **(chosen.get("And") or {})}
        tags = bool(both.get("Tag") or both.get("Tags"))
        sizes = bool(both.get("ObjectSizeGreaterThan") or both.get("ObjectSizeLessThan"))
        if rule.get("AbortIncompleteMultipartUpload") and (tags or sizes):
            yield "AbortIncompleteMultipartUpload cannot be specified with Tags or object sizes"
        if rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker") and tags:
            yield "ExpiredObjectDeleteMarker cannot be specified with Tags."


@rules.add(
    "PutBucketNotificationConfiguration",
    source=f"{_GUIDE}notification-how-to-filtering.html",
    code="InvalidArgument",
)
def notifications(call: Call, _: Account) -> Iterator[str]:
    """Notifications have ids of their own, a prefix and a suffix at most, of 1,024 characters; no two are of one event
    and of keys that overlap.
    """
    listed = [
        item
        for member, items in call.parameters["NotificationConfiguration"].items()
        if isinstance(items, list) and member.endswith("Configurations")
        for item in items
    ]
    ids = [item["Id"] for item in listed if item.get("Id")]
    if len(set(ids)) != len(ids):
        yield "Same ID used for multiple configurations. IDs must be unique"
    for one, other in itertools.combinations(listed, 2):
        if _overlap(one, other) and any(
            fnmatchcase(a, b) or fnmatchcase(b, a) for a in one["Events"] for b in other["Events"]
        ):
            yield "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    for item in listed:
        names = [name for name, _value in _keys(item)]
        if len(set(names)) != len(names):
            yield "Cannot specify more than one prefix rule in a filter."
        if any(len(value) > 1024 for _name, value in _keys(item)):
            yield "Size of filter rule value cannot exceed 1024 bytes in UTF-8 encoding"


def _keys(notification: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The prefixes and suffixes that a notification chooses keys by."""
    filter_rules = notification.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return [(rule.get("Name", "").lower(), rule.get("Value", "")) for rule in filter_rules]


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one prefix begins with the other, and one suffix ends with the other."""
    (first, last), (other_first, other_last) = (
        (keys.get("prefix", ""), keys.get("suffix", "")) for keys in (dict(_keys(one)), dict(_keys(other)))
    )
    prefixes = first.startswith(other_first) or other_first.startswith(first)
    return prefixes and (last.endswith(other_last) or other_last.endswith(last))


@rules.add("CreateBucket", source=f"{_API}API_CreateBucket.html", code="InvalidRequest")
def directory_bucket(call: Call, _: Account) -> Iterator[str]:
    """A zone is of directory buckets."""
    if (call.parameters.get("CreateBucketConfiguration") or {}).get("Location"):
        yield "Location is supported only for directory buckets."


@rules.add("PutBucketLogging", source=f"{_API}API_TargetObjectKeyFormat.html", code="MalformedXML")
def key_format(call: Call, _: Account) -> Iterator[str]:
    """The keys of access logs are of one format."""
    enabled = (call.parameters.get("BucketLoggingStatus") or {}).get("LoggingEnabled") or {}
    if len(enabled.get("TargetObjectKeyFormat", {})) > 1:
        yield "The XML you provided was not well-formed or did not validate against our published schema"


@rules.add("PutBucketWebsite", source=f"{_API}API_WebsiteConfiguration.html", code="InvalidRequest")
def website(call: Call, _: Account) -> Iterator[str]:
    """A website has an index document without a slash, or redirects all requests and does nothing else."""
    members = {name: value for name, value in call.parameters["WebsiteConfiguration"].items() if value is not None}
    if "RedirectAllRequestsTo" in members and len(members) > 1:
        yield "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
    suffix = members.get("IndexDocument", {}).get("Suffix", "")
    if "RedirectAllRequestsTo" not in members and (not suffix or "/" in suffix):
        yield "The IndexDocument Suffix is not well formed"


@rules.add("PutBucketCors", source=f"{_API}API_CORSRule.html", code="InvalidRequest")
def origins(call: Call, _: Account) -> Iterator[str]:
    """An allowed origin or header has at most one wildcard."""
    for rule in call.parameters["CORSConfiguration"].get("CORSRules", []):
        for member in ("AllowedOrigins", "AllowedHeaders"):
            for text in rule.get(member, []):
                if text.count("*") > 1:
                    yield f'{member[:-1]} "{text}" can not have more than one wildcard.'
