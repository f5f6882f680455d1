"""Which permissions an API call needs, and on what."""

from __future__ import annotations

from typing import Any

import pytest
from moto import mock_aws
from moto.ec2.models import ec2_backends

from sandbox.calls import Call
from sandbox.permissions.needed.calls import UnmappedError, needs

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/role-task-dev"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


def call(service: str, operation: str, /, **parameters: Any) -> Call:
    return Call(
        service=service,
        operation=operation,
        parameters=parameters,
        access_key="AKIA",
        region="us-east-1",
        headers={},
        protocol="json",
    )


def actions_needed(service: str, operation: str, /, **parameters: Any) -> set[tuple[str, str]]:
    """Action and the resource part of the ARN."""
    needed = needs(call(service, operation, **parameters), ACCOUNT)
    return {(need.action, need.resource.split(":", 5)[-1]) for need in needed}


TAGS = [{"Key": "Environment", "Value": "dev"}]

CASES: list[tuple[str, str, dict[str, Any], set[tuple[str, str]]]] = [
    ("sts", "GetCallerIdentity", {}, set()),
    ("ec2", "DescribeVpcs", {}, {("ec2:DescribeVpcs", "*")}),
    ("ecs", "CreateCluster", {"clusterName": "one"}, {
        ("ecs:CreateCluster", "cluster/one"),
        ("iam:CreateServiceLinkedRole", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
    }),
    ("ecs", "UpdateService", {"cluster": "one", "service": "two"}, {("ecs:UpdateService", "service/one/two")}),
    ("ecs", "RunTask", {"cluster": "one", "taskDefinition": "job:3"}, {("ecs:RunTask", "task-definition/job:3")}),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "a", "RoleArn": ROLE}]}, {
        ("events:PutTargets", "rule/r"),
        ("iam:PassRole", "role/role-task-dev"),
    }),
    ("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p"}, {("iam:PutRolePolicy", "role/r")}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/a"}, {("logs:PutRetentionPolicy", "log-group:/a:log-stream:")}),
    ("dynamodb", "Query", {"TableName": "t"}, {("dynamodb:Query", "table/t")}),
    (
        "stepfunctions",
        "StopExecution",
        {"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:m:one"},
        {("states:StopExecution", "execution:m:one")},
    ),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "p"}, {("s3:ListBucket", "b")}),
    ("s3", "GetBucketEncryption", {"Bucket": "b"}, {("s3:GetEncryptionConfiguration", "b")}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Tagging": "a=b"}, {
        ("s3:PutObject", "b/k"),
        ("s3:PutObjectTagging", "b/k"),
    }),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "c/from?versionId=1"}, {
        ("s3:GetObjectVersion", "c/from"),
        ("s3:PutObject", "b/k"),
    }),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2", "VersionId": "v"}]}}, {
        ("s3:DeleteObject", "b/1"),
        ("s3:DeleteObjectVersion", "b/2"),
    }),
    ("scheduler", "DeleteScheduleGroup", {"Name": "g"}, {
        ("scheduler:DeleteScheduleGroup", "schedule-group/g"),
        ("scheduler:DeleteSchedule", "schedule/g/*"),
    }),
    ("sqs", "SendMessageBatch", {"QueueUrl": f"http://x/{ACCOUNT}/q"}, {("sqs:SendMessage", "q")}),
    ("stepfunctions", "StartExecution", {"stateMachineArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"}, {
        ("states:StartExecution", "stateMachine:m"),
    }),
    ("ecr", "CreateRepository", {
        "repositoryName": "r", "tags": TAGS, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
    }, {
        ("ecr:CreateRepository", "repository/r"),
        ("ecr:TagResource", "repository/r"),
        ("kms:DescribeKey", KEY.rpartition(":")[2]),
        ("kms:CreateGrant", KEY.rpartition(":")[2]),
    }),
    ("route53resolver", "CreateFirewallRule", {"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "l"}, {
        ("route53resolver:CreateFirewallRule", "firewall-rule-group/rslvr-frg-1"),
        ("route53resolver:CreateFirewallRule", "firewall-domain-list/l"),
    }),
    ("route53resolver", "AssociateFirewallRuleGroup", {"FirewallRuleGroupId": "g", "VpcId": "vpc-1", "Name": "a"}, {
        ("route53resolver:AssociateFirewallRuleGroup", "firewall-rule-group-association/a"),
    }),
    ("s3", "CreateBucket", {"Bucket": "b", "ObjectLockEnabledForBucket": True}, {
        ("s3:CreateBucket", "b"), ("s3:PutBucketObjectLockConfiguration", "b"), ("s3:PutBucketVersioning", "b"),
    }),
    ("s3", "DeleteObject", {"Bucket": "b", "Key": "k", "VersionId": "v", "BypassGovernanceRetention": True}, {
        ("s3:DeleteObjectVersion", "b/k"), ("s3:BypassGovernanceRetention", "b/k"),
    }),
    ("ecs", "ExecuteCommand", {"cluster": "one", "task": "two", "command": "sh"}, {
        ("ecs:ExecuteCommand", "cluster/one"), ("ecs:ExecuteCommand", "task/one/two"),
    }),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "parameters", "expected"), CASES)
