"""Requests to SNS."""

from __future__ import annotations

import json
from typing import Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, policy
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.services.queues import _SEND, _with

REQUESTS: Final[dict[str, list[Request]]] = {
    "sns": [
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
        request(
            "CreateTopic",
            lambda a: {"Name": a.name()},
            small={"Attributes": {"MaximumMessageSize": "1023"}},
            large={"Attributes": {"MaximumMessageSize": "1048577"}},
            policy={"DataProtectionPolicy": '{"x": "' + "y" * 30720 + '"}'},
            scope={"Attributes": {"FifoThroughputScope": "Queue"}},
        ),
        request(
            "Publish",
            lambda a: {"TopicArn": a.topic, "Message": "m"},
            twice={"MessageStructure": "json", "Message": '{"default": "a", "default": "b"}'},
            number={"MessageStructure": "json", "Message": '{"default": 1}'},
            control={"Subject": "a\u0007b"},
        ),
        request(
            "CreateTopic",
            lambda a: {"Name": a.name()},
            resource={
                "Attributes": {
                    "Policy": policy(
                        {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "topic"}
                    )
                }
            },
            no_resource={
                "Attributes": {"Policy": policy({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"})}
            },
            display={"Attributes": {"DisplayName": "d" * 101}},
            dedup={"Attributes": {"ContentBasedDeduplication": "true"}},
        ),
        request(
            "Subscribe",
            lambda a: {"TopicArn": a.topic, "Protocol": "sqs", "Endpoint": a.queue},
            filter_keys={"Attributes": {"FilterPolicy": json.dumps({f"k{n}": ["v"] for n in range(6)})}},
            filter_value={"Attributes": {"FilterPolicy": json.dumps({"k": "v"})}},
            firehose={"Protocol": "firehose"},
            mail={"Protocol": "email", "Endpoint": "somebody at example"},
        ),
        request(
            "SetSubscriptionAttributes",
            lambda a: {
                "SubscriptionArn": a.new_subscription(),
                "AttributeName": "RawMessageDelivery",
                "AttributeValue": "true",
            },
            value={"AttributeValue": "yes"},
            name={"AttributeName": "Raw"},
        ),
        request(
            "AddPermission",
            lambda a: {"TopicArn": a.topic, "Label": a.name(), "AWSAccountId": [ACCOUNT], "ActionName": ["Publish"]},
            account={"AWSAccountId": ["12"]},
            action={"ActionName": ["Shout"]},
        ),
        request("GetTopicAttributes", lambda a: {"TopicArn": a.topic}, name={"TopicArn": "topic"}),
    ],
}
