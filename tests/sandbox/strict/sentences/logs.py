"""CloudWatch Logs: the sentences of its API reference that its model does not say."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.documented.scenery import Scenery
from tests.sandbox.strict.seeds.watching import _FILTER, _transformation

_FUNCTION: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ghost"


def _pattern(text: str) -> dict[str, Any]:
    return {"filterPattern": text}


def _subscribed_group(a: Scenery) -> str:
    """A log group with as many subscriptions as it may have."""
    name = a.new_group()
    for number in range(2):
        a.client("logs").put_subscription_filter(
            logGroupName=name, filterName=str(number), filterPattern="", **_subscriber(a)
        )
    return name


def _subscriber(a: Scenery) -> dict[str, Any]:
    """What a subscription sends to, and by which role."""
    name = a.name()
    kinesis = a.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return {"destinationArn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}", "roleArn": a.logs_role}


def _signing_key(a: Strict) -> str:
    key = a.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(key["KeyMetadata"]["Arn"])


LOGS: Final = [
    request(
        "CreateLogGroup",
        lambda a: {"logGroupName": f"/batch/{a.name()}", "kmsKeyId": a.key},
        signing=lambda a: {"kmsKeyId": _signing_key(a)},
        bare_key=lambda a: {"kmsKeyId": a.key.rpartition("/")[2]},
        region={"kmsKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
    ),
    request(
        "AssociateKmsKey",
        lambda a: {"logGroupName": a.new_group(), "kmsKeyId": a.key},
        signing=lambda a: {"kmsKeyId": _signing_key(a)},
        both={"resourceIdentifier": f"arn:aws:logs:us-east-1:{ACCOUNT}:query-result:*"},
        neither={"logGroupName": ABSENT},
        none={"logGroupName": "/batch/ghost"},
    ),
    request(
        "PutMetricFilter",
        _FILTER[1],
        system={"emitSystemFieldDimensions": ["@aws.zone"]},
        system_count={
            **_transformation(dimensions={"a": "$.a", "b": "$.b"}),
            "emitSystemFieldDimensions": ["@aws.account", "@aws.region"],
        },
        criteria={"fieldSelectionCriteria": "x" * 2001},
        no_value=_pattern("{ $.level = }"),
        no_selector=_pattern('{ level = "ERROR" }'),
        double=_pattern('{ $.level == "ERROR" }'),
        dangling=_pattern('{ $.level = "ERROR" && }'),
        leading=_pattern('{ || $.level = "ERROR" }'),
        words=_pattern("{ $.level is not null }"),
        no_operator=_pattern('{ $.level "ERROR" }'),
        empty_braces=_pattern("{ }"),
        single_and=_pattern("{ $.a = 1 & $.b = 2 }"),
        expressions=_pattern("%a% %b% %c%"),
        text_less=_pattern('{ $.level < "ERROR" }'),
        unnamed=_pattern("[a,, b]"),
        long=_pattern("x" * 1025),
        name={"filterName": "a:b"},
    ),
    request(
        "PutSubscriptionFilter",
        lambda a: {"logGroupName": a.new_group(), "filterName": "f", "filterPattern": "", **_subscriber(a)},
        third=lambda a: {"logGroupName": _subscribed_group(a), "filterName": "third"},
        no_role={"roleArn": ABSENT},
        role_of_another=lambda a: {"roleArn": a.events_role},
        ghost_stream={"destinationArn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/ghost"},
        function={"destinationArn": _FUNCTION, "roleArn": ABSENT},
        topic=lambda a: {"destinationArn": a.topic},
        distribution={"distribution": "ByGroup"},
        fields={"emitSystemFields": ["@aws.zone"]},
        pattern={"filterPattern": "{ $.a"},
        none={"logGroupName": "/batch/ghost"},
    ),
    request(
        "FilterLogEvents",
        {"logGroupName": "/batch/group"},
        neither={"logGroupName": ABSENT},
        both={"logGroupIdentifier": "/batch/group"},
        streams={"logStreamNames": []},
        pattern={"filterPattern": "{ $.level = }"},
    ),
    request(
        "GetLogEvents",
        lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream()},
        neither={"logGroupName": ABSENT},
        both={"logGroupIdentifier": "/batch/group"},
    ),
    request(
        "DescribeLogGroups",
        {"logGroupNamePrefix": "/batch"},
        both={"logGroupNamePattern": "batch"},
        identifiers={"logGroupIdentifiers": ["/batch/group"]},
        page={"limit": 51},
    ),
    request(
        "DescribeLogStreams",
        {"logGroupName": "/batch/group"},
        both={"logGroupIdentifier": "/batch/group"},
        neither={"logGroupName": ABSENT},
    ),
    request(
        "DescribeMetricFilters",
        {"metricName": "m", "metricNamespace": "n"},
        name={"metricNamespace": ABSENT},
        namespace={"metricName": ABSENT},
    ),
    request(
        "StartQuery",
        {"logGroupName": "/batch/group", "startTime": 1, "endTime": 2, "queryString": "fields @message"},
        many={"logGroupName": ABSENT, "logGroupNames": [f"/batch/{number}" for number in range(51)]},
        both={"logGroupNames": ["/batch/group"]},
        star=lambda a: {"logGroupName": ABSENT, "logGroupIdentifiers": [f"{a.log_group}:*"]},
    ),
    request(
        "PutResourcePolicy",
        {
            "policyName": "events",
            "policyDocument": policy(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/batch/*",
                }
            ),
        },
        no_resource={
            "policyDocument": policy(
                {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "logs:PutLogEvents"}
            )
        },
        nobody={
            "policyDocument": policy(
                {"Effect": "Allow", "Principal": {"Service": "nothing"}, "Action": "logs:*", "Resource": "*"}
            )
        },
        resource={
            "policyDocument": policy(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "logs:PutLogEvents",
                    "Resource": "/batch/group",
                }
            )
        },
    ),
    request(
        "DeleteRetentionPolicy",
        lambda a: {"logGroupName": a.new_group()},
        none={"logGroupName": "/batch/ghost"},
    ),
    request(
        "TagResource",
        lambda a: {"resourceArn": a.log_group, "tags": {"k": "v"}},
        none={"resourceArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/batch/ghost"},
        reserved={"tags": {"aws:k": "v"}},
        name={"resourceArn": "/batch/group"},
    ),
]
