"""SNS and SQS, each operation's page in its API reference."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, policy
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.messages import _redrive

_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}


def _with(**attributes: str) -> dict[str, Any]:
    return {"Attributes": attributes}


REQUESTS = [
    request(
        "CreateTopic",
        lambda a: {"Name": a.name()},
        space={"Name": "a topic"},
        long={"Name": "t" * 257},
        fifo=_with(FifoTopic="true"),
        suffix={"Name": "t.fifo"},
        attribute=_with(Colour="red"),
        no_json=_with(Policy="{"),
        delivery=_with(DeliveryPolicy="{"),
        signature=_with(SignatureVersion="3"),
        tracing=_with(TracingConfig="Some"),
        ghost=_with(Policy=policy({**_SEND, "Principal": {"AWS": NO_ROLE}, "Action": "sns:Publish"})),
        action=_with(Policy=policy({**_SEND, "Action": "sqs:SendMessage"})),
        name=_with(DisplayName="d" * 101),
        reserved={"Tags": [{"Key": "aws:x", "Value": "v"}]},
    ),
    request(
        "Subscribe",
        lambda a: {"TopicArn": a.topic, "Protocol": "email", "Endpoint": "a@example.org"},
        protocol={"Protocol": "pigeon"},
        address={"Endpoint": "nobody"},
        scheme={"Protocol": "https", "Endpoint": "http://example.org"},
        queue={"Protocol": "sqs", "Endpoint": "queue"},
        function={"Protocol": "lambda", "Endpoint": "f"},
        phone={"Protocol": "sms", "Endpoint": "call me"},
        none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"},
        arn={"TopicArn": "topic"},
        raw=_with(RawMessageDelivery="true"),
        no_json=_with(FilterPolicy="{"),
        scope=_with(FilterPolicyScope="Everything"),
        filter=_with(FilterPolicy=json.dumps({"k": "v"})),
        empty={"Endpoint": ""},
        redrive=_with(RedrivePolicy=json.dumps({"deadLetterTargetArn": "x"})),
    ),
    request(
        "Publish",
        lambda a: {"TopicArn": a.topic, "Message": "m"},
        none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"},
        empty={"Message": ""},
        large={"Message": "m" * 262145},
        subject={"Subject": "s" * 101},
        line={"Subject": "a\nb"},
        accents={"Subject": "é"},
        structure={"MessageStructure": "json", "Message": "{}"},
        structure_text={"MessageStructure": "json"},
        other_structure={"MessageStructure": "xml"},
        attribute={"MessageAttributes": {"a": {"StringValue": "x"}}},
        kind={"MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}},
        attribute_value={"MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}},
        number={"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "one"}}},
        group={"MessageDeduplicationId": "x"},
        nowhere={"TopicArn": ABSENT},
        two=lambda a: {"TargetArn": a.topic},
    ),
    request(
        "PublishBatch",
        lambda a: {"TopicArn": a.topic, "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]},
        many={"PublishBatchRequestEntries": [{"Id": str(n), "Message": "m"} for n in range(11)]},
        twice={"PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}] * 2},
        none={"PublishBatchRequestEntries": []},
        ident={"PublishBatchRequestEntries": [{"Id": "a b", "Message": "m"}]},
    ),
    request(
        "SetTopicAttributes",
        lambda a: {"TopicArn": a.topic, "AttributeName": "DisplayName", "AttributeValue": "d"},
        name={"AttributeName": "Colour"},
        none={"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:ghost"},
        no_json={"AttributeName": "Policy", "AttributeValue": "{"},
        fixed={"AttributeName": "FifoTopic", "AttributeValue": "true"},
    ),
    request(
        "Unsubscribe", lambda a: {"SubscriptionArn": a.new_subscription()}, arn={"SubscriptionArn": "subscription"}
    ),
]

_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/queue"
_TEXT = {"DataType": "String", "StringValue": "x"}
REQUESTS_SQS = [
    request(
        "CreateQueue",
        lambda a: {"QueueName": a.name()},
        space={"QueueName": "a queue"},
        long={"QueueName": "q" * 81},
        fifo=_with(FifoQueue="true"),
        suffix={"QueueName": "q.fifo"},
        visibility=_with(VisibilityTimeout="43201"),
        negative=_with(VisibilityTimeout="-1"),
        delay=_with(DelaySeconds="901"),
        retention=_with(MessageRetentionPeriod="59"),
        size=_with(MaximumMessageSize="1023"),
        wait=_with(ReceiveMessageWaitTimeSeconds="21"),
        reuse=_with(KmsMasterKeyId="alias/x", KmsDataKeyReusePeriodSeconds="59"),
        word=_with(DelaySeconds="soon"),
        managed=_with(SqsManagedSseEnabled="yes"),
        two_keys=_with(SqsManagedSseEnabled="true", KmsMasterKeyId="alias/x"),
        attribute=_with(Colour="red"),
        dedup=_with(ContentBasedDeduplication="true"),
        no_json=_with(Policy="{"),
        action=_with(Policy=policy({**_SEND, "Action": "sns:Publish"})),
        unknown_action=_with(Policy=policy({**_SEND, "Action": "sqs:SendLetter"})),
        redrive=_redrive(f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", 3),
        count=lambda a: _redrive(a.queue, 1001),
        incomplete=lambda a: _with(RedrivePolicy=json.dumps({"deadLetterTargetArn": a.queue})),
        allow=_with(RedriveAllowPolicy=json.dumps({"redrivePermission": "some"})),
        taken={"QueueName": "queue", **_with(DelaySeconds="7")},
        reserved={"tags": {"aws:x": "v"}},
    ),
    request(
        "SendMessage",
        lambda a: {"QueueUrl": a.queue_url, "MessageBody": "m"},
        none=lambda a: {"QueueUrl": a.queue_url + "-ghost"},
        empty={"MessageBody": ""},
        control={"MessageBody": "a\u0000b"},
        large={"MessageBody": "m" * 1_048_577},
        delay={"DelaySeconds": 901},
        group={"MessageDeduplicationId": "d"},
        kind={"MessageAttributes": {"a": {**_TEXT, "DataType": "Text"}}},
        no_kind={"MessageAttributes": {"a": {"StringValue": "x"}}},
        name={"MessageAttributes": {"AWS.a": _TEXT}},
        dots={"MessageAttributes": {"a..b": _TEXT}},
        value={"MessageAttributes": {"a": {"DataType": "String"}}},
        many={"MessageAttributes": {f"a{n}": _TEXT for n in range(11)}},
        number={"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "one"}}},
    ),
    request(
        "SendMessageBatch",
        lambda a: {"QueueUrl": a.queue_url, "Entries": [{"Id": "1", "MessageBody": "m"}]},
        empty={"Entries": []},
        many={"Entries": [{"Id": str(n), "MessageBody": "m"} for n in range(11)]},
        twice={"Entries": [{"Id": "1", "MessageBody": "m"}] * 2},
        ident={"Entries": [{"Id": "a b", "MessageBody": "m"}]},
    ),
    request(
        "ReceiveMessage",
        lambda a: {"QueueUrl": a.queue_url},
        many={"MaxNumberOfMessages": 11},
        zero={"MaxNumberOfMessages": 0},
        wait={"WaitTimeSeconds": 21},
        visibility={"VisibilityTimeout": 43201},
        none=lambda a: {"QueueUrl": a.queue_url + "-ghost"},
        attribute={"AttributeNames": ["Colour"]},
    ),
    request(
        "DeleteMessage",
        lambda a: {"QueueUrl": a.queue_url, "ReceiptHandle": a.new_receipt()},
        handle={"ReceiptHandle": "receipt"},
        no_handle={"ReceiptHandle": ABSENT},
    ),
    request(
        "ChangeMessageVisibility",
        lambda a: {"QueueUrl": a.queue_url, "ReceiptHandle": a.new_receipt(), "VisibilityTimeout": 5},
        long={"VisibilityTimeout": 43201},
        negative={"VisibilityTimeout": -1},
        handle={"ReceiptHandle": "receipt"},
    ),
    request(
        "GetQueueAttributes",
        lambda a: {"QueueUrl": a.queue_url, "AttributeNames": ["All"]},
        attribute={"AttributeNames": ["Colour"]},
        none=lambda a: {"QueueUrl": a.queue_url + "-ghost"},
    ),
    request(
        "SetQueueAttributes",
        lambda a: {"QueueUrl": a.queue_url, "Attributes": {"DelaySeconds": "0"}},
        word={"Attributes": {"DelaySeconds": "soon"}},
        fifo={"Attributes": {"FifoQueue": "true"}},
        read_only={"Attributes": {"QueueArn": "x"}},
        visibility={"Attributes": {"VisibilityTimeout": "50000"}},
    ),
    request(
        "TagQueue",
        lambda a: {"QueueUrl": a.queue_url, "Tags": {"k": "v"}},
        reserved={"Tags": {"aws:k": "v"}},
        many={"Tags": {str(n): "v" for n in range(51)}},
    ),
]
