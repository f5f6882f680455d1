"""Seeds of what CloudFormation's schemas say of a property."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sandbox.strict.cloudformation import compute, data
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.seeds import ABSENT, Parameters, seed


def _task(**network: list[str]) -> Parameters:
    return {"NetworkConfiguration": {"awsvpcConfiguration": network}}


def _target_in_network(a: Strict, **network: list[str]) -> Parameters:
    (target,) = compute.targets(a)["Targets"]
    ids = {"Subnets": [a.subnet], **network}
    return {"Targets": [{**target, "EcsParameters": {**target["EcsParameters"], **_task(**ids)}}]}


def _goal(a: Strict, **network: list[str]) -> Parameters:
    return {"Target": {"EcsParameters": _task(Subnets=[a.subnet], **network)}}


def _rule(**members: Any) -> Callable[[Strict], Parameters]:
    def request(a: Strict) -> Parameters:
        (rule,) = data.lifecycle(a)["LifecycleConfiguration"]["Rules"]
        return {"LifecycleConfiguration": {"Rules": [{**rule, **members}]}}

    return request


SEEDS = [
    seed("ec2.subnet_block", "CreateSubnet", data.subnet, {"CidrBlock": ABSENT}),
    seed(
        "ec2.subnet_ipv6", "CreateSubnet", data.subnet, {"Ipv6CidrBlock": "10.0.0.0/24"}, {"Ipv6CidrBlock": "2600::/66"}
    ),
    seed("ec2.endpoint_dns", "CreateVpcEndpoint", data.endpoint, {"DnsOptions": {"PrivateDnsPreference": "SOME"}}),
    seed("ec2.flow_log_group", "CreateFlowLogs", data.flow_log, {"LogGroupName": "flow logs"}),
    seed(
        "logs.metric_names",
        "PutMetricFilter",
        data.metric_filter,
        *(
            {"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", **name}]}
            for name in ({"metricName": "zeit_für_läufe"}, {"metricNamespace": "Batch Runs"}, {"metricName": ""})
        ),
    ),
    seed("ecs.bake_time", "CreateService", compute.service, {"deploymentConfiguration": {"bakeTimeInMinutes": 1441}}),
    seed(
        "events.target_network",
        "PutTargets",
        compute.targets,
        lambda a: _target_in_network(a, SecurityGroups=["tasks"]),
        lambda a: _target_in_network(a, SecurityGroups=[a.group] * 6),
        lambda a: _target_in_network(a, Subnets=["private-a"]),
    ),
    seed("scheduler.task_network", "CreateSchedule", compute.schedule, lambda a: _goal(a, SecurityGroups=["tasks"])),
    seed(
        "application-autoscaling.target_role",
        "RegisterScalableTarget",
        compute.scalable_target,
        {"RoleARN": "AWSServiceRoleForApplicationAutoScaling_ECSService"},
    ),
    seed(
        "sns.topic_documents",
        "CreateTopic",
        lambda a: {"Name": a.name()},
        {"DataProtectionPolicy": "none"},
        {"Attributes": {"ArchivePolicy": "[]"}},
    ),
    seed("s3.cors_ids", "PutBucketCors", data.cors, lambda a: data.cors(a, ID="r" * 256)),
    seed(
        "s3.lifecycle_parts",
        "PutBucketLifecycleConfiguration",
        data.lifecycle,
        _rule(Transitions=[{"Days": 30}]),
        _rule(AbortIncompleteMultipartUpload={}),
    ),
]
