"""What somebody might change behind Pulumi's back: at least one change an area of `batchctl verify`, and its undoing.

A change yields the name or id of what it changed; `test_tampering.py` judges whether verification notices.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from tests.engine.conftest import Deployed

Change: TypeAlias = Callable[[Deployed], Iterator[str]]


def insights_off(it: Deployed) -> Iterator[str]:
    """FR-T1: Container Insights is turned off."""
    ecs, name = it.client("ecs"), it.outputs["clusterName"]

    def switch(value: str) -> None:
        ecs.update_cluster(cluster=name, settings=[{"name": "containerInsights", "value": value}])

    switch("disabled")
    yield name
    switch("enabled")


def smaller_task(it: Deployed) -> Iterator[str]:
    """FR-T2: a revision with less memory is registered."""
    ecs, arn = it.client("ecs"), it.outputs["taskDefinitionArns"]["risk-calculation"]
    definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    fields = ("family", "containerDefinitions", "networkMode", "requiresCompatibilities", "cpu", "executionRoleArn")
    registered = ecs.register_task_definition(**{key: definition[key] for key in fields}, memory="5120")[
        "taskDefinition"
    ]
    yield arn
    ecs.deregister_task_definition(taskDefinition=registered["taskDefinitionArn"])


def no_scan(it: Deployed) -> Iterator[str]:
    """FR-T3: images are no longer scanned."""
    ecr, name = it.client("ecr"), "repository-data-ingestion-dev"
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
    yield name
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})


def no_rotation(it: Deployed) -> Iterator[str]:
    """FR-T4: the logs key no longer rotates."""
    kms, key = it.client("kms"), it.outputs["logsKeyArn"]
    kms.disable_key_rotation(KeyId=key)
    yield key
    kms.enable_key_rotation(KeyId=key)


def short_retention(it: Deployed) -> Iterator[str]:
    """FR-T5: a log is kept for a day only."""
    logs, name = it.client("logs"), it.outputs["logGroupNames"]["report-generation"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    yield name
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)


def wide_role(it: Deployed) -> Iterator[str]:
    """FR-T6: a job may do anything to S3."""
    iam, name = it.client("iam"), "role-data-ingestion-task-dev"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="quick-fix", PolicyDocument=json.dumps(document))
    yield name
    iam.delete_role_policy(RoleName=name, PolicyName="quick-fix")


def higher_limit(it: Deployed) -> Iterator[str]:
    """FR-T7: a service may scale beyond the job's limit."""
    scaling, name = it.client("application-autoscaling"), it.outputs["serviceNames"]["report-generation"]

    def limit(tasks: int) -> None:
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{it.outputs['clusterName']}/{name}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=0,
            MaxCapacity=tasks,
        )

    limit(500)
    yield name
    limit(5)


def rule_off(it: Deployed) -> Iterator[str]:
    """FR-T8: the start rule is disabled."""
    events, name = it.client("events"), it.outputs["ruleNames"]["start"]
    events.disable_rule(Name=name)
    yield name
    events.enable_rule(Name=name)


def mute_alarm(it: Deployed) -> Iterator[str]:
    """FR-T9: an alarm's actions are turned off."""
    cloudwatch, name = it.client("cloudwatch"), it.outputs["alarmNames"]["task-failures"]
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    yield name
    cloudwatch.enable_alarm_actions(AlarmNames=[name])


def no_breaker(it: Deployed) -> Iterator[str]:
    """FR-T10: the circuit breaker is turned off."""
    ecs, cluster, name = it.client("ecs"), it.outputs["clusterName"], it.outputs["serviceNames"]["data-ingestion"]
    (service,) = ecs.describe_services(cluster=cluster, services=[name])["services"]
    before = service["deploymentConfiguration"]
    off = {**before, "deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    ecs.update_service(cluster=cluster, service=name, deploymentConfiguration=off)
    yield name
    ecs.update_service(cluster=cluster, service=name, deploymentConfiguration=before)


def renamed_subnet(it: Deployed) -> Iterator[str]:
    """FR-T11: a subnet is renamed."""
    ec2, subnet = it.client("ec2"), it.outputs["privateSubnetIds"][0]
    of_subnet = [{"Name": "resource-id", "Values": [subnet]}, {"Name": "key", "Values": ["Name"]}]
    (before,) = ec2.describe_tags(Filters=of_subnet)["Tags"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "subnet of Bob"}])
    yield subnet
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": before["Value"]}])


def protected_table(it: Deployed) -> Iterator[str]:
    """FR-T12: the ledger is protected from deletion."""
    dynamodb, name = it.client("dynamodb"), it.outputs["ledgerTableName"]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    yield name
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)


def open_task_group(it: Deployed) -> Iterator[str]:
    """NETWORK: SSH to tasks from anywhere."""
    ec2, group = it.client("ec2"), it.outputs["taskSecurityGroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    yield group
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)


def way_out(it: Deployed) -> Iterator[str]:
    """NETWORK: an internet gateway, and a route to it."""
    ec2, vpc, table = it.client("ec2"), it.outputs["vpcId"], it.outputs["routeTableIds"][0]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    yield table
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def public_bucket(it: Deployed) -> Iterator[str]:
    """DATA: the output bucket may be made public."""
    s3, bucket = it.client("s3"), it.outputs["outputBucketName"]
    before = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**before, "BlockPublicPolicy": False})
    yield bucket
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=before)


def missing_alarm(it: Deployed) -> Iterator[str]:
    """FR-T9: an alarm is deleted; what is gone fails, it is not merely unanswered."""
    cloudwatch, name = it.client("cloudwatch"), it.outputs["alarmNames"]["run-failed"]
    (before,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=before["AlarmArn"])["Tags"]
    cloudwatch.delete_alarms(AlarmNames=[name])
    yield name
    read_only = {"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateReason", "StateReasonData", "StateValue"}
    read_only |= {"StateUpdatedTimestamp", "StateTransitionedTimestamp"}
    cloudwatch.put_metric_alarm(**{key: value for key, value in before.items() if key not in read_only}, Tags=tags)


CHANGES: dict[Change, str] = {
    change: str(change.__doc__).partition(":")[0]
    for change in (
        insights_off,
        smaller_task,
        no_scan,
        no_rotation,
        short_retention,
        wide_role,
        higher_limit,
        rule_off,
        mute_alarm,
        missing_alarm,
        no_breaker,
        renamed_subnet,
        protected_table,
        open_task_group,
        way_out,
        public_bucket,
    )
}


@contextmanager
def applied(change: Change, deployed: Deployed) -> Iterator[str]:
    """The change while the block runs, and its undoing whatever happens in it."""
    steps = change(deployed)
    resource = next(steps)
    try:
        yield resource
    finally:
        assert next(steps, None) is None
