"""What SNS and SQS demand of messages that are sent: attributes, batches, whom they are for."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.session import get_session

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import statements_of, values
from sandbox.strict.rules import Rules, of_free_document

_SNS = "https://docs.aws.amazon.com/sns/latest/api/"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
_METADATA = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"
_TEXT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_READ_ONLY = (
    *("QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", "FifoQueue", "ApproximateNumberOfMessages"),
    *("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"),
)
_QUEUE_ACTIONS = frozenset(
    (
        *("addpermission", "cancelmessagemovetask", "changemessagevisibility", "createqueue", "deletemessage"),
        *("deletequeue", "getqueueattributes", "getqueueurl", "listdeadlettersourcequeues", "listmessagemovetasks"),
        *("listqueues", "listqueuetags", "purgequeue", "receivemessage", "removepermission", "sendmessage"),
        *("setqueueattributes", "startmessagemovetask", "tagqueue", "untagqueue"),
    )
)

_TOPIC_ACTIONS = frozenset(
    (
        *("addpermission", "deletetopic", "getdataprotectionpolicy", "gettopicattributes", "listsubscriptionsbytopic"),
        *("listtagsforresource", "publish", "putdataprotectionpolicy", "receive", "removepermission"),
        *("settopicattributes", "subscribe", "tagresource", "untagresource"),
    )
)

sns = Rules("sns")
sqs = Rules("sqs")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text) is not None


def _attribute_faults(attributes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if len(attributes) > 10:
        yield "Number of message attributes exceeds the allowed maximum [10]."
    for name, attribute in attributes.items():
        kind = str(attribute.get("DataType", "")).partition(".")[0]
        if not re.fullmatch(r"(?i)(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", name):
            yield f"Message (user) attribute name '{name}' is invalid."
        if kind not in ("String", "Number", "Binary"):
            yield f"The type of message (user) attribute '{name}' is invalid. Types are String, Number and Binary."
        elif not attribute.get("BinaryValue" if kind == "Binary" else "StringValue"):
            yield f"The message attribute '{name}' must contain non-empty message attribute value for type '{kind}'."
        elif kind == "Number" and not _is_number(str(attribute.get("StringValue"))):
            yield f"Can't cast the value of message (user) attribute '{name}' to a number."


@sqs.add("SendMessage", source=f"{_METADATA}#sqs-message-attributes", code="InvalidParameterValue")
def message_attributes(call: Call, _: Account) -> Iterator[str]:
    """A message has at most 10 attributes, each with a name that is no reserved one, a type and a value of it."""
    yield from _attribute_faults(call.parameters.get("MessageAttributes", {}))


@sns.add("Publish", source=f"{_SNS}API_MessageAttributeValue.html", code="ParameterValueInvalid")
def published_attributes(call: Call, _: Account) -> Iterator[str]:
    """The attributes of a message have a type and a value of it."""
    attributes = call.parameters.get("MessageAttributes", {})
    arrays = {n: a for n, a in attributes.items() if str(a.get("DataType", "")) == "String.Array"}
    yield from _attribute_faults({name: value for name, value in attributes.items() if name not in arrays})


@sqs.add("SendMessage", source=f"{_SQS}API_SendMessage.html", code="MissingParameter")
def message_body(call: Call, _: Account) -> Iterator[str]:
    """A message has at least one character."""
    if not call.parameters["MessageBody"]:
        yield "The request must contain the parameter MessageBody."


@sqs.add("SendMessage", source=f"{_SQS}API_SendMessage.html", code="InvalidMessageContents")
def message_characters(call: Call, _: Account) -> Iterator[str]:
    """A message holds characters that an XML document may hold."""
    if not _TEXT.fullmatch(call.parameters.get("MessageBody", "")):
        yield "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to ..."


@sqs.add(
    "SendMessage",
    source=f"{_SQS}API_SendMessage.html#SQS-SendMessage-request-MessageDeduplicationId",
    code="InvalidParameterValue",
)
def deduplication(call: Call, _: Account) -> Iterator[str]:
    """Only a FIFO queue takes a deduplication id."""
    if call.parameters.get("MessageDeduplicationId") and not call.parameters["QueueUrl"].endswith(".fifo"):
        yield "The request include parameter that is not valid for this queue type"


@sqs.add(
    "ChangeMessageVisibility",
    source=f"{_SQS}API_ChangeMessageVisibility.html",
    code="InvalidParameterValue",
)
def visibility(call: Call, _: Account) -> Iterator[str]:
    """A message is hidden for 0 to 43,200 s."""
    if not 0 <= call.parameters["VisibilityTimeout"] <= 43200:
        yield "Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."


@sqs.add("SetQueueAttributes", source=f"{_SQS}API_SetQueueAttributes.html", code="InvalidAttributeName")
def settable_attributes(call: Call, _: Account) -> Iterator[str]:
    """What a queue is and counts is not set."""
    for name in call.parameters["Attributes"]:
        if name in _READ_ONLY:
            yield f"Unknown Attribute {name}."


@sqs.add(
    "CreateQueue",
    "SetQueueAttributes",
    source=f"{_SQS}API_SetQueueAttributes.html",
    code="InvalidParameterValue",
)
@of_free_document("Value for parameter RedriveAllowPolicy is invalid.")
def redrive_allow_policy(call: Call, _: Account) -> Iterator[str]:
    """Who may use a queue for dead letters: all, none, or up to 10 queues by their ARNs."""
    text = call.parameters.get("Attributes", {}).get("RedriveAllowPolicy")
    if text:
        document = json.loads(text)
        kind, sources = document.get("redrivePermission"), document.get("sourceQueueArns")
        if kind not in ("allowAll", "denyAll", "byQueue") or (kind == "byQueue") != bool(sources):
            yield "Value for parameter RedriveAllowPolicy is invalid. Reason: redrivePermission and sourceQueueArns."


def _stands_for(action: str, actions: frozenset[str]) -> frozenset[str]:
    """The known actions (in small letters) that an action in a policy, with wildcards, stands for."""
    pattern = re.escape(action.rpartition(":")[2].lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return frozenset(name for name in actions if re.fullmatch(pattern, name))


@sqs.add(
    "CreateQueue",
    "SetQueueAttributes",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html",
    code="InvalidAttributeValue",
)
@of_free_document("Invalid value for the parameter Policy.")
def queue_actions(call: Call, _: Account) -> Iterator[str]:
    """The actions in a queue's policy are those of SQS; a wildcard stands for some of them."""
    text = call.parameters.get("Attributes", {}).get("Policy")
    for statement in statements_of(text) if text else []:
        for action in values(statement.get("Action")):
            if not _stands_for(str(action), _QUEUE_ACTIONS):
                yield f"Value {action} for parameter Policy is invalid. Reason: Policy statement action out of scope."


