"""Requests to CloudWatch Logs."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.monitoring.alarms import _NOW
from tests.sandbox.strict.monitoring.seeds import _FILTER, _transformation
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.scenery import Scenery

_EVENT = {"timestamp": _NOW * 1000, "message": "m"}


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


def _filter(a: Strict) -> dict[str, Any]:
    named = {"logGroupName": "/batch/group", "filterName": a.name()}
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    a.client("logs").put_metric_filter(**named, filterPattern="", metricTransformations=[transformation])
    return named


REQUESTS: Final[dict[str, list[Request]]] = {
    "logs": [
        request(
            "CreateLogGroup",
            lambda a: {"logGroupName": f"/batch/{a.name()}"},
            taken={"logGroupName": "/batch/group"},
            space={"logGroupName": "/batch/a b"},
            long={"logGroupName": "/" + "g" * 512},
            key={"kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
            kind={"logGroupClass": "CHEAP"},
            reserved={"tags": {"aws:x": "v"}},
        ),
        request(
            "CreateLogStream",
            lambda a: {"logGroupName": "/batch/group", "logStreamName": a.name()},
            colon={"logStreamName": "a:b"},
            star={"logStreamName": "a*"},
            none={"logGroupName": "/batch/ghost"},
        ),
        request(
            "PutRetentionPolicy",
            {"logGroupName": "/batch/group", "retentionInDays": 30},
            two={"retentionInDays": 2},
            none={"logGroupName": "/batch/ghost"},
            zero={"retentionInDays": 0},
        ),
        request(
            "PutLogEvents",
            lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream(), "logEvents": [_EVENT]},
            backwards={"logEvents": [_EVENT, {**_EVENT, "timestamp": _NOW * 1000 - 5}]},
            wide={"logEvents": [{**_EVENT, "timestamp": _NOW * 1000 - 25 * 3600_000}, _EVENT]},
            empty={"logEvents": []},
            message={"logEvents": [{**_EVENT, "message": ""}]},
            large={"logEvents": [{**_EVENT, "message": "m" * 1_048_577}]},
            stream={"logStreamName": "ghost"},
        ),
        request(
            "PutMetricFilter",
            _FILTER[1],
            brackets={"filterPattern": "{ $.a = 1"},
            quotes={"filterPattern": '"a'},
            none={"logGroupName": "/batch/ghost"},
            value=_transformation(metricValue="many"),
            no_value={"metricTransformations": [{"metricName": "m", "metricNamespace": "n"}]},
            namespace=_transformation(metricNamespace="AWS/X"),
            colon=_transformation(metricNamespace="a:b"),
            name=_transformation(metricName="a*b"),
            transformations={"metricTransformations": []},
            two={"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}] * 2},
            unit=_transformation(unit="Hours"),
            dimensions=_transformation(dimensions={f"d{n}": "$.d" for n in range(4)}),
            dimension_value=_transformation(dimensions={"d": "d"}),
            dimensions_of_text={"filterPattern": "ERROR", **_transformation(dimensions={"d": "$.d"})},
        ),
        request(
            "FilterLogEvents",
            {"logGroupName": "/batch/group"},
            both={"logStreamNames": ["s"], "logStreamNamePrefix": "s"},
            backwards={"startTime": 2000, "endTime": 1000},
            limit={"limit": 10001},
            none={"logGroupName": "/batch/ghost"},
            pattern={"filterPattern": "{ $.a"},
        ),
        request(
            "GetLogEvents",
            lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream()},
            none={"logStreamName": "ghost"},
            limit={"limit": 10001},
        ),
        request("DeleteLogGroup", lambda a: {"logGroupName": a.new_group()}, none={"logGroupName": "/batch/ghost"}),
        request(
            "StartQuery",
            {"logGroupName": "/batch/group", "startTime": 1, "endTime": 2, "queryString": "fields @message"},
            backwards={"startTime": 3},
            empty={"logGroupName": ABSENT},
            command={"queryString": "select everything"},
            none={"logGroupName": "/batch/ghost"},
            limit={"limit": 100001},
        ),
        request(
            "DescribeLogStreams",
            {"logGroupName": "/batch/group"},
            order={"orderBy": "Size"},
            prefix={"orderBy": "LastEventTime", "logStreamNamePrefix": "x"},
            page={"limit": 51},
            none={"logGroupName": "/batch/ghost"},
        ),
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
        request("DeleteMetricFilter", _filter, none={"filterName": "never"}),
    ],
}
