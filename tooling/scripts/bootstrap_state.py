"""Makes what must exist before the first stack: the bucket of Pulumi's state and the KMS key of its secrets.

    .venv/bin/python tooling/scripts/bootstrap_state.py [--region us-east-1]   safe to run again: it fixes what differs
    .venv/bin/python tooling/scripts/bootstrap_state.py --remove               after the last stack is destroyed

The bucket is `pulumi-state-<account>-<region>` (versioned, encrypted, private, HTTPS only), the key
`alias/pulumi-state`. It is a script, because state cannot keep its own bucket, and a resource that every stack needs
belongs to none. Pulumi keeps its locks in the same bucket, so there is no lock table.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

ALIAS: Final = "alias/pulumi-state"
PREVIOUS_VERSION_DAYS: Final = 90
"""Days that an overwritten state can be brought back."""
DELETION_WINDOW_DAYS: Final = 7

Client = Any


class CannotBootstrapError(Exception):
    """What stands in the way, and the way out."""


def bucket_name(account: str, region: str) -> str:
    """The state bucket's name; `tooling/delivery/step_rights.py` builds the same."""
    return f"pulumi-state-{account}-{region}"


def bootstrap(session: boto3.Session, say: Callable[[str], None] = print) -> tuple[str, str]:
    """Brings bucket and key to what they must be; answers with the bucket's name and the key's ARN."""
    region = session.region_name
    identity = session.client("sts").get_caller_identity()
    partition, account = identity["Arn"].split(":")[1], identity["Account"]
    key = _key(session.client("kms"), say)
    name = bucket_name(account, region)
    _bucket(session.client("s3"), name, account, region, say)
    _settings(session.client("s3"), name, key, partition)
    say(f"bucket {name}: versioned, encrypted with {ALIAS}, private, HTTPS only")
    return name, key


def _key(kms: Client, say: Callable[[str], None]) -> str:
    try:
        key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        tags = [{"TagKey": "ManagedBy", "TagValue": "bootstrap"}]
        key = kms.create_key(Description="State and secrets of Pulumi", Tags=tags)
        arn = str(key["KeyMetadata"]["Arn"])
        kms.create_alias(AliasName=ALIAS, TargetKeyId=arn)
        say(f"key {ALIAS}: created")
    else:
        arn = str(key["Arn"])
        if key["KeyState"] != "Enabled":
            raise CannotBootstrapError(
                f"{ALIAS} is {key['KeyState']}: the secrets of every stack depend on it. "
                f"`aws kms cancel-key-deletion --key-id {arn}`, then `aws kms enable-key --key-id {arn}`, then run "
                f"this again."
            )
        say(f"key {ALIAS}: already there")
    kms.enable_key_rotation(KeyId=arn)
    return arn


def _bucket(s3: Client, name: str, account: str, region: str, say: Callable[[str], None]) -> None:
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
        say(f"bucket {name}: already there")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise CannotBootstrapError(
                f"{name} exists and is not this account's to use ({error}). Is another account's profile active? "
                f"`aws sts get-caller-identity` says who you are."
            ) from error
        # us-east-1 is the one region that S3 refuses as a location constraint
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **where)
        say(f"bucket {name}: created")


def _settings(s3: Client, name: str, key: str, partition: str) -> None:
    arn = f"arn:{partition}:s3:::{name}"
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "previous-versions",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": PREVIOUS_VERSION_DAYS},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    )
    https_only = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [https_only]}))


def remove(session: boto3.Session, say: Callable[[str], None] = print) -> None:
    """Deletes bucket and key; raises CannotBootstrapError while the bucket still holds the state of a stack."""
    s3: Client = session.client("s3")
    kms: Client = session.client("kms")
    name = bucket_name(session.client("sts").get_caller_identity()["Account"], session.region_name)
    try:
        stacks = s3.list_objects_v2(Bucket=name, Prefix=".pulumi/stacks/").get("Contents", [])
    except s3.exceptions.NoSuchBucket:
        say(f"bucket {name}: already gone")
    else:
        if left := [item["Key"] for item in stacks if item["Key"].endswith(".json")]:
            raise CannotBootstrapError(
                f"{name} still holds the state of {', '.join(left)}: `pulumi destroy` and `pulumi stack rm` them."
            )
        while every := _versions(s3, name):  # the first thousand again and again: a list that shrinks has no pages
            gone = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in every]
            s3.delete_objects(Bucket=name, Delete={"Objects": gone, "Quiet": True})
        s3.delete_bucket(Bucket=name)
        say(f"bucket {name}: deleted")
    try:
        key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
    except kms.exceptions.NotFoundException:
        say(f"key {ALIAS}: already gone")
        return
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=DELETION_WINDOW_DAYS)
    kms.delete_alias(AliasName=ALIAS)
    say(f"key {ALIAS}: deleted in {DELETION_WINDOW_DAYS} days (the shortest KMS allows)")


def _versions(s3: Client, name: str) -> list[dict[str, str]]:
    """Versions and delete markers of a bucket, at most a thousand."""
    page = s3.list_object_versions(Bucket=name)
    return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]


def main() -> int:
    """Runs the script; a mistake ends in one message."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--region", help="by default the one that AWS_REGION or your profile names")
    parser.add_argument("--remove", action="store_true", help="delete bucket and key, once no stack is left")
    arguments = parser.parse_args()
    session = boto3.Session(region_name=arguments.region)
    if not session.region_name:
        print("no region: pass --region us-east-1, or set AWS_REGION.", file=sys.stderr)
        return 2
    try:
        if arguments.remove:
            remove(session)
            return 0
        name, _ = bootstrap(session)
    except CannotBootstrapError as error:
        print(error, file=sys.stderr)
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refuses or cannot be reached: {error}", file=sys.stderr)
        return 3
    region = session.region_name
    print("\nNext, once for each stack:")
    print(f"  pulumi login 's3://{name}?region={region}'")
    print(f"  pulumi stack init dev --secrets-provider 'awskms:///{ALIAS}?region={region}'")
    print("and commit the two lines that `stack init` adds to Pulumi.dev.yaml (they hold no secret in the clear).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
