"""What S3 demands of lifecycle rules beside one another's days: transitions, earlier versions, filters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import lifecycle_of

_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_INFREQUENT: Final = ("STANDARD_IA", "ONEZONE_IA")
_LEAST_DAYS: Final = 30
"""Days that an object stays in a class before infrequent access, and there before the next one."""
_MOST_NEWER: Final = 100
_MALFORMED: Final = "The XML you provided was not well-formed or did not validate against our published schema"

rules = Rules("s3")


@rules.add("PutBucketLifecycleConfiguration", source=f"{_API}API_Transition.html", code="MalformedXML")
def transition_when(call: Call, _: Account) -> Iterator[str]:
    """A transition is after a number of days or at a date, and to each storage class once."""
    for rule in lifecycle_of(call):
        moves = rule.get("Transitions", [])
        if any(("Days" in move) == ("Date" in move) for move in moves):
            yield _MALFORMED
        classes = [move.get("StorageClass") for move in moves]
        if len(set(classes)) != len(classes):
            yield _MALFORMED


@rules.add(
    "PutBucketLifecycleConfiguration", source=f"{_GUIDE}lifecycle-configuration-examples.html", code="InvalidRequest"
)
def days_or_dates(call: Call, _: Account) -> Iterator[str]:
    """A rule counts in days or names dates, not both; the rules have filters or, as of old, prefixes, not both."""
    listed = lifecycle_of(call)
    for rule in listed:
        parts = (rule.get("Expiration", {}), *rule.get("Transitions", []))
        if len({name for part in parts for name in ("Days", "Date") if name in part}) > 1:
            yield "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"
    if any("Filter" in rule for rule in listed) and any("Filter" not in rule for rule in listed):
        yield "Filter element can only be used in Lifecycle V2."


@rules.add(
    "PutBucketLifecycleConfiguration",
    source=f"{_GUIDE}lifecycle-transition-general-considerations.html",
    code="InvalidArgument",
)
def transition_days(call: Call, _: Account) -> Iterator[str]:
    """Days are 0 or more; an object stays 30 days in infrequent access before it moves on; an earlier version moves
    there after 30 days, and expires after it has moved.
    """
    for rule in lifecycle_of(call):
        now = [(move["Days"], move.get("StorageClass")) for move in rule.get("Transitions", []) if "Days" in move]
        earlier = [
            (move.get("NoncurrentDays", 0), move.get("StorageClass"))
            for move in rule.get("NoncurrentVersionTransitions", [])
        ]
        yield from _spacing_faults(now, "Days")
        yield from _spacing_faults(earlier, "NoncurrentDays")
        for days, name in earlier:
            if name in _INFREQUENT and days < _LEAST_DAYS:
                yield (
                    "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to "
                    f"{_LEAST_DAYS} for storageClass '{name}'"
                )
        expires = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        if expires is not None and any(days >= expires for days, _name in earlier):
            yield (
                "'NoncurrentDays' in the NoncurrentVersionExpiration action must be greater than 'NoncurrentDays' in "
                "the NoncurrentVersionTransition action"
            )


def _spacing_faults(moves: list[tuple[int, str | None]], member: str) -> Iterator[str]:
    for (days, name), (later, following) in itertools.pairwise(sorted(moves, key=lambda move: move[0])):
        if name in _INFREQUENT and later < days + _LEAST_DAYS:
            yield (
                f"'{member}' in the Transition action for StorageClass '{following}' must be {_LEAST_DAYS} days more "
                f"than in the Transition action for StorageClass '{name}'"
            )
    if any(days < 0 for days, _name in moves):
        yield f"'{member}' for Transition action must be nonnegative"


@rules.add(
    "PutBucketLifecycleConfiguration", source=f"{_API}API_NoncurrentVersionExpiration.html", code="InvalidArgument"
)
def newer_versions(call: Call, _: Account) -> Iterator[str]:
    """1 to 100 newer versions are kept."""
    for rule in lifecycle_of(call):
        parts = (rule.get("NoncurrentVersionExpiration", {}), *rule.get("NoncurrentVersionTransitions", []))
        if any(not 1 <= part.get("NewerNoncurrentVersions", 1) <= _MOST_NEWER for part in parts):
            yield f"'NewerNoncurrentVersions' must be a positive integer of at most {_MOST_NEWER}"


@rules.add("PutBucketLifecycleConfiguration", source=f"{_GUIDE}intro-lifecycle-filters.html", code="InvalidRequest")
def filter_values(call: Call, _: Account) -> Iterator[str]:
    """A filter's least size is below its greatest, and it names each tag's key once."""
    for rule in lifecycle_of(call):
        both: Mapping[str, Any] = (rule.get("Filter") or {}).get("And") or {}
        if both.get("ObjectSizeGreaterThan", -1) >= both.get("ObjectSizeLessThan", float("inf")):
            yield "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        keys = [tag.get("Key") for tag in both.get("Tags", [])]
        if len(set(keys)) != len(keys):
            yield "Duplicate Tag Keys are not allowed."
