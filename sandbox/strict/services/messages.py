"""What SNS and SQS demand of topics, subscriptions and queues."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rules

_SNS = "https://docs.aws.amazon.com/sns/latest/api/"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"

sns = Rules("sns")
sqs = Rules("sqs")

TOPIC_ATTRIBUTES = frozenset(
    [
        "ArchivePolicy",
        "BeginningArchiveTime",
        "ContentBasedDeduplication",
        "DataProtectionPolicy",
        "DeliveryPolicy",
        "DisplayName",
        "FifoThroughputScope",
        "FifoTopic",
        "KmsMasterKeyId",
        "Policy",
        "SignatureVersion",
        "TracingConfig",
    ]
)
_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_ENDPOINTS = {
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "http": r"http://\S+",
    "https": r"https://\S+",
    "sms": r"\+?[0-9 ()-]+",
    "sqs": r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:\S+",
    "lambda": r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:\S+",
    "firehose": r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream/\S+",
    "application": r"arn:aws[a-z-]*:sns:\S+",
}


_OUTSIDE = ("email", "email-json", "sms", "http", "https", "application")
"""Protocols of endpoints that customers manage: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html"""
_RAW = ("sqs", "http", "https", "firehose")
"""Protocols whose subscribers may have the message without its envelope."""


def _attributes(call: Call) -> Mapping[str, str]:
    """The attributes that a request sets, many at creation or one later."""
    if "AttributeName" in call.parameters:
        return {call.parameters["AttributeName"]: call.parameters.get("AttributeValue") or ""}
    attributes: Mapping[str, str] = call.parameters.get("Attributes", {})
    return attributes


@sns.add(
    "CreateTopic",
    source=f"{_SNS}API_CreateTopic.html",
    code="InvalidParameter",
)
def topic_name(call: Call, _: Account) -> Iterator[str]:
    """A topic's name has 1 to 256 letters, digits, hyphens and underscores, and `.fifo` if it is one."""
    name = call.parameters["Name"]
    fifo = str(_attributes(call).get("FifoTopic", "false")).lower() == "true"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}(\.fifo)?", name) or len(name) > 256 or name.endswith(".fifo") != fifo:
        yield "Invalid parameter: Topic Name"


@sns.add(
    "CreateTopic",
    "SetTopicAttributes",
    source=f"{_SNS}API_SetTopicAttributes.html",
    code="InvalidParameter",
)
def topic_attributes(call: Call, _: Account) -> Iterator[str]:
    """A topic's attributes are SNS's, with values that it takes."""
    for name, value in _attributes(call).items():
        if name not in TOPIC_ATTRIBUTES and not _FEEDBACK.fullmatch(name):
            yield "Invalid parameter: AttributeName"
        if name == "FifoTopic" and call.operation == "SetTopicAttributes":
            yield "Invalid parameter: AttributeName"
        if name == "DisplayName" and len(value) > 100:
            yield "Invalid parameter: DisplayName"
        if name == "SignatureVersion" and value not in ("1", "2"):
            yield "Invalid parameter: SignatureVersion"
        if name == "TracingConfig" and value not in ("PassThrough", "Active"):
            yield "Invalid parameter: TracingConfig"
        if name.endswith("SampleRate") and not (value.isdigit() and int(value) <= 100):
            yield f"Invalid parameter: {name}"
        if name == "DeliveryPolicy" and value and not _object(value):
            yield "Invalid parameter: DeliveryPolicy: failed to parse JSON"


def _object(text: str) -> dict[str, object] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


@sns.add(
    "CreateTopic",
    "SetTopicAttributes",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html",
    code="InvalidParameter",
)
def topic_policy(call: Call, account: Account) -> Iterator[str]:
    """A topic's policy names principals that exist, actions of SNS, and the topic."""
    text = _attributes(call).get("Policy")
    if text:
        kind = Kind(
            principal=True, action_prefixes=("sns",), bare_actions=True, principal_exists=account.principal_exists
        )
        yield from (f"Invalid parameter: Policy Error: {fault}" for fault in faults(text, kind))


@sns.add(
    "Subscribe",
    source=f"{_SNS}API_Subscribe.html",
    code="InvalidParameter",
)
def subscription(call: Call, _: Account) -> Iterator[str]:
    """A subscriber's endpoint is one of its protocol; a FIFO topic has no subscribers outside of AWS."""
    protocol, endpoint = call.parameters["Protocol"], call.parameters.get("Endpoint", "")
    if protocol not in _ENDPOINTS:
        yield f"Invalid parameter: Does not support this protocol string: {protocol}"
    elif not re.fullmatch(_ENDPOINTS[protocol], endpoint):
        yield f"Invalid parameter: Endpoint {endpoint} is not one of {protocol}"
    elif call.parameters["TopicArn"].endswith(".fifo") and protocol in _OUTSIDE:
        yield f"Invalid parameter: Invalid protocol type: {protocol}"


