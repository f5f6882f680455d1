"""Container definitions, as rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ....graph import UNKNOWN, kinds
from ....graph.location import location_of
from ...rows import DOCUMENT, NO_SECRET, Context, Must, Row, between, exactly, free, holds, maybe, refers, row, text

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"


_C: Final = "containerDefinitions[]."


SECRET_NAME: Final = re.compile(r"PASSWORD|PASSWD|_PWD|SECRET|TOKEN|PRIVATE_KEY|API_?KEY|CREDENTIAL", re.IGNORECASE)
"""Names of variables whose value is kept out of a task definition."""


def _containers(at: Context) -> list[Mapping[str, Any]]:
    from ...rows import parsed

    result = parsed(at.resource.props.get("containerDefinitions"))
    return [one for one in result if isinstance(one, Mapping)] if isinstance(result, list) else []


def _variables(value: Any, at: Context) -> bool:
    """The variables that the runtime of every job reads, each once and about this stack."""
    pairs = [(one.get("name"), one.get("value")) for one in value if isinstance(one, Mapping)]
    result = dict(pairs)
    buckets = {one.props.get("bucket") for one in at.graph.of_type(kinds.BUCKET)}
    bucket_names = (result.get("BATCH_INPUT_BUCKET"), result.get("BATCH_OUTPUT_BUCKET"))
    family = str(at.resource.props.get("family", ""))
    return (
        len(result) == len(pairs) == len(value)
        and result.get("BATCH_ENVIRONMENT") == at.settings.suffix
        and family == f"task-{result.get('BATCH_JOB')}-{at.settings.suffix}"
        and bucket_names[0] != bucket_names[1]
        and all(one in buckets or UNKNOWN in buckets for one in bucket_names)
        and "-input-" in str(bucket_names[0])
        and "-output-" in str(bucket_names[1])
        and result.get("BATCH_SCRATCH") in _mounted(at)
    )


def _mounted(at: Context) -> set[Any]:
    return {mount.get("containerPath") for one in _containers(at) for mount in one.get("mountPoints", ())}


def entered(at: Context) -> bool:
    """Whether a service of the task definition lets people open sessions (ECS Exec)."""
    services = at.graph.dependents(at.resource, kinds.SERVICE, prop="taskDefinition")
    return any(one.props.get("enableExecuteCommand") is True for one in services)


def _volumes(at: Context) -> set[Any]:
    return {one.get("name") for one in at.resource.props.get("volumes", ()) if isinstance(one, Mapping)}


def _mounts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and one.get("sourceVolume") and one.get("containerPath") for one in value
    )


def _own_image(value: Any, at: Context) -> bool:
    match = re.fullmatch(
        r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)",
        str(value),
    )
    here = location_of(at.graph)
    return (
        match is not None
        and match[1] == (here.account or match[1])
        and match[2] == (here.region or match[2])
        and bool(at.graph.named(match[3], kinds.REPOSITORY))
        and match[3].split("-")[1:-1] == str(at.resource.props.get("family")).split("-")[1:-1]
    )


def _job(value: Any, at: Context) -> bool:
    return str(at.resource.props.get("family", "")).startswith(f"task-{value}-")


def _own_role(value: Any, at: Context) -> bool:
    """Whether the role that the property leads to has the job's name in its own."""
    roles = at.graph.targets(at.resource, at.name, kinds.ROLE) or at.graph.named(value, kinds.ROLE)
    job = str(at.resource.props.get("family", "")).removeprefix("task-").removesuffix(f"-{at.settings.suffix}")
    names = [str(role.props.get("name", "")) for role in roles]
    return all(f"-{job}-" in name for name in names)


_AS_SECRET: Final = "Put it under `secrets`, which names where it is kept"
OWN_ROLE: Final = Must("a role with the job's name in its own", _own_role, by_edge=True)

