"""Requests to SQS."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT, policy
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.services.message_seeds import _redrive

_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}


def _with(**attributes: str) -> dict[str, Any]:
    return {"Attributes": attributes}


_TEXT = {"DataType": "String", "StringValue": "x"}


REQUESTS: Final[dict[str, list[Request]]] = {
    "sqs": [
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
        request(
            "CreateQueue",
            data.queue,
            reuse={"Attributes": {"KmsDataKeyReusePeriodSeconds": "59"}},
            throughput={"Attributes": {"FifoThroughputLimit": "perTopic", "FifoQueue": "true"}},
            retention={"Attributes": {"MessageRetentionPeriod": "1209601"}},
            delay={"Attributes": {"DelaySeconds": "901"}},
            wait={"Attributes": {"ReceiveMessageWaitTimeSeconds": "21"}},
        ),
        request(
            "CreateQueue",
            data.queue,
            fifo_word={"Attributes": {"FifoQueue": "yes"}},
            standard_suffix={"QueueName": "queue.fifo"},
            redrive_itself=lambda a: {
                "QueueName": "itself",
                "Attributes": {
                    "RedrivePolicy": json.dumps(
                        {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", "maxReceiveCount": 3}
                    )
                },
            },
            count=lambda a: {
                "Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": a.queue, "maxReceiveCount": 1001})}
            },
            retention={"Attributes": {"MessageRetentionPeriod": "59"}},
            fraction={"Attributes": {"VisibilityTimeout": "1.5"}},
            statement={"Attributes": {"Policy": policy({"Effect": "Allow", "Principal": "*", "Action": "sqs:*"})}},
            resource=lambda a: {
                "Attributes": {
                    "Policy": policy(
                        {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "queue"}
                    )
                }
            },
        ),
        request("ListQueues", {}, page={"MaxResults": 1001}),
    ],
}
