"""The types of CloudFormation's that the platform's resources are, each with a request that is fine and says much."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute, data
from tests.sandbox.strict.cloudformation.compute import SMALL_TAG, TAG
from tests.sandbox.strict.cloudformation.schemas import Kind
from tests.sandbox.strict.conftest import Strict, policy, trust
from tests.sandbox.strict.delivery.seeds import _CREATE_PIPELINE, _PROJECT
from tests.sandbox.strict.services.state_seeds import _CREATE_MACHINE

Fine = Callable[[Strict], dict[str, Any]]
_READ: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _kind(
    name: str, service: str, operation: str, fine: Fine, /, of: str = "", within: str = "", **renamed: str
) -> tuple[Kind, Fine]:
    return Kind(f"AWS::{name}", service, operation, renamed, of, within), fine


def _of_bucket(operation: str, fine: Fine, of: str, within: str, /, **renamed: str) -> tuple[Kind, Fine]:
    return Kind("AWS::S3::Bucket", "s3", operation, renamed, of, within), fine


KINDS: Final[tuple[tuple[Kind, Fine], ...]] = (
    _kind("EC2::VPC", "ec2", "CreateVpc", lambda _: {"CidrBlock": "10.40.0.0/16", "InstanceTenancy": "default"}),
    _kind("EC2::Subnet", "ec2", "CreateSubnet", data.subnet),
    _kind(
        "EC2::SecurityGroup",
        "ec2",
        "CreateSecurityGroup",
        lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc, **data.tagged("security-group")},
        GroupDescription="Description",
    ),
    _kind("EC2::VPCEndpoint", "ec2", "CreateVpcEndpoint", data.endpoint),
    _kind("EC2::RouteTable", "ec2", "CreateRouteTable", lambda a: {"VpcId": a.vpc, **data.tagged("route-table")}),
    _kind("EC2::FlowLog", "ec2", "CreateFlowLogs", data.flow_log),
    _kind("EC2::SecurityGroupIngress", "ec2", "AuthorizeSecurityGroupIngress", data.rule_in_group),
    _kind("S3::Bucket", "s3", "CreateBucket", lambda a: {"Bucket": a.name()}, BucketName="Bucket"),
    _of_bucket("PutBucketLifecycleConfiguration", data.lifecycle, "LifecycleConfiguration", "LifecycleConfiguration"),
    _of_bucket("PutBucketCors", data.cors, "CorsConfiguration", "CORSConfiguration", CorsRules="CORSRules"),
    _of_bucket(
        "PutBucketEncryption",
        data.encryption,
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        ServerSideEncryptionConfiguration="Rules",
        ServerSideEncryptionByDefault="ApplyServerSideEncryptionByDefault",
    ),
    _of_bucket(
        "PutBucketVersioning",
        lambda a: {"Bucket": a.bucket, "VersioningConfiguration": {"Status": "Enabled"}},
        "VersioningConfiguration",
        "VersioningConfiguration",
    ),
    _of_bucket(
        "PutBucketOwnershipControls",
        lambda a: {"Bucket": a.bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        "OwnershipControls",
        "OwnershipControls",
    ),
    _kind(
        "KMS::Key",
        "kms",
        "CreateKey",
        lambda _: {
            "Description": "d",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "Origin": "AWS_KMS",
        },
        Tags="",
    ),
    _kind("KMS::Alias", "kms", "CreateAlias", lambda a: {"AliasName": f"alias/{a.name()}", "TargetKeyId": a.old_key}),
    _kind(
        "IAM::Role",
        "iam",
        "CreateRole",
        lambda a: {
            "RoleName": a.name(),
            "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
            "Path": "/batch/",
            "Description": "d",
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": a.boundary,
            "Tags": TAG,
        },
    ),
    _kind(
        "IAM::RolePolicy",
        "iam",
        "PutRolePolicy",
        lambda _: {"RoleName": "events", "PolicyName": "cloudformation", "PolicyDocument": policy(_READ)},
    ),
    _kind(
        "IAM::ManagedPolicy",
        "iam",
        "CreatePolicy",
        lambda a: {"PolicyName": a.name(), "Path": "/batch/", "Description": "d", "PolicyDocument": policy(_READ)},
        ManagedPolicyName="PolicyName",
    ),
    _kind(
        "IAM::OIDCProvider",
        "iam",
        "CreateOpenIDConnectProvider",
        lambda a: {"Url": f"https://{a.name()}.example.org", "ClientIDList": ["c"], "ThumbprintList": ["a" * 40]},
    ),
    _kind("ECR::Repository", "ecr", "CreateRepository", compute.repository),
    _kind("ECS::Cluster", "ecs", "CreateCluster", compute.cluster, ClusterSettings="settings"),
    _kind("ECS::TaskDefinition", "ecs", "RegisterTaskDefinition", compute.task),
    _kind("ECS::Service", "ecs", "CreateService", compute.service),
    _kind(
        "ECS::ClusterCapacityProviderAssociations",
        "ecs",
        "PutClusterCapacityProviders",
        lambda _: {
            "cluster": "spare",
            "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
        },
    ),
    _kind(
        "Logs::LogGroup",
        "logs",
        "CreateLogGroup",
        lambda a: {"logGroupName": f"/batch/{a.name()}", "kmsKeyId": a.key, "logGroupClass": "STANDARD"},
    ),
    _kind(
        "Logs::LogGroup",
        "logs",
        "PutRetentionPolicy",
        lambda _: {"logGroupName": "/batch/group", "retentionInDays": 30},
    ),
    _kind("Logs::MetricFilter", "logs", "PutMetricFilter", data.metric_filter),
    _kind("CloudWatch::Alarm", "cloudwatch", "PutMetricAlarm", data.alarm),
    _kind("CloudWatch::Alarm", "cloudwatch", "PutMetricAlarm", data.math_alarm),
    _kind(
        "CloudWatch::Dashboard",
        "cloudwatch",
        "PutDashboard",
        lambda _: {"DashboardName": "cloudformation", "DashboardBody": json.dumps({"widgets": []})},
    ),
    _kind(
        "Events::Rule",
        "events",
        "PutRule",
        lambda a: {
            "Name": a.name(),
            "Description": "d",
            "State": "ENABLED",
            "ScheduleExpression": "rate(1 day)",
            "RoleArn": a.events_role,
            "EventBusName": "default",
            "Tags": TAG,
        },
    ),
    _kind("Events::Rule", "events", "PutTargets", compute.targets, AwsVpcConfiguration="awsvpcConfiguration"),
    _kind("Scheduler::Schedule", "scheduler", "CreateSchedule", compute.schedule),
    _kind("Scheduler::ScheduleGroup", "scheduler", "CreateScheduleGroup", lambda a: {"Name": a.name(), "Tags": TAG}),
    _kind(
        "StepFunctions::StateMachine",
        "stepfunctions",
        "CreateStateMachine",
        lambda a: {
            **_CREATE_MACHINE[1](a),
            "type": "STANDARD",
            "tracingConfiguration": {"enabled": True},
            "tags": SMALL_TAG,
        },
        StateMachineName="name",
        StateMachineType="type",
        DefinitionString="definition",
        Definition="",
    ),
    _kind(
        "SNS::Topic",
        "sns",
        "CreateTopic",
        lambda a: {"Name": a.name(), "Tags": TAG, "Attributes": {}},
        TopicName="Name",
        Subscription="",
    ),
    _kind(
        "SNS::Subscription",
        "sns",
        "Subscribe",
        lambda a: {"TopicArn": a.topic, "Protocol": "sqs", "Endpoint": a.queue},
    ),
    _kind("SQS::Queue", "sqs", "CreateQueue", data.queue),
    _kind("DynamoDB::Table", "dynamodb", "CreateTable", data.table),
    _kind(
        "ApplicationAutoScaling::ScalableTarget",
        "application-autoscaling",
        "RegisterScalableTarget",
        compute.scalable_target,
    ),
    _kind("ApplicationAutoScaling::ScalingPolicy", "application-autoscaling", "PutScalingPolicy", compute.tracking),
    _kind("ApplicationAutoScaling::ScalingPolicy", "application-autoscaling", "PutScalingPolicy", compute.stepping),
    _kind("CodeBuild::Project", "codebuild", "CreateProject", _PROJECT[1]),
    _kind(
        "CodePipeline::Pipeline",
        "codepipeline",
        "CreatePipeline",
        _CREATE_PIPELINE[1],
        within="pipeline",
        ActionTypeId="actionTypeId",
    ),
)
