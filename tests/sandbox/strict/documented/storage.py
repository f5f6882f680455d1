"""S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, policy
from tests.sandbox.strict.documented import ABSENT, request

_EXPIRING_RULE = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
_BUCKET = "arn:aws:s3:::a-bucket-of-ours"
_DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": f"{_BUCKET}/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _expire(**members: Any) -> dict[str, Any]:
    rule = {name: value for name, value in {**_EXPIRING_RULE, **members}.items() if value is not ABSENT}
    return {"LifecycleConfiguration": {"Rules": [rule]}}


def _bucket_policy(**members: Any) -> dict[str, Any]:
    return {"Policy": policy({name: value for name, value in {**_DENY, **members}.items() if value is not ABSENT})}


def _encrypted(*defaults: dict[str, Any]) -> dict[str, Any]:
    rules = [{"ApplyServerSideEncryptionByDefault": default} for default in defaults]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


REQUESTS = [
    request(
        "CreateBucket",
        lambda a: {"Bucket": a.name()},
        upper={"Bucket": "Bucket-Of-Ours"},
        underscore={"Bucket": "bucket_of_ours"},
        address={"Bucket": "192.168.0.1"},
        short={"Bucket": "ab"},
        long={"Bucket": "b" * 64},
        hyphen={"Bucket": "-bucket"},
        end={"Bucket": "bucket-"},
        dots={"Bucket": "a..bucket"},
        reserved={"Bucket": "xn--bucket"},
        alias={"Bucket": "bucket-s3alias"},
        place={"CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}},
        nowhere={"CreateBucketConfiguration": {"LocationConstraint": "mars-1"}},
        elsewhere={"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        acl={"ACL": "public-read"},
        foreign_acl={"ACL": "everybody"},
        ownership={"ObjectOwnership": "Mine"},
    ),
    request(
        "PutBucketVersioning",
        lambda a: {"Bucket": a.bucket, "VersioningConfiguration": {"Status": "Enabled"}},
        value={"VersioningConfiguration": {"Status": "On"}},
        none={"Bucket": "a-bucket-that-is-not"},
        empty={"VersioningConfiguration": {"Status": ABSENT}},
        deletion={"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Sure"}},
    ),
    request(
        "PutBucketEncryption",
        lambda a: {"Bucket": a.bucket, **_encrypted({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": a.key})},
        algorithm=_encrypted({"SSEAlgorithm": "AES512"}),
        key_of_plain=_encrypted({"SSEAlgorithm": "AES256", "KMSMasterKeyID": "x"}),
        two=_encrypted({"SSEAlgorithm": "AES256"}, {"SSEAlgorithm": "AES256"}),
        none=_encrypted(),
        no_algorithm=_encrypted({}),
        no_bucket={"Bucket": "a-bucket-that-is-not"},
    ),
    request(
        "PutBucketLifecycleConfiguration",
        lambda a: {"Bucket": a.bucket, **_expire()},
        zero=_expire(Expiration={"Days": 0}),
        days_and_date=_expire(Expiration={"Days": 3, "Date": datetime(2030, 1, 1, tzinfo=UTC)}),
        not_midnight=_expire(Expiration={"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}),
        marker_with_days=_expire(Expiration={"Days": 3, "ExpiredObjectDeleteMarker": True}),
        no_filter=_expire(Filter=ABSENT),
        filter_and_prefix=_expire(Prefix="x"),
        two_filters=_expire(Filter={"Prefix": "x", "ObjectSizeGreaterThan": 3}),
        status=_expire(Status="On"),
        no_status=_expire(Status=ABSENT),
        no_action=_expire(Expiration=ABSENT),
        early=_expire(Transitions=[{"Days": 10, "StorageClass": "STANDARD_IA"}]),
        cold=_expire(Transitions=[{"Days": 40, "StorageClass": "FREEZER"}]),
        after_expiry=_expire(Transitions=[{"Days": 40, "StorageClass": "GLACIER"}]),
        long=_expire(ID="i" * 256),
        abort_tags=_expire(
            Expiration=ABSENT,
            AbortIncompleteMultipartUpload={"DaysAfterInitiation": 3},
            Filter={"Tag": {"Key": "k", "Value": "v"}},
        ),
        abort_zero=_expire(Expiration=ABSENT, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0}),
        noncurrent=_expire(Expiration=ABSENT, NoncurrentVersionExpiration={"NoncurrentDays": 0}),
        only_newer=_expire(Expiration=ABSENT, NoncurrentVersionExpiration={"NewerNoncurrentVersions": 3}),
        marker_tags=_expire(Expiration={"ExpiredObjectDeleteMarker": True}, Filter={"Tag": {"Key": "k", "Value": "v"}}),
        twice={"LifecycleConfiguration": {"Rules": [_EXPIRING_RULE, _EXPIRING_RULE]}},
        none={"LifecycleConfiguration": {"Rules": []}},
        back=_expire(
            Expiration={"Days": 900},
            Transitions=[{"Days": 40, "StorageClass": "GLACIER"}, {"Days": 90, "StorageClass": "STANDARD_IA"}],
        ),
        unordered=_expire(
            Expiration={"Days": 900},
            Transitions=[{"Days": 90, "StorageClass": "STANDARD_IA"}, {"Days": 40, "StorageClass": "GLACIER"}],
        ),
        and_of_one=_expire(Filter={"And": {"Prefix": "x"}}),
    ),
    request(
        "PutPublicAccessBlock",
        lambda a: {
            "Bucket": a.bucket,
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        },
        none={"Bucket": "a-bucket-that-is-not"},
    ),
    request(
        "PutBucketOwnershipControls",
        lambda a: {"Bucket": a.bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        value={"OwnershipControls": {"Rules": [{"ObjectOwnership": "Owner"}]}},
        two={"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}] * 2}},
        none={"OwnershipControls": {"Rules": []}},
    ),
    request(
        "PutBucketAcl",
        lambda a: {"Bucket": a.bucket, "ACL": "private"},
        public={"ACL": "public-read"},
        foreign={"ACL": "all"},
        grant={"ACL": ABSENT, "GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
    ),
    request(
        "PutBucketTagging",
        lambda a: {"Bucket": a.bucket, "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
        twice={"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}] * 2}},
        reserved={"Tagging": {"TagSet": [{"Key": "aws:k", "Value": "v"}]}},
        many={"Tagging": {"TagSet": [{"Key": str(n), "Value": "v"} for n in range(51)]}},
        character={"Tagging": {"TagSet": [{"Key": "k", "Value": "a;b"}]}},
    ),
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
            "NotificationConfiguration": {"QueueConfigurations": [{"QueueArn": a.queue, "Events": ["s3:ObjectMade"]}]}
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
                    "TargetBucket": a.open_bucket,
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
        "DeleteBucket",
        lambda a: {"Bucket": a.new_bucket()},
        full=lambda a: {"Bucket": a.full_bucket()},
        none={"Bucket": "a-bucket-that-is-not"},
    ),
    request(
        "PutBucketPolicy",
        lambda a: {"Bucket": a.bucket, "Policy": policy(_DENY)},
        no_json={"Policy": "{"},
        other=_bucket_policy(Resource="arn:aws:s3:::another-bucket/*"),
        nobody=_bucket_policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/ghost"}),
        action=_bucket_policy(Action="sqs:SendMessage"),
        unknown_action=_bucket_policy(Action="s3:ReadObject"),
        on_bucket=_bucket_policy(Action="s3:GetObject", Resource=_BUCKET),
        on_objects=_bucket_policy(Action="s3:ListBucket"),
        no_principal=_bucket_policy(Principal=ABSENT),
        effect=_bucket_policy(Effect="Forbid"),
        public=_bucket_policy(Effect="Allow", Action="s3:GetObject", Condition=ABSENT),
        operator=_bucket_policy(Condition={"Equals": {"aws:SecureTransport": "false"}}),
        key=_bucket_policy(Condition={"StringEquals": {"s3:prefixes": "x"}}),
        version={"Policy": policy(_DENY, version="2020-01-01")},
        empty={"Policy": policy()},
    ),
]
