"""What makes a stack less protected: a safeguard that is switched off, or a resource that was one and goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from batchctl.preview.changes import MISSING, OPTIONS, Change
from policy.rules import kinds
from policy.rules.reading import Resource

from .line import dotted

Weaker = Callable[[Any, Any], bool]


def _off(before: Any, after: Any) -> bool:
    return before in (True, "true", "enabled", "Enabled", "ENABLED") and after != before


def _on(before: Any, after: Any) -> bool:
    return after is True and before is not True


def _gone(before: Any, after: Any) -> bool:
    return before not in (MISSING, None, "", {}, []) and after in (MISSING, None, "", {}, [])


def _mutable(before: Any, after: Any) -> bool:
    return str(before).startswith("IMMUTABLE") and not str(after).startswith("IMMUTABLE")


WEAKER: Final[tuple[tuple[str, str, Weaker, str], ...]] = (
    (kinds.KEY, r"enableKeyRotation", _off, "the key is no longer rotated"),
    (kinds.BUCKET_PUBLIC_ACCESS, r"block.*|ignore.*|restrict.*", _off, "a block on public access is lifted"),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        r"versioningConfiguration\.status",
        _off,
        "objects are no longer versioned",
    ),
    (kinds.BUCKET, r"forceDestroy", _on, "`pulumi destroy` may delete it with everything in it"),
    (kinds.REPOSITORY, r"forceDelete", _on, "`pulumi destroy` may delete it with its images"),
    (kinds.REPOSITORY, r"imageTagMutability", _mutable, "tags of images may be moved"),
    (kinds.REPOSITORY, r"imageScanningConfiguration\.scanOnPush", _off, "images are no longer scanned"),
    (kinds.TABLE, r"pointInTimeRecovery\.enabled", _off, "the table can no longer be restored to a point in time"),
    (kinds.TABLE, r"deletionProtectionEnabled", _off, "the table may be deleted"),
    (kinds.SERVICE, r"deploymentCircuitBreaker\..*", _off, "a failing deployment is no longer stopped or rolled back"),
    (kinds.SUBNET, r"mapPublicIpOnLaunch", _on, "what starts in it gets a public address"),
    (kinds.STATE_MACHINE, r"tracingConfiguration\.enabled", _off, "runs are no longer traced"),
    (kinds.ENDPOINT, r"policy", _gone, "everything may be done through the endpoint"),
    (
        "",
        r"kmsKeyId|kmsMasterKeyId|kmsKeyArn|kmsDataKeyReusePeriodSeconds|serverSideEncryption(\..*)?",
        _gone,
        "no longer encrypted with the stack's key",
    ),
    ("", re.escape(f"{OPTIONS}.protect"), _off, "Pulumi no longer refuses to delete it"),
)
"""Type ("" for every one), path as a pattern, when the change weakens, and what that means."""

SAFEGUARDS: Final[Mapping[str, str]] = {
    kinds.BUCKET_PUBLIC_ACCESS: "public access is no longer blocked",
    kinds.BUCKET_POLICY: "what the bucket's policy refuses is refused no more",
    kinds.BUCKET_ENCRYPTION: "objects are no longer encrypted with the stack's key",
    kinds.BUCKET_LOGGING: "access is no longer logged",
    "aws:s3/bucketVersioning:BucketVersioning": "objects are no longer versioned",
    kinds.ALARM: "nobody is told of this any more",
    kinds.FLOW_LOG: "traffic is no longer logged",
    kinds.LOG_METRIC_FILTER: "its metric, and alarms on it, see nothing any more",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "the default group keeps the rules that AWS gives it",
}
"""Types whose removal weakens a stack, and what it means."""


def words(resource: Resource, change: Change) -> Iterator[str]:
    """What a change makes less safe."""
    path = dotted(change.path)
    for kind, pattern, weaker, meaning in WEAKER:
        if kind in ("", resource.type) and re.fullmatch(pattern, path) and weaker(change.before, change.after):
            yield meaning