CONTAINERS: Final[tuple[Row, ...]] = (
    row("containerDefinitions", DOCUMENT, "ECS takes a list in JSON", source=_ECS),
    row(_C + "name", holds("the job's name, as in the family", _job), "overrides of the workflow name the container"),
    row(
        _C + "image",
        holds("an image of the job's repository of this stack, by digest or a fixed tag", _own_image),
        "what was scanned is what runs",
    ),
    maybe(_C + "essential", exactly(True), "a task whose work has ended ends"),
    row(_C + "user", text(r"[1-9]\d*(:[1-9]\d*)?", "a numeric user other than 0"), "nothing runs as root"),
    row(
        _C + "readonlyRootFilesystem",
        holds("true, unless people may open sessions in the task", lambda value, at: value is not entered(at)),
        "code cannot change itself; the agent of a session writes into the container",
    ),
    maybe(_C + "privileged", exactly(False), "Fargate refuses it"),
    row(
        _C + "stopTimeout",
        between(30, 120),
        "how long a job may save its work is said, not left to Fargate's 30 seconds; it gives up to 120",
    ),
    row(_C + "linuxParameters.initProcessEnabled", exactly(True), "signals reach the job, and zombies end"),
    row(_C + "linuxParameters.capabilities.drop[]", exactly("ALL"), "a job needs none"),
    maybe(
        _C + "mountPoints",
        holds("mount points that each name a volume and a path", lambda value, at: _mounts(value)),
        "ECS refuses one without, and a job without scratch space fails at its first file",
    ),
    maybe(
        _C + "mountPoints[].sourceVolume",
        holds("a volume of the task", lambda value, at: value in _volumes(at)),
        "ECS refuses others",
    ),
    maybe(
        _C + "mountPoints[].containerPath", text(r"/[a-z0-9/_-]+", "an absolute path"), "the only place a job can write"
    ),
    maybe(_C + "mountPoints[].readOnly", exactly(False), "the only place a job can write"),
    row(
        _C + "environment",
        holds(
            "each variable once, with BATCH_ENVIRONMENT, BATCH_JOB, BATCH_SCRATCH and both buckets of this stack",
            _variables,
        ),
        "the runtime reads them",
    ),
    row(
        _C + "environment[].name",
        holds(
            "a name that does not speak of a secret",
            lambda value, at: isinstance(value, str) and not SECRET_NAME.search(value),
        ),
        "a secret in the environment is readable by whoever may describe the task",
        fix=_AS_SECRET,
    ),
    maybe(_C + "environment[].value", NO_SECRET, "whoever may describe the task reads it", fix=_AS_SECRET),
    maybe(_C + "secrets[].name", text(r"[A-Z][A-Z0-9_]*", "a variable's name"), "how the job reads it"),
    maybe(
        _C + "secrets[].valueFrom",
        text(
            r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:(secret:|parameter/).+",
            "the ARN of a secret or parameter",
        ),
        "it says account and Region, and the execution role is granted just this ARN",
    ),
    maybe(_C + "command[]", NO_SECRET, "whoever may describe the task reads it", fix=_AS_SECRET),
    maybe(_C + "interactive", exactly(False), "nobody types into a job"),
    maybe(_C + "pseudoTerminal", exactly(False), "nobody types into a job"),
    maybe(_C + "dockerLabels.*", free(), "read by nothing of this platform; references are checked in every text"),
    maybe(_C + "ulimits[].name", exactly("nofile"), "Fargate lets a task change the number of open files only"),
    maybe(_C + "ulimits[].softLimit", between(1024, 1048576), "open files; Fargate takes up to 1,048,576"),
    maybe(_C + "ulimits[].hardLimit", between(1024, 1048576), "open files; Fargate takes up to 1,048,576"),
    row(
        _C + "healthCheck.command",
        holds(
            "CMD or CMD-SHELL and a command",
            lambda value, at: isinstance(value, list) and len(value) >= 2 and value[0] in ("CMD", "CMD-SHELL"),
        ),
        "a job that hangs is seen by its check alone, and ECS takes no other form",
    ),
    row(_C + "healthCheck.command[]", free(), "judged as a whole"),
    row(_C + "healthCheck.interval", between(5, 300), "said, not left to ECS's 30 seconds; it takes 5 to 300"),
    row(_C + "healthCheck.timeout", between(2, 60), "said, not left to ECS's 5 seconds; it takes 2 to 60"),
    row(_C + "healthCheck.retries", between(1, 10), "said, not left to ECS's 3; it takes 1 to 10"),
    row(
        _C + "healthCheck.startPeriod",
        between(0, 300),
        "seconds in which a failed check does not count are said, not left to ECS's none; it takes 0 to 300",
    ),
    row(_C + "logConfiguration.logDriver", exactly("awslogs"), "logs are in the stack's encrypted groups"),
    row(_C + "logConfiguration.options.awslogs-group", refers(kinds.LOG_GROUP), "a group of this stack"),
    row(
        _C + "logConfiguration.options.awslogs-region",
        holds("the stack's Region", lambda value, at: value == location_of(at.graph).region),
        "a group of another Region is not reached",
    ),
    row(
        _C + "logConfiguration.options.awslogs-stream-prefix", holds("the job's name", _job), "streams are found by it"
    ),
    row(_C + "logConfiguration.options.mode", exactly("non-blocking"), "a slow log must not stop the job"),
    row(
        _C + "logConfiguration.options.max-buffer-size",
        text(r"\d{1,3}m", "megabytes such as 25m"),
        "lines wait in memory",
    ),
)
