"""The SNS topic that notifications and alarms go to, and its e-mail subscriptions.

The state machines publish with their roles. Alarms and rules are let in by the topic's policy and by the key's
(`components/encryption.py`); why the two have different conditions: docs/adr/workflow/alarms-on-metrics-that-exist.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import iam
from conventions.naming import Names, Reference

PURPOSE = "notifications"


@dataclass(frozen=True, kw_only=True)
class NotificationsArgs:
    """Inputs of `Notifications`."""

    context: StackContext
    emails: Sequence[str]
    """Each address gets one mail with a link and hears nothing until it is clicked."""


class Notifications(pulumi.ComponentResource):
    """The topic that people subscribe to."""

    topic: Reference
    topic_arn: pulumi.Output[str]
    """Known when the topic's policy is in place, so that whoever publishes to it may."""

    def __init__(self, name: str, args: NotificationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:notifications:Notifications", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.topic = args.context.names.topic(PURPOSE)
        topic = aws.sns.Topic(
            name,
            name=self.topic.name,
            kms_master_key_id=args.context.messages_key_arn,
            opts=child,
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-policy", arn=topic.arn, policy=_policy(args.context.names, self.topic.arn), opts=child
        )
        for address in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        # who takes the ARN from here publishes only after the policy is in place
        self.topic_arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda outputs: str(outputs[0]))
        self.register_outputs({"topic_arn": self.topic_arn})


def _policy(names: Names, arn: str) -> str:
    return iam.document(
        iam.statement(
            "AlarmsPublish",
            ["sns:Publish"],
            [arn],
            principal={"Service": "cloudwatch.amazonaws.com"},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", f"alarm:*-{names.suffix}")},
            },
        ),
        iam.statement(
            "EventsPublish",
            ["sns:Publish"],
            [arn],
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnLike": {"aws:SourceArn": names.arn("events", f"rule/*-{names.suffix}")}},
        ),
        iam.statement(
            "RefusePlainHttp",
            ["sns:Publish"],
            [arn],
            principal="*",
            conditions={"Bool": {"aws:SecureTransport": "false"}},
            effect="Deny",
        ),
    )
