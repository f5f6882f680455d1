"""An encrypted queue that keeps for 14 days what could not be delivered, and lets exactly its senders in.

It is a standard queue, because EventBridge takes no FIFO queue as a dead-letter queue
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from conventions import iam
from conventions.naming import Names

KEPT_SECONDS = 14 * 86_400
"""SQS keeps no message longer."""


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueueArgs:
    """Inputs of `DeadLetterQueue`."""

    names: Names
    purpose: str
    """The name is `queue-<purpose>-<suffix>`."""
    kms_key_arn: pulumi.Input[str]
    rule_arns: Sequence[str] = ()
    """EventBridge rules whose undeliverable events come here. Scheduler needs no entry: it sends with a role."""


class DeadLetterQueue(pulumi.ComponentResource):
    """A dead-letter queue."""

    name: str
    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    policy: pulumi.Resource

    def __init__(self, name: str, args: DeadLetterQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:shared:DeadLetterQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.name = args.names.name("queue", args.purpose)
        arn = args.names.queue(args.purpose).arn
        queue = aws.sqs.Queue(
            name,
            name=self.name,
            kms_master_key_id=args.kms_key_arn,
            message_retention_seconds=KEPT_SECONDS,
            opts=child,
        )
        self.policy = aws.sqs.QueuePolicy(
            f"{name}-policy",
            queue_url=queue.url,
            policy=iam.document(
                https_only(arn),
                *(
                    [
                        iam.statement(
                            "UndeliverableEvents",
                            ["sqs:SendMessage"],
                            [arn],
                            principal={"Service": "events.amazonaws.com"},
                            conditions={"ArnEquals": {"aws:SourceArn": list(args.rule_arns)}},
                        )
                    ]
                    if args.rule_arns
                    else []
                ),
            ),
            opts=child,
        )
        self.arn, self.url = queue.arn, queue.url
        self.register_outputs({"arn": self.arn, "url": self.url})


def https_only(arn: str) -> iam.Statement:
    """Nobody reaches the queue over plain HTTP."""
    return iam.statement(
        "RefusePlainHttp",
        ["sqs:*"],
        [arn],
        principal="*",
        conditions={"Bool": {"aws:SecureTransport": "false"}},
        effect="Deny",
    )
