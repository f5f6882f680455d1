"""What AWS's CloudFormation schemas say of a property and the models of the APIs do not.

`tests/sandbox/strict/test_cloudformation.py` breaks every constraint of those schemas in turn; what the account took
until then stands here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Network
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rule, Rules

_CLOUDFORMATION: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
_EC2_API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_S3_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_LOG_GROUP: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_MOST_SUBNETS: Final = 16
_MOST_GROUPS: Final = 5

ec2, logs, ecs, events, scheduler = (Rules(name) for name in ("ec2", "logs", "ecs", "events", "scheduler"))
sns, s3, scaling = (Rules(name) for name in ("sns", "s3", "application-autoscaling"))


@ec2.add("CreateSubnet", source=f"{_EC2_API}API_CreateSubnet.html", code="MissingParameter")
def subnet_block(call: Call, _: Account) -> Iterator[str]:
    """A subnet is given its block, or the pool that it is taken from."""
    if not any(
        call.parameters.get(name) for name in ("CidrBlock", "Ipv4IpamPoolId", "Ipv6CidrBlock", "Ipv6IpamPoolId")
    ):
        yield "Either 'CidrBlock' or 'Ipv4IpamPoolId' should be provided."


@ec2.add("CreateSubnet", source=f"{_EC2_API}API_CreateSubnet.html", code="InvalidParameterValue")
def subnet_ipv6(call: Call, _: Account) -> Iterator[str]:
    """A subnet's IPv6 block is one of IPv6 addresses, a /44 to a /64 in steps of four."""
    text = call.parameters.get("Ipv6CidrBlock")
    if text is None:
        return
    try:
        length = IPv6Network(text).prefixlen
    except ValueError:
        length = 0
    if length not in range(44, 65, 4):
        yield f"The IPv6 CIDR '{text}' is invalid."


@ec2.add(
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    source=f"{_CLOUDFORMATION}aws-properties-ec2-vpcendpoint-dnsoptionsspecification.html",
    code="InvalidParameter",
)
def endpoint_dns(call: Call, _: Account) -> Iterator[str]:
    """The private names of an endpoint are all, or those of domains that are verified or specified."""
    preferences = ("VERIFIED_DOMAINS_ONLY", "ALL_DOMAINS", "SPECIFIED_DOMAINS_ONLY")
    preference = call.parameters.get("DnsOptions", {}).get("PrivateDnsPreference")
    if preference not in (None, *preferences, "VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS"):
        yield f"{preference} is no valid PrivateDnsPreference."


@ec2.add(
    "CreateFlowLogs",
    source=f"{_CLOUDFORMATION}aws-resource-ec2-flowlog.html",
    code="InvalidParameter",
)
def flow_log_group(call: Call, _: Account) -> Iterator[str]:
    """A flow log's group has a name that CloudWatch Logs takes."""
    name = call.parameters.get("LogGroupName")
    if name is not None and not _LOG_GROUP.fullmatch(name):
        yield f"LogGroupName '{name}' is not valid."


@logs.add(
    "PutMetricFilter",
    source=f"{_CLOUDFORMATION}aws-properties-logs-metricfilter-metrictransformation.html",
    code="InvalidParameterException",
)
def metric_names(call: Call, _: Account) -> Iterator[str]:
    """A filter's metric has a name of ASCII characters, and a namespace of letters, digits and `.-_/#`."""
    for item in call.parameters["metricTransformations"]:
        if not re.fullmatch(r"[\x00-\x7F]+", item["metricName"]):
            yield f"Invalid metric transformation: metricName '{item['metricName']}'."
        if not re.fullmatch(r"[0-9a-zA-Z.\-_/#]{1,256}", item["metricNamespace"]):
            yield f"Invalid metric transformation: metricNamespace '{item['metricNamespace']}'."


@ecs.add(
    "CreateService",
    "UpdateService",
    source=f"{_CLOUDFORMATION}aws-properties-ecs-service-deploymentconfiguration.html",
    code="InvalidParameterException",
)
def bake_time(call: Call, _: Account) -> Iterator[str]:
    """A deployment is watched for 0 to 1,440 minutes before the old revision goes."""
    minutes = (call.parameters.get("deploymentConfiguration") or {}).get("bakeTimeInMinutes", 0)
    if not 0 <= minutes <= 1440:
        yield f"bakeTimeInMinutes must be from 0 to 1440, not {minutes}."


