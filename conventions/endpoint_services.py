"""The VPC endpoints that a task can need, and the least-privilege policy of each.

Which of them are created is a setting. Sources: docs/aws-facts.md#endpoints-of-fargate-tasks,
docs/aws-facts.md#image-layer-bucket, https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from . import iam
from .naming import Names

REQUIRED: Final = ("ecr.api", "ecr.dkr", "logs")
"""What every Fargate 1.4.0 task in a subnet without internet needs, beside the S3 gateway."""

ECS_REQUIRED_IN: Final = frozenset({"ap-east-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "mx-central-1"})
"""Regions opened after 23 December 2023, where a task needs the three endpoints of ECS too.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
"""

OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "ecs": ("ecs:DescribeTasks", "ecs:UpdateTaskProtection", "ecs:GetTaskProtection"),
    "ecs-agent": ("ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:StartTelemetrySession"),
    "ecs-telemetry": ("ecs:StartTelemetrySession",),
    "events": ("events:PutEvents",),
    "kms": ("kms:Decrypt", "kms:GenerateDataKey"),
    "monitoring": ("cloudwatch:PutMetricData",),
    "secretsmanager": (
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
    ),
    "sqs": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SendMessage",
    ),
    "ssm": ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
    "ssmmessages": (
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ),
    "states": (
        "states:SendTaskSuccess",
        "states:SendTaskFailure",
        "states:SendTaskHeartbeat",
    ),
    "sts": ("sts:AssumeRole", "sts:GetCallerIdentity"),
}
"""Endpoints a setting can add, with the actions their policy allows to principals of this account."""

GUARDDUTY: Final = "guardduty-data"
"""The endpoint through which GuardDuty's agent reports; it is made with `network.guardDuty` only."""

GUARDDUTY_AGENT_ACCOUNTS: Final[Mapping[str, str]] = {
    "af-south-1": "197869348890",
    "ap-east-1": "258348409381",
    "ap-east-2": "259886477082",
    "ap-northeast-1": "533107202818",
    "ap-northeast-2": "914738172881",
    "ap-northeast-3": "273192626886",
    "ap-south-1": "251508486986",
    "ap-south-2": "950823858135",
    "ap-southeast-1": "174946120834",
    "ap-southeast-2": "005257825471",
    "ap-southeast-3": "510637619217",
    "ap-southeast-4": "251357961535",
    "ap-southeast-5": "156041399949",
    "ap-southeast-7": "054037130133",
    "ca-central-1": "354763396469",
    "ca-west-1": "339712888787",
    "eu-central-1": "323658145986",
    "eu-central-2": "529164026651",
    "eu-north-1": "591436053604",
    "eu-south-1": "266869475730",
    "eu-south-2": "919611009337",
    "eu-west-1": "694911143906",
    "eu-west-2": "892757235363",
    "eu-west-3": "665651866788",
    "il-central-1": "870907303882",
    "me-central-1": "000014521398",
    "me-south-1": "536382113932",
    "mx-central-1": "311141559934",
    "sa-east-1": "758426053663",
    "us-east-1": "593207742271",
    "us-east-2": "307168627858",
    "us-gov-east-1": "383115532789",
    "us-gov-west-1": "383110348953",
    "us-west-1": "684579721401",
    "us-west-2": "733349766148",
}
"""Region to AWS's account that the agent is pulled from; of a Region that is not here the settings ask for it.

Source: https://docs.aws.amazon.com/guardduty/latest/ug/ecs-runtime-agent-ecr-image-uri.html, read on 2026-11-21; of
GovCloud https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-guardduty.html
"""

DEBUG: Final = ("kms", "ssmmessages")
"""What a session in a task (ECS Exec) needs, beside `logs`, when it is encrypted with a customer key.

Source: docs/aws-facts.md#ecs-exec
"""

_WITHOUT_RESOURCES: Final = frozenset({"ecs-agent", "ecs-telemetry", "monitoring", "ssmmessages", "sts"})
"""Services with an action here that names no resource, so that its owner cannot be checked.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

PULL_ACTIONS: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)
LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
SESSION_LOG_ACTIONS: Final = ("logs:DescribeLogGroups", "logs:DescribeLogStreams")
"""What the agent of a session asks before it writes the session's log; the first knows no resource."""
GUARDDUTY_ACTION: Final = "guardduty:SendSecurityTelemetry"
"""The one action of the agent's endpoint.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonguardduty.html
"""
OBJECT_ACTIONS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
BUCKET_ACTIONS: Final = (
    "s3:GetBucketLocation",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
)


