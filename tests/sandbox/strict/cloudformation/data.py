"""Requests that are fine and say much: networks, buckets, tables, queues, log filters and alarms."""

from __future__ import annotations

import itertools
from typing import Any, Final

from tests.sandbox.strict.cloudformation.compute import TAG
from tests.sandbox.strict.conftest import Strict

_ALARM: Final = {"EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
_BLOCKS: Final = itertools.count(100)
"""Third numbers of address blocks that no subnet has yet."""


def tagged(kind: str) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAG}]}


def table(a: Strict) -> dict[str, Any]:
    names = ("pk", "sk", "gk")
    index = {"IndexName": "index", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}}
    return {
        "TableName": a.name(),
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                **index,
                "KeySchema": [{"AttributeName": "gk", "KeyType": "HASH"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": a.key},
        "TableClass": "STANDARD",
        "Tags": TAG,
    }


def alarm(a: Strict) -> dict[str, Any]:
    return {
        "AlarmName": "cloudformation",
        "AlarmDescription": "d",
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "ClusterName", "Value": "cluster"}],
        "Statistic": "Average",
        "Unit": "Percent",
        "Period": 60,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [a.topic],
        "OKActions": [a.topic],
        "InsufficientDataActions": [a.topic],
        "ActionsEnabled": True,
        "Tags": TAG,
        **_ALARM,
    }


def math_alarm(_: Strict) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v"}]}}
    return {
        "AlarmName": "cloudformation-math",
        "Metrics": [
            {"Id": "m", "MetricStat": {**stat, "Period": 60, "Stat": "Sum", "Unit": "Count"}, "ReturnData": False},
            {"Id": "e", "Expression": "m * 2", "Label": "twice", "ReturnData": True},
        ],
        **_ALARM,
    }


def flow_log(a: Strict) -> dict[str, Any]:
    return {
        "ResourceType": "VPC",
        "ResourceIds": [a.vpc],
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": f"/batch/{a.name()}",
        "DeliverLogsPermissionArn": a.vpc_flow_logs_role,
        "MaxAggregationInterval": 60,
        **tagged("vpc-flow-log"),
    }


def endpoint(a: Strict) -> dict[str, Any]:
    return {
        "VpcId": a.vpc,
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.us-east-1.ecr.api",
        "SubnetIds": [a.subnet],
        "SecurityGroupIds": [a.group],
        "PrivateDnsEnabled": False,
        "IpAddressType": "ipv4",
        "DnsOptions": {"DnsRecordIpType": "ipv4"},
        **tagged("vpc-endpoint"),
    }


def metric_filter(_: Strict) -> dict[str, Any]:
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", "unit": "Count"}
    return {
        "logGroupName": "/batch/group",
        "filterName": "cloudformation",
        "filterPattern": '{ $.level = "ERROR" }',
        "metricTransformations": [transformation],
    }


def queue(a: Strict) -> dict[str, Any]:
    attributes = {"DelaySeconds": "0", "MaximumMessageSize": "1024", "VisibilityTimeout": "30"}
    return {"QueueName": a.name(), "Attributes": attributes}


def subnet(a: Strict) -> dict[str, Any]:
    return {"VpcId": a.other_vpc, "CidrBlock": f"10.1.{next(_BLOCKS)}.0/24", "AvailabilityZone": "us-east-1a"}


def rule_in_group(a: Strict) -> dict[str, Any]:
    return {"GroupId": a.spare_group, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}


def lifecycle(a: Strict) -> dict[str, Any]:
    rule = {
        "ID": "rule",
        "Status": "Enabled",
        "Filter": {"Prefix": "x/"},
        "Expiration": {"Days": 400},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return {"Bucket": a.bucket, "LifecycleConfiguration": {"Rules": [rule]}}


def cors(a: Strict, **members: str) -> dict[str, Any]:
    rule = {
        "ID": "r",
        "AllowedMethods": ["GET"],
        "AllowedOrigins": ["https://example.org"],
        "MaxAgeSeconds": 60,
        **members,
    }
    return {"Bucket": a.bucket, "CORSConfiguration": {"CORSRules": [rule]}}


def encryption(a: Strict) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": a.key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    return {"Bucket": a.bucket, "ServerSideEncryptionConfiguration": {"Rules": [rule]}}
