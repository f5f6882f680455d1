"""Plausible mistakes in requests to SQS, SNS and EventBridge."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT, policy
from tests.sandbox.strict.documented import Request, request

_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"


def _pattern(**members: Any) -> dict[str, Any]:
    return {"EventPattern": json.dumps(members)}


REQUESTS: Final[dict[str, list[Request]]] = {
    "sqs": [
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
    ],
    "sns": [
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
    ],
    "events": [
        request(
            "PutRule",
            {"Name": "further", **_pattern(source=["aws.s3"])},
            nested=_pattern(detail={"bucket": "name"}),
            empty_list=_pattern(source=[]),
            anything=_pattern(source=[{"anything-but": []}]),
            anything_prefix=_pattern(source=[{"anything-but": {"prefix": 1}}]),
            numeric_words=_pattern(detail={"n": [{"numeric": [">", "1"]}]}),
            numeric_range=_pattern(detail={"n": [{"numeric": [">", 5, "<", 1]}]}),
            exists_beside=_pattern(detail={"n": [{"exists": True, "prefix": "x"}]}),
            alternatives={"EventPattern": json.dumps({"$or": [{"source": ["a"]}]})},
            wildcard=_pattern(source=[{"wildcard": "a**"}]),
            long=_pattern(source=["x" * 4100]),
            default_name={"EventBusName": "arn:aws:events:us-east-1:1:event-bus"},
        ),
        request(
            "PutTargets",
            lambda a: {"Rule": "rule", "Targets": [{"Id": "q", "Arn": a.queue}]},
            many_ids={"Targets": [{"Id": "i" * 65, "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"}]},
            foreign_role=lambda a: {"Targets": [{"Id": "1", "Arn": a.machine, "RoleArn": _FOREIGN}]},
            template=lambda a: {
                "Targets": [{"Id": "1", "Arn": a.queue, "InputTransformer": {"InputTemplate": "<undefined>"}}]
            },
            many_paths=lambda a: {
                "Targets": [
                    {
                        "Id": "1",
                        "Arn": a.queue,
                        "InputTransformer": {
                            "InputPathsMap": {f"k{n}": "$.detail" for n in range(101)},
                            "InputTemplate": '"<k0>"',
                        },
                    }
                ]
            },
            batch=lambda a: {"Targets": [{"Id": "1", "Arn": a.queue, "EcsParameters": {"TaskDefinitionArn": "t"}}]},
        ),
        request(
            "PutPermission",
            {"Action": "events:PutEvents", "Principal": "210987654321", "StatementId": "further"},
            action={"Action": "events:Put"},
            principal={"Principal": "somebody"},
        ),
    ],
}
