"""Requests about what does not exist, or is not in the state for it."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict
from tests.sandbox.strict.documented import ABSENT, Request, request
from tests.sandbox.strict.documented.scenery import Scenery


def _pending_key(a: Scenery) -> str:
    """A key that waits for its deletion."""
    key = a.new_key()
    a.client("kms").schedule_key_deletion(KeyId=key)
    return key


def _gateway(a: Strict) -> str:
    return str(a.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"])


def _routed_table(a: Scenery) -> str:
    table = a.new_table()
    a.client("ec2").create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=a.gateway)
    return table


def _entry(a: Strict) -> dict[str, Any]:
    """An entry of a network access control list."""
    acl = a.client("ec2").create_network_acl(VpcId=a.vpc)["NetworkAcl"]["NetworkAclId"]
    return {
        "NetworkAclId": acl,
        "RuleNumber": 100,
        "Protocol": "6",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "10.0.0.0/8",
        "PortRange": {"From": 1, "To": 2},
    }


def _image(a: Strict) -> dict[str, Any]:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = {"digest": "sha256:" + "a" * 64, "size": 1, "mediaType": kind}
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
    return {"repositoryName": "repository", "imageManifest": json.dumps(manifest), "imageTag": a.name()}


def _filter(a: Strict) -> dict[str, Any]:
    named = {"logGroupName": "/batch/group", "filterName": a.name()}
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    a.client("logs").put_metric_filter(**named, filterPattern="", metricTransformations=[transformation])
    return named


REQUESTS: Final[dict[str, list[Request]]] = {
    "kms": [
        request(
            "CancelKeyDeletion", lambda a: {"KeyId": _pending_key(a)}, not_pending=lambda a: {"KeyId": a.new_key()}
        ),
        request("DisableKey", lambda a: {"KeyId": a.new_key()}, pending=lambda a: {"KeyId": _pending_key(a)}),
        request(
            "Encrypt",
            lambda a: {"KeyId": a.new_key(), "Plaintext": b"x"},
            pending=lambda a: {"KeyId": _pending_key(a)},
        ),
        request(
            "GenerateDataKey",
            lambda a: {"KeyId": a.new_key(), "KeySpec": "AES_256"},
            pending=lambda a: {"KeyId": _pending_key(a)},
        ),
    ],
    "ec2": [
        request(
            "AttachInternetGateway",
            lambda a: {"InternetGatewayId": _gateway(a), "VpcId": a.new_vpc()},
            second=lambda a: {"VpcId": a.vpc},
            ghost={"VpcId": "vpc-00000000"},
        ),
        request(
            "CreateNatGateway",
            lambda a: {"SubnetId": a.subnet, "ConnectivityType": "private"},
            public={"ConnectivityType": "public"},
            ghost={"SubnetId": "subnet-00000000"},
        ),
        request(
            "DeleteRoute",
            lambda a: {"RouteTableId": _routed_table(a), "DestinationCidrBlock": "0.0.0.0/0"},
            local={"DestinationCidrBlock": "10.0.0.0/16"},
            none={"DestinationCidrBlock": "192.168.0.0/16"},
        ),
        request(
            "CreateNetworkAclEntry",
            _entry,
            number={"RuleNumber": 40_000},
            action={"RuleAction": "permit"},
            backwards={"PortRange": {"From": 5, "To": 2}},
            no_ports={"PortRange": ABSENT},
            protocol={"Protocol": "tcpx"},
        ),
    ],
    "ecs": [
        request(
            "UpdateCluster",
            {"cluster": "spare", "settings": [{"name": "containerInsights", "value": "enabled"}]},
            value={"settings": [{"name": "containerInsights", "value": "on"}]},
            ghost={"cluster": "ghost"},
        ),
    ],
    "ecr": [request("PutImage", _image, tag={"imageTag": "a b"}, manifest={"imageManifest": "{"})],
    "logs": [request("DeleteMetricFilter", _filter, none={"filterName": "never"})],
    "stepfunctions": [
        request(
            "TagResource",
            lambda a: {"resourceArn": a.machine, "tags": [{"key": "k", "value": "v"}]},
            ghost={"resourceArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:ghost"},
        ),
    ],
    "dynamodb": [
        request(
            "TagResource",
            {
                "ResourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ledger",
                "Tags": [{"Key": "k", "Value": "v"}],
            },
            ghost={"ResourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ghost"},
        ),
        request(
            "BatchWriteItem",
            {"RequestItems": {"ledger": [{"PutRequest": {"Item": {"pk": {"S": "x"}}}}]}},
            both={
                "RequestItems": {
                    "ledger": [
                        {"PutRequest": {"Item": {"pk": {"S": "x"}}}, "DeleteRequest": {"Key": {"pk": {"S": "y"}}}}
                    ]
                }
            },
        ),
    ],
    "sns": [
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
    "sqs": [request("ListQueues", {}, page={"MaxResults": 1001})],
    "s3": [
        request(
            "UploadPartCopy",
            lambda a: {
                "Bucket": a.bucket,
                "Key": "c",
                "UploadId": a.new_upload("c"),
                "PartNumber": 1,
                "CopySource": f"{a.bucket}/{a.new_object()}",
            },
            part={"PartNumber": 10_001},
            upload={"UploadId": "ghost"},
            source=lambda a: {"CopySource": f"{a.bucket}/ghost"},
        ),
    ],
}
