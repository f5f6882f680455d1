"""On which resources an API call acts, as IAM names them.

For each service a table says how its requests name a resource of a type; which types an action needs comes from the
service authorization reference. A call whose resources cannot be told raises `UnmappedError`: it is never let through
unjudged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.permissions.needed import reference

Parameters = Mapping[str, Any]
Names = Callable[[Parameters], Iterable[str | None]]

PREFIXES: Final[Mapping[str, str]] = {"stepfunctions": "states"}
"""botocore's name of a service to IAM's prefix, where they differ."""

NEW: Final = "new"
"""The id of what does not exist yet: AWS holds a creation against `vpc/*` and the like, which any id matches."""


class UnmappedError(RuntimeError):
    """No table says which permissions or resources the call needs."""


@dataclass(frozen=True)
class Target:
    """A resource that a call acts on."""

    arn: str
    """`*` for an action that takes no resource."""
    type: str = ""
    is_new: bool = False
    """Whether the call creates it, so that it has no tags but those of the request."""


def _of(*members: str) -> Names:
    """The values of these members, of which some may be lists; ARNs are welcome."""

    def names(parameters: Parameters) -> Iterable[str | None]:
        for member in members:
            value = parameters.get(member)
            yield from value if isinstance(value, list) else [value]

    return names


def _last(value: str | None, separator: str = "/") -> str:
    return (value or "").rpartition(separator)[2]


def _ecs_services(parameters: Parameters) -> Iterable[str]:
    cluster = _last(parameters.get("cluster")) or "default"
    services = [parameters.get("service"), parameters.get("serviceName"), *parameters.get("services", [])]
    for name in services:
        if name:
            yield name if name.startswith("arn:") else f"{cluster}/{name}"


def _ecs_clusters(parameters: Parameters) -> Iterable[str | None]:
    clusters = [parameters.get("cluster"), parameters.get("clusterName"), *parameters.get("clusters", [])]
    return [name for name in clusters if name] or ["default"]


def _ecs_tasks(parameters: Parameters) -> Iterable[str]:
    cluster = _last(parameters.get("cluster")) or "default"
    for name in [parameters.get("task"), *parameters.get("tasks", [])]:
        if name:
            yield name if name.startswith("arn:") else f"{cluster}/{name}"


def _ecs_task_definitions(parameters: Parameters) -> Iterable[str | None]:
    if family := parameters.get("family"):
        yield f"{family}:{NEW}"
    for name in [parameters.get("taskDefinition"), *parameters.get("taskDefinitions", [])]:
        if name:
            yield name if ":" in name else f"{name}:{NEW}"


def _log_groups(parameters: Parameters) -> Iterable[str]:
    """With `:log-stream:` behind, as AWS's own denials name them.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    groups = [parameters.get(k) for k in ("logGroupName", "logGroupIdentifier", "resourceIdentifier")]
    for name in [*groups, *parameters.get("logGroupNames", []), *parameters.get("logGroupIdentifiers", [])]:
        if name:
            group = name.removesuffix(":*")
            yield f"{group}:log-stream:{parameters.get('logStreamName', '')}"


def _rules(parameters: Parameters) -> Iterable[str]:
    bus = _last(parameters.get("EventBusName"))
    for name in (parameters.get("Name"), parameters.get("Rule"), parameters.get("NamePrefix")):
        if name:
            yield name if bus in ("", "default") else f"{bus}/{name}"


def _buses(parameters: Parameters) -> Iterable[str]:
    entries = parameters.get("Entries", [{}])
    yield from {entry.get("EventBusName") or parameters.get("EventBusName") or "default" for entry in entries}


def _schedules(parameters: Parameters) -> Iterable[str]:
    yield f"{parameters.get('GroupName') or 'default'}/{parameters.get('Name')}"


def _queues(parameters: Parameters) -> Iterable[str | None]:
    yield _last(parameters.get("QueueUrl")) or parameters.get("QueueName") or parameters.get("SourceArn")


def _tables(parameters: Parameters) -> Iterable[str | None]:
    yield parameters.get("TableName")
    yield parameters.get("ResourceArn")
    yield from parameters.get("RequestItems", {})
    for item in parameters.get("TransactItems", []):
        yield from (part["TableName"] for part in item.values())


def _indexes(parameters: Parameters) -> Iterable[str]:
    if index := parameters.get("IndexName"):
        yield f"{parameters['TableName']}/index/{index}"


def _paths(member: str) -> Names:
    """IAM entities, whose ARN has the path before the name."""

    def names(parameters: Parameters) -> Iterable[str]:
        if name := parameters.get(member):
            yield (parameters.get("Path") or "/").lstrip("/") + name

    return names


def _roles(parameters: Parameters) -> Iterable[str | None]:
    if service := parameters.get("AWSServiceName"):
        yield f"aws-service-role/{service}/{NEW}"
    yield from _paths("RoleName")(parameters)


def _builds(parameters: Parameters) -> Iterable[str | None]:
    yield parameters.get("projectName")
    yield parameters.get("name")
    yield from (name for name in parameters.get("names", []))
    for build in [*parameters.get("ids", []), parameters.get("id")]:
        if build:
            yield _last(build.partition(":")[0] if not build.startswith("arn:") else build.rpartition(":")[0])


def _pipelines(parameters: Parameters) -> Iterable[str | None]:
    yield parameters.get("name")
    yield parameters.get("pipelineName")
    yield parameters.get("pipeline", {}).get("name") if isinstance(parameters.get("pipeline"), dict) else None


def _scalable_targets(parameters: Parameters) -> Iterable[str]:
    yield parameters.get("ResourceARN") or NEW


