"""The mutants: each breaks one thing, and names the rule that must notice and the resource it must name.

Owns: the table, and synthetic resources for rules whose subjects no committed stack has (pipelines).
Refuses: running it (`matrix.py`).
`also` declares rules that rightly notice the same breakage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from policy.rules import UNKNOWN, Graph, Resource, kinds

from .operators import (
    Operator,
    add,
    both,
    change,
    cut,
    delete,
    drop,
    edit,
    estranged,
    option,
    retarget,
    swapped,
    text,
    twin,
    unexport,
)

Choice = Callable[[Graph, Resource], Resource]


def first(graph: Graph, kind: str, name: str = "*") -> Resource:
    """The first resource of a type whose logical name matches."""
    if not kind:
        return graph.root
    return next(one for one in graph.of_type(kind) if fnmatchcase(one.name, name))


def at(kind: str, name: str = "*") -> Choice:
    """That resource, whatever was mutated."""
    return lambda graph, one: first(graph, kind, name)


def itself(graph: Graph, one: Resource) -> Resource:
    """The mutated resource."""
    return one


def new(kind: str, name: str) -> Choice:
    """The resource that the operator `add` adds."""
    return lambda graph, one: add(kind, name, {})(graph, one).of_type(kind)[-1]


def to(prop: str, kind: str) -> Choice:
    """What the mutated resource's property leads to."""
    return lambda graph, one: graph.targets(one, prop, kind)[0]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One breakage."""

    rule: str
    what: str
    kind: str = ""
    """Type of the resource that is mutated; empty: the stack."""
    name: str = "*"
    do: Operator = lambda graph, one: graph
    blames: Choice = itself
    also: frozenset[str] = frozenset()
    config: Mapping[str, Any] = field(default_factory=dict)
    stacks: tuple[str, ...] = ("dev", "prod")

    @property
    def label(self) -> str:
        """Unique name for reports and test ids."""
        return f"{self.rule}: {self.what}"


def _m(rule: str, what: str, kind: str, name: str, do: Operator, blames: Choice = itself, *also: str) -> Mutant:
    return Mutant(rule=rule, what=what, kind=kind, name=name, do=do, blames=blames, also=frozenset(also))


def _statement(index: int, **changes: Any) -> Callable[[Any], None]:
    return lambda document: document["Statement"][index].update(changes)


def _without(sid: str) -> Callable[[Any], None]:
    def act(document: Any) -> None:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]

    return act


def _at_sid(sid: str, **changes: Any) -> Callable[[Any], None]:
    def act(document: Any) -> None:
        next(one for one in document["Statement"] if one["Sid"] == sid).update(changes)

    return act


def _sans_condition(sid: str) -> Callable[[Any], None]:
    def act(document: Any) -> None:
        next(one for one in document["Statement"] if one["Sid"] == sid).pop("Condition")

    return act


def _container(**changes: Any) -> Callable[[Any], None]:
    return lambda definitions: definitions[0].update(changes)


_TAGS = dict.fromkeys(("Repository", "CommitAuthor", "PRNumber", "Team", "CreatedAt"), "x")

_GOVERNANCE = [
    replace(
        _m("no-retain-or-protect", "option protect", kinds.BUCKET, "data-input", option(protect=True)), stacks=("dev",)
    ),
    replace(
        _m("no-retain-or-protect", "not protected", kinds.BUCKET, "data-input", option(protect=False)), stacks=("prod",)
    ),
    replace(
        _m("no-retain-or-protect", "ledger not protected", kinds.TABLE, "*", option(protect=False)), stacks=("prod",)
    ),
    _m("no-retain-or-protect", "network protected", kinds.VPC, "*", option(protect=True)),
    _m("no-retain-or-protect", "skipDestroy", kinds.LOG_GROUP, "*", change("skipDestroy", True)),
    replace(
        _m("no-retain-or-protect", "table protected", kinds.TABLE, "*", change("deletionProtectionEnabled", True)),
        stacks=("dev",),
    ),
    _m("no-foreign-infrastructure", "foreign VPC", kinds.SUBNET, "*-a", cut("vpcId", kinds.VPC)),
    _m("no-foreign-infrastructure", "foreign role", kinds.FLOW_LOG, "*", cut("iamRoleArn", kinds.ROLE)),
    _m(
        "no-foreign-infrastructure",
        "foreign subnets",
        kinds.SERVICE,
        "*",
        estranged("networkConfiguration", "networkConfiguration.subnets"),
        itself,
        "private-tasks-have-endpoints",
    ),
    _m("stack-outputs-complete", "VPC not exported", kinds.VPC, "*", unexport),
    _m("stack-outputs-complete", "bucket not exported", kinds.BUCKET, "data-input", unexport),
    _m("stack-outputs-complete", "alarm not exported", kinds.ALARM, "*run-failed", unexport),
]

_NETWORK = [
    _m("subnets-have-route-table", "dropped", kinds.ROUTE_ASSOCIATION, "*-a-*", drop, to("subnetId", kinds.SUBNET)),
    _m("subnets-have-route-table", "doubled", kinds.ROUTE_ASSOCIATION, "*-a-*", twin, to("subnetId", kinds.SUBNET)),
    _m(
        "subnets-have-route-table",
        "led to another subnet",
        kinds.ROUTE_ASSOCIATION,
        "*-a-*",
        retarget("subnetId", kinds.SUBNET, at(kinds.SUBNET, "*-b")),
        at(kinds.SUBNET, "*-a"),
    ),
    _m(
        "no-eip-or-nat",
        "elastic IP added",
        "",
        "",
        add(kinds.EIP, "address", {"tags": _TAGS}),
        new(kinds.EIP, "address"),
    ),
    _m("no-eip-or-nat", "NAT added", "", "", add(kinds.NAT, "nat", {"tags": _TAGS}), new(kinds.NAT, "nat")),
    _m("no-public-address", "subnet", kinds.SUBNET, "*-a", change("mapPublicIpOnLaunch", True)),
    _m(
        "no-public-address",
        "service",
        kinds.SERVICE,
        "*",
        change("networkConfiguration.assignPublicIp", True),
    ),
    _m(
        "no-public-address",
        "state machine's task",
        kinds.STATE_MACHINE,
        "nightly*",
        text("definition", '"AssignPublicIp": "DISABLED"', '"AssignPublicIp": "ENABLED"'),
    ),
    _m(
        "security-group-rules-unmixed",
        "inline beside separate",
        kinds.SECURITY_GROUP,
        "network-tasks",
        change("egress", [{"description": "to everywhere, for a while", "protocol": "-1"}]),
    ),
    _m(
        "security-groups-documented",
        "stock description",
        kinds.SECURITY_GROUP,
        "network-endpoints",
        change("description", "Managed by Pulumi"),
    ),
    _m(
        "security-groups-documented",
        "intent not said",
        kinds.SECURITY_GROUP,
        "network-tasks",
        text("description", "Outbound only", "Traffic rules"),
    ),
    _m("security-groups-documented", "rule without description", kinds.GROUP_EGRESS, "*", delete("description")),
]


def _subnet_of_first_table(graph: Graph, gateway: Resource) -> Resource:
    table = graph.targets(gateway, "routeTableIds", kinds.ROUTE_TABLE)[0]
    (association,) = graph.dependents(table, kinds.ROUTE_ASSOCIATION)
    return graph.targets(association, "subnetId", kinds.SUBNET)[0]


_SERVICE = at(kinds.SERVICE, "data-ingestion-*")
_ENDPOINTS = [
    _m("private-tasks-have-endpoints", f"no {label}", kinds.ENDPOINT, f"*-{label}", drop, _SERVICE)
    for label in ("ecr-api", "ecr-dkr", "logs", "s3")
] + [
    Mutant(
        rule="private-tasks-have-endpoints",
        what="ecs endpoint asked for",
        blames=_SERVICE,
        config={"private-tasks-have-endpoints": {"ecsEndpoint": True}},
    ),
    _m(
        "gateway-on-task-routes",
        "route table cut off",
        kinds.ENDPOINT,
        "*-s3",
        cut("routeTableIds", kinds.ROUTE_TABLE),
        _subnet_of_first_table,
    ),
    _m("endpoint-dns-works", "private DNS off", kinds.ENDPOINT, "*-ecr-api", change("privateDnsEnabled", False)),
    _m("endpoint-dns-works", "VPC DNS off", kinds.VPC, "*", change("enableDnsHostnames", False)),
    _m(
        "endpoint-dns-works",
        "doubled",
        kinds.ENDPOINT,
        "*-ecr-api",
        twin,
        lambda graph, one: Resource(urn=f"{one.urn}-twin", type=one.type, name=f"{one.name}-twin"),
    ),
    _m(
        "endpoint-group-admits-tasks",
        "no way out of the tasks' group",
        kinds.GROUP_EGRESS,
        "*-to-endpoints",
        drop,
        at(kinds.ENDPOINT, "*-ecr-api"),
    ),
    _m(
        "endpoint-group-admits-tasks",
        "no way into the endpoints' group",
        kinds.GROUP_INGRESS,
        "*",
        drop,
        at(kinds.ENDPOINT, "*-ecr-api"),
        "security-groups-documented",
    ),
    _m(
        "endpoint-group-admits-tasks",
        "another port",
        kinds.GROUP_INGRESS,
        "*",
        both(change("fromPort", 80), change("toPort", 80)),
        at(kinds.ENDPOINT, "*-ecr-api"),
    ),
    _m(
        "endpoint-group-admits-tasks",
        "no way to S3",
        kinds.GROUP_EGRESS,
        "*-to-s3",
        drop,
        at(kinds.SECURITY_GROUP, "network-tasks"),
    ),
    Mutant(
        rule="endpoint-cost-budget",
        what="smaller budget",
        config={"endpoint-cost-budget": {"endpointBudget": 20}},
    ),
]

_START_TASK = "data-ingestion-start-task-policy"
_DATA = "data-ingestion-reach-own-data-policy"
_DEFINITION = at(kinds.TASK_DEFINITION, "data-ingestion-*")
_IDENTITY = [
    _m("iam-policy-version", "2012-01-17", kinds.ROLE_POLICY, _DATA, text("policy", "2012-10-17", "2012-01-17")),
    _m("iam-policy-version", "bucket's", kinds.BUCKET_POLICY, "*", text("policy", "2012-10-17", "2008-10-17")),
    _m("iam-policy-version", "trust's", kinds.ROLE, "*", text("assumeRolePolicy", "2012-10-17", "2012-01-17")),
    _m("iam-policy-version", "key's", kinds.KEY, "*", text("policy", "2012-10-17", "2012-01-17")),
    _m("iam-policy-version", "endpoint's", kinds.ENDPOINT, "*-s3", text("policy", "2012-10-17", "2012-01-17")),
    _m("iam-policy-version", "not JSON", kinds.ROLE_POLICY, _DATA, change("policy", "{")),
    _m(
        "iam-least-privilege",
        "every action",
        kinds.ROLE_POLICY,
        _DATA,
        edit("policy", _statement(0, Action="*")),
        itself,
        "passrole-scoped",
    ),
    _m("iam-least-privilege", "a service", kinds.ROLE_POLICY, _DATA, edit("policy", _statement(0, Action="s3:*"))),
    _m("iam-least-privilege", "anywhere", kinds.ROLE_POLICY, _DATA, edit("policy", _statement(0, Resource="*"))),
    _m("iam-least-privilege", "NotAction", kinds.ROLE_POLICY, _DATA, edit("policy", _statement(0, NotAction="iam:*"))),
    _m(
        "passrole-scoped",
        "no condition",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", _sans_condition("PassJobRoles")),
    ),
    _m(
        "passrole-scoped",
        "every role",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", _at_sid("PassJobRoles", Resource="*")),
        itself,
        "iam-least-privilege",
    ),
    _m(
        "role-trusts-its-consumer",
        "task role trusts EC2",
        kinds.ROLE,
        "data-ingestion-task-role",
        text("assumeRolePolicy", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"),
    ),
    _m(
        "role-trusts-its-consumer",
        "machine's role",
        kinds.ROLE,
        "nightly-machine-role",
        text("assumeRolePolicy", "states.amazonaws.com", "lambda.amazonaws.com"),
    ),
    _m(
        "role-trusts-its-consumer",
        "schedule's role",
        kinds.ROLE,
        "run-monitors-deadline-schedules-role",
        text("assumeRolePolicy", "scheduler.amazonaws.com", "events.amazonaws.com"),
    ),
    _m(
        "execution-role-sufficient",
        "no pull",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", _without("PullOwnImage")),
        _DEFINITION,
    ),
    _m(
        "execution-role-sufficient",
        "no sign-in",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", _without("SignInToRegistry")),
        _DEFINITION,
    ),
    _m(
        "execution-role-sufficient",
        "no log",
        kinds.ROLE_POLICY,
        _START_TASK,
        edit("policy", _without("WriteOwnLog")),
        _DEFINITION,
    ),
    _m(
        "execution-role-sufficient",
        "another repository",
        kinds.ROLE_POLICY,
        _START_TASK,
        text("policy", "repository/repository-data-ingestion", "repository/repository-risk-calculation"),
        _DEFINITION,
    ),
    _m("execution-role-sufficient", "policy dropped", kinds.ROLE_POLICY, _START_TASK, drop, _DEFINITION),
]

_LOGS = at(kinds.LOG_GROUP, "data-ingestion-logs")
_TOPIC = at(kinds.TOPIC, "notifications")
_ENCRYPTION = [
    _m("log-groups-use-cmk", "no key", kinds.LOG_GROUP, "data-ingestion-logs", delete("kmsKeyId")),
    _m("log-groups-use-cmk", "foreign key", kinds.LOG_GROUP, "data-ingestion-logs", cut("kmsKeyId", kinds.KEY)),
    _m("key-rotation-and-principals", "no rotation", kinds.KEY, "keys-data", change("enableKeyRotation", False)),
    _m(
        "key-rotation-and-principals",
        "everyone",
        kinds.KEY,
        "keys-data",
        edit("policy", _statement(1, Principal={"AWS": "*"})),
    ),
    _m(
        "log-key-grants-logs",
        "no statement",
        kinds.KEY,
        "keys-logs",
        edit("policy", _without("UsedByThisStacksLogGroups")),
        _LOGS,
    ),
    _m(
        "log-key-grants-logs",
        "another region",
        kinds.KEY,
        "keys-logs",
        text("policy", "logs.us-east-1.amazonaws.com", "logs.eu-west-1.amazonaws.com"),
        _LOGS,
    ),
    _m(
        "log-key-grants-logs",
        "other groups",
        kinds.KEY,
        "keys-logs",
        text("policy", "log-group:/batch/", "log-group:/other/"),
        _LOGS,
    ),
    _m(
        "log-key-grants-logs",
        "another key",
        kinds.LOG_GROUP,
        "data-ingestion-logs",
        retarget("kmsKeyId", kinds.KEY, at(kinds.KEY, "keys-data")),
    ),
    _m(
        "topic-key-grants-publishers",
        "key does not admit alarms",
        kinds.KEY,
        "keys-messages",
        edit("policy", _without("AlarmsPublish")),
        _TOPIC,
    ),
    _m(
        "topic-key-grants-publishers",
        "policy does not admit alarms",
        kinds.TOPIC_POLICY,
        "notifications-policy",
        edit("policy", _without("AlarmsPublish")),
        _TOPIC,
    ),
    _m(
        "topic-key-grants-publishers",
        "AWS's own key",
        kinds.TOPIC,
        "notifications",
        both(delete("kmsMasterKeyId"), change("kmsMasterKeyId", "alias/aws/sns")),
    ),
]

_INPUT = at(kinds.BUCKET, "data-input")
_STORAGE = [
    Mutant(
        rule="stores-empty-on-destroy",
        what="bucket stays",
        kind=kinds.BUCKET,
        do=change("forceDestroy", False),
        stacks=("dev",),
    ),
    Mutant(
        rule="stores-empty-on-destroy",
        what="repository stays",
        kind=kinds.REPOSITORY,
        do=delete("forceDelete"),
        stacks=("dev",),
    ),
    replace(
        _m("stores-empty-on-destroy", "key for 30 days", kinds.KEY, "*", change("deletionWindowInDays", 30)),
        stacks=("dev",),
    ),
    *(
        _m("bucket-blocks-public", flag, kinds.BUCKET_PUBLIC_ACCESS, "data-input-*", change(flag, False))
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    _m("bucket-blocks-public", "dropped", kinds.BUCKET_PUBLIC_ACCESS, "data-input-*", drop, _INPUT),
    _m("bucket-tls-only", "policy dropped", kinds.BUCKET_POLICY, "data-input-*", drop, _INPUT),
    _m(
        "bucket-tls-only",
        "allowed instead of denied",
        kinds.BUCKET_POLICY,
        "data-input-*",
        edit("policy", _at_sid("RefusePlainHttp", Effect="Allow")),
        itself,
        "iam-least-privilege",
    ),
    _m(
        "bucket-tls-only",
        "objects left out",
        kinds.BUCKET_POLICY,
        "data-input-*",
        edit("policy", _at_sid("RefusePlainHttp", Resource="arn:aws:s3:::bucket-input-123456789012-dev")),
    ),
    _m(
        "bucket-and-queue-encryption",
        "S3's own key",
        kinds.BUCKET_ENCRYPTION,
        "data-input-*",
        change("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"),
    ),
    _m(
        "bucket-and-queue-encryption",
        "no bucket key",
        kinds.BUCKET_ENCRYPTION,
        "data-input-*",
        change("rules[0].bucketKeyEnabled", False),
    ),
    _m("bucket-and-queue-encryption", "dropped", kinds.BUCKET_ENCRYPTION, "data-input-*", drop, _INPUT),
    _m("bucket-and-queue-encryption", "queue", kinds.QUEUE, "*", delete("kmsMasterKeyId")),
    _m("bucket-and-queue-encryption", "topic", kinds.TOPIC, "*", delete("kmsMasterKeyId")),
    _m("ecr-scan-on-push", "off", kinds.REPOSITORY, "*", change("imageScanningConfiguration.scanOnPush", False)),
    _m("ecr-scan-on-push", "not said", kinds.REPOSITORY, "*", delete("imageScanningConfiguration")),
    _m(
        "ecr-lifecycle-policy",
        "dropped",
        kinds.REPOSITORY_LIFECYCLE,
        "*",
        drop,
        to("repository", kinds.REPOSITORY),
    ),
    _m(
        "ecr-lifecycle-policy",
        "untagged images stay",
        kinds.REPOSITORY_LIFECYCLE,
        "*",
        text("policy", '"tagStatus": "untagged"', '"tagStatus": "tagged"'),
    ),
    _m("ecr-lifecycle-policy", "not JSON", kinds.REPOSITORY_LIFECYCLE, "*", change("policy", "keep 10")),
    _m("log-retention-value-valid", "31 days", kinds.LOG_GROUP, "*", change("retentionInDays", 31)),
    _m("storage-and-logs-bounded", "10 years", kinds.LOG_GROUP, "*", change("retentionInDays", 3653)),
    _m("storage-and-logs-bounded", "for ever", kinds.LOG_GROUP, "*", delete("retentionInDays")),
    _m("storage-and-logs-bounded", "uploads stay", kinds.BUCKET_LIFECYCLE, "data-input-*", delete("rules[1]")),
    _m("storage-and-logs-bounded", "lifecycle dropped", kinds.BUCKET_LIFECYCLE, "data-input-*", drop, _INPUT),
    _m("one-notification-per-bucket", "doubled", kinds.BUCKET_NOTIFICATION, "*", twin, _INPUT),
]

_SOFTENED: dict[str, dict[str, Any]] = {
    "root": {"user": "0"},
    "writable root": {"readonlyRootFilesystem": False},
    "privileged": {"privileged": True},
    "plain secret": {"environment": [{"name": "DB_PASSWORD", "value": "x"}]},
}

_COMPUTE = [
    _m("services-start-empty", "one task", kinds.SERVICE, "*", change("desiredCount", 1)),
    _m("autoscaling-respects-zero-start", "one task", kinds.SCALING_TARGET, "*", change("minCapacity", 1)),
    _m("autoscaled-service-ignores-count", "not ignored", kinds.SERVICE, "*", option(ignore_changes=())),
    _m(
        "image-reference-pinned",
        "latest",
        kinds.TASK_DEFINITION,
        "*",
        edit("containerDefinitions", lambda c: c[0].update(image=c[0]["image"].partition(":")[0] + ":latest")),
    ),
    _m(
        "image-reference-pinned",
        "tags can be moved",
        kinds.REPOSITORY,
        "*",
        change("imageTagMutability", "MUTABLE"),
    ),
    _m(
        "service-circuit-breaker", "no rollback", kinds.SERVICE, "*", change("deploymentCircuitBreaker.rollback", False)
    ),
    _m("service-circuit-breaker", "none", kinds.SERVICE, "*", delete("deploymentCircuitBreaker")),
    _m("fargate-cpu-memory-pair", "no such pair", kinds.TASK_DEFINITION, "*", change("memory", "1000")),
    _m("fargate-cpu-memory-pair", "no such CPU", kinds.TASK_DEFINITION, "*", change("cpu", "300")),
    _m(
        "fargate-no-placement",
        "strategy",
        kinds.SERVICE,
        "*",
        change("orderedPlacementStrategies", [{"type": "spread", "field": "attribute:ecs.availability-zone"}]),
    ),
    _m(
        "fargate-no-placement",
        "constraint",
        kinds.TASK_DEFINITION,
        "*",
        change("placementConstraints", [{"type": "memberOf"}]),
    ),
    _m(
        "grace-period-needs-health-check",
        "120 s, no load balancer",
        kinds.SERVICE,
        "*",
        change("healthCheckGracePeriodSeconds", 120),
    ),
    _m("fargate-task-shape", "bridge", kinds.TASK_DEFINITION, "*", change("networkMode", "bridge")),
    _m("fargate-task-shape", "EC2", kinds.TASK_DEFINITION, "*", change("requiresCompatibilities", ["EC2"])),
    _m("fargate-task-shape", "daemon", kinds.SERVICE, "*", change("schedulingStrategy", "DAEMON")),
    _m(
        "fargate-task-shape",
        "json-file",
        kinds.TASK_DEFINITION,
        "*",
        text("containerDefinitions", '"awslogs"', '"json-file"'),
    ),
    *(
        _m("task-hardening", what, kinds.TASK_DEFINITION, "*", edit("containerDefinitions", _container(**changes)))
        for what, changes in _SOFTENED.items()
    ),
    _m(
        "task-hardening",
        "one role for both",
        kinds.TASK_DEFINITION,
        "*",
        retarget("taskRoleArn", kinds.ROLE, lambda graph, one: graph.targets(one, "executionRoleArn", kinds.ROLE)[0]),
    ),
]

_QUEUE = at(kinds.QUEUE, "nightly-start-dead-letters")
_MACHINE = at(kinds.STATE_MACHINE, "nightly-machine")
_EVENTS = [
    _m("s3-event-rule-has-eventbridge", "off", kinds.BUCKET_NOTIFICATION, "*", change("eventbridge", False), _INPUT),
    _m("s3-event-rule-has-eventbridge", "dropped", kinds.BUCKET_NOTIFICATION, "*", drop, _INPUT),
    _m(
        "event-target-can-run-task",
        "another machine",
        kinds.ROLE_POLICY,
        "nightly-start-policy",
        text("policy", "statemachine-nightly-", "statemachine-other-"),
        at(kinds.EVENT_TARGET, "nightly-start-target"),
    ),
    _m(
        "event-target-can-run-task",
        "schedule may not start",
        kinds.ROLE_POLICY,
        "run-monitors-deadline-schedules-policy",
        text("policy", "states:StartExecution", "states:StopExecution"),
        at(kinds.SCHEDULE, "*-warn"),
    ),
    _m(
        "sync-task-managed-rule",
        "no managed rule",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        text("policy", "events:PutRule", "events:TagResource"),
        _MACHINE,
    ),
    _m(
        "sync-task-managed-rule",
        "may not run",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        text("policy", "ecs:RunTask", "ecs:ListServices"),
        _MACHINE,
    ),
    _m(
        "sync-task-managed-rule",
        "may not pass the roles",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", _without("PassJobRoles")),
        _MACHINE,
    ),
    _m(
        "dlq-accepts-sender",
        "rule not admitted",
        kinds.QUEUE_POLICY,
        "nightly-start-dead-letters-policy",
        edit("policy", _without("UndeliverableEvents")),
        _QUEUE,
    ),
    _m("dlq-accepts-sender", "policy dropped", kinds.QUEUE_POLICY, "nightly-start-dead-letters-policy", drop, _QUEUE),
    _m(
        "dlq-accepts-sender",
        "schedule's role may not send",
        kinds.ROLE_POLICY,
        "run-monitors-deadline-schedules-policy",
        edit("policy", _without("KeepUndeliverable")),
        at(kinds.SCHEDULE, "*-warn"),
    ),
    _m("alarm-metric-exists", "TasksFailed", kinds.ALARM, "*run-failed", change("metricName", "TasksFailed")),
    _m("alarm-metric-exists", "dimension", kinds.ALARM, "*run-failed", change("dimensions", {"StateMachine": "x"})),
    _m(
        "alarm-metric-exists",
        "in an expression",
        kinds.ALARM,
        "*task-failures",
        change("metricQueries[1].metric.metricName", "TasksFailed"),
    ),
    _m(
        "alarm-metric-exists",
        "nobody makes it",
        kinds.ALARM,
        "*log-errors",
        change("metricName", "Errors"),
    ),
    _m(
        "alarm-metric-exists",
        "RunningTaskCount without Container Insights",
        kinds.ALARM,
        "*run-failed",
        both(
            change("namespace", "ECS/ContainerInsights"),
            change("metricName", "RunningTaskCount"),
            change("dimensions", {"ClusterName": "c", "ServiceName": "s", "Zone": "z"}),
        ),
    ),
]

_PIPELINE_STAGES = [
    {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "category": "Source",
                "provider": "CodeStarSourceConnection",
                "configuration": {"FullRepositoryId": "acme/batch-platform", "ConnectionArn": UNKNOWN},
            }
        ],
    },
    {"name": "UpDev", "actions": [{"name": "UpDev", "category": "Build", "provider": "CodeBuild"}]},
    {"name": "ApproveProd", "actions": [{"name": "ApproveProd", "category": "Approval", "provider": "Manual"}]},
    {"name": "UpProd", "actions": [{"name": "UpProd", "category": "Build", "provider": "CodeBuild"}]},
]


def with_synthetic(graph: Graph) -> Graph:
    """The stack and a pipeline, which no committed stack has: the pipeline is the tooling stack's."""
    props = {"name": f"pipeline-x-{graph.stack}", "stages": _PIPELINE_STAGES, "tags": _TAGS}
    made = add(kinds.PIPELINE, "synthetic-pipeline", props)(graph, graph.root)
    pipeline = made.of_type(kinds.PIPELINE)[-1]
    return option(ignore_changes=("tags.CreatedAt",))(made, pipeline)