def interface_services(region: str, extra: Sequence[str], *, guard_duty: bool = False) -> list[str]:
    """The services that need an interface endpoint in `region`; `extra` are those that the settings add."""
    ecs = ("ecs", "ecs-agent", "ecs-telemetry") if region in ECS_REQUIRED_IN else ()
    return [*REQUIRED, *dict.fromkeys((*ecs, *extra, *([GUARDDUTY] if guard_duty else [])))]


def agent_repository_arn(names: Names, account: str) -> str:
    """The repository in AWS's `account` that GuardDuty's agent is pulled from.

    Source: docs/aws-facts.md#guardduty-runtime-monitoring
    """
    return names.arn("ecr", "repository/aws-guardduty-agent-fargate", account=account)


def resolvable_names(names: Names, services: Sequence[str], registries: Sequence[str]) -> list[str]:
    """Every name that a task resolves to reach `services` and S3; `registries` are the accounts it pulls images from.

    A leading `*.` is the only wildcard that DNS Firewall knows; the agent endpoints of ECS have numbered names, so with
    them every name of the Region resolves. Source: docs/aws-facts.md#dns-firewall
    """
    domain = f"{names.region}.amazonaws.com"
    special = {
        "ecr.api": [f"api.ecr.{domain}"],
        "ecr.dkr": [f"{account}.dkr.ecr.{domain}" for account in registries],
        "ecs-agent": [f"*.{domain}"],
        "ecs-telemetry": [f"*.{domain}"],
    }
    listed = [name for service in services for name in special.get(service, [f"{service}.{domain}"])]
    return sorted({f"s3.{domain}", f"*.s3.{domain}", *listed})


def layer_bucket_arn(names: Names) -> str:
    """The bucket that image layers are pulled from; without it pulls fail after signing in.

    Source: docs/aws-facts.md#image-layer-bucket
    """
    return names.arn("s3", f"prod-{names.region}-starport-layer-bucket", region="", account="")


def s3_policy(names: Names, bucket_arns: Sequence[str]) -> str:
    """The S3 gateway endpoint's policy: these buckets for principals of this account, the layer bucket for the pull."""
    ours = _within_account(names)
    return iam.document(
        iam.statement(
            "ThisPlatformsObjects",
            OBJECT_ACTIONS,
            [f"{arn}/*" for arn in bucket_arns],
            principal="*",
            conditions=ours,
        ),
        iam.statement(
            "ThisPlatformsBuckets",
            BUCKET_ACTIONS,
            bucket_arns,
            principal="*",
            conditions=ours,
        ),
        iam.statement(
            "ImageLayers",
            ["s3:GetObject"],
            [f"{layer_bucket_arn(names)}/*"],
            principal="*",
        ),
    )


def interface_policy(
    names: Names, service: str, repository_arns: Sequence[str], *, agent_arns: Sequence[str] = (), debug: bool = False
) -> str:
    """An interface endpoint's policy: what a task does through it, for principals of this account.

    `agent_arns` are the repositories in AWS's accounts that GuardDuty's agent is pulled from; with `debug` a session's
    agent may look for its log group.
    """
    ours, caller = _within_account(names), {"StringEquals": {"aws:PrincipalAccount": names.account}}
    if service.startswith("ecr."):
        agent = [iam.statement("PullAgent", PULL_ACTIONS, agent_arns, principal="*", conditions=caller)]
        return iam.document(
            iam.statement("Pull", PULL_ACTIONS, repository_arns, principal="*", conditions=ours),
            *(agent if agent_arns else []),
            iam.statement(
                "SignIn",
                ["ecr:GetAuthorizationToken"],
                ["*"],
                principal="*",
                conditions=caller,
            ),
        )
    if service == "logs":
        groups = [f"{names.log_group_arn(names.log_group('*'))}:*"]
        session = [iam.statement("FindSessionLog", SESSION_LOG_ACTIONS, ["*"], principal="*", conditions=caller)]
        return iam.document(
            iam.statement("WriteLogs", LOG_ACTIONS, groups, principal="*", conditions=ours), *(session if debug else [])
        )
    if service == GUARDDUTY:
        # the agent reports to AWS's own service: there is no resource of this account, and no action to name
        return iam.document(iam.statement("Report", [GUARDDUTY_ACTION], ["*"], principal="*", conditions=caller))
    conditions = caller if service in _WITHOUT_RESOURCES else ours
    return iam.document(iam.statement("UseService", OPTIONAL[service], ["*"], principal="*", conditions=conditions))


def _within_account(names: Names) -> iam.Conditions:
    """Callers and resources of this account only, so that nothing leaves for a bucket or queue of another.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
    """
    return {"StringEquals": {"aws:PrincipalAccount": names.account, "aws:ResourceAccount": names.account}}