def _state_machines(parameters: Parameters) -> Iterable[str | None]:
    """By ARN where there is one: beside it, StartExecution's `name` is the execution's."""
    yield parameters.get("stateMachineArn") or parameters.get("name")


TYPES: Final[Mapping[str, Mapping[str, Names]]] = {
    "application-autoscaling": {"scalabletarget": _scalable_targets},
    "cloudwatch": {
        "alarm": _of("AlarmName", "AlarmNames", "AlarmNamePrefix"),
        "dashboard": _of("DashboardName", "DashboardNames"),
    },
    "codebuild": {"project": _builds},
    "codeconnections": {"connection": _of("ConnectionArn", "ConnectionName")},
    "codestar-connections": {"connection": _of("ConnectionArn", "ConnectionName")},
    "codepipeline": {"pipeline": _pipelines},
    "dynamodb": {"table": _tables, "index": _indexes},
    "ecr": {"repository": _of("repositoryName", "repositoryNames")},
    "ecs": {
        "capacity-provider": _of("capacityProvider", "capacityProviders", "name"),
        "cluster": _ecs_clusters,
        "service": _ecs_services,
        "task": _ecs_tasks,
        "task-definition": _ecs_task_definitions,
    },
    "events": {"rule-on-default-event-bus": _rules, "event-bus": _buses},
    "iam": {
        "group": _paths("GroupName"),
        "role": _roles,
        "policy": lambda p: [p["PolicyArn"]] if "PolicyArn" in p else _paths("PolicyName")(p),
        "user": _paths("UserName"),
        "instance-profile": _paths("InstanceProfileName"),
        "oidc-provider": _of("OpenIDConnectProviderArn"),
    },
    "logs": {"log-group": _log_groups, "log-stream": _log_groups},
    "route53resolver": {
        "firewall-domain-list": _of("FirewallDomainListId", "Name"),
        "firewall-rule-group": _of("FirewallRuleGroupId", "Name"),
        "firewall-rule-group-association": _of("FirewallRuleGroupAssociationId", "Name"),
    },
    "scheduler": {"schedule": _schedules, "schedule-group": _of("Name", "GroupName")},
    "secretsmanager": {"secret": _of("SecretId", "Name")},
    "sns": {"topic": _of("TopicArn", "Name", "TargetArn")},
    "sqs": {"queue": _queues},
    "ssm": {"parameter": lambda p: [n.lstrip("/") for n in (p.get("Name"), *p.get("Names", [])) if n]},
    "states": {
        "activity": _of("activityArn"),
        "execution": _of("executionArn"),
        "maprun": _of("mapRunArn"),
        "statemachine": _state_machines,
        "statemachinealias": _of("stateMachineAliasArn"),
        "statemachineversion": _of("stateMachineVersionArn"),
    },
}
"""IAM's prefix of a service to its resource types, and how requests name resources of them."""

_TAGGED: Final = ("resourceArn", "ResourceArn", "ResourceARN", "SubscriptionArn")
"""Members that hold the ARN of the resource whatever its type is."""

_WITHOUT_NAME: Final[Mapping[str, str]] = {
    "cloudwatch:DescribeAlarms": "arn:aws:cloudwatch:{region}:{account}:alarm:*",
    "cloudwatch:DeleteAlarms": "arn:aws:cloudwatch:{region}:{account}:alarm:*",
    "cloudwatch:GetMetricData": "*",
    "cloudwatch:ListMetrics": "*",
    "cloudwatch:PutMetricData": "*",
    "ecr:DescribeRepositories": "arn:aws:ecr:{region}:{account}:repository/*",
    "ecs:DescribeClusters": "arn:aws:ecs:{region}:{account}:cluster/default",
    "ecs:ListTasks": "*",
    "iam:GetUser": "arn:aws:iam::{account}:user/self",
    "logs:DescribeMetricFilters": "arn:aws:logs:{region}:{account}:log-group::log-stream:",
    "logs:GetLogRecord": "*",
    "logs:GetQueryResults": "*",
    "logs:FilterLogEvents": "arn:aws:logs:{region}:{account}:log-group::log-stream:",
}
"""The resource that a listing is judged on when it names none.

Source: the "on resource" part of AWS's own denials, for example
https://repost.aws/knowledge-center/cloudwatch-receive-access-denied-error
"""


def targets(action: str, parameters: Parameters, *, region: str, account: str) -> list[Target]:
    """The resources that `action` (`ecs:RunTask`) acts on when asked with these parameters.

    Raises UnmappedError for an action that the reference does not have, and when no table names its resources.
    """
    authorized_action = reference.action(action)
    if authorized_action is None:
        raise UnmappedError(f"{action} is not in the service authorization reference")
    if not authorized_action.resource_types:
        return [Target("*")]
    service = action.partition(":")[0]
    targets: list[Target] = []
    tagged = [parameters[member] for member in _TAGGED if parameters.get(member)]
    if tagged:
        # a subscription is judged on its topic
        return [Target(_topic(value) if service == "sns" else value) for value in tagged]
    for kind in authorized_action.resource_types:
        names = TYPES.get(service, {}).get(kind.lower())
        for name in names(parameters) if names else ():
            if name:
                targets.append(Target(reference.arn(service, kind, name, region=region, account=account), kind))
    if targets:
        return list(dict.fromkeys(targets))
    if action in _WITHOUT_NAME:
        return [Target(_WITHOUT_NAME[action].format(region=region, account=account))]
    raise UnmappedError(f"no table names the resources of {action}; it was asked with {sorted(parameters)}")


def _topic(arn: str) -> str:
    """The topic of a subscription's ARN."""
    return ":".join(arn.split(":")[:6])
