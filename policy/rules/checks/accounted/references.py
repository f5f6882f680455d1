"""References: every name of a thing, at any depth and also inside documents, is one of this stack's things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...graph import Graph, Resource, kinds
from ...graph.location import location_of
from ...rule import EVERY, Problem, Severity, View, rule
from ...tables.rows import is_here

_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[A-Za-z0-9_/.:*$?#+=@-]+")
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": (kinds.BUCKET,),
    "dynamodb": (kinds.TABLE,),
    "sns": (kinds.TOPIC,),
    "sqs": (kinds.QUEUE,),
    "kms": (kinds.KEY, kinds.ALIAS),
    "ecr": (kinds.REPOSITORY,),
    "logs": (kinds.LOG_GROUP,),
    "iam:role": (kinds.ROLE,),
    "iam:policy": (kinds.POLICY,),
    "ecs:cluster": (kinds.CLUSTER,),
    "ecs:service": (kinds.SERVICE,),
    "ecs:task-definition": (kinds.TASK_DEFINITION,),
    "ecs:task": (kinds.CLUSTER,),
    "states:stateMachine": (kinds.STATE_MACHINE,),
    "states:execution": (kinds.STATE_MACHINE,),
    "states:mapRun": (kinds.STATE_MACHINE,),
    "events:rule": (kinds.EVENT_RULE,),
    "scheduler:schedule-group": (kinds.SCHEDULE_GROUP,),
    "scheduler:schedule": (kinds.SCHEDULE,),
    "cloudwatch:alarm": (kinds.ALARM,),
    "codebuild:project": (kinds.BUILD_PROJECT,),
    "appautoscaling": (kinds.SCALING_POLICY,),
    "autoscaling": (kinds.SCALING_POLICY,),
    "lambda:function": (kinds.FUNCTION,),
}
"""By service, or by service and kind of resource, in an ARN: the types that it may name."""

_OTHERS: Final = (
    r"arn:[a-z-]+:iam::\d{12}:root",
    r"arn:[a-z-]+:iam::aws:policy/.+",
    r"arn:[a-z-]+:iam::\d{12}:policy/.+",
    r"arn:[a-z-]+:s3:::prod-[a-z0-9-]+-starport-layer-bucket/\*",
    r"arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:rule/StepFunctionsGetEventsForECSTaskRule",
    r"arn:[a-z-]+:states:::[A-Za-z0-9:.-]+",
    r"arn:[a-z-]+:ec2:[a-z0-9-]+:\d{12}:vpc-flow-log/\*",
    r"arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:\*",
    r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:log-group:/aws/codebuild/\*-[a-z0-9]+",
    r"arn:[a-z-]+:(secretsmanager|ssm|codestar-connections|codestarconnections|codeconnections):.+",
)
"""ARNs of things that no stack makes, each of a form that AWS documents, and those that settings name."""

_AGENT: Final = r"arn:[a-z-]+:ecr:[a-z0-9-]+:\d{12}:repository/aws-guardduty-agent-fargate"
_SENDER: Final = r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+"
_SECRETS_KEY: Final = r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]{36}"
_NAMED_BY_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    kinds.BUCKET_POLICY: (_SENDER,),
    kinds.ENDPOINT: (_AGENT,),
    kinds.KEY: (_SENDER, r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:\*"),
    kinds.ROLE_POLICY: (_AGENT, _SECRETS_KEY),
    kinds.POLICY: (_AGENT, _SECRETS_KEY),
}
"""By type: ARNs of things of other accounts or stacks that settings name there; the grants say for what."""

_ID: Final = re.compile(r"(?:vpc|subnet|sg|rtb|vpce|acl|igw|nat|eni|eipalloc|vgw|tgw|pcx)-[0-9a-f]{8,17}")
_FREE_TEXT: Final = frozenset(
    ("tags", "tagsAll", "description", "alarmDescription", "dashboardBody", "id", "arn", "label", "title", "targetId")
)
"""Properties that are for people, or that AWS makes; the documents' own rows look into the dashboard."""
_NAMING_TAGS: Final = ("Environment", "Name")
"""Tags whose values are names; the others say what people want."""


