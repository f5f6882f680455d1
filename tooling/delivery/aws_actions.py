"""The AWS actions that deploying, reading and previewing the platform take, service by service.

Each action is named; the few that end in `*` read metadata. Resources and conditions are added in
`tooling/delivery/permissions.py`. `tests/tooling/stack/test_pipeline_on_engine.py` compares what the engine calls with
these tables.
"""

from __future__ import annotations

from typing import Final

PLATFORM_SERVICES: Final = (
    "ecs-tasks.amazonaws.com",
    "events.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that the deploy step may hand a role of its stack to."""

READS_OF_NOTHING: Final = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "ec2:Describe*",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitions",
    "iam:ListRoles",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "scheduler:ListSchedules",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
)
"""Reads of metadata whose resource a policy cannot name; none returns the batch's data.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

READS: Final[dict[str, tuple[str, ...]]] = {
    "application-autoscaling": ("ListTagsForResource",),
    "cloudwatch": ("DescribeAlarms", "GetDashboard", "ListTagsForResource"),
    "dynamodb": (
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "ListTagsOfResource",
    ),
    "ecr": (
        "DescribeImages",
        "DescribeImageScanFindings",
        "DescribeRepositories",
        "GetLifecyclePolicy",
        "GetRepositoryPolicy",
        "ListImages",
        "ListTagsForResource",
    ),
    "ecs": ("DescribeClusters", "DescribeServices", "ListTagsForResource"),
    "events": ("DescribeRule", "ListTagsForResource", "ListTargetsByRule"),
    "iam": (
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole",
        "ListRolePolicies",
        "ListRoleTags",
    ),
    "kms": ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListKeyPolicies", "ListResourceTags"),
    "logs": ("DescribeMetricFilters", "DescribeQueryDefinitions", "ListTagsForResource"),
    "s3": (
        "GetAccelerateConfiguration",
        "GetBucket*",
        "GetEncryptionConfiguration",
        "GetLifecycleConfiguration",
        "GetReplicationConfiguration",
        "ListBucket",
    ),
    "scheduler": ("GetSchedule", "GetScheduleGroup", "ListTagsForResource"),
    "sns": ("GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource"),
    "sqs": ("GetQueueAttributes", "GetQueueUrl", "ListQueueTags"),
    "states": ("DescribeStateMachine", "ListExecutions", "ListStateMachineVersions", "ListTagsForResource"),
}
"""Reads of what the stack owns by name."""

VPC_PARTS: Final = (
    "vpc",
    "subnet",
    "route-table",
    "security-group",
    "security-group-rule",
    "vpc-endpoint",
    "vpc-flow-log",
)

MAKE_VPC_PARTS: Final = (
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
)
CHANGE_VPC_PARTS: Final = (
    "ec2:AssociateRouteTable",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DisassociateRouteTable",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
)


WRITES: Final[dict[str, tuple[str, ...]]] = {
    "cloudwatch": (
        "DeleteAlarms",
        "DeleteDashboards",
        "PutCompositeAlarm",
        "PutDashboard",
        "PutMetricAlarm",
        "TagResource",
        "UntagResource",
    ),
    "dynamodb": (
        "CreateTable",
        "DeleteTable",
        "TagResource",
        "UntagResource",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
    ),
    "ecr": (
        "BatchCheckLayerAvailability",
        "BatchDeleteImage",
        "BatchGetImage",
        "CompleteLayerUpload",
        "CreateRepository",
        "DeleteLifecyclePolicy",
        "DeleteRepository",
        "GetDownloadUrlForLayer",
        "InitiateLayerUpload",
        "PutImage",
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        "TagResource",
        "UntagResource",
        "UploadLayerPart",
    ),
    "ecs": (
        "CreateCluster",
        "CreateService",
        "DeleteCluster",
        "DeleteService",
        "PutClusterCapacityProviders",
        "RegisterTaskDefinition",
        "TagResource",
        "UntagResource",
        "UpdateCluster",
        "UpdateClusterSettings",
        "UpdateService",
    ),
    "events": (
        "DeleteRule",
        "DisableRule",
        "EnableRule",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
        "TagResource",
        "UntagResource",
    ),
    "logs": (
        "AssociateKmsKey",
        "CreateLogGroup",
        "DeleteLogGroup",
        "DeleteMetricFilter",
        "DeleteRetentionPolicy",
        "DisassociateKmsKey",
        "PutMetricFilter",
        "PutRetentionPolicy",
        "TagResource",
        "UntagResource",
    ),
    "s3": (
        "CreateBucket",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "DeleteObject",
        "DeleteObjectVersion",
        "ListBucketVersions",
        "PutBucketLogging",
        "PutBucketNotification",
        "PutBucketOwnershipControls",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutEncryptionConfiguration",
        "PutLifecycleConfiguration",
    ),
    "scheduler": (
        "CreateSchedule",
        "CreateScheduleGroup",
        "DeleteSchedule",
        "DeleteScheduleGroup",
        "TagResource",
        "UntagResource",
        "UpdateSchedule",
    ),
    "sns": (
        "CreateTopic",
        "DeleteTopic",
        "SetSubscriptionAttributes",
        "SetTopicAttributes",
        "Subscribe",
        "TagResource",
        "Unsubscribe",
        "UntagResource",
    ),
    "sqs": ("CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"),
    "states": ("CreateStateMachine", "DeleteStateMachine", "TagResource", "UntagResource", "UpdateStateMachine"),
}