@sns.add("Publish", source=f"{_SNS}API_Publish.html", code="InvalidParameter")
def addressee(call: Call, _: Account) -> Iterator[str]:
    """A message is for one topic, one target or one phone number."""
    if len({"TopicArn", "TargetArn", "PhoneNumber"} & set(call.parameters)) != 1:
        yield "Invalid parameter: exactly one of TopicArn, TargetArn and PhoneNumber is required"


@sns.add("PublishBatch", source=f"{_SNS}API_PublishBatch.html#API_PublishBatch_Errors", code="EmptyBatchRequest")
def batch_size(call: Call, _: Account) -> Iterator[str]:
    """A batch has an entry."""
    if not call.parameters["PublishBatchRequestEntries"]:
        yield "The batch request doesn't contain any entries."


@sns.add("PublishBatch", source=f"{_SNS}API_PublishBatchRequestEntry.html", code="InvalidBatchEntryId")
def batch_ids(call: Call, _: Account) -> Iterator[str]:
    """The id of a batch's entry has 1 to 80 letters, digits, hyphens and underscores."""
    for entry in call.parameters["PublishBatchRequestEntries"]:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", entry.get("Id", "")):
            yield f"The Id of a batch entry in a batch request doesn't abide by the specification: {entry.get('Id')}"


