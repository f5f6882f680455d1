"""What the pipeline's steps may do in AWS.

The statements let a step deploy, preview or verify one stack. Nearly everything the platform makes carries the stack's
suffix in its name, so `*-<suffix>` is the boundary between dev and prod. What AWS names by itself (VPC parts, KMS keys)
is held to the stack's `Environment` tag instead. `tests/tooling/stack/test_pipeline_on_engine.py` brings the platform
up, changes and destroys it on the emulator and compares every call the engine made with these statements; the suites in
tests/sandbox/permissions evaluate conditions and resources.
"""

from __future__ import annotations

from typing import Final

from conventions import iam
from conventions.naming import Names

from . import aws_actions


def deploys(stack: Names, permissions_boundary: str | None = None) -> list[iam.Statement]:
    """What `pulumi up` and `destroy` need for the platform of one stack, `stack` being that stack's names.

    With the ARN of a `permissions_boundary`, roles can be made and changed only under it: whoever may push code cannot
    give a role more than the boundary allows.
    """
    return [
        *reads(stack),
        *_network(stack),
        *_keys(stack),
        *_identity(stack, permissions_boundary),
        *_named(stack),
        *_unnamed(stack),
    ]


def reads(stack: Names) -> list[iam.Statement]:
    """Reading what is deployed: for verifying, and for what the provider reads back."""
    named = [
        iam.statement(
            f"Read{service.title().replace('-', '')}",
            [f"{service}:{action}" for action in actions],
            _owned(stack, service),
            conditions=_own_or_untagged(stack) if service in _KNOWN_BY_TAG else None,
        )
        for service, actions in aws_actions.READS.items()
    ]
    return [iam.statement("ReadMetadata", aws_actions.READS_OF_NOTHING, ["*"]), _prefix_lists(stack), *named]


def previews(stack: Names) -> list[iam.Statement]:
    """What `pulumi preview` asks AWS: who, which zones and prefix lists there are, whether a definition is valid."""
    asks = [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeManagedPrefixLists",
        "ec2:DescribeVpcEndpointServices",
        "states:ValidateStateMachineDefinition",
        "sts:GetCallerIdentity",
    ]
    return [iam.statement("AskBeforePreview", asks, ["*"]), _prefix_lists(stack)]


def _prefix_lists(stack: Names) -> iam.Statement:
    """S3's prefix list, which the tasks' security group lets out to; it belongs to AWS."""
    return iam.statement("ReadPrefixLists", ["ec2:GetManagedPrefixListEntries"], [_lists_of_aws(stack)])


def _lists_of_aws(stack: Names) -> str:
    return stack.arn("ec2", "prefix-list/*", account="aws")


def _own_or_untagged(stack: Names) -> iam.Conditions:
    """What carries the stack's tag, or none yet: a tag given at creation may take minutes to count.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
    """
    return {"StringEqualsIfExists": {"aws:ResourceTag/Environment": stack.suffix}}


def _owned(stack: Names, service: str) -> list[str]:
    """ARN patterns of what the stack owns by name in `service`."""
    sfx = stack.suffix
    return {
        "application-autoscaling": [stack.arn("application-autoscaling", "scalable-target/*")],
        "cloudwatch": [
            stack.arn("cloudwatch", f"alarm:*-{sfx}"),
            # target tracking makes, reads and deletes its alarms with the caller's rights
            stack.arn("cloudwatch", f"alarm:TargetTracking-service/cluster-*-{sfx}/*"),
            stack.arn("cloudwatch", f"dashboard/*-{sfx}", region=""),
        ],
        "dynamodb": [stack.arn("dynamodb", f"table/table-*-{sfx}")],
        "ecr": [stack.arn("ecr", f"repository/repository-*-{sfx}")],
        "ecs": [
            stack.arn("ecs", f"cluster/cluster-*-{sfx}"),
            stack.arn("ecs", f"service/cluster-*-{sfx}/*"),
            stack.arn("ecs", f"task-definition/task-*-{sfx}:*"),
        ],
        "events": [stack.arn("events", f"rule/*-{sfx}")],
        # at the root, or below a path that `platform.permissionsPath` names
        "iam": [stack.arn("iam", f"role/{path}role-*-{sfx}", region="") for path in ("", "*/")],
        "kms": [stack.arn("kms", "key/*")],
        "logs": [arn + end for arn in stack.log_group_arn_patterns() for end in ("", ":*")],
        "route53resolver": [stack.arn("route53resolver", "firewall-*/*")],
        "s3": [stack.arn("s3", f"bucket-*-{stack.account}-{sfx}{end}", region="", account="") for end in ("", "/*")],
        "scheduler": [stack.arn("scheduler", f"schedule/*/*-{sfx}"), stack.arn("scheduler", f"schedule-group/*-{sfx}")],
        "sns": [stack.arn("sns", f"*-{sfx}"), stack.arn("sns", f"*-{sfx}:*")],
        "sqs": [stack.arn("sqs", f"*-{sfx}")],
        "states": [stack.arn("states", f"stateMachine:*-{sfx}")],
    }[service]


_KNOWN_BY_TAG: Final = ("application-autoscaling", "kms", "route53resolver")
"""Services whose ARNs hold no name of the stack."""


def _named(stack: Names) -> list[iam.Statement]:
    return [
        iam.statement(f"Write{service.title()}", [f"{service}:{a}" for a in actions], _owned(stack, service))
        for service, actions in aws_actions.WRITES.items()
    ]


