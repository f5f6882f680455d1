"""What a client sends is read as it was meant, and a refusal reaches the client as an error of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sandbox.calls import Call, Environ, Wsgi, parse, refusal

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "CreateSecurityGroup", {"GroupName": "g", "Description": "d é '", "VpcId": "vpc-1"}),
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        {
            "GroupId": "sg-1",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "x & y"}]},
            ],
            "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
    ),
    ("s3", "CreateBucket", {"Bucket": "some-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
    ("s3", "PutObject", {"Bucket": "some-bucket", "Key": "a folder/ä+b.csv", "Body": b"1,2\n", "ContentType": "a/b"}),
    ("s3", "PutBucketPolicy", {"Bucket": "some-bucket", "Policy": '{"Version": "2012-10-17"}'}),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "b-1", "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": ""}]}},
    ),
    ("s3", "ListObjectsV2", {"Bucket": "b-1", "Prefix": "p/", "MaxKeys": 3}),
    (
        "ecs",
        "RunTask",
        {"taskDefinition": "t:1", "count": 2, "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}}},
    ),
    ("ecr", "CreateRepository", {"repositoryName": "r", "imageScanningConfiguration": {"scanOnPush": True}}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "k", "Value": "v"}]}),
    ("kms", "Encrypt", {"KeyId": "k", "Plaintext": b"\x00\xff", "EncryptionContext": {"a": "b"}}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/a", "retentionInDays": 7}),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn"}]}),
    (
        "scheduler",
        "CreateSchedule",
        {
            "Name": "s",
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "a", "RoleArn": "r"},
        },
    ),
    ("stepfunctions", "CreateStateMachine", {"name": "m", "definition": "{}", "roleArn": "r"}),
    ("sns", "Subscribe", {"TopicArn": "t", "Protocol": "email", "Attributes": {"FilterPolicy": "{}"}}),
    ("sqs", "CreateQueue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "30"}}),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"pk": {"S": "x"}}}),
    (
        "cloudwatch",
        "PutMetricAlarm",
        {
            "AlarmName": "a",
            "Period": 60,
            "Threshold": 1.5,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    ),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "ecs"}),
    ("codebuild", "BatchGetProjects", {"names": ["p"]}),
    ("codepipeline", "GetPipeline", {"name": "p"}),
    ("codestar-connections", "GetConnection", {"ConnectionArn": "c"}),
    ("sts", "AssumeRole", {"RoleArn": "r", "RoleSessionName": "s"}),
]


def signed(service: str, **more: str) -> Any:
    """Headers of a request of a caller in us-west-2."""
    scope = f"AKIA/20260101/us-west-2/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x", **more}


def _method(client: Any, operation: str) -> Callable[..., Any]:
    names = {api: python for python, api in client.meta.method_to_api_mapping.items()}
    method: Callable[..., Any] = getattr(client, names[operation])
    return method


@pytest.fixture(scope="module")
def recorded(serve: Callable[[Wsgi], Callable[[str], Any]]) -> tuple[Callable[[str], Any], list[Call]]:
    """Clients of an account that refuses everything, and the calls that reached it."""
    calls: list[Call] = []

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        call = parse(environ)
        assert call is not None and parse(environ) is call
        assert len(environ["wsgi.input"].read()) == length
        calls.append(call)
        return refusal(call, "SomeCode", "some <message> 'quoted'")(environ, start_response)

    return serve(app), calls


@pytest.mark.parametrize(("service", "operation", "parameters"), REQUESTS, ids=lambda value: str(value)[:30])
def test_a_request_is_read_as_sent_and_its_refusal_understood(
    recorded: tuple[Callable[[str], Any], list[Call]], service: str, operation: str, parameters: dict[str, Any]
) -> None:
    client, calls = recorded
    with pytest.raises(ClientError) as refused:
        _method(client(service), operation)(**parameters)
    call = calls[-1]
    assert (call.service, call.operation, call.problem) == (service, operation, None)
    assert {name: call.parameters[name] for name in parameters} == parameters
    assert (call.access_key, call.region) == ("AKIATEST", "us-east-1")
    assert refused.value.response["Error"]["Code"] == "SomeCode"
    assert refused.value.response["Error"]["Message"] == "some <message> 'quoted'"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_value_of_a_wrong_type_is_named_as_the_problem() -> None:
    environ = EnvironBuilder(
        method="POST",
        data="Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&FromPort=http",
        content_type="application/x-www-form-urlencoded",
        headers=signed("ec2"),
    ).get_environ()
    call = parse(environ)
    assert call is not None and call.region == "us-west-2" and call.parameters == {}
    assert call.problem is not None and "http" in call.problem


def test_a_body_that_is_no_json_is_named_as_the_problem() -> None:
    for body in ('{"clusterName": ', "[]", '"text"'):
        environ = EnvironBuilder(
            method="POST",
            data=body,
            content_type="application/x-amz-json-1.1",
            headers=signed("ecs", **{"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.CreateCluster"}),
        ).get_environ()
        call = parse(environ)
        assert call is not None and call.operation == "CreateCluster" and call.problem, body


def test_a_target_without_its_namespace_names_the_operation() -> None:
    environ = EnvironBuilder(
        method="POST",
        data='{"ConnectionArn": "c"}',
        content_type="application/x-amz-json-1.0",
        headers=signed("codestar-connections", **{"X-Amz-Target": "CodeStar_connections_20191201.GetConnection"}),
    ).get_environ()
    call = parse(environ)
    assert call is not None and (call.operation, call.parameters) == ("GetConnection", {"ConnectionArn": "c"})


def test_a_presigned_request_names_its_signer() -> None:
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="AKIAPRE", aws_secret_access_key="x")
    url = client.generate_presigned_url("get_object", {"Bucket": "b-1", "Key": "k"})
    environ = EnvironBuilder(path="/b-1/k", query_string=url.split("?", 1)[1]).get_environ()
    call = parse(environ)
    assert call is not None
    if "X-Amz-Credential" in url:
        assert (call.access_key, call.region) == ("AKIAPRE", "eu-west-1")
    assert (call.service, call.operation, call.parameters["Key"]) == ("s3", "GetObject", "k")


def test_a_web_identity_is_assumed_without_a_signature() -> None:
    body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=s&WebIdentityToken=t"
    environ = EnvironBuilder(
        method="POST", data=body, content_type="application/x-www-form-urlencoded; charset=utf-8"
    ).get_environ()
    call = parse(environ)
    assert call is not None and (call.service, call.operation) == ("sts", "AssumeRoleWithWebIdentity")
    assert call.access_key is None and call.parameters["WebIdentityToken"] == "t"


@pytest.mark.parametrize("path", ["/moto-api/", "/latest/meta-data/", "/favicon.ico"])
def test_what_is_no_request_to_a_service_is_left_alone(path: str) -> None:
    assert parse(EnvironBuilder(path=path).get_environ()) is None


def test_the_model_decides_on_the_status_of_an_error() -> None:
    environ = EnvironBuilder(
        method="HEAD",
        path="/b-1/k",
        headers=signed("s3"),
    ).get_environ()
    call = parse(environ)
    assert call is not None and call.operation == "HeadObject"
    body, status, _ = run_wsgi_app(refusal(call, "AccessDenied", "no", 403), environ)
    assert status == "403 FORBIDDEN" and b"".join(body) == b""