@sns.add(
    "Subscribe",
    "SetSubscriptionAttributes",
    source=f"{_SNS}API_SetSubscriptionAttributes.html",
    code="InvalidParameter",
)
def subscription_attributes(call: Call, _: Account) -> Iterator[str]:
    """A subscription's attributes are SNS's; its filter and redrive policies are JSON objects."""
    names = {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "SubscriptionRoleArn",
        "ReplayPolicy",
        "ReplayStatus",
    }
    for name, value in _attributes(call).items():
        if name not in names:
            yield "Invalid parameter: AttributeName"
        if name in ("FilterPolicy", "RedrivePolicy") and value and _object(value) is None:
            yield f"Invalid parameter: {name}: failed to parse JSON"
        if name == "RawMessageDelivery" and call.parameters.get("Protocol", "sqs") not in _RAW:
            yield f"Invalid parameter: Attributes Reason: {call.parameters['Protocol']} takes no raw message delivery"
        if name == "RedrivePolicy" and ":sqs:" not in str((_object(value) or {}).get("deadLetterTargetArn", ":sqs:")):
            yield "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"
        if name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
            yield "Invalid parameter: FilterPolicyScope"


@sns.add(
    "Publish",
    source=f"{_SNS}API_Publish.html",
    code="InvalidParameter",
)
def message(call: Call, _: Account) -> Iterator[str]:
    """A message has 1 byte to 256 KiB, and a subject fewer than 100 printable ASCII characters without line breaks."""
    if not 0 < len(call.parameters["Message"].encode()) <= 262144:
        yield "Invalid parameter: Message too long or empty"
    subject = call.parameters.get("Subject")
    if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,99}", subject):
        yield "Invalid parameter: Subject"


@sqs.add(
    "CreateQueue",
    source=f"{_SQS}API_CreateQueue.html",
    code="InvalidParameterValue",
)
def queue_name(call: Call, _: Account) -> Iterator[str]:
    """A queue's name has 1 to 80 letters, digits, hyphens and underscores, and `.fifo` if it is one."""
    name = call.parameters["QueueName"]
    fifo = str(_attributes(call).get("FifoQueue", "false")).lower() == "true"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}(\.fifo)?", name) or len(name) > 80:
        yield "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    elif name.endswith(".fifo") != fifo:
        yield (
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
            "with .fifo suffix"
        )


QUEUE_RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
}
_SET = ("CreateQueue", "SetQueueAttributes")


@sqs.add(
    *_SET,
    source=f"{_SQS}API_SetQueueAttributes.html",
    code="InvalidAttributeValue",
)
def queue_attributes(call: Call, _: Account) -> Iterator[str]:
    """A queue's times and sizes are whole numbers in SQS's ranges; switches are true or false; SSE is by one kind of
    key.
    """
    attributes = _attributes(call)
    for name, (least, most) in QUEUE_RANGES.items():
        value = attributes.get(name)
        if value is not None and not (re.fullmatch(r"\d+", value) and least <= int(value) <= most):
            yield f"Invalid value for the parameter {name}. Reason: Must be between {least} and {most}, if provided."
    for name in ("SqsManagedSseEnabled", "FifoQueue", "ContentBasedDeduplication"):
        if attributes.get(name, "true").lower() not in ("true", "false"):
            yield f"Invalid value for the parameter {name}."
    if attributes.get("KmsMasterKeyId") and attributes.get("SqsManagedSseEnabled", "false").lower() == "true":
        yield (
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
            "SQS SSE."
        )
    if (
        call.operation == "CreateQueue"
        and attributes.get("ContentBasedDeduplication")
        and not attributes.get("FifoQueue")
    ):
        yield "Invalid value for the parameter ContentBasedDeduplication. Reason: only FIFO queues have it."


@sqs.add(
    *_SET,
    source=f"{_SQS}API_SetQueueAttributes.html",
    code="InvalidParameterValue",
)
def redrive_policy(call: Call, account: Account) -> Iterator[str]:
    """A redrive policy names a queue of the same kind that exists, and after 1 to 1,000 receives."""
    text = _attributes(call).get("RedrivePolicy")
    if not text:
        return
    policy = _object(text)
    if policy is None or set(policy) != {"deadLetterTargetArn", "maxReceiveCount"}:
        yield f"Value {text} for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a valid JSON map."
        return
    count, arn = str(policy["maxReceiveCount"]), str(policy["deadLetterTargetArn"])
    if not (count.isdigit() and 1 <= int(count) <= 1000):
        yield (
            f"Value {text} for parameter RedrivePolicy is invalid. Reason: maxReceiveCount must be between 1 and 1000."
        )
    if not account.is_standard_queue(arn) and not arn.endswith(".fifo"):
        yield f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
    queue = call.parameters.get("QueueName") or call.parameters["QueueUrl"]
    if queue.endswith(".fifo") != arn.endswith(".fifo"):
        yield (
            f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of "
            "queue as the source."
        )


@sqs.add(
    *_SET,
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-creating-custom-policies.html",
    code="InvalidAttributeValue",
)
def queue_policy(call: Call, account: Account) -> Iterator[str]:
    """A queue's policy names principals that exist and actions of SQS."""
    text = _attributes(call).get("Policy")
    if text:
        kind = Kind(
            principal=True, action_prefixes=("sqs",), bare_actions=True, principal_exists=account.principal_exists
        )
        for fault in faults(text, kind):
            yield f"Invalid value for the parameter Policy. Reason: {fault}"


RULES = [*sns.all, *sqs.all]
