"""What the permissions' suites find on the present state, as data with the reason beside it.

Patterns are those of `fnmatch`. An entry that no longer happens fails its suite, so a fix takes its entry away with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final


def listed(key: tuple[str, ...], table: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The entries of a table here that speak of `key`."""
    return [entry for entry in table if all(fnmatchcase(k, pattern) for k, pattern in zip(key, entry, strict=True))]


HARMLESS: Final[dict[tuple[str, str], str]] = {
    ("role-images-tooling", "ecr:CreateRepository"): "the tests' push makes the repository where there is none",
    ("role-*", "iam:GetUser"): "the provider tries it to learn the account's id, and goes on by sts:GetCallerIdentity",
}
"""(role, action) that are denied without harm."""

_TAGS = "the CLI reads the stack's tags on every preview and up; ReadState and WriteState name `.json*` only"
_ALARMS = "target tracking makes, reads and deletes its alarms with the caller's rights; named TargetTracking-…"
_TABLE = "DynamoDB's minimum on a customer managed key; ChangeOwnKeys has neither Encrypt nor ReEncrypt*"

DENIED: Final[dict[tuple[str, str, str], str]] = {
    ("role-preview-*-tooling", "s3:GetObject", "*/.pulumi/stacks/batch-platform/*.pulumi-tags"): _TAGS,
    ("role-up-*-tooling", "s3:GetObject", "*/.pulumi/stacks/batch-platform/*.pulumi-tags"): _TAGS,
    ("role-up-*-tooling", "cloudwatch:DescribeAlarms", "*:alarm:TargetTracking-*"): _ALARMS,
    ("role-up-*-tooling", "cloudwatch:PutMetricAlarm", "*:alarm:TargetTracking-*"): _ALARMS,
    ("role-up-*-tooling", "cloudwatch:DeleteAlarms", "*:alarm:TargetTracking-*"): _ALARMS,
    ("role-up-*-tooling", "route53:AssociateVPCWithHostedZone", "*"): "private DNS of interface endpoints",
    ("role-up-*-tooling", "kms:Encrypt", "*:key/*"): _TABLE,
    ("role-up-*-tooling", "kms:ReEncryptFrom", "*:key/*"): _TABLE,
    ("role-up-*-tooling", "kms:ReEncryptTo", "*:key/*"): _TABLE,
}
"""(role, action, resource) that a step needs and its role lacks."""

_READS = "`reads()` is shared by the steps up and verify; `batchctl verify` asks for none of this"

UNUSED: Final[dict[tuple[str, str], str]] = {
    ("role-verify-*-tooling", "ReadApplicationAutoscaling"): _READS,
    ("role-verify-*-tooling", "ReadLogs"): _READS,
    ("role-verify-*-tooling", "ReadPrefixLists"): _READS,
    ("role-verify-*-tooling", "ReadScheduler"): _READS,
}
"""(role, statement) that no recorded call used."""

_RETAG = "TagOwnKeys looks at the request's tag only: dev makes any key its own, and may then rewrite its policy"
_TAG_ANY = "MakeTaggedVpcParts and StripDefaultGroup allow ec2:CreateTags without ec2:CreateAction"
_STRIP = "StripDefaultGroup is not confined to the stack's own groups"
_SCALE = "ScaleServices allows every scalable target: dev may take prod's scaling away"
_METADATA = "metadata: ReadKms, ReadMetadata and ReadApplicationAutoscaling have no condition on the resource's tag"

REACHED: Final[dict[tuple[str, str, str], str]] = {
    ("role-up-dev-tooling", "kms:TagResource", "*:key/*"): _RETAG,
    ("role-up-dev-tooling", "ec2:CreateTags", "*"): _TAG_ANY,
    ("role-up-dev-tooling", "ec2:RevokeSecurityGroupEgress", "*:security-group/*"): _STRIP,
    ("role-up-dev-tooling", "ec2:RevokeSecurityGroupIngress", "*:security-group/*"): _STRIP,
    ("role-up-dev-tooling", "application-autoscaling:[!L]*", "*:scalable-target/*"): _SCALE,
    ("role-*-dev-tooling", "application-autoscaling:ListTagsForResource", "*:scalable-target/*"): _METADATA,
    ("role-*-dev-tooling", "ec2:Describe*", "*"): _METADATA,
    ("role-*-dev-tooling", "kms:DescribeKey", "*:key/*"): _METADATA,
    ("role-*-dev-tooling", "kms:GetKey*", "*:key/*"): _METADATA,
    ("role-*-dev-tooling", "kms:List*", "*:key/*"): _METADATA,
}
"""(role, action, resource) of prod that dev's roles reach."""

_DELIVERY = "log deliveries have no resource; Step Functions makes them with the machine's role, not with this one"
ACCOUNT_WIDE: Final[dict[tuple[str, str], str]] = {
    ("role-up-dev-tooling", "ecs:DeregisterTaskDefinition"): "has no resource: dev may end every revision of prod",
    ("role-up-dev-tooling", "kms:CreateKey"): "has no resource; the request's tag confines it",
    ("role-up-dev-tooling", "logs:*LogDelivery"): _DELIVERY,
    ("role-up-dev-tooling", "logs:DeleteResourcePolicy"): "has no resource: dev may silence prod's task events",
    ("role-up-dev-tooling", "logs:PutResourcePolicy"): "has no resource",
}
"""(role, action) that change something, and that no policy can confine to a resource."""
