"""What makes a stack less protected or more open, whatever the values are.

A safeguard that is switched off, a resource that was one and goes, a resource whose presence opens something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from batchctl.preview.changes import MISSING, OPTIONS, Change
from policy.rules import Resource, kinds

from . import safe
from .line import Concern, code, dotted

Weaker = Callable[[Any, Any], bool]


def _off(before: Any, after: Any) -> bool:
    return before in (True, "true", "enabled", "Enabled", "ENABLED") and after != before


def _fewer(before: Any, after: Any) -> bool:
    return isinstance(before, int) and isinstance(after, int) and after < before


def _on(before: Any, after: Any) -> bool:
    return after is True and before is not True


def _gone(before: Any, after: Any) -> bool:
    return before not in (MISSING, None, "", {}, []) and after in (MISSING, None, "", {}, [])


def _less_logged(before: Any, after: Any) -> bool:
    return bool(before == "ALL" and after != "ALL")


def _lists_count(before: Any, after: Any) -> bool:
    return bool(before == "BucketOwnerEnforced" and after != before)


def _unblocked(before: Any, after: Any) -> bool:
    return bool(before == "BLOCK" and after != "BLOCK")


def _mutable(before: Any, after: Any) -> bool:
    return str(before).startswith("IMMUTABLE") and not str(after).startswith("IMMUTABLE")


WEAKER: Final[tuple[tuple[str, str, Weaker, str], ...]] = (
    (kinds.KEY, r"enableKeyRotation", _off, "the key is no longer rotated"),
    (kinds.KEY, r"deletionWindowInDays", _fewer, "a deleted key can be brought back for fewer days"),
    (kinds.BUCKET_PUBLIC_ACCESS, r"block.*|ignore.*|restrict.*", _off, "a block on public access is lifted"),
    (
        kinds.BUCKET_VERSIONING,
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
    (kinds.TASK_DEFINITION, r"skipDestroy", _off, "runs under way may lose the revision that they hold"),
    (kinds.FLOW_LOG, r"trafficType", _less_logged, "part of the traffic is no longer logged"),
    (kinds.BUCKET_OWNERSHIP, r"rule\.objectOwnership", _lists_count, "access lists may open single objects to others"),
    (kinds.FIREWALL_RULE, r"action", _unblocked, "names that it refused are resolved"),
    (kinds.ENDPOINT, r"policy", _gone, "everything may be done through the endpoint"),
    (
        "",
        r"kmsKeyId|kmsMasterKeyId|kmsKeyArn|kmsDataKeyReusePeriodSeconds|serverSideEncryption(\..*)?|encryptionConfiguration",
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
    kinds.BUCKET_VERSIONING: "objects are no longer versioned",
    kinds.ALARM: "nobody is notified of this any more",
    kinds.FLOW_LOG: "traffic is no longer logged",
    kinds.LOG_METRIC_FILTER: "its metric, and alarms on it, see nothing any more",
    kinds.DEFAULT_SECURITY_GROUP: "the default group keeps the rules that AWS gives it",
    kinds.BUCKET_OWNERSHIP: "access lists may open single objects to others",
    kinds.FIREWALL_ASSOCIATION: "what the network's tasks resolve is no longer filtered",
    kinds.TOPIC: "nobody is notified of anything any more",
    kinds.TOPIC_SUBSCRIPTION: "its address is no longer notified",
}
"""Types whose removal weakens a stack, and what it means."""


WIDENING: Final[Mapping[str, tuple[Concern, str]]] = {
    kinds.POLICY_ATTACHMENT: (Concern.ACCESS, "a role is given a policy that stands elsewhere"),
    "aws:iam/policyAttachment:PolicyAttachment": (Concern.ACCESS, "a policy that stands elsewhere is given away"),
    "aws:iam/accessKey:AccessKey": (Concern.ACCESS, "somebody gets a permanent key"),
    "aws:kms/grant:Grant": (Concern.ACCESS, "somebody may use a key"),
    kinds.TOPIC_SUBSCRIPTION: (Concern.ACCESS, "messages go to an address outside of the stack"),
    "aws:lambda/permission:Permission": (Concern.ACCESS, "somebody may call a function"),
    "aws:ec2/internetGateway:InternetGateway": (Concern.NETWORK, "a way from and to the internet"),
    kinds.NAT: (Concern.NETWORK, "a way to the internet"),
    kinds.EIP: (Concern.NETWORK, "a public address"),
    kinds.ENDPOINT: (Concern.NETWORK, "a way to another service"),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": (Concern.NETWORK, "a way to another network"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": (Concern.NETWORK, "a way to other networks"),
    "aws:lb/loadBalancer:LoadBalancer": (Concern.NETWORK, "a way in"),
}
"""Types whose mere presence opens something."""

_WIDER: Final[tuple[tuple[str, Concern, str], ...]] = (
    (r"(.*\.)?(securityGroups|securityGroupIds|vpcSecurityGroupIds)(\[.*)?", Concern.NETWORK, "other security groups"),
    (r"(.*\.)?(taskRoleArn|executionRoleArn|roleArn|iamRoleArn|serviceRole)", Concern.ACCESS, "acts with another role"),
    (r"(managedPolicyArns|inlinePolicies|policyArn)(\[.*|\..*)?", Concern.ACCESS, "other policies"),
)
"""Path as a pattern, and what a change of it may open."""


def presence(resource: Resource) -> tuple[Concern, str] | None:
    """What the resource opens by being there."""
    opens = WIDENING.get(resource.type)
    service = resource.props.get("serviceName")
    return (opens[0], f"a way to {code(service)}") if opens and isinstance(service, str) else opens


def _fewer_tables(resource: Resource, change: Change) -> bool:
    """Whether an endpoint is only taken out of route tables."""
    lists = isinstance(change.before, list) and isinstance(change.after, list)
    return (
        resource.type == kinds.ENDPOINT
        and change.top == "routeTableIds"
        and lists
        and (set(change.after) <= set(change.before))
    )


def possible_exposure(resource: Resource, change: Change) -> Iterator[tuple[Concern, str]]:
    """What a change may open, whatever its values are."""
    harmless = safe.change_is_safe(resource, change) or _fewer_tables(resource, change)
    if (opens := presence(resource)) and change.top not in ("policy", OPTIONS) and not harmless:
        yield opens[0], f"{opens[1]}, of which {code(change.top)} changes"
    if change.top == "permissionsBoundary" and change.before is not MISSING:
        yield Concern.ACCESS, "another boundary, or none, limits what the role may be given"
    if change.path[-1] == "enableExecuteCommand" and change.after is True:
        yield Concern.ACCESS, "people may open sessions in its tasks"
    if change.path[-1] == "assignPublicIp" and change.after is True:
        yield Concern.NETWORK, "tasks get a public address"
    for pattern, concern, meaning in _WIDER:
        if resource.custom and re.fullmatch(pattern, dotted(change.path)):
            yield concern, meaning


def strengthens(resource: Resource, change: Change) -> bool:
    """Whether a change opens less, or is a safeguard that is switched on: it would weaken if made the other way."""
    backwards = replace(change, before=change.after, after=change.before)
    first_boundary = change.top == "permissionsBoundary" and change.before is MISSING
    return first_boundary or _fewer_tables(resource, change) or any(describe(resource, backwards))


def describe(resource: Resource, change: Change) -> Iterator[str]:
    """What a change makes less safe."""
    path = dotted(change.path)
    for kind, pattern, weaker, meaning in WEAKER:
        if kind in ("", resource.type) and re.fullmatch(pattern, path) and weaker(change.before, change.after):
            yield meaning
