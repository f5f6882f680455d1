"""Requests about what a bucket does by itself: notifications, logging, CORS, replication, website."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.scenery import Scenery

_NO_BUCKET: Final = "a-bucket-that-is-not"


_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/replication"


def _replicated(a: Strict) -> dict[str, Any]:
    target = _versioned_bucket(a)
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "x/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    return {"Bucket": _versioned_bucket(a), "ReplicationConfiguration": {"Role": _ROLE, "Rules": [rule]}}


def _rule_of_replication(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        changed = {name: value for name, value in {**rule, **members}.items() if value is not ABSENT}
        return {"ReplicationConfiguration": {"Rules": [changed]}}

    return change


def _destination(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        destination = {**rule["Destination"], **members}
        return {"ReplicationConfiguration": {"Rules": [{**rule, "Destination": destination}]}}

    return change


def _two_rules(**second: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (rule,) = _replicated(a)["ReplicationConfiguration"]["Rules"]
        return {"ReplicationConfiguration": {"Rules": [rule, {**rule, **second}]}}

    return change


def _versioned_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name)
    a.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _open_queue(a: Scenery) -> str:
    """A queue that S3 may send to."""
    name = a.name()
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    a.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy(statement)})
    return arn


def _notified(*pairs: tuple[str, str], **members: Any) -> Any:
    """A notification of new objects to one queue for each prefix and suffix."""

    def change(a: Scenery) -> dict[str, Any]:
        listed = []
        for prefix, suffix in pairs:
            rules = [{"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": suffix}]
            item = {"QueueArn": _open_queue(a), "Events": ["s3:ObjectCreated:*"], **members}
            listed.append({"Filter": {"Key": {"FilterRules": rules}}, **item})
        return {"Bucket": a.bucket, "NotificationConfiguration": {"QueueConfigurations": listed}}

    return change


def _filtered(*rules: tuple[str, str]) -> dict[str, Any]:
    return {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}}


REQUESTS: Final[dict[str, list[Request]]] = {
    "s3": [
        request(
            "PutBucketNotificationConfiguration",
            lambda a: {"Bucket": a.bucket, "NotificationConfiguration": {"EventBridgeConfiguration": {}}},
            queue={
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:ghost", "Events": ["s3:ObjectCreated:*"]}
                    ]
                }
            },
            event=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": [{"QueueArn": a.queue, "Events": ["s3:ObjectMade"]}]
                }
            },
            rule=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "QueueArn": a.queue,
                            "Events": ["s3:ObjectCreated:*"],
                            "Filter": {"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}},
                        }
                    ]
                }
            },
            ids=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {"Id": "i", "QueueArn": a.queue, "Events": ["s3:ObjectCreated:Put"]},
                        {"Id": "i", "QueueArn": a.queue, "Events": ["s3:ObjectRemoved:*"]},
                    ]
                }
            },
            overlap=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {"QueueArn": a.queue, "Events": ["s3:ObjectCreated:*"]},
                        {"QueueArn": a.queue, "Events": ["s3:ObjectCreated:Put"]},
                    ]
                }
            },
        ),
        request(
            "PutBucketLogging",
            lambda a: {
                "Bucket": a.bucket,
                "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": a.log_bucket(), "TargetPrefix": "l/"}},
            },
            target={
                "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "a-bucket-that-is-not", "TargetPrefix": ""}}
            },
            no_prefix=lambda a: {
                "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": a.open_bucket, "TargetPrefix": ABSENT}}
            },
            grants=lambda a: {
                "BucketLoggingStatus": {
                    "LoggingEnabled": {
                        "TargetBucket": a.new_bucket(),
                        "TargetPrefix": "",
                        "TargetGrants": [
                            {
                                "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"},
                                "Permission": "WRITE",
                            }
                        ],
                    }
                }
            },
        ),
        request(
            "PutBucketCors",
            lambda a: {
                "Bucket": a.bucket,
                "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
            },
            method={"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}]}},
            origin={"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"]}]}},
            wildcards={
                "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.*.org"]}]}
            },
        ),
        request(
            "PutBucketReplication",
            _replicated,
            unversioned=lambda a: {"Bucket": a.new_bucket()},
            role={"ReplicationConfiguration": {"Role": "replication"}},
            no_role={"ReplicationConfiguration": {"Role": ""}},
            no_rules={"ReplicationConfiguration": {"Rules": []}},
            ghost=_destination(Bucket=f"arn:aws:s3:::{_NO_BUCKET}"),
            name=_destination(Bucket=_NO_BUCKET),
            plain=lambda a: _destination(Bucket=f"arn:aws:s3:::{a.new_bucket()}")(a),
            markers=_rule_of_replication(DeleteMarkerReplication=ABSENT),
            priority=_rule_of_replication(Priority=ABSENT),
            same_priority=_two_rules(ID="s", Filter={"Prefix": "y/"}),
            same_id=_two_rules(Priority=2),
            long=_rule_of_replication(ID="i" * 256),
            two_filters=_rule_of_replication(Filter={"Prefix": "x", "Tag": {"Key": "k", "Value": "v"}}),
            both=_rule_of_replication(Prefix="x"),
            tagged_markers=_rule_of_replication(
                Filter={"Tag": {"Key": "k", "Value": "v"}}, DeleteMarkerReplication={"Status": "Enabled"}
            ),
            no_key=_rule_of_replication(SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}}),
            time=_destination(ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 15}}),
            minutes=_destination(
                ReplicationTime={"Status": "Enabled", "Time": {"Minutes": 5}},
                Metrics={"Status": "Enabled", "EventThreshold": {"Minutes": 5}},
            ),
            owner=_destination(AccessControlTranslation={"Owner": "Destination"}),
            prefix=_rule_of_replication(Filter={"Prefix": "p" * 1025}),
        ),
        request(
            "PutBucketNotificationConfiguration",
            _notified(("x/", ".csv"), ("y/", ".csv")),
            two_prefixes=_notified(("x/", ".csv"), Filter=_filtered(("prefix", "x/"), ("prefix", "y/"))),
            nested=_notified(("x/", ".csv"), ("x/y/", ".csv")),
            endings=_notified(("x/", ".csv"), ("x/", "a.csv")),
            long=_notified(("x" * 1025, ".csv")),
            no_events=_notified(("x/", ".csv"), Events=[]),
            function={
                "NotificationConfiguration": {
                    "QueueConfigurations": ABSENT,
                    "LambdaFunctionConfigurations": [
                        {
                            "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ghost",
                            "Events": ["s3:ObjectCreated:*"],
                        }
                    ],
                }
            },
            closed=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": [{"QueueArn": a.queue, "Events": ["s3:ObjectRemoved:*"]}]
                }
            },
            closed_topic=lambda a: {
                "NotificationConfiguration": {
                    "QueueConfigurations": ABSENT,
                    "TopicConfigurations": [{"TopicArn": a.topic, "Events": ["s3:ObjectRemoved:*"]}],
                }
            },
        ),
        request(
            "PutBucketLogging",
            lambda a: {
                "Bucket": a.bucket,
                "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": a.log_bucket(), "TargetPrefix": "l/"}},
            },
            formats={
                "BucketLoggingStatus": {
                    "LoggingEnabled": {
                        "TargetObjectKeyFormat": {
                            "SimplePrefix": {"x": ABSENT},
                            "PartitionedPrefix": {"PartitionDateSource": "EventTime"},
                        }
                    }
                }
            },
        ),
        request(
            "PutBucketCors",
            lambda a: {
                "Bucket": a.bucket,
                "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
            },
            none={"CORSConfiguration": {"CORSRules": []}},
            many={"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}] * 101}},
            header={
                "CORSConfiguration": {
                    "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["x-*-*"]}]
                }
            },
        ),
        request(
            "PutBucketWebsite",
            lambda a: {"Bucket": a.open_bucket, "WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
            slash={"WebsiteConfiguration": {"IndexDocument": {"Suffix": "a/index.html"}}},
            both={"WebsiteConfiguration": {"RedirectAllRequestsTo": {"HostName": "example.org"}}},
            neither={"WebsiteConfiguration": {"IndexDocument": ABSENT, "ErrorDocument": {"Key": "e.html"}}},
        ),
    ],
}
