"""Messages: the topic, the queues, and who may send to them."""

from __future__ import annotations

import re
from typing import Any, Final

from ...graph import kinds
from ..rows import (
    JSON,
    Context,
    Must,
    Table,
    between,
    exactly,
    free,
    holds,
    is_here,
    keyed,
    maybe,
    named,
    parsed,
    refers,
    row,
    text,
)

_SNS: Final = "https://docs.aws.amazon.com/sns/latest/api"
_SQS: Final = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference"

_ENDPOINTS: Final = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "https": r"https://[^\s/@]+\.[^\s@]+",
    "sqs": r"arn:aws.+",
    "lambda": r"arn:aws.+",
}
"""Protocols of subscriptions, with what their endpoints look like; neither plain HTTP nor SMS."""


def _is_for_work(value: Any, at: Context) -> bool:
    """Whether the queue is none that takes what something else could not deliver."""
    arn = at.resource.props.get("arn")
    others = [one for one in at.graph.of_type(kinds.QUEUE) if "redrivePolicy" in one.props and one is not at.resource]
    takes = at.graph.dependents(at.resource, kinds.EVENT_TARGET, kinds.SCHEDULE)
    return not takes and not any(
        at.resource in at.graph.targets(one, "redrivePolicy") or (isinstance(arn, str) and arn in str(one.props))
        for one in others
    )


_WORK: Final = Must("a queue of work", _is_for_work)

TABLES: Final = (
    Table(
        type=kinds.TOPIC,
        source=f"{_SNS}/API_CreateTopic.html",
        rows=(
            row("name", named("topic"), "two environments share an account"),
            row(
                "kmsMasterKeyId",
                keyed("sns"),
                "messages are encrypted with a key of this stack; AWS's own lets no alarm publish",
            ),
            maybe("displayName", text(r".{1,100}", "up to 100 characters"), "shown in mails"),
        ),
    ),
    Table(
        type=kinds.TOPIC_POLICY,
        source=f"{_SNS}/API_SetTopicAttributes.html",
        rows=(
            row("arn", refers(kinds.TOPIC), "a topic of this stack"),
            row("policy", JSON, "judged as a document (topic-key-grants-publishers, resource-policies-accounted-for)"),
        ),
    ),
    Table(
        type=kinds.TOPIC_SUBSCRIPTION,
        source=f"{_SNS}/API_Subscribe.html",
        rows=(
            row("topic", refers(kinds.TOPIC), "a topic of this stack"),
            row("protocol", exactly(*_ENDPOINTS), "plain HTTP and SMS are not used"),
            row(
                "endpoint",
                holds(
                    "an address, an https:// address or an ARN, as the protocol is",
                    lambda value, at: _is_endpoint(value, at),
                ),
                "who is told",
            ),
            maybe("endpointAutoConfirms", free(bool), "only matters to HTTPS endpoints"),
        ),
    ),
    Table(
        type=kinds.QUEUE,
        source=f"{_SQS}/API_CreateQueue.html",
        rows=(
            row("name", named("queue"), "two environments share an account"),
            row("kmsMasterKeyId", keyed("sqs"), "with a key of this stack"),
            maybe(
                "messageRetentionSeconds",
                between(345600, 1209600),
                "a message must outlive a long weekend; SQS keeps four days by itself, and up to 14",
            ),
            maybe("delaySeconds", exactly(0), "a message is worked on when it comes"),
            maybe("fifoQueue", exactly(False), "EventBridge takes no FIFO queue for what it could not deliver"),
            maybe("visibilityTimeoutSeconds", between(30, 43200), "SQS takes up to 12 hours"),
            row(
                "redrivePolicy",
                JSON,
                "a message that a job cannot work on comes back again and again, for ever",
                when=("name", _WORK),
            ),
            maybe(
                "redrivePolicy",
                holds(
                    "JSON with a dead-letter queue of this stack and maxReceiveCount 1 to 1000",
                    lambda value, at: _redrive(value, at),
                ),
                "a poisoned message ends somewhere",
            ),
        ),
    ),
    Table(
        type=kinds.QUEUE_POLICY,
        source=f"{_SQS}/API_SetQueueAttributes.html",
        rows=(
            row("queueUrl", refers(kinds.QUEUE), "a queue of this stack"),
            row("policy", JSON, "judged as a document (dlq-accepts-sender, resource-policies-accounted-for)"),
        ),
    ),
)


def _is_endpoint(value: Any, at: Context) -> bool:
    return bool(re.fullmatch(_ENDPOINTS.get(str(at.resource.props.get("protocol")), ""), str(value)))


def _redrive(value: Any, at: Context) -> bool:
    result = parsed(value)
    if not isinstance(result, dict) or set(result) != {"deadLetterTargetArn", "maxReceiveCount"}:
        return False
    target, count = result["deadLetterTargetArn"], result["maxReceiveCount"]
    other = bool(at.graph.named(target, kinds.QUEUE)) and target != at.resource.props.get("arn")
    return other and is_here(target, at.graph) and isinstance(count, int) and 1 <= count <= 1000