@rule(
    "references-resolve",
    *EVERY,
    severity=Severity.CRITICAL,
    fix="Name the resource of this stack, by its output where there is one",
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html",
    settings=("suffix", "environments"),
    tags=("graph", "closed"),
)
def references_resolve(resource: Resource, view: View) -> Iterator[Problem]:
    """Every ARN, id and physical name, at any depth, names a resource of this stack; no other environment is named."""
    graph = view.graph
    if not graph.of_type(kinds.CLUSTER):
        return  # the tooling stack names the stacks that it deploys
    others = [name for name in view.settings.environments if name != view.settings.suffix]
    pattern = _other_environments(tuple(others))
    reported: set[str] = set()
    for path, text in _texts(resource):
        for fault in _faults(graph, resource, text, pattern):
            if fault not in reported:
                reported.add(fault)
                yield Problem(message=fault, property=path)


def _other_environments(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """A name of another environment as the last part of a physical name, of a path or of a word in a document."""
    if not names:
        return None
    listed = "|".join(map(re.escape, names))
    return re.compile(rf"(?:[A-Za-z0-9*][-/]|Batch/)({listed})(?![A-Za-z0-9])|^({listed})$|\[({listed})\]")


def _texts(resource: Resource) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, Any]] = [
        (name, value)
        for name, value in resource.props.items()
        if name not in _FREE_TEXT or (name == "arn" and resource.type in (kinds.EVENT_TARGET, kinds.TOPIC_POLICY))
    ]
    tags = resource.props.get("tags")
    if isinstance(tags, Mapping):
        waiting += [(f"tags.{name}", tags.get(name)) for name in _NAMING_TAGS]
    while waiting:
        path, at = waiting.pop()
        if isinstance(at, str):
            yield path, at
        elif isinstance(at, dict | Mapping):
            waiting += [(f"{path}.{key}", value) for key, value in at.items() if key not in _FREE_TEXT or key == "arn"]
        elif isinstance(at, list):
            waiting += [(f"{path}[{i}]", value) for i, value in enumerate(at)]


def _faults(graph: Graph, resource: Resource, text: str, others: re.Pattern[str] | None) -> Iterator[str]:
    for arn in dict.fromkeys(_ARN.findall(text)) if "arn:" in text else ():
        if any(re.fullmatch(pattern, arn) for pattern in _NAMED_BY_SETTINGS.get(resource.type, ())):
            continue
        if not resolves(graph, arn.rstrip(".,:")) and not resolves(graph, arn):
            yield f"names {arn}, which is nothing of this stack"
    if _ID.fullmatch(text) and not graph.named(text, *graph.types):
        yield f"names {text}, which is nothing of this stack"
    if others is not None and (match := others.search(text)):
        yield f"names the environment {match[1] or match[2] or match[3]}, which is not this one"


def resolves(graph: Graph, arn: str) -> bool:
    """Whether an ARN, or a pattern over ARNs, means something of this stack or a listed exception."""
    if any(re.fullmatch(pattern, arn) for pattern in _OTHERS):
        return arn.startswith(("arn:aws:states:::", "arn:aws:iam::aws")) or _is_here(graph, arn)
    _, _, service, _, _, rest = (*arn.split(":", 5), "", "", "", "", "")[:6]
    kind = re.split(r"[:/]", rest)[0]
    types = _TYPES.get(f"{service}:{kind}") or _TYPES.get(service)
    if graph.named(arn, *graph.types) and _is_here(graph, arn):
        return True  # also of a type that is no part of the platform, which is a finding of its own
    if types is None or not _is_here(graph, arn):
        return False
    if graph.named(arn, *types):
        return True
    location = location_of(graph)
    name = _name(service, kind, rest)
    if "*" not in name:
        return bool(graph.named(name, *types))
    names = [
        str(one.props.get(key)) for one in graph.of_type(*types) for key in ("name", "bucket") if one.props.get(key)
    ]
    result = re.compile(re.escape(name).replace(r"\*", ".*"))
    literal = name.replace("*", "")
    return bool(literal.strip("/-:") and location) and (not names or any(result.fullmatch(one) for one in names))


def _name(service: str, kind: str, rest: str) -> str:
    """The physical name in the last part of an ARN."""
    if service == "s3":
        return rest.partition("/")[0]
    if service == "logs":
        return rest.removeprefix("log-group:").removesuffix(":*")
    if kind in ("task-definition", "stateMachine", "rule", "alarm", "role", "schedule-group", "cluster", "project"):
        return re.split(r"[:/]", rest)[1]
    if kind == "task":
        return rest.split("/")[1] if "/" in rest else rest
    if kind in ("execution", "mapRun"):
        return re.split(r"[:/]", rest)[1]
    return re.split(r"[:/]", rest)[-1]


def _is_here(graph: Graph, arn: str) -> bool:
    return is_here(arn, graph)