_UNAPPROVED = Mutant(
    rule="prod-pipeline-has-approval",
    what="approval removed",
    kind=kinds.PIPELINE,
    name="synthetic-*",
    do=delete("stages[2]"),
)
_DELIVERY = [
    _m(
        "pipeline-source-is-real",
        "placeholder",
        kinds.PIPELINE,
        "synthetic-*",
        change("stages[0].actions[0].configuration.FullRepositoryId", "your-org/your-repo"),
    ),
    Mutant(
        rule="pipeline-source-is-real",
        what="no source",
        kind=kinds.PIPELINE,
        name="synthetic-*",
        do=change("stages[0].actions[0].category", "Build"),
    ),
    _UNAPPROVED,
    _m("workflow-logging", "errors only", kinds.STATE_MACHINE, "*", change("loggingConfiguration.level", "ERROR")),
    _m("workflow-logging", "not traced", kinds.STATE_MACHINE, "*", delete("tracingConfiguration")),
]

_NAMING = [
    _m("environment-suffix-in-names", "cluster", kinds.CLUSTER, "*", change("name", "cluster-batch")),
    _m(
        "environment-suffix-in-names",
        "family",
        kinds.TASK_DEFINITION,
        "*",
        change("family", "task-data-ingestion"),
        itself,
        "sync-task-managed-rule",
    ),
    _m(
        "environment-suffix-in-names", "suffix within a word", kinds.ALARM, "*", change("name", "alarm-production1dev2")
    ),
    _m("name-fits-service", "too long", kinds.EVENT_RULE, "*", change("name", f"rule-{'x' * 64}-dev-prod")),
    _m("name-fits-service", "characters", kinds.CLUSTER, "*", change("name", "cluster batch/dev/prod")),
    _m("required-tags", "none", kinds.BUCKET, "*", delete("tags")),
    _m("required-tags", "one missing", kinds.SUBNET, "*", delete("tags.Team")),
]