def _of_network(target: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the network of a task that a target starts."""
    network = target.get("EcsParameters", {}).get("NetworkConfiguration", {}).get("awsvpcConfiguration", {})
    for member, prefix, most in (("Subnets", "subnet", _MOST_SUBNETS), ("SecurityGroups", "sg", _MOST_GROUPS)):
        ids = network.get(member, [])
        if len(ids) > most:
            yield f"{member}: at most {most}, not {len(ids)}."
        for name in ids:
            if not re.fullmatch(rf"{prefix}-[0-9a-f]{{8,17}}", name):
                yield f"{member}: {name} is no id."


@events.add(
    "PutTargets",
    source=f"{_CLOUDFORMATION}aws-properties-events-rule-awsvpcconfiguration.html",
    code="ValidationException",
)
def target_network(call: Call, _: Account) -> Iterator[str]:
    """The network of a task that a rule starts is named by ids: at most 16 subnets and 5 security groups."""
    for target in call.parameters["Targets"]:
        yield from _of_network(target)


@scheduler.add(
    "CreateSchedule",
    "UpdateSchedule",
    source=f"{_CLOUDFORMATION}aws-properties-scheduler-schedule-awsvpcconfiguration.html",
    code="ValidationException",
)
def task_network(call: Call, _: Account) -> Iterator[str]:
    """The network of a task that a schedule starts is named by ids: at most 16 subnets and 5 security groups."""
    yield from _of_network(call.parameters.get("Target", {}))


@scaling.add(
    "RegisterScalableTarget",
    source=f"{_CLOUDFORMATION}aws-resource-applicationautoscaling-scalabletarget.html",
    code="ValidationException",
)
def target_role(call: Call, _: Account) -> Iterator[str]:
    """The role of a scalable target is the ARN of a role."""
    role = call.parameters.get("RoleARN")
    if role is not None and not _ROLE_ARN.fullmatch(role):
        yield f"The role {role} is not valid."


@sns.add(
    "CreateTopic",
    "PutDataProtectionPolicy",
    "SetTopicAttributes",
    source=f"{_CLOUDFORMATION}aws-resource-sns-topic.html",
    code="InvalidParameter",
)
def topic_documents(call: Call, _: Account) -> Iterator[str]:
    """A topic's data protection and archive policies are JSON objects."""
    attributes = call.parameters.get("Attributes", {})
    if call.parameters.get("AttributeName") == "ArchivePolicy":
        attributes = {"ArchivePolicy": call.parameters.get("AttributeValue", "")}
    documents = {**attributes, "DataProtectionPolicy": call.parameters.get("DataProtectionPolicy")}
    for name in ("DataProtectionPolicy", "ArchivePolicy"):
        if documents.get(name) and not _is_object(documents[name]):
            yield f"Invalid parameter: {name}"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@s3.add("PutBucketCors", source=f"{_S3_API}API_CORSRule.html", code="InvalidRequest")
def cors_ids(call: Call, _: Account) -> Iterator[str]:
    """The id of a CORS rule has at most 255 characters."""
    for rule in call.parameters.get("CORSConfiguration", {}).get("CORSRules", []):
        if len(rule.get("ID", "")) > 255:
            yield "ID must not be longer than 255 characters."


@s3.add(
    "PutBucketLifecycleConfiguration",
    source=f"{_CLOUDFORMATION}aws-properties-s3-bucket-rule.html",
    code="MalformedXML",
)
def lifecycle_parts(call: Call, _: Account) -> Iterator[str]:
    """A transition says to which storage class, the end of an unfinished upload after how many days."""
    for rule in call.parameters.get("LifecycleConfiguration", {}).get("Rules", []):
        moves = [*rule.get("Transitions", []), *rule.get("NoncurrentVersionTransitions", [])]
        unfinished = rule.get("AbortIncompleteMultipartUpload", {"DaysAfterInitiation": 1})
        if any("StorageClass" not in move for move in moves) or "DaysAfterInitiation" not in unfinished:
            yield "The XML you provided was not well-formed or did not validate against our published schema"


RULES: tuple[Rule, ...] = tuple(
    rule for rules in (ec2, logs, ecs, events, scheduler, sns, s3, scaling) for rule in rules.all
)