@sns.add("Subscribe", "Unsubscribe", "Publish", source=f"{_SNS}API_Subscribe.html", code="InvalidParameter")
def arns(call: Call, _: Account) -> Iterator[str]:
    """Topics and subscriptions are named by their ARNs."""
    for member, tail in (("TopicArn", r"[^:]+"), ("SubscriptionArn", r"[^:]+:[^:]+")):
        arn = call.parameters.get(member)
        if arn is not None and not re.fullmatch(rf"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{{12}}:{tail}", arn):
            yield f"Invalid parameter: {member} Reason: An ARN must have at least 6 elements, not {arn}"


@sns.add(
    "Publish", source="https://docs.aws.amazon.com/sns/latest/dg/fifo-message-grouping.html", code="InvalidParameter"
)
def message_group(call: Call, _: Account) -> Iterator[str]:
    """A message to a FIFO topic has its group."""
    topic = call.parameters.get("TopicArn") or call.parameters.get("TargetArn") or ""
    if topic.endswith(".fifo") and not call.parameters.get("MessageGroupId"):
        yield "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"


@sns.add(
    "CreateTopic",
    "SetTopicAttributes",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html",
    code="InvalidParameter",
)
@of_free_document("Invalid parameter: Policy Error: null")
def topic_statements(call: Call, account: Account) -> Iterator[str]:
    """A topic's policy is about this topic, and its actions, written out or with wildcards, are those on a topic."""
    attributes = call.parameters.get("Attributes") or {
        call.parameters.get("AttributeName"): call.parameters.get("AttributeValue")
    }
    text = attributes.get("Policy")
    topic = call.parameters.get("TopicArn") or f"arn:aws:sns:{call.region}:{account.id}:{call.parameters['Name']}"
    for statement in statements_of(text) if text else []:
        for action in values(statement.get("Action")):
            named = _stands_for(str(action), _TOPIC_ACTIONS | _api_actions())
            if not named or named - _TOPIC_ACTIONS:
                yield "Invalid parameter: Policy statement action out of service scope!"
        for resource in values(statement.get("Resource")):
            if resource != topic and not {"*", "?"} & set(str(resource)):
                yield f"Invalid parameter: Policy Error: the resource {resource} is not the topic {topic}"


@functools.cache
def _api_actions() -> frozenset[str]:
    return frozenset(name.lower() for name in get_session().get_service_model("sns").operation_names)


_COMPARED = {"DisplayName": "display_name", "KmsMasterKeyId": "kms_master_key_id"}


@sns.add("CreateTopic", source=f"{_SNS}API_CreateTopic.html", code="InvalidParameter")
def topic_taken(call: Call, account: Account) -> Iterator[str]:
    """A topic that exists is created again with the attributes that it has."""
    topics = account.backend("sns").topics
    topic = next((item for arn, item in list(topics.items()) if arn.endswith(f":{call.parameters['Name']}")), None)
    for name, member in _COMPARED.items():
        value = call.parameters.get("Attributes", {}).get(name)
        if topic is not None and value is not None and value != getattr(topic, member):
            yield "Invalid parameter: Attributes Reason: Topic already exists with different attributes"


@sqs.add(
    "ListQueues",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html",
    code="InvalidParameterValue",
)
def listed_queues(call: Call, _: Account) -> Iterator[str]:
    """1 to 1,000 queues are listed at once."""
    if not 1 <= call.parameters.get("MaxResults", 1) <= 1000:
        yield "Value for parameter MaxResults is invalid. Reason: must be between 1 and 1000."


RULES = [*sns.all, *sqs.all]
