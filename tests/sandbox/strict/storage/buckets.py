"""Requests about buckets, their policies and access control lists."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request

_BUCKET = "arn:aws:s3:::a-bucket-of-ours"


_DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": f"{_BUCKET}/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _bucket_policy(**members: Any) -> dict[str, Any]:
    return {"Policy": policy({name: value for name, value in {**_DENY, **members}.items() if value is not ABSENT})}


def _encrypted(*defaults: dict[str, Any]) -> dict[str, Any]:
    rules = [{"ApplyServerSideEncryptionByDefault": default} for default in defaults]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _writer_bucket(a: Strict) -> str:
    """A bucket that takes access control lists."""
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    return name


def _public_bucket(a: Strict) -> str:
    name = _writer_bucket(a)
    a.client("s3").put_bucket_acl(Bucket=name, ACL="public-read")
    return name


def _guarded_bucket(a: Strict) -> str:
    """A bucket that takes access control lists, but no public ones."""
    name = _writer_bucket(a)
    a.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    return name


def _locked_bucket(a: Strict) -> str:
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


REQUESTS: Final[dict[str, list[Request]]] = {
    "s3": [
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
            lambda a: {
                "Bucket": a.bucket,
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            },
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
        request(
            "PutBucketOwnershipControls",
            lambda a: {
                "Bucket": _writer_bucket(a),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            },
            public=lambda a: {"Bucket": _public_bucket(a)},
        ),
        request(
            "PutBucketAcl",
            lambda a: {"Bucket": _writer_bucket(a), "ACL": "private"},
            nothing={"ACL": ABSENT},
            both={"GrantRead": f'id="{"a" * 64}"'},
            header_and_body={
                "AccessControlPolicy": {"Owner": {"ID": "a" * 64}, "Grants": []},
            },
            public=lambda a: {"Bucket": _guarded_bucket(a), "ACL": "public-read"},
            public_grant=lambda a: {
                "Bucket": _guarded_bucket(a),
                "ACL": ABSENT,
                "GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
            },
            body=lambda a: {
                "Bucket": a.bucket,
                "ACL": ABSENT,
                "AccessControlPolicy": {
                    "Owner": {"ID": "a" * 64},
                    "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "b" * 64}, "Permission": "READ"}],
                },
            },
            mail={"ACL": ABSENT, "GrantRead": 'emailAddress="somebody@example.org"'},
        ),
        request(
            "CreateBucket",
            lambda a: {"Bucket": a.name()},
            zone={"CreateBucketConfiguration": {"Location": {"Type": "AvailabilityZone", "Name": "use1-az1"}}},
            namespace={"BucketNamespace": "account-regional"},
            trailing_dot={"Bucket": "bucket."},
            suffix={"Bucket": "bucket--x-s3"},
            canned_and_grant={
                "ObjectOwnership": "ObjectWriter",
                "ACL": "private",
                "GrantRead": f'id="{"a" * 64}"',
            },
            twice={"CreateBucketConfiguration": {"Tags": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}]}},
        ),
        request(
            "PutBucketVersioning",
            lambda a: {"Bucket": a.new_bucket(), "VersioningConfiguration": {"Status": "Enabled"}},
            deletion={"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}},
            locked=lambda a: {"Bucket": _locked_bucket(a), "VersioningConfiguration": {"Status": "Suspended"}},
        ),
        request(
            "PutPublicAccessBlock",
            lambda a: {"Bucket": a.new_bucket(), "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
            empty={"PublicAccessBlockConfiguration": {"BlockPublicAcls": ABSENT}},
        ),
        request(
            "PutBucketPolicy",
            lambda a: {
                "Bucket": a.open_bucket,
                "Policy": policy(
                    {
                        "Sid": "tls",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": f"arn:aws:s3:::{a.open_bucket}/*",
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ),
            },
            no_resource={"Policy": policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*"})},
            text={"Policy": json.dumps("policy")},
            service={
                "Policy": policy(
                    {
                        "Effect": "Deny",
                        "Principal": {"Service": "nothing.amazonaws.com"},
                        "Action": "s3:*",
                        "Resource": "arn:aws:s3:::a-bucket-without-policy/*",
                    }
                )
            },
            kind={
                "Policy": policy(
                    {
                        "Effect": "Deny",
                        "Principal": {"Role": "x"},
                        "Action": "s3:*",
                        "Resource": "arn:aws:s3:::a-bucket-without-policy/*",
                    }
                )
            },
        ),
    ],
}
