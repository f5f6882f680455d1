"""Who needs a row, and on which resources: read off the stack's graph."""

from __future__ import annotations

from ...graph import Graph, Resource, kinds
from ...graph.texts import holds_member
from .model import Covers, Needed


def executes(graph: Graph, role: Resource) -> bool:
    """Whether tasks are started with the role: their images pulled, their logs written."""
    return any(role in graph.targets(one, "executionRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))


def runs_code(graph: Graph, role: Resource) -> bool:
    """Whether the role is a job's own."""
    return any(role in graph.targets(one, "taskRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))


def reaches_buckets(graph: Graph, role: Resource) -> bool:
    """Whether the role's own policies name S3, so that it needs the key under the objects."""
    policies = (one for one in graph.of_type(kinds.ROLE_POLICY) if role in graph.targets(one, "role"))
    return runs_code(graph, role) and any("s3:GetObject" in str(one.props.get("policy")) for one in policies)


def machine_text(graph: Graph, role: Resource) -> str:
    """The definitions of the machines that run with the role."""
    return " ".join(
        str(one.props.get("definition"))
        for one in graph.of_type(kinds.STATE_MACHINE)
        if role in graph.targets(one, "roleArn")
    )


def calls(*words: str) -> Needed:
    """Whether a machine that runs with the role has one of the words in its definition."""
    return lambda graph, role: any(word in machine_text(graph, role) for word in words)


def runs_machines(graph: Graph, role: Resource) -> bool:
    """Whether a machine runs with the role."""
    return bool(machines(graph, role))


def writes_logs(graph: Graph, role: Resource) -> bool:
    """Whether a machine that runs with the role has a log configuration; one that is unknown is one."""
    return any("loggingConfiguration" in one.props for one in machines(graph, role))


def writes_traces(graph: Graph, role: Resource) -> bool:
    """Whether a machine that runs with the role has a configuration of traces."""
    return any("tracingConfiguration" in one.props for one in machines(graph, role))


def uses_keys(graph: Graph, role: Resource) -> bool:
    """Whether the role works with what the stack's keys encrypt."""
    return bool(graph.of_type(kinds.KEY)) and (runs_machines(graph, role) or runs_code(graph, role))


def machines(graph: Graph, role: Resource) -> list[Resource]:
    """The machines that run with the role."""
    return [one for one in graph.of_type(kinds.STATE_MACHINE) if role in graph.targets(one, "roleArn")]


def started_machines(graph: Graph, role: Resource) -> list[Resource]:
    """The machines that those machines start: others by name, themselves as the children of a Distributed Map."""
    running = machines(graph, role)
    own_children = [one for one in running if '"DISTRIBUTED"' in str(one.props.get("definition"))]
    return [
        *own_children,
        *(other for one in running for other in graph.targets(one, "definition", kinds.STATE_MACHINE)),
    ]


def tasks_of(graph: Graph, role: Resource) -> list[Resource]:
    """The task definitions that those machines start."""
    return [
        task
        for machine in machines(graph, role)
        for task in graph.targets(machine, "definition", kinds.TASK_DEFINITION)
    ]


def roles_of(graph: Graph, role: Resource) -> list[Resource]:
    """The roles that those tasks take."""
    props = ("taskRoleArn", "executionRoleArn")
    return [one for task in tasks_of(graph, role) for prop in props for one in graph.targets(task, prop, kinds.ROLE)]


def buckets_of(graph: Graph, role: Resource) -> list[Resource]:
    """The buckets that those machines name."""
    texts = [one.props.get("definition") for one in machines(graph, role)]
    buckets = graph.of_type(kinds.BUCKET)
    return [one for one in buckets if any(holds_member(text, "Bucket", one.props.get("bucket")) for text in texts)]


def flow_groups(graph: Graph, role: Resource) -> list[Resource]:
    """The log groups that flow logs write with the role."""
    flows = [one for one in graph.of_type(kinds.FLOW_LOG) if role in graph.targets(one, "iamRoleArn")]
    return [group for one in flows for group in graph.targets(one, "logDestination", kinds.LOG_GROUP)]


def job_groups(graph: Graph, role: Resource) -> list[Resource]:
    """The log groups that tasks started with the role write."""
    tasks = [one for one in graph.of_type(kinds.TASK_DEFINITION) if role in graph.targets(one, "executionRoleArn")]
    texts = [one.props.get("containerDefinitions") for one in tasks]
    return [
        one
        for one in graph.of_type(kinds.LOG_GROUP)
        if any(holds_member(text, "awslogs-group", one.props.get("name")) for text in texts)
    ]


def started(graph: Graph, role: Resource) -> list[Resource]:
    """The machines that rules and schedules start with the role."""
    targets = [one for one in graph.of_type(kinds.EVENT_TARGET) if role in graph.targets(one, "roleArn")]
    schedules = [one for one in graph.of_type(kinds.SCHEDULE) if role in graph.targets(one, "target")]
    return [
        *(machine for one in targets for machine in graph.targets(one, "arn", kinds.STATE_MACHINE)),
        *(machine for one in schedules for machine in graph.targets(one, "target", kinds.STATE_MACHINE)),
    ]


def starts_pipelines(graph: Graph, role: Resource) -> bool:
    """Whether a rule starts a pipeline with the role."""
    targets = [one for one in graph.of_type(kinds.EVENT_TARGET) if role in graph.targets(one, "roleArn")]
    return any(graph.targets(one, "arn", kinds.PIPELINE) for one in targets)


def starts_no_pipeline(graph: Graph, role: Resource) -> bool:
    """Whether no rule does; then it starts machines."""
    return not starts_pipelines(graph, role)


def encrypts(*users: str) -> Needed:
    """Whether a resource of one of the types is encrypted with the key."""
    return lambda graph, key: bool(graph.dependents(key, *users))


def takes_logs(graph: Graph, holder: Resource) -> bool:
    """Whether the bucket takes another's access logs."""
    return any(
        graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)
        for bucket in graph.targets(holder, "bucket", kinds.BUCKET)
    )


def is_event_queue(graph: Graph, holder: Resource) -> bool:
    """Whether rules send to the queue what they could not deliver."""
    return any(graph.dependents(queue, kinds.EVENT_TARGET) for queue in graph.targets(holder, "queueUrl", kinds.QUEUE))


def endpoint(*services: str) -> Needed:
    """Whether the endpoint leads to one of the services."""
    return lambda graph, holder: str(holder.props.get("serviceName", "")).endswith(services)


def dead_letters_of(graph: Graph, role: Resource) -> list[Resource]:
    """The queues for what schedules that use the role could not deliver."""
    schedules = [one for one in graph.of_type(kinds.SCHEDULE) if role in graph.targets(one, "target")]
    return [queue for one in schedules for queue in graph.targets(one, "target", kinds.QUEUE)]


def holder_of(prop: str, kind: str) -> Covers:
    """The resource that a policy is attached to by its property."""
    return lambda graph, holder: graph.targets(holder, prop, kind) or graph.named(holder.props.get(prop), kind)


def data_buckets(graph: Graph, holder: Resource) -> list[Resource]:
    """The buckets that jobs work with: those that a role's policy names, but for those that take access logs."""
    policies = [str(one.props.get("policy")) for one in graph.of_type(kinds.ROLE_POLICY, kinds.POLICY)]
    buckets = [
        one for one in graph.of_type(kinds.BUCKET) if not graph.attached(one, "targetBucket", kinds.BUCKET_LOGGING)
    ]
    return [one for one in buckets if any(f":{one.props.get('bucket')}" in text for text in policies)] or buckets


def repositories(graph: Graph, holder: Resource) -> list[Resource]:
    """The repositories that tasks pull from."""
    return graph.of_type(kinds.REPOSITORY)


def logged_buckets(graph: Graph, holder: Resource) -> list[Resource]:
    """The buckets whose access logs the policy's bucket takes."""
    own_buckets = graph.targets(holder, "bucket", kinds.BUCKET)
    logging = [one for bucket in own_buckets for one in graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)]
    return [bucket for one in logging for bucket in graph.resolve(one, "bucket", kinds.BUCKET)]


def undelivered_rules(graph: Graph, holder: Resource) -> list[Resource]:
    """The rules whose targets send what they could not deliver to the policy's queue."""
    queues = graph.targets(holder, "queueUrl", kinds.QUEUE)
    targets = [one for queue in queues for one in graph.dependents(queue, kinds.EVENT_TARGET, prop="deadLetterConfig")]
    return [rule for one in targets for rule in graph.targets(one, "rule", kinds.EVENT_RULE)]


def event_groups(graph: Graph, holder: Resource) -> list[Resource]:
    """The log groups that rules write to."""
    targets = graph.of_type(kinds.EVENT_TARGET)
    return [group for one in targets for group in graph.targets(one, "arn", kinds.LOG_GROUP)]
