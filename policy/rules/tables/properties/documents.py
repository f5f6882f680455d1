"""Documents that properties hold, as rows: containers, lifecycle rules, event patterns, the dashboard's widgets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ...graph import UNKNOWN, kinds
from ..rows import DOCUMENT, Context, Row, between, exactly, free, holds, is_here, maybe, refers, row, text

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"
_C: Final = "containerDefinitions[]."
_SECRET_NAME: Final = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_?KEY|CREDENTIAL", re.IGNORECASE)


def _containers(at: Context) -> list[Mapping[str, Any]]:
    from ..rows import parsed

    found = parsed(at.resource.props.get("containerDefinitions"))
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _variables(value: Any, at: Context) -> bool:
    """The variables that the runtime of every job reads, each once and about this stack."""
    pairs = [(one.get("name"), one.get("value")) for one in value if isinstance(one, Mapping)]
    found = dict(pairs)
    buckets = {one.props.get("bucket") for one in at.graph.of_type(kinds.BUCKET)}
    own = (found.get("BATCH_INPUT_BUCKET"), found.get("BATCH_OUTPUT_BUCKET"))
    family = str(at.resource.props.get("family", ""))
    return (
        len(found) == len(pairs) == len(value)
        and found.get("BATCH_ENVIRONMENT") == at.settings.suffix
        and family == f"task-{found.get('BATCH_JOB')}-{at.settings.suffix}"
        and own[0] != own[1]
        and all(one in buckets or UNKNOWN in buckets for one in own)
        and "-input-" in str(own[0])
        and "-output-" in str(own[1])
        and found.get("BATCH_SCRATCH") in _mounted(at)
    )


def _mounted(at: Context) -> set[Any]:
    return {mount.get("containerPath") for one in _containers(at) for mount in one.get("mountPoints", ())}


def entered(at: Context) -> bool:
    """Whether a service of the task definition lets people open sessions (ECS Exec)."""
    services = at.graph.dependents(at.resource, kinds.SERVICE, prop="taskDefinition")
    return any(one.props.get("enableExecuteCommand") is True for one in services)


def _volumes(at: Context) -> set[Any]:
    return {one.get("name") for one in at.resource.props.get("volumes", ()) if isinstance(one, Mapping)}


def _own_image(value: Any, at: Context) -> bool:
    found = re.fullmatch(
        r"(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)",
        str(value),
    )
    return (
        found is not None
        and bool(at.graph.named(found[2], kinds.REPOSITORY))
        and found[2].split("-")[1:-1] == str(at.resource.props.get("family")).split("-")[1:-1]
    )


def _job(value: Any, at: Context) -> bool:
    return str(at.resource.props.get("family", "")).startswith(f"task-{value}-")


CONTAINERS: Final[tuple[Row, ...]] = (
    row("containerDefinitions", DOCUMENT, "ECS takes a list in JSON", source=_ECS),
    row(_C + "name", holds("the job's name, as in the family", _job), "overrides of the workflow name the container"),
    row(
        _C + "image",
        holds("an image of the job's repository of this stack, by digest or a fixed tag", _own_image),
        "what was scanned is what runs",
    ),
    row(_C + "essential", exactly(True), "a task whose work has ended ends"),
    row(_C + "user", text(r"[1-9]\d*(:[1-9]\d*)?", "a numeric user other than 0"), "nothing runs as root"),
    row(
        _C + "readonlyRootFilesystem",
        holds("true, unless people may open sessions in the task", lambda value, at: value is not entered(at)),
        "code cannot change itself; the agent of a session writes into the container",
    ),
    maybe(_C + "privileged", exactly(False), "Fargate refuses it"),
    row(
        _C + "stopTimeout", between(30, 120), "Fargate gives up to 120 seconds; a Spot interruption needs most of them"
    ),
    row(_C + "linuxParameters.initProcessEnabled", exactly(True), "signals reach the job, and zombies end"),
    row(_C + "linuxParameters.capabilities.drop[]", exactly("ALL"), "a job needs none"),
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
            lambda value, at: isinstance(value, str) and not _SECRET_NAME.search(value),
        ),
        "a secret in the environment is readable by whoever may describe the task",
        fix="Put it under `secrets`, which names where it is kept",
    ),
    maybe(_C + "environment[].value", free(), "settings of the job; references are checked in every text"),
    maybe(_C + "secrets[].name", text(r"[A-Z][A-Z0-9_]*", "a variable's name"), "how the job reads it"),
    maybe(
        _C + "secrets[].valueFrom",
        text(
            r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:(secret:|parameter/).+",
            "the ARN of a secret or parameter",
        ),
        "ECS refuses others",
    ),
    maybe(_C + "command[]", free(), "what the job runs"),
    row(
        _C + "healthCheck.command",
        holds(
            "CMD or CMD-SHELL and a command",
            lambda value, at: isinstance(value, list) and len(value) >= 2 and value[0] in ("CMD", "CMD-SHELL"),
        ),
        "ECS refuses others",
    ),
    row(_C + "healthCheck.command[]", free(), "judged as a whole"),
    row(_C + "healthCheck.interval", between(5, 300), "seconds; ECS takes 5 to 300"),
    row(_C + "healthCheck.timeout", between(2, 60), "seconds; ECS takes 2 to 60"),
    row(_C + "healthCheck.retries", between(1, 10), "ECS takes 1 to 10"),
    row(_C + "healthCheck.startPeriod", between(0, 300), "seconds; ECS takes 0 to 300"),
    row(_C + "logConfiguration.logDriver", exactly("awslogs"), "logs are in the stack's encrypted groups"),
    row(_C + "logConfiguration.options.awslogs-group", refers(kinds.LOG_GROUP), "a group of this stack"),
    row(
        _C + "logConfiguration.options.awslogs-region",
        holds("the stack's Region", lambda value, at: value == _region(at)),
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


def _region(at: Context) -> str | None:
    from ...graph.place import place_of

    return place_of(at.graph).region


def _priority(value: Any, at: Context) -> bool:
    from ..rows import parsed

    rules = (parsed(at.resource.props.get("policy")) or {}).get("rules", [])
    return isinstance(value, int) and value >= 1 and [one.get("rulePriority") for one in rules].count(value) == 1


def _untagged_go(value: Any, at: Context) -> bool:
    kept = [one.get("selection", {}) for one in value if isinstance(one, Mapping)]
    tagged = [one.get("tagPrefixList") for one in kept if one.get("tagStatus") == "tagged"]
    return (
        [one.get("tagStatus") for one in kept].count("untagged") == 1
        and all(tagged)
        and ["deployed-"] in tagged
        and ["release-"] in tagged
    )


_LIFECYCLE: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"
_R: Final = "policy.rules[]."
REPOSITORY_RULES: Final[tuple[Row, ...]] = (
    row("policy", DOCUMENT, "ECR takes JSON", source=_LIFECYCLE),
    row(
        "policy.rules",
        holds("rules for deployed-, release- and untagged images", _untagged_go),
        "images go, and those that run stay",
    ),
    row(_R + "rulePriority", holds("a number that no other rule has", _priority), "ECR refuses two of the same"),
    maybe(_R + "description", free(), "for people"),
    row(_R + "selection.tagStatus", exactly("tagged", "untagged"), "ECR knows these"),
    row(
        _R + "selection.tagPrefixList[]",
        text(r"(deployed|release)-", "deployed- or release-"),
        "the tags that `batchctl` and the pipeline set",
        when=(_R + "selection.tagStatus", "tagged"),
    ),
    row(
        _R + "selection.countType",
        holds(
            "imageCountMoreThan for tagged, sinceImagePushed for untagged images",
            lambda value, at: value in ("imageCountMoreThan", "sinceImagePushed"),
        ),
        "releases are kept by number, leftovers by age",
    ),
    row(
        _R + "selection.countType",
        exactly("sinceImagePushed"),
        "leftovers go by age",
        when=(_R + "selection.tagStatus", "untagged"),
    ),
    row(
        _R + "selection.countUnit",
        exactly("days"),
        "the only unit",
        when=(_R + "selection.countType", "sinceImagePushed"),
    ),
    row(_R + "selection.countNumber", between(1, 1000), "images, or days"),
    row(_R + "action.type", exactly("expire"), "the only action"),
)

_E: Final = "eventPattern."
_DETAIL: Final[Mapping[str, str]] = {
    "aws.s3": "Object Created",
    "aws.ecs": "ECS Task State Change",
    "aws.states": "Step Functions Execution Status Change",
}


def _source(at: Context) -> Any:
    from ..rows import parsed

    return ((parsed(at.resource.props.get("eventPattern")) or {}).get("source") or [None])[0]


def _statuses(value: Any, at: Context) -> bool:
    return isinstance(value, list) and set(value) == {"FAILED", "TIMED_OUT", "ABORTED"}


EVENT_PATTERN: Final[tuple[Row, ...]] = (
    maybe(
        "eventPattern",
        DOCUMENT,
        "EventBridge takes JSON",
        source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
    ),
    row(_E + "source[]", exactly(*_DETAIL), "the services whose events this platform reads"),
    row(
        _E + "detail-type[]",
        holds("the event of the source that this platform reads", lambda value, at: value == _DETAIL.get(_source(at))),
        "another event never comes, or starts runs of its own",
    ),
    row(
        _E + "detail.bucket.name[]",
        refers(kinds.BUCKET),
        "without it every bucket of the account starts runs",
        when=(_E + "source[]", "aws.s3"),
        fix="Name the bucket of this stack that the manifests are written to",
    ),
    row(
        _E + "detail.object.key",
        free(list),
        "which key starts a run is the platform's choice",
        when=(_E + "source[]", "aws.s3"),
    ),
    row(
        _E + "detail.clusterArn[]",
        refers(kinds.CLUSTER),
        "without it every cluster of the account is counted",
        when=(_E + "source[]", "aws.ecs"),
    ),
    row(
        _E + "detail.lastStatus[]",
        exactly("STOPPED"),
        "a task counts once, when it has ended",
        when=(_E + "source[]", "aws.ecs"),
    ),
    maybe(
        _E + "detail.$or",
        holds("tasks with an exit code other than 0, and those that never ran", lambda value, at: _bad_ends(value)),
        "what counts as a failure",
    ),
    *(
        maybe(_E + "detail.$or[]." + name, free((str, int, dict)), "judged as a whole")
        for name in ("containers.exitCode[].anything-but[]", "stopCode[].anything-but[]", "stopCode[]")
    ),
    row(
        _E + "detail.stateMachineArn[]",
        refers(kinds.STATE_MACHINE),
        "without it every machine of the account is watched",
        when=(_E + "source[]", "aws.states"),
    ),
    row(
        _E + "detail.status",
        holds("FAILED, TIMED_OUT and ABORTED", _statuses),
        "all three leave the ledger open",
        when=(_E + "source[]", "aws.states"),
    ),
    maybe(_E + "detail.status[]", free(), "judged as a whole"),
)


def _bad_ends(value: Any) -> bool:
    exits = [
        one
        for one in value
        if isinstance(one, Mapping) and one.get("containers", {}).get("exitCode") == [{"anything-but": [0]}]
    ]
    codes = [
        code
        for one in value
        if isinstance(one, Mapping) and not one.get("containers")
        for code in one.get("stopCode", ())
    ]
    plain = [one.get("stopCode") for one in exits] == [[{"anything-but": ["ServiceSchedulerInitiated"]}]]
    return len(value) == 2 and plain and set(codes) == {"TaskFailedToStart", "TerminationNotice", "SpotInterruption"}


def _metrics(value: Any, at: Context) -> bool:
    from ..metrics import PUBLISHED

    for one in value:
        if one is UNKNOWN or not isinstance(one, list):
            return one is UNKNOWN
        names = [part for part in one if isinstance(part, str)]
        if any(part is UNKNOWN for part in one):
            continue
        namespace, metric, pairs = names[0] if names else "", names[1] if len(names) > 1 else "", names[2:]
        if namespace.startswith("Batch/"):
            if namespace != f"Batch/{at.settings.suffix}" or metric != "LogErrors" or pairs:
                return False
        elif (
            frozenset(pairs[::2]) not in PUBLISHED.get(namespace, {}).get(metric, ())
            or len(pairs) % 2
            or any(
                at.settings.suffix not in name
                or not is_here(name, at.graph)
                or not at.graph.named(name, *at.graph.types)
                for name in pairs[1::2]
            )
        ):
            return False
    return bool(value)


_W: Final = "dashboardBody.widgets[]."
DASHBOARD: Final[tuple[Row, ...]] = (
    row(
        "dashboardBody",
        DOCUMENT,
        "CloudWatch takes JSON",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    ),
    row(_W + "type", exactly("metric", "log", "text"), "the widgets that this platform shows"),
    *(row(_W + name, between(low, 24), "the grid is 24 wide") for name, low in (("x", 0), ("width", 1))),
    row(_W + "y", between(0, 1000), "rows"),
    row(_W + "height", between(1, 1000), "rows"),
    maybe(_W + "properties.title", free(), "for people"),
    row(
        _W + "properties.region",
        holds("the stack's Region", lambda value, at: value == _region(at)),
        "a graph of another Region is empty",
        when=(_W + "type", ("metric", "log")),
    ),
    maybe(_W + "properties.view", exactly("timeSeries", "table", "singleValue"), "CloudWatch refuses others"),
    maybe(_W + "properties.stacked", free(bool), "for people"),
    maybe(_W + "properties.period", between(60, 86400), "seconds"),
    maybe(
        _W + "properties.query",
        text(r"(?s)(SOURCE '[^']+' \| )+\S.*", "a query over log groups"),
        "CloudWatch refuses others",
    ),
    maybe(_W + "properties.markdown", free(), "for people"),
    row(_W + "properties.metrics", free(list), "a graph shows something", when=(_W + "type", "metric")),
    row(_W + "properties.query", free(), "a table shows something", when=(_W + "type", "log")),
    maybe(
        _W + "properties.metrics",
        holds("metrics that AWS or this stack publishes, with their dimensions", _metrics),
        "a graph of nothing is read as calm",
    ),
    maybe(_W + "properties.metrics[][]", free((str, dict)), "judged as a whole"),
    maybe(_W + "properties.annotations", free(dict), "for people"),
    maybe(_W + "properties.yAxis", free(dict), "for people"),
)
