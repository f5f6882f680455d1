"""Where announcements and alarms go.

Owns: the SNS topic under the messages key, its policy, and the e-mail subscriptions.
Refuses: what is said (`workflow/messages.py`) and when an alarm speaks (`observability.py`).
The state machines publish with their roles, which needs no statement here. Alarms and rules are let in by the topic's
policy and by the key's (`encryption.py`); why the two are conditioned differently:
docs/adr/0044-alarms-that-can-speak.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import Foundation
from conventions import iam
from conventions.naming import Names

PURPOSE = "announcements"


@dataclass(frozen=True, kw_only=True)
class AnnouncementsArgs:
    """Inputs of `Announcements`."""

    base: Foundation
    emails: Sequence[str]
    """Each address gets one mail with a link and hears nothing until it is clicked."""


class Announcements(pulumi.ComponentResource):
    """The topic that people subscribe to."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AnnouncementsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:announcements:Announcements", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(
            name, name=args.base.names.name("topic", PURPOSE), kms_master_key_id=args.base.messages_key_arn, opts=child
        )
        policy = aws.sns.TopicPolicy(f"{name}-policy", arn=topic.arn, policy=_policy(args.base.names), opts=child)
        for address in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        # who takes the ARN from here publishes only after the policy is in place
        self.topic_arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda known: str(known[0]))
        self.register_outputs({"topic_arn": self.topic_arn})


def arn_of(names: Names) -> str:
    """The topic's ARN, before it exists."""
    return names.arn("sns", names.name("topic", PURPOSE))


def _policy(names: Names) -> str:
    arn = arn_of(names)
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
