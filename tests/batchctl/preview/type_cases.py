"""For each type of resource a change of the kind that a reader must understand: documents, rules, safeguards."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from batchctl.preview.snapshot import Snapshot
from policy.rules import Graph, Resource, kinds

Props: TypeAlias = Mapping[str, Any]
Edit: TypeAlias = Callable[[Props], dict[str, Any]]


def setting(**values: Any) -> Edit:
    """Other values for some properties."""
    return lambda props: {**props, **values}


def without(prop: str, **values: Any) -> Edit:
    """A property taken out, others put in."""
    return lambda props: {**{key: value for key, value in props.items() if key != prop}, **values}


def inside(prop: str, change: Callable[[Any], Any]) -> Edit:
    """A JSON document changed."""
    return lambda props: {**props, prop: json.dumps(change(json.loads(props[prop])))}


def statement(action: str, resource: str = "*", **more: Any) -> Callable[[Any], Any]:
    """A policy with one statement more."""
    added = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return lambda policy: {**policy, "Statement": [*policy["Statement"], added]}


def anybody(policy: Any) -> Any:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    return {**policy, "Statement": [*policy["Statement"], everybody]}


def no_denials(policy: Any) -> Any:
    return {**policy, "Statement": [one for one in policy["Statement"] if one["Effect"] != "Deny"]}


def a_state_more(machine: Any) -> Any:
    return {**machine, "TimeoutSeconds": 60, "States": {**machine["States"], "Rest": {"Type": "Wait", "Seconds": 5}}}


def one_image_more(policy: Any) -> Any:
    first, *rest = policy["rules"]
    chosen = first["selection"]
    return {"rules": [{**first, "selection": {**chosen, "countNumber": chosen["countNumber"] + 1}}, *rest]}


def unconfined(containers: Any) -> Any:
    first, *rest = containers
    variables = [*first["environment"], {"name": "API_TOKEN", "value": "hunter2"}]
    freer = {"readonlyRootFilesystem": False, "privileged": True, "user": "root", "environment": variables}
    return [{**first, **freer}, *rest]


def quieter(props: Props) -> dict[str, Any]:
    louder = {"threshold": props["threshold"] + 10} if "threshold" in props else {}
    return {**props, "alarmActions": [], **louder}


def kept_shorter(props: Props) -> dict[str, Any]:
    first, *rest = props["rules"]
    return {**props, "rules": [{**first, "expiration": {"days": 5}}, *rest]}


def another_widget(board: Any) -> Any:
    return {**board, "widgets": board["widgets"][1:]}


def a_target_of(value: int) -> Edit:
    tracking = "targetTrackingScalingPolicyConfiguration"
    return lambda props: {**props, tracking: {**props[tracking], "targetValue": value}}


EVERYBODY: Final[Mapping[str, Any]] = {"Principal": "*"}
CASES: Final[Mapping[str, Edit]] = {
    kinds.SCALING_POLICY: a_target_of(50),
    kinds.SCALING_TARGET: setting(maxCapacity=40),
    kinds.DASHBOARD: inside("dashboardBody", another_widget),
    kinds.EVENT_RULE: inside("eventPattern", lambda pattern: {**pattern, "detail-type": ["Another"]}),
    kinds.EVENT_TARGET: setting(arn="arn:aws:lambda:us-east-1:999999999999:function:elsewhere"),
    kinds.LOG_GROUP: without("kmsKeyId", retentionInDays=7),
    kinds.LOG_METRIC_FILTER: setting(pattern='{ $.level = "critical" }'),
    kinds.LOG_RESOURCE_POLICY: inside("policyDocument", statement("logs:PutLogEvents", **EVERYBODY)),
    kinds.ALARM: quieter,
    kinds.TABLE: setting(pointInTimeRecovery={"enabled": False}, deletionProtectionEnabled=False),
    kinds.DEFAULT_SECURITY_GROUP: setting(
        ingress=[{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]
    ),
    kinds.FLOW_LOG: setting(trafficType="REJECT"),
    kinds.ROUTE_TABLE: setting(routes=[{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]),
    kinds.ROUTE_ASSOCIATION: setting(routeTableId="rtb-of-another-network"),
    kinds.SECURITY_GROUP: setting(
        ingress=[{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}]
    ),
    kinds.SUBNET: setting(mapPublicIpOnLaunch=True),
    kinds.VPC: setting(cidrBlock="10.9.0.0/16"),
    kinds.ENDPOINT: without("policy"),
    kinds.REPOSITORY_LIFECYCLE: inside("policy", one_image_more),
    kinds.REPOSITORY: setting(imageTagMutability="MUTABLE", imageScanningConfiguration={"scanOnPush": False}),
    kinds.CLUSTER: setting(settings=[{"name": "containerInsights", "value": "disabled"}]),
    kinds.CLUSTER_CAPACITY: setting(capacityProviders=["FARGATE"]),
    kinds.SERVICE: setting(desiredCount=3, networkConfiguration={"assignPublicIp": True, "subnets": ["subnet-1"]}),
    kinds.TASK_DEFINITION: inside("containerDefinitions", unconfined),
    kinds.ROLE: inside("assumeRolePolicy", anybody),
    kinds.ROLE_POLICY: inside("policy", statement("s3:*")),
    kinds.ALIAS: setting(targetKeyId="another-key"),
    kinds.KEY: lambda props: inside("policy", statement("kms:Decrypt", **EVERYBODY))(
        {**props, "enableKeyRotation": False}
    ),
    kinds.BUCKET: setting(forceDestroy=True, bucket="bucket-of-another-name"),
    kinds.BUCKET_LIFECYCLE: kept_shorter,
    kinds.BUCKET_LOGGING: setting(targetBucket="bucket-of-somebody-else"),
    kinds.BUCKET_NOTIFICATION: setting(eventbridge=False),
    kinds.BUCKET_OBJECT_LOCK: setting(rule={"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}),
    kinds.BUCKET_OWNERSHIP: setting(rule={"objectOwnership": "ObjectWriter"}),
    kinds.BUCKET_POLICY: inside("policy", no_denials),
    kinds.BUCKET_PUBLIC_ACCESS: setting(blockPublicAcls=False),
    kinds.BUCKET_ENCRYPTION: setting(rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]),
    kinds.BUCKET_VERSIONING: setting(versioningConfiguration={"status": "Suspended"}),
    kinds.FIREWALL_DOMAINS: setting(domains=["*"]),
    kinds.FIREWALL_RULES: setting(name="another"),
    kinds.FIREWALL_RULE: setting(action="ALERT"),
    kinds.FIREWALL_ASSOCIATION: setting(vpcId="vpc-of-somebody-else"),
    kinds.SCHEDULE: setting(scheduleExpression="cron(0 5 * * ? *)", scheduleExpressionTimezone="UTC"),
    kinds.SCHEDULE_GROUP: setting(name="another"),
    kinds.STATE_MACHINE: inside("definition", a_state_more),
    kinds.TOPIC: without("kmsMasterKeyId"),
    kinds.TOPIC_POLICY: inside("policy", statement("sns:Publish", **EVERYBODY)),
    kinds.TOPIC_SUBSCRIPTION: setting(endpoint="somebody@example.org"),
    kinds.QUEUE: setting(messageRetentionSeconds=60),
    kinds.QUEUE_POLICY: inside("policy", statement("sqs:ReceiveMessage", **EVERYBODY)),
    kinds.GROUP_EGRESS: without("prefixListId", cidrIpv4="0.0.0.0/0"),
    kinds.GROUP_INGRESS: setting(fromPort=0, toPort=65535),
}
"""The change by type; of the first resource of the type."""


def first(snapshot: Snapshot, kind: str) -> Resource:
    """The first resource of a type, by its name."""
    return min(snapshot.graph.of_type(kind), key=lambda resource: resource.name)


def edited(before: Snapshot, target: Resource, edit: Edit) -> Snapshot:
    """`before` with one resource changed."""
    changed = replace(target, props=edit(target.props))
    resources = [changed if one.urn == target.urn else one for one in before.graph.resources]
    graph = Graph(resources, project=before.graph.project, stack=before.graph.stack, outputs=before.graph.outputs)
    return replace(before, graph=graph)


def removed(before: Snapshot, target: Resource) -> Snapshot:
    """`before` without one resource."""
    resources = [one for one in before.graph.resources if one.urn != target.urn]
    graph = Graph(resources, project=before.graph.project, stack=before.graph.stack, outputs=before.graph.outputs)
    return replace(before, graph=graph)
