"""A strict account on loopback with what a batch platform is made of, for the requests that name it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from sandbox import moto_gaps
from sandbox.calls import Wsgi
from sandbox.strict import RULE_HEADER, with_strict_requests

ACCOUNT = "123456789012"
NO_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ghost"
"""A role that does not exist."""
EVERYTHING = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """A policy document."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def trust(service: str) -> str:
    """A trust policy for an AWS service."""
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


@dataclass
class Strict:
    """The account: its clients, and the names of what is in it."""

    client: Callable[[str], Any]
    names: Iterator[int] = field(default_factory=itertools.count)
    ids: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        return self.ids[name]

    def name(self) -> str:
        """A name that nothing has."""
        return f"name-{next(self.names)}"

    def call(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        """Sends a request as boto3 does."""
        client = self.client(service)
        python = {api: name for name, api in client.meta.method_to_api_mapping.items()}[operation]
        return getattr(client, python)(**parameters)

    def refusal(self, service: str, operation: str, parameters: dict[str, Any]) -> tuple[str, str] | None:
        """The rule that refuses the request and the error code it is refused with; None where it is taken."""
        try:
            self.call(service, operation, parameters)
        except ClientError as error:
            rule = error.response["ResponseMetadata"]["HTTPHeaders"].get(RULE_HEADER)
            if rule is None:
                raise
            return rule, error.response["Error"]["Code"]
        return None


@pytest.fixture(scope="module")
def strict(serve: Callable[[Wsgi], Callable[[str], Any]]) -> Strict:
    """A strict account with a network, a cluster, a bucket and the rest in it."""
    BackendDict.reset()
    account = Strict(serve(with_strict_requests(moto_gaps.application())))
    _network(account)
    _storage(account)
    _tasks(account)
    _events(account)
    return account


def _network(account: Strict) -> None:
    ec2, ids = account.client("ec2"), account.ids
    ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=account.vpc, EnableDnsHostnames={"Value": True})
    ids["other_vpc"] = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    for name, vpc, block, zone in (
        ("subnet", account.vpc, "10.0.0.0/20", "a"),
        ("second_subnet", account.vpc, "10.0.16.0/20", "a"),
        ("spare_subnet", account.other_vpc, "10.1.16.0/20", "b"),
        ("other_subnet", account.other_vpc, "10.1.0.0/20", "a"),
    ):
        created = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"us-east-1{zone}")
        ids[name] = created["Subnet"]["SubnetId"]
    for name, vpc in (
        ("group", account.vpc),
        ("spare_group", account.vpc),
        ("other_group", account.other_vpc),
        ("full_group", account.vpc),
    ):
        ids[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ranges = [{"CidrIp": f"10.{number}.0.0/16"} for number in range(60)]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}
    ec2.authorize_security_group_ingress(GroupId=account.full_group, IpPermissions=[permission])
    for name, vpc in (("table", account.vpc), ("second_table", account.vpc), ("other_table", account.other_vpc)):
        ids[name] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ids["gateway"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=account.gateway, VpcId=account.vpc)
    ec2.create_route(RouteTableId=account.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=account.gateway)
    ec2.associate_route_table(RouteTableId=account.table, SubnetId=account.subnet)
    endpoint = ec2.create_vpc_endpoint(
        VpcId=account.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.ssm",
        SubnetIds=[account.subnet],
        SecurityGroupIds=[account.group],
    )
    ids["endpoint"] = endpoint["VpcEndpoint"]["VpcEndpointId"]
    lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
    ids["prefix_list"] = lists[0]["PrefixListId"]


def _storage(account: Strict) -> None:
    s3, ids = account.client("s3"), account.ids
    ids["bucket"] = "a-bucket-of-ours"
    s3.create_bucket(Bucket=account.bucket)
    ids["open_bucket"] = "a-bucket-without-policy"
    s3.create_bucket(Bucket=account.open_bucket)
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=account.bucket, PublicAccessBlockConfiguration=blocked)
    ids["key"] = account.client("kms").create_key(Policy=policy(EVERYTHING))["KeyMetadata"]["Arn"]
    ids["old_key"] = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account.client("ecr").create_repository(repositoryName="repository")
    account.client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _tasks(account: Strict) -> None:
    iam, ecs, ids = account.client("iam"), account.client("ecs"), account.ids
    for name in ("ecs-tasks", "events", "scheduler", "states", "vpc-flow-logs", "codebuild", "codepipeline", "logs"):
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"{name}.amazonaws.com"))
        ids[f"{name.replace('-', '_')}_role"] = created["Role"]["Arn"]
    document = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    for number in range(10):
        document = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
        arn = iam.create_policy(PolicyName=f"policy-{number}", PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="states", PolicyArn=arn)
    ids["spare_policy"] = iam.create_policy(PolicyName="spare", PolicyDocument=document)["Policy"]["Arn"]
    ids["boundary"] = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    ecs.create_cluster(clusterName="cluster", capacityProviders=["FARGATE"])
    ecs.create_cluster(clusterName="bare")
    ecs.create_cluster(clusterName="spare")
    container = {"name": "main", "image": "image", "memory": 256}
    fargate = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    for family, extra in (("fargate", fargate), ("retired", fargate), ("machine", {})):
        created = ecs.register_task_definition(family=family, containerDefinitions=[container], **extra)
        ids[f"{family}_definition"] = created["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=account.retired_definition)
    network = {"awsvpcConfiguration": {"subnets": [account.subnet], "securityGroups": [account.group]}}
    ecs.create_service(
        cluster="cluster",
        serviceName="service",
        taskDefinition="fargate",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    task = ecs.run_task(cluster="cluster", taskDefinition="fargate", launchType="FARGATE", networkConfiguration=network)
    ids["task"] = task["tasks"][0]["taskArn"]


def _events(account: Strict) -> None:
    ids = account.ids
    ids["topic"] = account.client("sns").create_topic(Name="topic")["TopicArn"]
    ids["queue_url"] = account.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    ids["queue"] = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/batch/group")
    ids["log_group"] = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/batch/group"
    statement = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:*", "Resource": "*"}
    for name in ("events", *map(str, range(9))):
        logs.put_resource_policy(policyName=name, policyDocument=policy(statement))
    logs.create_log_group(logGroupName="/batch/full")
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    for number in range(100):
        logs.put_metric_filter(
            logGroupName="/batch/full",
            filterName=str(number),
            filterPattern="",
            metricTransformations=[transformation],
        )
    account.client("events").put_rule(Name="rule", ScheduleExpression="rate(1 day)")
    machine = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    created = account.client("stepfunctions").create_state_machine(
        name="machine", definition=machine, roleArn=account.states_role
    )
    ids["machine"] = created["stateMachineArn"]
    account.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId="service/cluster/service",
        MinCapacity=0,
        MaxCapacity=4,
    )
