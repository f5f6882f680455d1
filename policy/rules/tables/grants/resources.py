"""Whom a resource's own policy lets in."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from .model import ARN, OWN_ACCOUNT, always, grant, has, like, names_one_of
from .needs import (
    data_buckets,
    encrypts,
    endpoint,
    event_groups,
    holder_of,
    is_event_queue,
    logged_buckets,
    repositories,
    takes_logs,
    undelivered_rules,
)

_ROOT: Final = ("AWS:" + ARN + "iam::{account}:root",)


_ADMINISTER: Final = (
    "kms:CancelKeyDeletion kms:CreateAlias kms:DeleteAlias kms:DescribeKey kms:DisableKeyRotation kms:EnableKeyRotation "
    "kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListAliases kms:ListGrants kms:ListKeyPolicies kms:ListResourceTags "
    "kms:PutKeyPolicy kms:RevokeGrant kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource kms:UpdateAlias "
    "kms:UpdateKeyDescription"
)


_USE: Final = "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey* kms:ReEncrypt*"


_PUBLISH: Final = "kms:Decrypt kms:GenerateDataKey*"


_ANYONE_OF_THE_ACCOUNT: Final = {"aws:principalaccount": like("{account}")}
_WITHIN_THE_ACCOUNT: Final = {**_ANYONE_OF_THE_ACCOUNT, "aws:resourceaccount": like("{account}")}
"""Nobody of another account comes in, and nothing of another account is reached."""


_PLATFORM_PREFIXES: Final = r"(/batch/\*-{suffix}|/aws/ecs/containerinsights/\*-{suffix}/performance|/aws/vendedlogs/states/\*-{suffix}|/aws/codebuild/\*-{suffix})"


RESOURCE_GRANTS: Final = (
    grant(kinds.KEY, _ADMINISTER, form=r"\*", principals=_ROOT, needed=always),
    grant(kinds.KEY, "kms:DisableKey kms:EnableKey", form=r"\*", principals=_ROOT),
    grant(
        kinds.KEY,
        _USE,
        form=r"\*",
        principals=_ROOT,
        needed=encrypts(kinds.BUCKET_ENCRYPTION, kinds.TABLE, kinds.TOPIC),
        when={"kms:viaservice": like(r"(s3|dynamodb|ecr|sns|sqs|secretsmanager|logs)\.{region}\.amazonaws\.com")},
    ),
    grant(
        kinds.KEY,
        "kms:CreateGrant",
        form=r"\*",
        principals=_ROOT,
        needed=encrypts(kinds.TABLE, kinds.REPOSITORY),
        when={
            "kms:viaservice": like(r"(s3|dynamodb|ecr)\.{region}\.amazonaws\.com"),
            "kms:grantisforawsresource": like("true"),
        },
    ),
    grant(
        kinds.KEY,
        _USE,
        form=r"\*",
        principals=(r"Service:logs\.{region}\.amazonaws\.com(\.cn)?",),
        needed=encrypts(kinds.LOG_GROUP),
        when={
            "kms:encryptioncontext:aws:logs:arn": like(ARN + "logs:{region}:{account}:log-group:" + _PLATFORM_PREFIXES)
        },
    ),
    grant(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:cloudwatch\.amazonaws\.com",),
        needed=encrypts(kinds.TOPIC),
        when={**OWN_ACCOUNT, "aws:sourcearn": like(ARN + r"cloudwatch:{region}:{account}:alarm:\*-{suffix}")},
    ),
    grant(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:events\.amazonaws\.com",),
        needed=encrypts(kinds.TOPIC),
        when={"kms:encryptioncontext:aws:sns:topicarn": like(ARN + r"sns:{region}:{account}:\*-{suffix}")},
    ),
    grant(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:events\.amazonaws\.com",),
        needed=encrypts(kinds.QUEUE),
        when={"kms:encryptioncontext:aws:sqs:arn": like(ARN + r"sqs:{region}:{account}:\*-{suffix}")},
    ),
    grant(
        kinds.BUCKET_POLICY,
        "s3:PutObject",
        kinds.BUCKET,
        part=r"/[a-z0-9/-]+/[*]",
        principals=(r"Service:logging\.s3\.amazonaws\.com",),
        needed=takes_logs,
        when={**OWN_ACCOUNT, "aws:sourcearn": names_one_of(kinds.BUCKET)},
        covers=holder_of("bucket", kinds.BUCKET),
        sources=logged_buckets,
        sources_of=(kinds.BUCKET,),
    ),
    grant(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:cloudwatch\.amazonaws\.com",),
        needed=has(kinds.ALARM),
        when={**OWN_ACCOUNT, "aws:sourcearn": like(ARN + r"cloudwatch:{region}:{account}:alarm:\*-{suffix}")},
        covers=holder_of("arn", kinds.TOPIC),
    ),
    grant(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:events\.amazonaws\.com",),
        needed=has(kinds.EVENT_RULE),
        when={"aws:sourcearn": like(ARN + r"events:{region}:{account}:rule/\*-{suffix}")},
        covers=holder_of("arn", kinds.TOPIC),
    ),
    grant(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:(codepipeline|codestar-notifications|codebuild)\.amazonaws\.com",),
        when=OWN_ACCOUNT,
        covers=holder_of("arn", kinds.TOPIC),
    ),
    grant(
        kinds.QUEUE_POLICY,
        "sqs:SendMessage",
        kinds.QUEUE,
        principals=(r"Service:events\.amazonaws\.com",),
        needed=is_event_queue,
        when={"aws:sourcearn": names_one_of(kinds.EVENT_RULE)},
        covers=holder_of("queueUrl", kinds.QUEUE),
        sources=undelivered_rules,
        sources_of=(kinds.EVENT_RULE,),
    ),
    grant(
        kinds.LOG_RESOURCE_POLICY,
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=always,
        principals=(r"Service:delivery\.logs\.amazonaws\.com",),
        covers=event_groups,
    ),
    grant(
        kinds.LOG_RESOURCE_POLICY,
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=always,
        principals=(r"Service:events\.amazonaws\.com",),
        covers=event_groups,
    ),
    grant(
        kinds.ENDPOINT,
        "s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:GetObjectVersion s3:ListMultipartUploadParts s3:PutObject",
        kinds.BUCKET,
        part=r"/[*]",
        principals=(r"\*",),
        needed=endpoint(".s3"),
        when=_WITHIN_THE_ACCOUNT,
        covers=data_buckets,
    ),
    grant(
        kinds.ENDPOINT,
        "s3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads",
        kinds.BUCKET,
        principals=(r"\*",),
        needed=endpoint(".s3"),
        when=_WITHIN_THE_ACCOUNT,
        covers=data_buckets,
    ),
    grant(
        kinds.ENDPOINT,
        "s3:GetObject",
        form=ARN + "s3:::prod-{region}-starport-layer-bucket/[*]",
        principals=(r"\*",),
        needed=endpoint(".s3"),
    ),
    grant(
        kinds.ENDPOINT,
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        kinds.REPOSITORY,
        principals=(r"\*",),
        needed=endpoint(".ecr.api", ".ecr.dkr"),
        when=_WITHIN_THE_ACCOUNT,
        covers=repositories,
    ),
    grant(
        kinds.ENDPOINT,
        "ecr:GetAuthorizationToken",
        form=r"\*",
        principals=(r"\*",),
        needed=endpoint(".ecr.api"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    grant(
        kinds.ENDPOINT,
        "logs:CreateLogStream logs:PutLogEvents",
        form=ARN + r"logs:{region}:{account}:log-group:/batch/(\*|[a-z0-9-]+)-{suffix}:\*",
        principals=(r"\*",),
        needed=endpoint(".logs"),
        when=_WITHIN_THE_ACCOUNT,
    ),
    grant(
        kinds.ENDPOINT,
        "secretsmanager:* ssm:* ssmmessages:* sqs:* sns:* states:* monitoring:* cloudwatch:* kms:* dynamodb:* sts:* ecs:* events:* xray:*",
        form=r".+",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
        complete=False,
    ),
)
"""By the type of the resource that the policy belongs to, or of the policy."""
