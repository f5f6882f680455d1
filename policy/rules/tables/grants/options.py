"""What optional settings grant: senders, customer keys, GuardDuty's agent, sessions in tasks, keys of secrets."""

from __future__ import annotations

from typing import Final

from ...graph import Graph, Resource, kinds
from .model import ARN, grant, like, names_one_of

_PULL: Final = "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer"
_AGENT: Final = ARN + r"ecr:{region}:\d{12}:repository/aws-guardduty-agent-fargate"
_TARGETS: Final = r"ecs:cluster-[a-z0-9-]+-{suffix}_\*"
"""Tasks of the stack's cluster, as Session Manager names them."""
_ANYONE_OF_THE_ACCOUNT: Final = {"aws:principalaccount": like("{account}")}
_ROOT: Final = ("AWS:" + ARN + "iam::{account}:root",)
_FARGATE: Final = (r"Service:fargate\.amazonaws\.com",)
_SENDERS: Final = (r"AWS:arn:{partition}:iam::\d{12}:role/[\w+=,.@/-]+",)
_OF_CLUSTER: Final = {
    "kms:encryptioncontext:aws:ecs:clusteraccount": like("{account}"),
    "kms:encryptioncontext:aws:ecs:clustername": like(r"cluster-[a-z0-9-]+-{suffix}"),
}
_OF_LOGS: Final = {"kms:encryptioncontext:sourcearn": like(ARN + r"logs:{region}:{account}:\*")}


def is_entered(graph: Graph, role: Resource) -> bool:
    """Whether people may open sessions in tasks with the role."""
    tasks = [one for one in graph.of_type(kinds.TASK_DEFINITION) if role in graph.targets(one, "taskRoleArn")]
    services = [one for task in tasks for one in graph.dependents(task, kinds.SERVICE, prop="taskDefinition")]
    return any(one.props.get("enableExecuteCommand") is True for one in services)


def _configured(graph: Graph, key: Resource, part: str) -> bool:
    """Whether a cluster is configured with the key for this part."""
    clusters = graph.dependents(key, kinds.CLUSTER, prop="configuration")
    return any((one.props.get("configuration") or {}).get(part) for one in clusters)


def encrypts_scratch(graph: Graph, key: Resource) -> bool:
    """Whether the key is that of tasks' scratch space."""
    return _configured(graph, key, "managedStorageConfiguration")


def encrypts_sessions(graph: Graph, key: Resource) -> bool:
    """Whether the key is that of sessions in tasks."""
    return _configured(graph, key, "executeCommandConfiguration")


def encrypts_machines(graph: Graph, key: Resource) -> bool:
    """Whether the key is that of a state machine."""
    return bool(graph.dependents(key, kinds.STATE_MACHINE, prop="encryptionConfiguration"))


IDENTITY_OPTIONS: Final = (
    # the key of a secret that settings name, through the services that keep secrets
    grant(
        "ecs-tasks",
        "kms:Decrypt",
        form=ARN + r"kms:{region}:{account}:key/[0-9a-f-]{36}",
        when={"kms:viaservice": like(r"(secretsmanager|ssm)\.{region}\.amazonaws\.com")},
    ),
    grant("ecs-tasks", _PULL, form=_AGENT),
    # sessions in a task that people may enter
    grant(
        "ecs-tasks",
        "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel",
        form=r"\*",
        needed=is_entered,
    ),
    grant("ecs-tasks", "logs:DescribeLogGroups", form=r"\*", needed=is_entered),
    grant(
        "ecs-tasks",
        "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
        form=ARN + r"logs:{region}:{account}:log-group:/batch/sessions-{suffix}:\*",
        needed=is_entered,
    ),
    grant(
        "ecs-tasks",
        "kms:Decrypt",
        kinds.KEY,
        when={"kms:encryptioncontext:aws:ssm:targetid": like(_TARGETS)},
        needed=is_entered,
    ),
)
"""By the service that assumes the role."""

RESOURCE_OPTIONS: Final = (
    grant(
        kinds.KEY,
        "kms:GenerateDataKeyWithoutPlaintext",
        form=r"\*",
        principals=_FARGATE,
        needed=encrypts_scratch,
        when=_OF_CLUSTER,
    ),
    grant(
        kinds.KEY,
        "kms:CreateGrant",
        form=r"\*",
        principals=_FARGATE,
        needed=encrypts_scratch,
        when={**_OF_CLUSTER, "kms:grantoperations": like("Decrypt")},
    ),
    grant(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=encrypts_machines,
        when={
            "kms:encryptioncontext:aws:states:statemachinearn": like(
                ARN + r"states:{region}:{account}:stateMachine:\*-{suffix}"
            )
        },
    ),
    grant(
        kinds.KEY,
        "kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=encrypts_machines,
        when=_OF_LOGS,
    ),
    grant(
        kinds.KEY,
        "kms:Decrypt",
        form=r"\*",
        principals=(r"Service:delivery\.logs\.amazonaws\.com",),
        needed=encrypts_machines,
        when=_OF_LOGS,
    ),
    grant(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_ROOT,
        needed=encrypts_sessions,
        when={"kms:encryptioncontext:aws:ssm:targetid": like(_TARGETS)},
    ),
    grant(
        kinds.KEY,
        "kms:Decrypt kms:GenerateDataKey",
        form=r"\*",
        principals=_SENDERS,
        when={
            "kms:viaservice": like(r"s3\.{region}\.amazonaws\.com"),
            "kms:encryptioncontext:aws:s3:arn": names_one_of(kinds.BUCKET),
        },
    ),
    grant(
        kinds.BUCKET_POLICY,
        "s3:PutObject s3:AbortMultipartUpload",
        kinds.BUCKET,
        part=r"/([A-Za-z0-9_.-]+/)+[*]",
        principals=_SENDERS,
    ),
    grant(kinds.ENDPOINT, _PULL, form=_AGENT, principals=(r"\*",), when=_ANYONE_OF_THE_ACCOUNT),
    grant(
        kinds.ENDPOINT,
        "logs:DescribeLogGroups logs:DescribeLogStreams",
        form=r"\*",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
    grant(
        kinds.ENDPOINT,
        "guardduty:SendSecurityTelemetry",
        form=r"\*",
        principals=(r"\*",),
        when=_ANYONE_OF_THE_ACCOUNT,
    ),
)
"""By the type of the resource that the policy belongs to."""
