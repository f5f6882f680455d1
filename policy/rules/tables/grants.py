"""What the platform's policies allow: a row for each set of actions that go together, with what they may be granted on.

A policy may spell a row in one statement or in several; what counts is what is allowed in the end. An action that no
row accounts for is a finding, and so is a row of which only a part is granted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..graph import Graph, Resource, kinds
from ..graph.place import place_of

Needed = Callable[[Graph, Resource], bool]
Covers = Callable[[Graph, Resource], list[Resource]]
Wanted = Callable[[str, Graph], bool]


def never(graph: Graph, holder: Resource) -> bool:
    """Nobody needs the row as such; but whoever is granted a part of it needs the rest."""
    return False


def always(graph: Graph, holder: Resource) -> bool:
    """Every document of the context needs the row."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Actions that are granted together."""

    to: str
    """Who: the service that assumes the role, or the type of the resource whose policy it is."""
    actions: frozenset[str]
    on: tuple[str, ...] = ()
    """Types that the resources must be of; none: `*`, or what `form` says."""
    form: str = ""
    """A pattern for the resources, with {account}, {region}, {partition} and {suffix}; instead of `on`."""
    part: str = ""
    """What follows the ARN: a pattern such as `/.+`; empty: nothing."""
    when: Mapping[str, Wanted] = field(default_factory=dict)
    """Condition keys that must be there, and what their values must be."""
    principals: tuple[str, ...] = ()
    """For a resource's policy: the principals, with {account} and {region}."""
    needed: Needed = never
    covers: Covers | None = None
    """The resources on which it must be granted, all of them."""
    complete: bool = True
    """Whether all of the actions are granted where one is."""


def _like(pattern: str) -> Wanted:
    def wanted(value: str, graph: Graph) -> bool:
        return re.fullmatch(filled(pattern, graph), value) is not None

    return wanted


def filled(pattern: str, graph: Graph) -> str:
    """The pattern with account, Region and suffix of the stack in place."""
    return graph.once(("filled", pattern), lambda: _filled(pattern, graph))


def _filled(pattern: str, graph: Graph) -> str:
    place = place_of(graph)
    suffix = graph.once(("suffix_of",), lambda: _suffix(graph))
    return (
        pattern.replace("{account}", place.account or r"\d{12}")
        .replace("{region}", place.region or "[a-z0-9-]+")
        .replace("{partition}", place.partition)
        .replace("{suffix}", re.escape(suffix))
    )


def _suffix(graph: Graph) -> str:
    """The environment as the names of the cluster or of most resources end."""
    names = [str(one.props.get("name", "")) for one in graph.of_type(kinds.CLUSTER, kinds.LOG_GROUP, kinds.ROLE)]
    ends = [name.rpartition("-")[2] for name in names if "-" in name]
    return max(set(ends), key=ends.count) if ends else graph.stack


def _of(kind: str) -> Wanted:
    return lambda value, graph: bool(graph.named(value, kind))


_OWN_ACCOUNT: Final = {"aws:sourceaccount": _like("{account}")}
_ARN: Final = "arn:{partition}:"


def _has(kind: str) -> Needed:
    return lambda graph, holder: bool(graph.of_type(kind))


def _g(to: str, actions: str, *on: str, **more: object) -> Grant:
    return Grant(to=to, actions=frozenset(actions.split()), on=on, **more)  # type: ignore[arg-type]


