"""SNS: topics, permissions, subscriptions, and a message by protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_SNS: Final = "https://docs.aws.amazon.com/sns/latest/api/"
_LARGEST_POLICY: Final = 30_720
_DOCS: Final = "https://docs.aws.amazon.com/"

rules = Rules("sns")


@rules.add("CreateTopic", source=f"{_SNS}API_CreateTopic.html", code="InvalidParameter")
def topic_limits(call: Call, _: Account) -> Iterator[str]:
    """A data protection policy has at most 30,720 characters; only a FIFO topic knows messages again by their content,
    and its throughput is by topic or by group.
    """
    if len(call.parameters.get("DataProtectionPolicy", "")) > _LARGEST_POLICY:
        yield "Invalid parameter: DataProtectionPolicy"
    attributes = call.parameters.get("Attributes", {})
    if attributes.get("ContentBasedDeduplication", "false") == "true" and attributes.get("FifoTopic") != "true":
        yield "Invalid parameter: Attributes Reason: Content-based deduplication can only be set on FIFO topics"
    if attributes.get("FifoThroughputScope", "Topic") not in ("Topic", "MessageGroup"):
        yield "Invalid parameter: FifoThroughputScope"


@rules.add("Publish", source=f"{_SNS}API_Publish.html", code="InvalidParameter")
def message_by_protocol(call: Call, _: Account) -> Iterator[str]:
    """A message by protocol has each key once, and text for each."""
    if call.parameters.get("MessageStructure") != "json":
        return
    try:
        pairs: Any = json.loads(call.parameters["Message"], object_pairs_hook=list)
    except ValueError:
        return  # another rule says so
    names = [name for name, _value in pairs] if isinstance(pairs, list) else []
    if len(names) != len(set(names)) or any(name == "default" and not isinstance(v, str) for name, v in pairs):
        yield "Invalid parameter: Message Structure - JSON message body failed to parse"


@rules.add(
    "SetSubscriptionAttributes",
    source=f"{_DOCS}sns/latest/api/API_SetSubscriptionAttributes.html",
    code="InvalidParameter",
)
def raw_delivery(call: Call, _: Account) -> Iterator[str]:
    """Messages are delivered raw or they are not: true or false."""
    raw = call.parameters.get("AttributeName") == "RawMessageDelivery"
    if raw and str(call.parameters.get("AttributeValue")).lower() not in ("true", "false"):
        yield f"Invalid parameter: RawMessageDelivery: {call.parameters.get('AttributeValue')}"


@rules.add("AddPermission", source=f"{_DOCS}sns/latest/api/API_AddPermission.html", code="InvalidParameter")
def permitted_accounts(call: Call, _: Account) -> Iterator[str]:
    """Accounts have twelve digits."""
    for account in call.parameters.get("AWSAccountId", []):
        if not re.fullmatch(r"\d{12}", account):
            yield f"Invalid parameter: AWSAccountId: {account}"


@rules.add(
    "DeleteTopic",
    "GetTopicAttributes",
    "SetTopicAttributes",
    source=f"{_DOCS}sns/latest/api/API_DeleteTopic.html",
    code="InvalidParameter",
)
def topic_arn(call: Call, _: Account) -> Iterator[str]:
    """A topic is named by its ARN."""
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", call.parameters["TopicArn"]):
        yield f"Invalid parameter: TopicArn Reason: {call.parameters['TopicArn']} is no ARN of a topic"
