"""The platform's KMS keys, one for each group of users that must not read the others' data.

`data` is for S3, DynamoDB and ECR, `logs` for CloudWatch Logs, `messages` for SNS and SQS: a key policy is where a
service is let in, and one key for all would let the logs service decrypt trade files
(docs/adr/platform/three-keys.md). What a task may do with a key is in its task role's policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import iam
from conventions.naming import Names

SHORTEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS = 7, 30
"""What KMS allows; a key that is scheduled for deletion can be brought back until then.

Source: docs/aws-facts.md#key-deletion
"""

Purpose = Literal["data", "logs", "messages"]
PURPOSES: tuple[Purpose, ...] = ("data", "logs", "messages")

_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """Inputs of `Keys`."""

    names: Names
    teardown: bool
    """Whether `destroy` may take the keys, and with them what they encrypt, in the shortest time."""
    purposes: Sequence[Purpose] = PURPOSES
    """The keys to make; `data` is always one of them. A stack without log groups or topics needs no key for them."""

    def __post_init__(self) -> None:
        if "data" not in self.purposes:
            raise ValueError(f"purposes must contain data, got {list(self.purposes)}")


class Keys(pulumi.ComponentResource):
    """The customer keys of the platform, one for each purpose."""

    arns: dict[Purpose, pulumi.Output[str]]
    """By purpose, of those that were made."""
    data_arn: pulumi.Output[str]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:encryption:Keys", name, None, opts)
        self._name, self._names, self._teardown = name, args.names, args.teardown
        users: dict[Purpose, tuple[str, Sequence[iam.Statement]]] = {
            "data": ("Buckets, ledger and images", _data_statements(args.names)),
            "logs": ("CloudWatch log groups", [_logs_statement(args.names)]),
            "messages": ("Notifications and queues", _message_statements(args.names)),
        }
        self.arns = {purpose: self._key(purpose, *users[purpose]) for purpose in args.purposes}
        self.data_arn = self.arns["data"]
        self.register_outputs({f"{purpose}_arn": arn for purpose, arn in self.arns.items()})

    def context(self, *, log_retention_days: int, teardown: bool) -> StackContext:
        """What the layers stand on: these keys, the names they were made for, and two settings.

        Where a purpose has no key, its users get the data key, which admits none of them: AWS refuses what they make.
        """
        return StackContext(
            names=self._names,
            data_key_arn=self.data_arn,
            logs_key_arn=self.arns.get("logs", self.data_arn),
            messages_key_arn=self.arns.get("messages", self.data_arn),
            log_retention_days=log_retention_days,
            teardown=teardown,
        )

    def _key(self, purpose: Purpose, description: str, users: Sequence[iam.Statement]) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        # without the data key what the buckets hold is gone, however well they are protected themselves
        protected = pulumi.ResourceOptions(parent=self, protect=purpose == "data" and not self._teardown)
        key = aws.kms.Key(
            f"{self._name}-{purpose}",
            description=f"{description} ({self._names.suffix})",
            enable_key_rotation=True,
            deletion_window_in_days=SHORTEST_WINDOW_DAYS if self._teardown else LONGEST_WINDOW_DAYS,
            policy=iam.document(_administration(self._names), *users),
            opts=protected,
        )
        aws.kms.Alias(
            f"{self._name}-{purpose}-alias",
            name=f"alias/{self._names.name('key', purpose)}",
            target_key_id=key.key_id,
            opts=child,
        )
        return key.arn


def _root(names: Names) -> dict[str, str]:
    return {"AWS": names.arn("iam", "root", region="")}


def _administration(names: Names) -> iam.Statement:
    return iam.statement("AdministeredByThisAccount", _ADMINISTRATION, ["*"], principal=_root(names))


def _through(names: Names, *services: str) -> iam.Conditions:
    """Only when one of `services` of this region calls on behalf of a principal of this account."""
    return {"StringEquals": {"kms:ViaService": [f"{s}.{names.region}.amazonaws.com" for s in services]}}


def _data_statements(names: Names) -> list[iam.Statement]:
    stores = _through(names, "s3", "dynamodb", "ecr")
    return [
        iam.statement("UsedThroughTheStores", _USE, ["*"], principal=_root(names), conditions=stores),
        iam.statement(
            "GrantsForTheStores",
            ["kms:CreateGrant"],
            ["*"],
            principal=_root(names),
            conditions={**stores, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _logs_statement(names: Names) -> iam.Statement:
    return iam.statement(
        "UsedByThisStacksLogGroups",
        _USE,
        ["*"],
        principal={"Service": f"logs.{names.region}.amazonaws.com"},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.log_group_arn_patterns()}},
    )


def _message_statements(names: Names) -> list[iam.Statement]:
    """SNS and SQS take no grants; their publishers need the key themselves.

    The EventBridge statement has no aws:SourceArn or aws:SourceAccount: EventBridge does not send them, and delivery
    would fail silently (docs/aws-facts.md#sns-key). The encryption context confines it to this stack's
    topics, queues to this account's.
    """
    topics = names.arn("sns", f"*-{names.suffix}")
    return [
        iam.statement(
            "UsedThroughTopicsAndQueues", _USE, ["*"], principal=_root(names), conditions=_through(names, "sns", "sqs")
        ),
        iam.statement(
            "AlarmsPublish",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "cloudwatch.amazonaws.com"},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", f"alarm:*-{names.suffix}")},
            },
        ),
        iam.statement(
            "EventsPublish",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}},
        ),
        iam.statement(
            "EventsReachDeadLetterQueues",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "events.amazonaws.com"},
            conditions={
                "ArnLike": {"kms:EncryptionContext:aws:sqs:arn": names.arn("sqs", f"*-{names.suffix}")},
            },
        ),
    ]