def _executes(graph: Graph, role: Resource) -> bool:
    return any(role in graph.targets(one, "executionRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))


def _runs_code(graph: Graph, role: Resource) -> bool:
    return any(role in graph.targets(one, "taskRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))


def _reaches_buckets(graph: Graph, role: Resource) -> bool:
    """Whether the role's own policies name S3, so that it needs the key under the objects."""
    policies = (one for one in graph.of_type(kinds.ROLE_POLICY) if role in graph.targets(one, "role"))
    return _runs_code(graph, role) and any("s3:GetObject" in str(one.props.get("policy")) for one in policies)


def _is_entered(graph: Graph, role: Resource) -> bool:
    """Whether people may open sessions in tasks with the role."""
    tasks = [one for one in graph.of_type(kinds.TASK_DEFINITION) if role in graph.targets(one, "taskRoleArn")]
    services = [one for task in tasks for one in graph.dependents(task, kinds.SERVICE, prop="taskDefinition")]
    return any(one.props.get("enableExecuteCommand") is True for one in services)


def _machine_text(graph: Graph, role: Resource) -> str:
    return " ".join(
        str(one.props.get("definition"))
        for one in graph.of_type(kinds.STATE_MACHINE)
        if role in graph.targets(one, "roleArn")
    )


def _calls(*words: str) -> Needed:
    return lambda graph, role: any(word in _machine_text(graph, role) for word in words)


def _is_logged(graph: Graph, role: Resource) -> bool:
    return any(role in graph.targets(one, "roleArn") for one in graph.of_type(kinds.STATE_MACHINE))


def _uses_keys(graph: Graph, role: Resource) -> bool:
    return bool(graph.of_type(kinds.KEY)) and (_is_logged(graph, role) or _runs_code(graph, role))


def _machines(graph: Graph, role: Resource) -> list[Resource]:
    return [one for one in graph.of_type(kinds.STATE_MACHINE) if role in graph.targets(one, "roleArn")]


def _tasks_of(graph: Graph, role: Resource) -> list[Resource]:
    return [
        task
        for machine in _machines(graph, role)
        for task in graph.targets(machine, "definition", kinds.TASK_DEFINITION)
    ]


def _roles_of(graph: Graph, role: Resource) -> list[Resource]:
    props = ("taskRoleArn", "executionRoleArn")
    return [one for task in _tasks_of(graph, role) for prop in props for one in graph.targets(task, prop, kinds.ROLE)]


def _buckets_of(graph: Graph, role: Resource) -> list[Resource]:
    text = _machine_text(graph, role)
    buckets = graph.of_type(kinds.BUCKET)
    return [one for one in buckets if f'"Bucket": "{one.props.get("bucket")}"' in text]


def _flow_groups(graph: Graph, role: Resource) -> list[Resource]:
    flows = [one for one in graph.of_type(kinds.FLOW_LOG) if role in graph.targets(one, "iamRoleArn")]
    return [group for one in flows for group in graph.targets(one, "logDestination", kinds.LOG_GROUP)]


def _job_groups(graph: Graph, role: Resource) -> list[Resource]:
    tasks = [one for one in graph.of_type(kinds.TASK_DEFINITION) if role in graph.targets(one, "executionRoleArn")]
    texts = [str(one.props.get("containerDefinitions")) for one in tasks]
    return [
        one
        for one in graph.of_type(kinds.LOG_GROUP)
        if any(f'"awslogs-group": "{one.props.get("name")}"' in text for text in texts)
    ]


def _started(graph: Graph, role: Resource) -> list[Resource]:
    targets = [one for one in graph.of_type(kinds.EVENT_TARGET) if role in graph.targets(one, "roleArn")]
    schedules = [one for one in graph.of_type(kinds.SCHEDULE) if role in graph.targets(one, "target")]
    return [
        *(machine for one in targets for machine in graph.targets(one, "arn", kinds.STATE_MACHINE)),
        *(machine for one in schedules for machine in graph.targets(one, "target", kinds.STATE_MACHINE)),
    ]


_AGENT: Final = _ARN + r"ecr:{region}:\d{12}:repository/aws-guardduty-agent-fargate"
_SESSIONS: Final = r"ecs:cluster-[a-z0-9-]+-{suffix}_\*"
_PREFIX: Final = r"/[A-Za-z0-9_./=*-]*[*]"
_SCHEDULE_QUEUE: Final = "scheduler"

IDENTITY_GRANTS: Final = (
    # the execution role: image and log, secrets where the job has some
    _g("ecs-tasks", "ecr:GetAuthorizationToken", form=r"\*", needed=_executes),
    _g(
        "ecs-tasks",
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        kinds.REPOSITORY,
        needed=_executes,
    ),
    _g(
        "ecs-tasks",
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=_executes,
        covers=_job_groups,
    ),
    _g(
        "ecs-tasks",
        "secretsmanager:GetSecretValue",
        form=_ARN + r"secretsmanager:{region}:{account}:secret:[\w/+=.@:-]+",
    ),
    _g("ecs-tasks", "ssm:GetParameters", form=_ARN + r"ssm:{region}:{account}:parameter/[\w./-]+"),
    # the task role: prefixes of the buckets, through their key
    _g("ecs-tasks", "s3:GetObject s3:GetObjectVersion", kinds.BUCKET, part=_PREFIX),
    _g("ecs-tasks", "s3:PutObject s3:GetObject s3:DeleteObject s3:AbortMultipartUpload", kinds.BUCKET, part=_PREFIX),
    _g("ecs-tasks", "s3:ListBucket", kinds.BUCKET, when={"s3:prefix": _like(r"[A-Za-z0-9_./=-]*[*]?")}),
    _g("ecs-tasks", "kms:Decrypt kms:GenerateDataKey", kinds.KEY, needed=_reaches_buckets, complete=False),
    # the key of a secret that settings name, through the services that keep secrets
    _g(
        "ecs-tasks",
        "kms:Decrypt",
        form=_ARN + r"kms:{region}:{account}:key/[0-9a-f-]{36}",
        when={"kms:viaservice": _like(r"(secretsmanager|ssm)\.{region}\.amazonaws\.com")},
    ),
    # GuardDuty's agent, from a repository of AWS's
    _g(
        "ecs-tasks",
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        form=_AGENT,
    ),
    # sessions in a task that people may enter
    _g(
        "ecs-tasks",
        "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel",
        form=r"\*",
        needed=_is_entered,
    ),
    _g("ecs-tasks", "logs:DescribeLogGroups", form=r"\*", needed=_is_entered),
    _g(
        "ecs-tasks",
        "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
        form=_ARN + r"logs:{region}:{account}:log-group:/batch/sessions-{suffix}:\*",
        needed=_is_entered,
    ),
    _g(
        "ecs-tasks",
        "kms:Decrypt",
        kinds.KEY,
        when={"kms:encryptioncontext:aws:ssm:targetid": _like(_SESSIONS)},
        needed=_is_entered,
    ),
    _g(
        "ecs-tasks",
        "ecs:GetTaskProtection ecs:UpdateTaskProtection",
        form=_ARN + r"ecs:{region}:{account}:task/cluster-[a-z0-9-]+-{suffix}/\*",
        complete=False,
    ),
    _g(
        "ecs-tasks",
        "sqs:ReceiveMessage sqs:DeleteMessage sqs:ChangeMessageVisibility sqs:GetQueueAttributes sqs:GetQueueUrl",
        kinds.QUEUE,
        complete=False,
    ),
    # state machines
    _g(
        "states",
        "ecs:RunTask",
        kinds.TASK_DEFINITION,
        part=r":(\*|\d+)",
        when={"ecs:cluster": _of(kinds.CLUSTER)},
        needed=_calls("ecs:runTask"),
        covers=_tasks_of,
    ),
    _g(
        "states",
        "ecs:StopTask ecs:DescribeTasks",
        form=r"\*",
        when={"ecs:cluster": _of(kinds.CLUSTER)},
        needed=_calls("ecs:runTask"),
    ),
    _g(
        "states",
        "ecs:TagResource",
        form=_ARN + r"ecs:{region}:{account}:task/cluster-[a-z0-9-]+-{suffix}/\*",
        when={"ecs:createaction": _like("RunTask")},
        needed=_calls("ecs:runTask"),
    ),
    _g(
        "states",
        "iam:PassRole",
        kinds.ROLE,
        when={"iam:passedtoservice": _like("ecs-tasks.amazonaws.com")},
        needed=_calls("ecs:runTask"),
        covers=_roles_of,
    ),
    _g(
        "states",
        "events:DescribeRule events:PutRule events:PutTargets",
        form=_ARN + "events:{region}:{account}:rule/StepFunctionsGetEventsForECSTaskRule",
        needed=_calls("ecs:runTask.sync"),
    ),
    _g("states", "dynamodb:PutItem", kinds.TABLE, needed=_calls("dynamodb:putItem")),
    _g("states", "dynamodb:UpdateItem", kinds.TABLE, needed=_calls("dynamodb:updateItem")),
    _g("states", "dynamodb:Query", kinds.TABLE, needed=_calls("dynamodb:query")),
    _g("states", "dynamodb:GetItem", kinds.TABLE, needed=_calls("dynamodb:getItem")),
    _g("states", "dynamodb:DeleteItem", kinds.TABLE, needed=_calls("dynamodb:deleteItem")),
    _g(
        "states",
        "s3:GetObject",
        kinds.BUCKET,
        part=_PREFIX,
        needed=_calls("s3:getObject", "s3:headObject"),
        covers=_buckets_of,
    ),
    _g("states", "s3:ListBucket", kinds.BUCKET, needed=_calls("s3:getObject", "s3:headObject"), covers=_buckets_of),
    _g(
        "states",
        "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload",
        kinds.BUCKET,
        part=_PREFIX,
        needed=_calls("s3:putObject"),
    ),
    _g("states", "states:StartExecution", kinds.STATE_MACHINE, needed=_calls('"DISTRIBUTED"'), covers=_machines),
    _g(
        "states",
        "states:DescribeExecution states:StopExecution states:RedriveExecution",
        form=_ARN
        + r"states:{region}:{account}:(execution|mapRun):statemachine-[a-z0-9-]+-{suffix}(/\*|:\*|/[\w-]+:\*|\*)?.*",
        complete=False,
    ),
    _g("states", "states:ListExecutions", kinds.STATE_MACHINE),
    _g("states", "sns:Publish", kinds.TOPIC, needed=_calls("sns:publish")),
    _g("states", "sqs:SendMessage", kinds.QUEUE),
    _g(
        "states",
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
        form=r"\*",
        needed=_is_logged,
    ),
    _g(
        "states",
        "xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords xray:PutTraceSegments",
        form=r"\*",
        needed=_is_logged,
    ),
    _g("states", "kms:Decrypt kms:DescribeKey kms:GenerateDataKey", kinds.KEY, needed=_uses_keys),
    # what starts machines
    _g("events", "states:StartExecution", kinds.STATE_MACHINE, needed=always, covers=_started),
    _g("events", "ecs:RunTask", kinds.TASK_DEFINITION, part=r":(\*|\d+)"),
    _g("events", "iam:PassRole", kinds.ROLE, when={"iam:passedtoservice": _like("ecs-tasks.amazonaws.com")}),
    _g("scheduler", "states:StartExecution", kinds.STATE_MACHINE, needed=always, covers=_started),
    _g("scheduler", "sqs:SendMessage", kinds.QUEUE, needed=always),
    _g("scheduler", "kms:Decrypt kms:DescribeKey kms:GenerateDataKey", kinds.KEY, needed=always),
    _g(
        "vpc-flow-logs",
        "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r"(:\*)?",
        needed=always,
        covers=_flow_groups,
    ),
)
"""By the service that assumes the role. Roles of other services (the pipeline's) have rules of their own."""

_ROOT: Final = ("AWS:" + _ARN + "iam::{account}:root",)
_ADMINISTER: Final = (
    "kms:CancelKeyDeletion kms:CreateAlias kms:DeleteAlias kms:DescribeKey kms:DisableKeyRotation kms:EnableKeyRotation "
    "kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListAliases kms:ListGrants kms:ListKeyPolicies kms:ListResourceTags "
    "kms:PutKeyPolicy kms:RevokeGrant kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource kms:UpdateAlias "
    "kms:UpdateKeyDescription"
)
_USE: Final = "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey* kms:ReEncrypt*"
_PUBLISH: Final = "kms:Decrypt kms:GenerateDataKey*"
_ANYONE_OF_THE_ACCOUNT: Final = {"aws:principalaccount": _like("{account}")}
_PLATFORM_PREFIXES: Final = r"(/batch/\*-{suffix}|/aws/ecs/containerinsights/\*-{suffix}/performance|/aws/vendedlogs/states/\*-{suffix}|/aws/codebuild/\*-{suffix})"


def _keys(*users: str) -> Needed:
    """Whether a resource of one of the types is encrypted with the key."""
    return lambda graph, key: bool(graph.dependents(key, *users))


def _takes_logs(graph: Graph, holder: Resource) -> bool:
    return any(
        graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)
        for bucket in graph.targets(holder, "bucket", kinds.BUCKET)
    )


def _is_event_queue(graph: Graph, holder: Resource) -> bool:
    return any(graph.dependents(queue, kinds.EVENT_TARGET) for queue in graph.targets(holder, "queueUrl", kinds.QUEUE))


def _configured(graph: Graph, key: Resource, part: str) -> bool:
    """Whether a cluster is configured with the key for this part."""
    clusters = graph.dependents(key, kinds.CLUSTER, prop="configuration")
    return any((one.props.get("configuration") or {}).get(part) for one in clusters)


def _encrypts_scratch(graph: Graph, key: Resource) -> bool:
    return _configured(graph, key, "managedStorageConfiguration")


def _encrypts_sessions(graph: Graph, key: Resource) -> bool:
    return _configured(graph, key, "executeCommandConfiguration")


def _encrypts_machines(graph: Graph, key: Resource) -> bool:
    return bool(graph.dependents(key, kinds.STATE_MACHINE, prop="encryptionConfiguration"))


_FARGATE: Final = (r"Service:fargate\.amazonaws\.com",)
_OF_CLUSTER: Final = {
    "kms:encryptioncontext:aws:ecs:clusteraccount": _like("{account}"),
    "kms:encryptioncontext:aws:ecs:clustername": _like(r"cluster-[a-z0-9-]+-{suffix}"),
}
_SENDERS: Final = (r"AWS:arn:{partition}:iam::\d{12}:role/[\w+=,.@/-]+",)


def _endpoint(service: str) -> Needed:
    return lambda graph, holder: str(holder.props.get("serviceName", "")).endswith(service)


RESOURCE_GRANTS: Final = (
    _g(kinds.KEY, _ADMINISTER, form=r"\*", principals=_ROOT, needed=always),
    _g(kinds.KEY, "kms:DisableKey kms:EnableKey", form=r"\*", principals=_ROOT),
    _g(
        kinds.KEY,
        _USE,
        form=r"\*",
        principals=_ROOT,
        needed=_keys(kinds.BUCKET_ENCRYPTION, kinds.TABLE, kinds.TOPIC),
        when={"kms:viaservice": _like(r"(s3|dynamodb|ecr|sns|sqs|secretsmanager|logs)\.{region}\.amazonaws\.com")},
    ),
    _g(
        kinds.KEY,
        "kms:CreateGrant",
        form=r"\*",
        principals=_ROOT,
        needed=_keys(kinds.TABLE, kinds.REPOSITORY),
        when={
            "kms:viaservice": _like(r"(s3|dynamodb|ecr)\.{region}\.amazonaws\.com"),
            "kms:grantisforawsresource": _like("true"),
        },
    ),
    _g(
        kinds.KEY,
        _USE,
        form=r"\*",
        principals=(r"Service:logs\.{region}\.amazonaws\.com(\.cn)?",),
        needed=_keys(kinds.LOG_GROUP),
        when={
            "kms:encryptioncontext:aws:logs:arn": _like(
                _ARN + "logs:{region}:{account}:log-group:" + _PLATFORM_PREFIXES
            )
        },
    ),
    _g(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:cloudwatch\.amazonaws\.com",),
        needed=_keys(kinds.TOPIC),
        when={**_OWN_ACCOUNT, "aws:sourcearn": _like(_ARN + r"cloudwatch:{region}:{account}:alarm:\*-{suffix}")},
    ),
    _g(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:events\.amazonaws\.com",),
        needed=_keys(kinds.TOPIC),
        when={"kms:encryptioncontext:aws:sns:topicarn": _like(_ARN + r"sns:{region}:{account}:\*-{suffix}")},
    ),
    _g(
        kinds.KEY,
        _PUBLISH,
        form=r"\*",
        principals=(r"Service:events\.amazonaws\.com",),
        needed=_keys(kinds.QUEUE),
        when={"kms:encryptioncontext:aws:sqs:arn": _like(_ARN + r"sqs:{region}:{account}:\*-{suffix}")},
    ),
    _g(
        kinds.KEY,
        "kms:GenerateDataKeyWithoutPlaintext",
        form=r"\*",
        principals=_FARGATE,
        needed=_encrypts_scratch,
        when=_OF_CLUSTER,
    ),
    _g(
        kinds.KEY,
        "kms:CreateGrant",
        form=r"\*",
        principals=_FARGATE,
        needed=_encrypts_scratch,
        when={**_OF_CLUSTER, "kms:grantoperations": _like("Decrypt")},
    ),
    _g(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=_encrypts_machines,
        when={
            "kms:encryptioncontext:aws:states:statemachinearn": _like(
                _ARN + r"states:{region}:{account}:stateMachine:\*-{suffix}"
            )
        },
    ),
    _g(
        kinds.KEY,
        "kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=_encrypts_machines,
        when={"kms:encryptioncontext:sourcearn": _like(_ARN + r"logs:{region}:{account}:\*")},
    ),
    _g(
        kinds.KEY,
        "kms:Decrypt",
        form=r"\*",
        principals=(r"Service:delivery\.logs\.amazonaws\.com",),
        needed=_encrypts_machines,
        when={"kms:encryptioncontext:sourcearn": _like(_ARN + r"logs:{region}:{account}:\*")},
    ),
    _g(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=_encrypts_sessions,
        when={"kms:encryptioncontext:aws:ssm:targetid": _like(_SESSIONS)},
    ),
    _g(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_SENDERS,
        when={
            "kms:viaservice": _like(r"s3\.{region}\.amazonaws\.com"),
            "kms:encryptioncontext:aws:s3:arn": _of(kinds.BUCKET),
        },
    ),
    _g(
        kinds.BUCKET_POLICY,
        "s3:PutObject s3:AbortMultipartUpload",
        kinds.BUCKET,
        part=r"/([A-Za-z0-9_.-]+/)+[*]",
        principals=_SENDERS,
    ),
    _g(
        kinds.BUCKET_POLICY,
        "s3:PutObject",
        kinds.BUCKET,
        part=r"/[a-z0-9/-]+/[*]",
        principals=(r"Service:logging\.s3\.amazonaws\.com",),
        needed=_takes_logs,
        when={**_OWN_ACCOUNT, "aws:sourcearn": _of(kinds.BUCKET)},
    ),
    _g(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:cloudwatch\.amazonaws\.com",),
        needed=_has(kinds.ALARM),
        when={**_OWN_ACCOUNT, "aws:sourcearn": _like(_ARN + r"cloudwatch:{region}:{account}:alarm:\*-{suffix}")},
    ),
    _g(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:events\.amazonaws\.com",),
        needed=_has(kinds.EVENT_RULE),
        when={"aws:sourcearn": _like(_ARN + r"events:{region}:{account}:rule/\*-{suffix}")},
    ),
    _g(
        kinds.TOPIC_POLICY,
        "sns:Publish",
        kinds.TOPIC,
        principals=(r"Service:(codepipeline|codestar-notifications|codebuild)\.amazonaws\.com",),
        when=_OWN_ACCOUNT,
    ),
    _g(
        kinds.QUEUE_POLICY,
        "sqs:SendMessage",
        kinds.QUEUE,
        principals=(r"Service:events\.amazonaws\.com",),
        needed=_is_event_queue,
        when={"aws:sourcearn": _of(kinds.EVENT_RULE)},
    ),
    _g(
        kinds.LOG_RESOURCE_POLICY,
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=always,
        principals=(r"Service:delivery\.logs\.amazonaws\.com",),
    ),
    _g(
        kinds.LOG_RESOURCE_POLICY,
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=always,
        principals=(r"Service:events\.amazonaws\.com",),
    ),
    _g(
        kinds.ENDPOINT,
        "s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:GetObjectVersion s3:ListMultipartUploadParts s3:PutObject",
        kinds.BUCKET,
        part=r"/[*]",
        principals=(r"\*",),
        needed=_endpoint(".s3"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "s3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads",
        kinds.BUCKET,
        principals=(r"\*",),
        needed=_endpoint(".s3"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "s3:GetObject",
        form=_ARN + "s3:::prod-{region}-starport-layer-bucket/[*]",
        principals=(r"\*",),
        needed=_endpoint(".s3"),
    ),
    _g(
        kinds.ENDPOINT,
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        kinds.REPOSITORY,
        principals=(r"\*",),
        needed=_endpoint(".ecr.api"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        form=_AGENT,
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "logs:DescribeLogGroups logs:DescribeLogStreams",
        form=r"\*",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "guardduty:SendSecurityTelemetry",
        form=r"\*",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "ecr:GetAuthorizationToken",
        form=r"\*",
        principals=(r"\*",),
        needed=_endpoint(".ecr.api"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "logs:CreateLogStream logs:PutLogEvents",
        form=_ARN + r"logs:{region}:{account}:log-group:/batch/(\*|[a-z0-9-]+)-{suffix}:\*",
        principals=(r"\*",),
        needed=_endpoint(".logs"),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    _g(
        kinds.ENDPOINT,
        "secretsmanager:* ssm:* ssmmessages:* sqs:* sns:* states:* monitoring:* cloudwatch:* kms:* dynamodb:* sts:* ecs:* events:* xray:*",
        form=r".+",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
        complete=False,
    ),
)
"""By the type of the resource that the policy belongs to, or of the policy."""

TRUST: Final[Mapping[str, Mapping[str, str]]] = {
    "ecs-tasks": {"aws:sourcearn": _ARN + r"ecs:{region}:{account}:\*"},
    "states": {
        "aws:sourcearn": _ARN
        + r"states:{region}:{account}:(stateMachine|express|mapRun|execution):statemachine-[a-z0-9-]+-{suffix}(/?\*|:\*)*"
    },
    "events": {"aws:sourcearn": _ARN + "events:{region}:{account}:rule/rule-[a-z0-9-]+-{suffix}"},
    "scheduler": {"aws:sourcearn": _ARN + "scheduler:{region}:{account}:schedule-group/schedule-[a-z0-9-]+-{suffix}"},
    "vpc-flow-logs": {"aws:sourcearn": _ARN + r"ec2:{region}:{account}:vpc-flow-log/\*"},
    "codebuild": {"aws:sourcearn": _ARN + r"codebuild:{region}:{account}:(project|build)/[a-z0-9*-]+-{suffix}(:\*)?"},
    "codepipeline": {"aws:sourcearn": _ARN + "codepipeline:{region}:{account}:pipeline-[a-z0-9-]+-{suffix}"},
}
"""Services that roles of the platform trust, with the condition that ties the trust to this stack."""
