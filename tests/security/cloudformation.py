"""Recorded resources as CloudFormation's, so that cfn-lint can read what the program registers.

Names in camel case become CloudFormation's; what CloudFormation names or nests otherwise is listed by type. What the
provider keeps in resources of their own (a bucket's versioning, a rule's targets) becomes a part of the resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from policy.rules import Resource, kinds

Json = dict[str, Any]

_COMPUTED: Final = frozenset(("id", "arn", "tagsAll", "url", "keyId", "repositoryUrl", "registryId", "revision"))
_PROVIDERS_OWN: Final = frozenset(
    (
        "forceDestroy",
        "forceDelete",
        "skipDestroy",
        "waitForSteadyState",
        "forceNewDeployment",
        "revokeRulesOnDelete",
        "arnWithoutRevision",
        "bucketRegionalDomainName",
        "forceDetachPolicies",
    )
)
"""Inputs of the provider's that AWS does not know."""
_DOCUMENTS: Final = frozenset(
    ("policy", "policyDocument", "assumeRolePolicy", "containerDefinitions", "eventPattern", "redrivePolicy")
)
TYPES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    kinds.KEY: ("AWS::KMS::Key", {"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays"}),
    kinds.ALIAS: ("AWS::KMS::Alias", {"name": "AliasName"}),
    kinds.VPC: ("AWS::EC2::VPC", {}),
    kinds.SUBNET: ("AWS::EC2::Subnet", {}),
    kinds.ROUTE_TABLE: ("AWS::EC2::RouteTable", {}),
    kinds.ROUTE_ASSOCIATION: ("AWS::EC2::SubnetRouteTableAssociation", {}),
    kinds.SECURITY_GROUP: ("AWS::EC2::SecurityGroup", {"name": "GroupName", "description": "GroupDescription"}),
    kinds.GROUP_INGRESS: (
        "AWS::EC2::SecurityGroupIngress",
        {
            "securityGroupId": "GroupId",
            "referencedSecurityGroupId": "SourceSecurityGroupId",
            "cidrIpv4": "CidrIp",
            "prefixListId": "SourcePrefixListId",
        },
    ),
    kinds.GROUP_EGRESS: (
        "AWS::EC2::SecurityGroupEgress",
        {
            "securityGroupId": "GroupId",
            "referencedSecurityGroupId": "DestinationSecurityGroupId",
            "cidrIpv4": "CidrIp",
            "prefixListId": "DestinationPrefixListId",
        },
    ),
    kinds.ENDPOINT: ("AWS::EC2::VPCEndpoint", {"policy": "PolicyDocument"}),
    kinds.FLOW_LOG: (
        "AWS::EC2::FlowLog",
        {"vpcId": "ResourceId", "iamRoleArn": "DeliverLogsPermissionArn"},
    ),
    kinds.BUCKET: ("AWS::S3::Bucket", {"bucket": "BucketName"}),
    kinds.BUCKET_POLICY: ("AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}),
    kinds.REPOSITORY: (
        "AWS::ECR::Repository",
        {"name": "RepositoryName", "encryptionConfigurations": "EncryptionConfiguration"},
    ),
    kinds.CLUSTER: ("AWS::ECS::Cluster", {"name": "ClusterName", "settings": "ClusterSettings"}),
    kinds.CLUSTER_CAPACITY: (
        "AWS::ECS::ClusterCapacityProviderAssociations",
        {"clusterName": "Cluster", "defaultCapacityProviderStrategies": "DefaultCapacityProviderStrategy"},
    ),
    kinds.SCALING_TARGET: ("AWS::ApplicationAutoScaling::ScalableTarget", {}),
    kinds.SCALING_POLICY: ("AWS::ApplicationAutoScaling::ScalingPolicy", {"name": "PolicyName"}),
    kinds.ROLE: ("AWS::IAM::Role", {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}),
    kinds.ROLE_POLICY: (
        "AWS::IAM::RolePolicy",
        {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
    kinds.LOG_GROUP: ("AWS::Logs::LogGroup", {"name": "LogGroupName"}),
    kinds.ALARM: (
        "AWS::CloudWatch::Alarm",
        {"name": "AlarmName", "metricQueries": "Metrics", "okActions": "OKActions"},
    ),
    kinds.DASHBOARD: ("AWS::CloudWatch::Dashboard", {}),
    kinds.EVENT_RULE: ("AWS::Events::Rule", {}),
    kinds.SCHEDULE: ("AWS::Scheduler::Schedule", {}),
    kinds.SCHEDULE_GROUP: ("AWS::Scheduler::ScheduleGroup", {}),
    kinds.STATE_MACHINE: (
        "AWS::StepFunctions::StateMachine",
        {"name": "StateMachineName", "type": "StateMachineType", "definition": "DefinitionString"},
    ),
    kinds.TOPIC: ("AWS::SNS::Topic", {"name": "TopicName"}),
    kinds.QUEUE: (
        "AWS::SQS::Queue",
        {
            "name": "QueueName",
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
        },
    ),
}
"""CloudFormation's type, and the properties that are named otherwise; types that are not listed are not translated."""
_RENAMED: Final = {
    "pointInTimeRecovery": "PointInTimeRecoverySpecification",
    "sizeInGib": "SizeInGiB",
    "includeExecutionData": "IncludeExecutionData",
    "destinations": "Destinations",
}
_FREE_KEYS: Final = frozenset(("dimensions", "options", "inputPaths"))


def translated(one: Resource) -> Json | None:
    """The resource as CloudFormation's; None for a type that is not translated."""
    if one.type not in TYPES:
        return None
    token, names = TYPES[one.type]
    properties: Json = {}
    for name, value in one.props.items():
        untagged = name == "tags" and one.type in (kinds.GROUP_INGRESS, kinds.GROUP_EGRESS)
        if name in _COMPUTED or name in _PROVIDERS_OWN or untagged:
            continue
        properties[names.get(name, _pascal(name))] = _value(name, value, top=True)
    return {"Type": token, "Properties": _ADAPTED.get(one.type, _same)(properties)}


def _pascal(name: str) -> str:
    return _RENAMED.get(name, name[:1].upper() + name[1:])


def _value(name: str, value: Any, *, top: bool = False) -> Any:
    if name == "tags" and isinstance(value, Mapping):
        return [{"Key": key, "Value": str(text)} for key, text in value.items()]
    if top and name in _DOCUMENTS and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if name == "dimensions" and isinstance(value, Mapping):
        return [{"Name": key, "Value": text} for key, text in value.items()]
    if isinstance(value, Mapping):
        return {(key if name in _FREE_KEYS else _pascal(key)): _value(key, inner) for key, inner in value.items()}
    return [_value(name, member) for member in value] if isinstance(value, list) else value


def _of_alarm(properties: Json) -> Json:
    for one in properties.get("Metrics") or ():
        metric = one.pop("Metric", None)
        if isinstance(metric, dict):
            stat = {key: metric.pop(key) for key in ("Period", "Stat") if key in metric}
            one["MetricStat"] = {"Metric": metric, **stat}
    return properties


def _of_machine(properties: Json) -> Json:
    logging = properties.get("LoggingConfiguration")
    if isinstance(logging, dict) and "LogDestination" in logging:
        arn = re.sub(r":\*$", "", str(logging.pop("LogDestination")))
        logging["Destinations"] = [{"CloudWatchLogsLogGroup": {"LogGroupArn": arn}}]
    return properties


def _of_repository(properties: Json) -> Json:
    listed = properties.get("EncryptionConfiguration")
    if isinstance(listed, list) and listed:
        properties["EncryptionConfiguration"] = listed[0]
    return properties


def _of_flow_log(properties: Json) -> Json:
    return {**properties, "ResourceType": "VPC"}


def _same(properties: Json) -> Json:
    return properties


_ADAPTED: Final[Mapping[str, Callable[[Json], Json]]] = {
    kinds.ALARM: _of_alarm,
    kinds.STATE_MACHINE: _of_machine,
    kinds.REPOSITORY: _of_repository,
    kinds.FLOW_LOG: _of_flow_log,
}
