"""Seeds for the rules of SNS and SQS."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict, policy
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

_NO_QUEUE = "arn:aws:sqs:us-east-1:123456789012:none"


_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}


_PUBLISH = {**_SEND, "Action": "sns:Publish"}


_TOPIC = ("CreateTopic", lambda a: {"Name": a.name()})


_SUBSCRIBE = ("Subscribe", lambda a: {"TopicArn": a.topic, "Protocol": "email", "Endpoint": "a@example.org"})


_QUEUE = ("CreateQueue", lambda a: {"QueueName": a.name(), "Attributes": {}})


def _attributes(**members: str) -> dict[str, Any]:
    return {"Attributes": members}


def _redrive(target: str, count: object) -> dict[str, Any]:
    return _attributes(RedrivePolicy=json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count}))


_TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}"


def _statement(**members: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": "*", "Action": ["sns:Publish", "SNS:Subscribe"], "Resource": "*"}
    return {"Attributes": {"Policy": policy({**base, **members})}}


def _existing_topic(account: Strict) -> str:
    name = account.name()
    account.client("sns").create_topic(Name=name, Attributes={"DisplayName": "one"})
    return name


def _fifo_topic(account: Strict) -> str:
    created = account.client("sns").create_topic(Name=f"{account.name()}.fifo", Attributes={"FifoTopic": "true"})
    return str(created["TopicArn"])


SEEDS: Final[list[Seed]] = [
    seed(
        "sqs.message_body",
        "SendMessage",
        {"QueueUrl": "http://127.0.0.1/123456789012/queue", "MessageBody": "m"},
        {"MessageBody": ""},
    ),
    seed("sns.topic_name", *_TOPIC, {"Name": "with space"}, {"Name": "x" * 257}, {"Name": "a.fifo"}),
    seed(
        "sns.topic_attributes",
        *_TOPIC,
        _attributes(Colour="red"),
        _attributes(DisplayName="x" * 101),
        _attributes(TracingConfig="On"),
        _attributes(SignatureVersion="3"),
    ),
    seed(
        "sns.topic_policy",
        *_TOPIC,
        _attributes(Policy="{"),
        _attributes(Policy=policy(_SEND)),
        _attributes(Policy=policy({**_PUBLISH, "Principal": {"AWS": NO_ROLE}})),
    ),
    seed(
        "sns.subscription",
        *_SUBSCRIBE,
        {"Endpoint": "nobody"},
        {"Protocol": "pigeon"},
        {"Protocol": "https", "Endpoint": "http://example.org"},
        {"Protocol": "sqs", "Endpoint": "queue"},
    ),
    seed(
        "sns.subscription_attributes",
        *_SUBSCRIBE,
        _attributes(Filter="{}"),
        _attributes(FilterPolicy="{"),
        _attributes(FilterPolicyScope="Body"),
    ),
    seed(
        "sns.message",
        "Publish",
        lambda a: {"TopicArn": a.topic, "Message": "m", "Subject": "s"},
        {"Message": ""},
        {"Message": "m" * 262145},
        {"Subject": "a\nb"},
        {"Subject": "s" * 101},
    ),
    seed("sqs.queue_name", *_QUEUE, {"QueueName": "with space"}, {"QueueName": "x" * 81}, {"QueueName": "a.fifo"}),
    seed(
        "sqs.queue_attributes",
        *_QUEUE,
        _attributes(VisibilityTimeout="43201"),
        _attributes(MessageRetentionPeriod="59"),
        _attributes(DelaySeconds="901"),
        _attributes(MaximumMessageSize="1023"),
        _attributes(ReceiveMessageWaitTimeSeconds="21"),
        _attributes(VisibilityTimeout="soon"),
        _attributes(SqsManagedSseEnabled="yes"),
        _attributes(SqsManagedSseEnabled="true", KmsMasterKeyId="alias/aws/sqs"),
    ),
    seed(
        "sqs.redrive_policy",
        *_QUEUE,
        _redrive(_NO_QUEUE, 3),
        lambda a: _redrive(a.queue, 0),
        lambda a: _redrive(a.queue, 1001),
        _attributes(RedrivePolicy="{"),
    ),
    seed(
        "sqs.queue_policy",
        *_QUEUE,
        _attributes(Policy="{"),
        _attributes(Policy=policy(_PUBLISH)),
        _attributes(Policy=policy({**_SEND, "Principal": {"Service": "eventbridge"}})),
    ),
    seed(
        "sns.topic_documents",
        "CreateTopic",
        lambda a: {"Name": a.name()},
        {"DataProtectionPolicy": "none"},
        {"Attributes": {"ArchivePolicy": "[]"}},
    ),
    seed(
        "sns.topic_statements",
        "CreateTopic",
        lambda a: {"Name": a.name(), **_statement()},
        _statement(Action="sns:*"),
        _statement(Action="sns:CreateTopic"),
        _statement(Resource=f"{_TOPIC_ARN}:another"),
    ),
    seed(
        "sns.topic_taken",
        "CreateTopic",
        lambda a: {"Name": _existing_topic(a), "Attributes": {"DisplayName": "one"}},
        lambda a: {"Name": _existing_topic(a), "Attributes": {"DisplayName": "two"}},
    ),
    seed(
        "sns.subscription",
        "Subscribe",
        lambda a: {"TopicArn": _fifo_topic(a), "Protocol": "sqs", "Endpoint": a.queue},
        {"Protocol": "email", "Endpoint": "a@example.org"},
        {"Protocol": "https", "Endpoint": "https://example.org"},
    ),
    seed(
        "sns.message_group",
        "Publish",
        lambda a: {
            "TopicArn": _fifo_topic(a),
            "Message": "m",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        },
        {"MessageGroupId": ABSENT},
    ),
    seed(
        "sqs.redrive_policy",
        "CreateQueue",
        lambda a: {"QueueName": f"{a.name()}.fifo", "Attributes": {"FifoQueue": "true"}},
        lambda a: {"Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": a.queue, "maxReceiveCount": 3})}},
    ),
]