_TASKS_EGRESS = "network-tasks-to-endpoints"
_ACCOUNTED = [
    _m(
        "types-accounted-for",
        "internet gateway added",
        "",
        "",
        add("aws:ec2/internetGateway:InternetGateway", "way-out", {}),
        new("aws:ec2/internetGateway:InternetGateway", "way-out"),
        "required-tags",
    ),
    _m(
        "companions-present",
        "no versioning",
        "aws:s3/bucketVersioning:BucketVersioning",
        "data-input-*",
        drop,
        at(kinds.BUCKET, "data-input"),
    ),
    _m("resources-are-used", "role of nobody", kinds.FLOW_LOG, "*", drop, at(kinds.ROLE, "network-flow-logs-role")),
    _m(
        "alarms-watch-what-fails",
        "no alarm on failed runs",
        kinds.ALARM,
        "*run-failed",
        drop,
        at(kinds.STATE_MACHINE, "nightly-machine"),
    ),
    _m(
        "order-is-kept",
        "policy at the same time as the block",
        kinds.BUCKET_POLICY,
        "data-input-*",
        lambda graph, one: swapped(
            graph,
            one,
            replace(one, dependencies=(), property_dependencies={"bucket": one.property_dependencies["bucket"]}),
        ),
    ),
    _m(
        "options-accounted-for",
        "policy ignored",
        kinds.BUCKET_POLICY,
        "data-input-*",
        option(ignore_changes=("policy",)),
    ),
    _m("creation-time-is-kept", "not ignored", kinds.BUCKET, "data-input", option(ignore_changes=())),
    _m("network-properties", "another protocol", kinds.GROUP_EGRESS, _TASKS_EGRESS, change("ipProtocol", "-1")),
    _m("network-properties", "website range", kinds.SUBNET, "*-a", change("cidrBlock", "192.168.0.0/20")),
    _m("storage-properties", "provisioned", kinds.TABLE, "*", change("billingMode", "PROVISIONED")),
    _m("storage-properties", "nobody accounted for", kinds.BUCKET, "data-input", change("acl", "public-read")),
    _m("compute-properties", "process namespace", kinds.TASK_DEFINITION, "*", change("pidMode", "host")),
    _m(
        "compute-properties",
        "not essential",
        kinds.TASK_DEFINITION,
        "data-ingestion-*",
        edit("containerDefinitions", _container(essential=False)),
    ),
    _m(
        "access-properties",
        "key for a day",
        kinds.KEY,
        "keys-data",
        change("deletionWindowInDays", 1),
        itself,
        "stores-empty-on-destroy",
    ),
    _m("messages-properties", "letters of a minute", kinds.QUEUE, "*", change("messageRetentionSeconds", 60)),
    _m("workflow-properties", "express", kinds.STATE_MACHINE, "nightly*", change("type", "EXPRESS")),
    _m(
        "workflow-properties",
        "broken cron",
        kinds.SCHEDULE,
        "*-warn",
        change("scheduleExpression", "cron(30 8 * * MON-FRI *)"),
    ),
    _m(
        "observation-properties",
        "raised by too little",
        kinds.ALARM,
        "*run-failed",
        change("comparisonOperator", "LessThanThreshold"),
    ),
    _m("delivery-properties", "parallel", kinds.PIPELINE, "synthetic-*", change("executionMode", "PARALLEL")),
    _m(
        "references-resolve",
        "another environment's topic",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        text("policy", ":topic-notifications-", ":topic-other-"),
    ),
    _m(
        "statements-are-sound",
        "no effect",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        edit("policy", lambda document: document["Statement"][0].pop("Effect")),
    ),
    _m(
        "grants-accounted-for",
        "may delete the table",
        kinds.ROLE_POLICY,
        "run-monitors-reconciler-run",
        edit("policy", _statement(0, Action="dynamodb:DeleteTable")),
    ),
    _m(
        "resource-policies-accounted-for",
        "another account",
        kinds.TOPIC_POLICY,
        "notifications-policy",
        edit("policy", _statement(0, Principal={"AWS": "arn:aws:iam::999999999999:root"})),
        itself,
        "topic-key-grants-publishers",
    ),
    _m(
        "trust-is-tied",
        "trusts another account",
        kinds.ROLE,
        "run-monitors-reconciler-role",
        edit("assumeRolePolicy", _statement(0, Principal={"AWS": "arn:aws:iam::999999999999:root"})),
        itself,
        "role-trusts-its-consumer",
    ),
    _m(
        "messages-need-tls",
        "plain HTTP",
        kinds.QUEUE_POLICY,
        "nightly-start-dead-letters-policy",
        edit("policy", _without("RefusePlainHttp")),
    ),
    _m("tags-are-accepted", "ampersand", kinds.BUCKET, "data-input", change("tags.Team", "Risk & X")),
    _m(
        "state-machines-are-sound",
        "no JSON",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        change("definition", "{"),
    ),
    _m(
        "state-machines-call-accounted-for",
        "another's table",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        text("definition", "table-ledger-", "table-other-"),
    ),
    _m(
        "failures-are-handled",
        "no retry",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        edit("definition", lambda machine: machine["States"]["Find entry"].pop("Retry")),
    ),
]

_EXEMPTION = {"name": "data-input", "reason": "only until the migration is over", "owner": "data team"}
_PACK = [
    Mutant(
        rule="exemptions-are-current",
        what=what,
        config={"bucket-tls-only": {"exemptions": [{**_EXEMPTION, "expires": "2099-01-01", **changes}]}},
    )
    for what, changes in {
        "expired": {"expires": "2020-01-01"},
        "unused, and for too long": {},
        "no owner": {"owner": ""},
        "short reason": {"reason": "later"},
        "too broad": {"name": "*"},
    }.items()
] + [
    _m(
        "undecided-rules-reported",
        "value made unknown",
        kinds.SERVICE,
        "data-ingestion-*",
        change("desiredCount", UNKNOWN),
        at(""),
    )
]

MUTANTS: tuple[Mutant, ...] = (
    *_GOVERNANCE,
    *_NETWORK,
    *_ENDPOINTS,
    *_IDENTITY,
    *_ENCRYPTION,
    *_STORAGE,
    *_COMPUTE,
    *_EVENTS,
    *_DELIVERY,
    *_NAMING,
    *_ACCOUNTED,
    *_PACK,
)
"""Every mutant; labels are unique."""
