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

from components.shared import key_policies
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
        data = key_policies.data_key(args.names, uses=args.uses, senders=args.senders, debug=args.debug)
        users: dict[Purpose, tuple[str, Sequence[iam.Statement]]] = {
            "data": ("Buckets, ledger and images", data),
            "logs": ("CloudWatch log groups", [key_policies.logs_key(args.names)]),
            "messages": ("Notifications and queues", key_policies.messages_key(args.names)),
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
            policy=iam.document(key_policies.administration(self._names), *users),
            opts=protected,
        )
        aws.kms.Alias(
            f"{self._name}-{purpose}-alias",
            name=f"alias/{self._names.name('key', purpose)}",
            target_key_id=key.key_id,
            opts=child,
        )
        return key.arn
