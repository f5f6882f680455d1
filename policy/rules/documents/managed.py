"""The managed policies of AWS's that the rules understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..graph import Resource

MANAGED: Final[Mapping[str, tuple[str, ...]]] = {
    "AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
}
"""What the AWS-managed policies that these rules need to understand allow, on every resource."""


def managed_by_role(role: Resource) -> list[str]:
    """The managed policies that the role itself names."""
    arns = role.props.get("managedPolicyArns")
    return [arn for arn in arns if isinstance(arn, str)] if isinstance(arns, list) else []
