"""The platform's KMS keys, one for each group of users that must not read the others' data.

`data` is for S3, DynamoDB, ECR and what `platform.customerKeys` adds, `logs` for CloudWatch Logs, `messages` for SNS
and SQS: a key policy is where a service is let in, and one key for all would let the logs service decrypt trade files
(docs/adr/platform/three-keys.md). What a task may do with a key is in its task role's policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import iam
from conventions.naming import Names

if TYPE_CHECKING:
    from settings.platform import CustomerKeyUse

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
    uses: Sequence[CustomerKeyUse] = ()
    """What the data key encrypts besides buckets, ledger and images."""
    senders: Sequence[str] = ()
    """ARNs of roles that may encrypt what they write to the input bucket."""
    debug: bool = False
    """Whether people may open sessions in tasks, which the data key encrypts."""
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
        self._name, self._names, self._teardown, self._uses = name, args.names, args.teardown, args.uses
        users: dict[Purpose, tuple[str, Sequence[iam.Statement]]] = {
            "data": ("Buckets, ledger and images", _data_statements(args)),
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
            customer_keys=self._uses,
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


def _data_statements(args: KeysArgs) -> list[iam.Statement]:
    names = args.names
    stores = _through(names, "s3", "dynamodb", "ecr")
    statements = [
        iam.statement("UsedThroughTheStores", _USE, ["*"], principal=_root(names), conditions=stores),
        iam.statement(
            "GrantsForTheStores",
            ["kms:CreateGrant"],
            ["*"],
            principal=_root(names),
            conditions={**stores, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]
    if "ephemeral-storage" in args.uses:
        statements += _ephemeral_storage_statements(names)
    if "state-machines" in args.uses:
        statements += _state_machine_statements(names)
    if args.senders:
        statements.append(_senders_statement(names, args.senders))
    if args.debug:
        statements.append(_sessions_statement(names))
    return statements


def _ephemeral_storage_statements(names: Names) -> list[iam.Statement]:
    """Fargate encrypts the scratch space of this stack's tasks; source: docs/aws-facts.md#fargate-storage-key."""
    service = {"Service": "fargate.amazonaws.com"}
    cluster = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": names.account,
        "kms:EncryptionContext:aws:ecs:clusterName": names.cluster("batch").name,
    }
    decrypt_only = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}
    return [
        iam.statement(
            "FargateEncryptsScratchSpace",
            ["kms:GenerateDataKeyWithoutPlaintext"],
            ["*"],
            principal=service,
            conditions={"StringEquals": cluster},
        ),
        iam.statement(
            "FargateGrantsTasksTheirScratchSpace",
            ["kms:CreateGrant"],
            ["*"],
            principal=service,
            conditions={"StringEquals": cluster, **decrypt_only},
        ),
    ]


def _state_machine_statements(names: Names) -> list[iam.Statement]:
    """The machines' roles call KMS themselves, not through a service, and their logs are delivered by another.

    Source: docs/aws-facts.md#state-machine-keys
    """
    machines = names.arn("states", f"stateMachine:*-{names.suffix}")
    logs = names.arn("logs", "*")
    return [
        iam.statement(
            "StateMachinesEncryptExecutions",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            principal=_root(names),
            conditions={"ArnLike": {"kms:EncryptionContext:aws:states:stateMachineArn": machines}},
        ),
        iam.statement(
            "StateMachinesEncryptLogDelivery",
            ["kms:GenerateDataKey"],
            ["*"],
            principal=_root(names),
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs}},
        ),
        iam.statement(
            "LogDeliveryDecrypts",
            ["kms:Decrypt"],
            ["*"],
            principal={"Service": "delivery.logs.amazonaws.com"},
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs}},
        ),
    ]


def _senders_statement(names: Names, senders: Sequence[str]) -> iam.Statement:
    """What a sender writes is encrypted with this key; Decrypt puts the parts of an upload together.

    The bucket's key is used in the bucket's name, so that no other bucket's objects are meant.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return iam.statement(
        "SendersEncrypt",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        principal={"AWS": list(senders)},
        conditions={
            "StringEquals": {
                "kms:ViaService": f"s3.{names.region}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": names.s3_bucket("input").arn,
            }
        },
    )


def _sessions_statement(names: Names) -> iam.Statement:
    """Sessions in this stack's tasks are encrypted on their way; source: docs/aws-facts.md#ecs-exec."""
    return iam.statement(
        "SessionsEncrypt",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        principal=_root(names),
        conditions={
            "StringLike": {"kms:EncryptionContext:aws:ssm:TargetId": f"ecs:{names.cluster('batch').name}_*"},
        },
    )


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
