"""What moto lacks or does otherwise than AWS, as a client of the plain account sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from moto.core.base_backend import BackendDict
from moto.ecs.responses import DESCRIBE_SERVICES_TAGS, EC2ContainerServiceResponse

from sandbox import moto_gaps
from sandbox.calls import Wsgi
from tests.sandbox.conftest import Client

OTHER = "111111111111"
COLUMN = {"AttributeName": "business_date", "AttributeType": "S"}


def test_a_bucket_of_another_account_says_that_its_eventbridge_switch_is_on(serve: Callable[[Wsgi], Client]) -> None:
    BackendDict.reset()
    client_of = serve(moto_gaps.application())
    keys = client_of("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/r", RoleSessionName="s")["Credentials"]
    make: Any = boto3.client
    there = make(
        "s3",
        region_name="us-east-1",
        endpoint_url=client_of("sts").meta.endpoint_url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    for client, name in ((client_of("s3"), "bucket-here"), (there, "bucket-there")):
        client.create_bucket(Bucket=name)
        assert "EventBridgeConfiguration" not in client.get_bucket_notification_configuration(Bucket=name)
        switched_on: dict[str, Any] = {"EventBridgeConfiguration": {}}
        client.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=switched_on)
        assert client.get_bucket_notification_configuration(Bucket=name)["EventBridgeConfiguration"] == {}
    BackendDict.reset()


def test_a_bucket_is_emptied_of_its_delete_markers(serve: Callable[[Wsgi], Client]) -> None:
    BackendDict.reset()
    s3 = serve(moto_gaps.application())("s3")
    s3.create_bucket(Bucket="bucket-emptied")
    s3.put_bucket_versioning(Bucket="bucket-emptied", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bucket-emptied", Key="trades.csv", Body=b"1")
    s3.delete_object(Bucket="bucket-emptied", Key="trades.csv")
    held = s3.list_object_versions(Bucket="bucket-emptied")
    everything = [
        {"Key": one["Key"], "VersionId": one["VersionId"]} for one in held["Versions"] + held["DeleteMarkers"]
    ]
    s3.delete_objects(Bucket="bucket-emptied", Delete={"Objects": everything})
    left = s3.list_object_versions(Bucket="bucket-emptied")
    assert "Versions" not in left
    assert "DeleteMarkers" not in left
    BackendDict.reset()


def test_a_table_that_is_tagged_again_has_each_tag_once(serve: Callable[[Wsgi], Client]) -> None:
    BackendDict.reset()
    dynamodb = serve(moto_gaps.application())("dynamodb")
    arn = dynamodb.create_table(
        TableName="ledger",
        AttributeDefinitions=[COLUMN],
        KeySchema=[{"AttributeName": "business_date", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": f"tag-{number}", "Value": "first"} for number in range(8)],
    )["TableDescription"]["TableArn"]
    again = [{"Key": f"tag-{number}", "Value": "second"} for number in range(8)]
    dynamodb.tag_resource(ResourceArn=arn, Tags=again)
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == again
    BackendDict.reset()


def test_a_request_without_tags_takes_none_from_the_answer_of_another() -> None:
    """Both are under way at once, as when a client waits for a service in one thread and reads one in another."""
    moto_gaps.application()
    with_tags, without = EC2ContainerServiceResponse(), EC2ContainerServiceResponse()
    with_tags._include_in_response(DESCRIBE_SERVICES_TAGS)
    without._exclude_from_response(DESCRIBE_SERVICES_TAGS)
    tags = [{"key": "Team", "value": "batch"}]
    assert with_tags.RESPONSE_KEY_PATH_TO_TRANSFORMER[DESCRIBE_SERVICES_TAGS](tags) == tags
    assert without.RESPONSE_KEY_PATH_TO_TRANSFORMER[DESCRIBE_SERVICES_TAGS](tags) is None