def test_a_call_needs(service: str, operation: str, parameters: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert actions_needed(service, operation, **parameters) == expected


def keys_used(service: str, operation: str, /, **parameters: Any) -> set[tuple[str, str, str]]:
    """KMS action, who needs it, and the encryption context that it shows."""
    needed = needs(call(service, operation, **parameters), ACCOUNT)
    return {
        (need.action, str(need.service or (need.role or "").rpartition("/")[2]), str(need.context))
        for need in needed
        if need.action.startswith("kms:")
    }


def test_a_machine_under_a_customer_key_is_encrypted_by_its_role() -> None:
    encrypted = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    used = keys_used(
        "stepfunctions",
        "CreateStateMachine",
        name="m",
        roleArn=ROLE,
        definition="{}",
        encryptionConfiguration=encrypted,
        loggingConfiguration={"level": "ALL"},
    )
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
    assert {(action, who) for action, who, context in used if machine in context} == {
        ("kms:Decrypt", "role-task-dev"),
        ("kms:GenerateDataKey", "role-task-dev"),
    }
    assert {(action, who) for action, who, context in used if "SourceArn" in context} == {
        ("kms:GenerateDataKey", "role-task-dev"),
        ("kms:Decrypt", "delivery.logs.amazonaws.com"),
    }
    assert not keys_used("stepfunctions", "CreateStateMachine", name="m", roleArn=ROLE, definition="{}")


def test_scratch_space_under_a_customer_key_is_encrypted_by_fargate() -> None:
    storage = {"managedStorageConfiguration": {"fargateEphemeralStorageKmsKeyId": KEY}}
    used = keys_used("ecs", "CreateCluster", clusterName="one", configuration=storage)
    assert {(action, who) for action, who, _ in used} == {
        ("kms:GenerateDataKeyWithoutPlaintext", "fargate.amazonaws.com"),
        ("kms:CreateGrant", "fargate.amazonaws.com"),
    }
    assert all("'kms:EncryptionContext:aws:ecs:clusterName': 'one'" in context for _, _, context in used)


def test_each_resource_of_an_ec2_call_is_judged_with_its_own_keys() -> None:
    specified = [{"ResourceType": "subnet", "Tags": TAGS}]
    needed = needs(call("ec2", "CreateSubnet", VpcId="vpc-1", CidrBlock="c", TagSpecifications=specified), ACCOUNT)
    kinds = [
        (n.action, n.resource.split(":")[5].split("/")[0], n.context.get("aws:RequestTag/Environment")) for n in needed
    ]
    assert kinds == [
        ("ec2:CreateSubnet", "subnet", "dev"),
        ("ec2:CreateTags", "subnet", "dev"),
        ("ec2:CreateSubnet", "vpc", None),
    ]
    assert needed[1].context["ec2:CreateAction"] == "CreateSubnet"


def test_target_tracking_makes_alarms_with_the_callers_rights() -> None:
    scaled = {"ServiceNamespace": "ecs", "ResourceId": "service/one/two", "PolicyName": "p"}
    tracking = actions_needed(
        "application-autoscaling", "PutScalingPolicy", PolicyType="TargetTrackingScaling", **scaled
    )
    alarms = {
        resource.partition("-AlarmHigh")[0] for action, resource in tracking if action == "cloudwatch:PutMetricAlarm"
    }
    assert alarms == {"alarm:TargetTracking-service/one/two"}
    stepped = actions_needed("application-autoscaling", "PutScalingPolicy", PolicyType="StepScaling", **scaled)
    assert not {action for action, _ in stepped if action.startswith("cloudwatch:")}


def test_private_dns_is_a_hosted_zone() -> None:
    request = {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.logs", "VpcEndpointType": "Interface"}
    with_names = actions_needed("ec2", "CreateVpcEndpoint", PrivateDnsEnabled=True, **request)
    assert "route53:AssociateVPCWithHostedZone" in {action for action, _ in with_names}
    without = actions_needed("ec2", "CreateVpcEndpoint", PrivateDnsEnabled=False, **request)
    assert "route53:AssociateVPCWithHostedZone" not in {action for action, _ in without}


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("glue", "CreateJob", {"Name": "x"}),
        ("ecs", "NoSuchOperation", {}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": ROLE}),
    ],
)
def test_what_no_table_knows_is_not_let_through(service: str, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(UnmappedError):
        needs(call(service, operation, **parameters), ACCOUNT)


def test_an_association_stands_for_what_it_joins() -> None:
    with mock_aws():
        backend = ec2_backends[ACCOUNT]["us-east-1"]
        vpc = backend.create_vpc("10.0.0.0/16")
        subnet, table = backend.create_subnet(vpc.id, "10.0.0.0/24"), backend.create_route_table(vpc.id)
        association = backend.associate_route_table(table.id, subnet_id=subnet.id)
        assert actions_needed("ec2", "DisassociateRouteTable", AssociationId=association) == {
            ("ec2:DisassociateRouteTable", f"route-table/{table.id}"),
            ("ec2:DisassociateRouteTable", f"subnet/{subnet.id}"),
        }
    gone = actions_needed("ec2", "DisassociateRouteTable", AssociationId="rtbassoc-1")
    assert gone == {("ec2:DisassociateRouteTable", "route-table/rtb-1")}