def _unnamed(stack: Names) -> list[iam.Statement]:
    """Calls whose resource AWS does not let a policy name."""
    scaling = (
        "DeleteScalingPolicy",
        "DeregisterScalableTarget",
        "PutScalingPolicy",
        "RegisterScalableTarget",
        "TagResource",
        "UntagResource",
    )
    return [
        iam.statement(
            "ScaleServices",
            [f"application-autoscaling:{action}" for action in scaling],
            [stack.arn("application-autoscaling", "scalable-target/*")],
            conditions=_own_or_untagged(stack),
        ),
        iam.statement(
            "FilterNames",
            [f"route53resolver:{action}" for action in aws_actions.FILTER_NAMES],
            _owned(stack, "route53resolver"),
            conditions=_own_or_untagged(stack),
        ),
        # private DNS of an interface endpoint is a hosted zone that AWS associates with the caller's rights
        iam.statement(
            "PrivateDnsOfEndpoints",
            ["route53:AssociateVPCWithHostedZone"],
            [stack.arn("route53", "hostedzone/*", region="", account="")],
        ),
        # neither call takes a resource; both are undone by the next `up` of the stack that owns the thing
        iam.statement(
            "AccountWide",
            [
                "ecr:GetAuthorizationToken",
                "ecs:DeregisterTaskDefinition",
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DeleteResourcePolicy",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            ["*"],
        ),
    ]


def _network(stack: Names) -> list[iam.Statement]:
    parts = [stack.arn("ec2", f"{part}/*") for part in aws_actions.VPC_PARTS]
    mine = {"StringEquals": {"aws:ResourceTag/Environment": stack.suffix}}
    return [
        iam.statement(
            "MakeTaggedVpcParts",
            aws_actions.MAKE_VPC_PARTS,
            parts,
            conditions={"StringEquals": {"aws:RequestTag/Environment": stack.suffix}},
        ),
        iam.statement(
            "TagNewVpcParts",
            ["ec2:CreateTags"],
            parts,
            conditions={
                "StringEquals": {
                    "aws:RequestTag/Environment": stack.suffix,
                    "ec2:CreateAction": [action.partition(":")[2] for action in aws_actions.MAKE_VPC_PARTS],
                }
            },
        ),
        iam.statement("UseOwnVpcParts", [*aws_actions.MAKE_VPC_PARTS, "ec2:CreateTags"], parts, conditions=mine),
        iam.statement("ChangeOwnVpcParts", aws_actions.CHANGE_VPC_PARTS, parts, conditions=mine),
        # a rule that names a prefix list is changed with a right on the list, which is AWS's and carries no tag
        iam.statement("NamePrefixListsInRules", ["ec2:ModifySecurityGroupRules"], [_lists_of_aws(stack)]),
        # the default security group is stripped of its rules before it carries a tag
        iam.statement(
            "StripDefaultGroup",
            ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:CreateTags"],
            [stack.arn("ec2", "security-group/*"), stack.arn("ec2", "security-group-rule/*")],
            conditions=_own_or_untagged(stack),
        ),
    ]


def _keys(stack: Names) -> list[iam.Statement]:
    keys = [stack.arn("kms", "key/*")]
    change = (
        "CancelKeyDeletion",
        "CreateAlias",
        "CreateGrant",
        "DeleteAlias",
        "DisableKeyRotation",
        "EnableKeyRotation",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
    return [
        iam.statement(
            "MakeTaggedKeys",
            ["kms:CreateKey"],
            ["*"],
            conditions={"StringEquals": {"aws:RequestTag/Environment": stack.suffix}},
        ),
        iam.statement(
            "TagOwnKeys",
            ["kms:TagResource"],
            keys,
            conditions={"StringEquals": {"aws:RequestTag/Environment": stack.suffix}, **_own_or_untagged(stack)},
        ),
        # a change of other tags does not repeat the environment's
        iam.statement(
            "RetagOwnKeys",
            ["kms:TagResource"],
            keys,
            conditions={
                "StringEquals": {"aws:ResourceTag/Environment": stack.suffix},
                "StringEqualsIfExists": {"aws:RequestTag/Environment": stack.suffix},
            },
        ),
        iam.statement(
            "ChangeOwnKeys",
            [f"kms:{action}" for action in change],
            keys,
            conditions=_own_or_untagged(stack),
        ),
        iam.statement(
            "NameOwnKeys",
            ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
            [stack.arn("kms", f"alias/key-*-{stack.suffix}")],
        ),
    ]


def _identity(stack: Names, permissions_boundary: str | None) -> list[iam.Statement]:
    roles = _owned(stack, "iam")
    # source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
    bounded = ("CreateRole", "DeleteRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy")
    boundary = {"StringEquals": {"iam:PermissionsBoundary": permissions_boundary}} if permissions_boundary else None
    change = (
        "DeleteRole",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    )
    return [
        iam.statement("WriteOwnRoles", [f"iam:{action}" for action in bounded], roles, conditions=boundary),
        iam.statement("ChangeOwnRoles", [f"iam:{action}" for action in change], roles),
        iam.statement(
            "HandOwnRolesToServices",
            ["iam:PassRole"],
            roles,
            conditions={"StringEquals": {"iam:PassedToService": list(aws_actions.PLATFORM_SERVICES)}},
        ),
        # two services make their own role at the first use in an account (docs/aws-facts.md#service-linked-roles)
        iam.statement(
            "ServiceLinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            [stack.arn("iam", "role/aws-service-role/*", region="")],
            conditions={
                "StringEquals": {
                    "iam:AWSServiceName": ["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com"],
                }
            },
        ),
    ]
