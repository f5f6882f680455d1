"""Rules about roles and policy documents: who may do what, and whether that is enough and not too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from ...documents import (
    ATTACHED,
    HOLDERS,
    IDENTITY,
    Document,
    MalformedError,
    Statement,
    documents,
    gather,
    parse,
    role_grants,
)
from ...graph import Graph, Known, Resource, Undecided, Unknown, identities, kinds, read, value
from ...graph.launches import containers
from ...rule import Kind, Problem, Severity, View, rule

_IAM_GUIDE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_ECS_GUIDE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
VERSION: Final = "2012-10-17"


def _all(resource: Resource) -> list[Document]:
    return [*documents(resource, IDENTITY), *documents(resource, ATTACHED)]


@rule(
    "iam-policy-version",
    *HOLDERS,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix=f'Write the document as JSON with "Version": "{VERSION}"',
    url=f"{_IAM_GUIDE}/reference_policies_elements_version.html",
)
def iam_policy_version(holder: Resource, view: View) -> Iterator[Problem]:
    """Every policy document is JSON of the only current version, 2012-10-17."""
    for document in _all(holder):
        if document.text is None:
            yield Problem(message="", property=document.path, undecided=True)
            continue
        try:
            version = parse(document.text).get("Version")
            if not document.statements:
                yield Problem(message="a policy document has no statement", property=document.path)
        except MalformedError as error:
            yield Problem(message=f"a policy document {error}", property=document.path)
            continue
        if version != VERSION:
            reported = "says no version" if version is None else f"says version {version}"
            yield Problem(message=f"a policy document {reported}", property=document.path)


UNSCOPED: Final[Mapping[str, str]] = {
    "ecr:GetAuthorizationToken": "signs in to the whole registry",
    "logs:CreateLogDelivery": "log deliveries have no ARN",
    "logs:GetLogDelivery": "log deliveries have no ARN",
    "logs:UpdateLogDelivery": "log deliveries have no ARN",
    "logs:DeleteLogDelivery": "log deliveries have no ARN",
    "logs:ListLogDeliveries": "log deliveries have no ARN",
    "logs:PutResourcePolicy": "belongs to the account's log service, not to a group",
    "logs:DescribeResourcePolicies": "belongs to the account's log service, not to a group",
    "logs:DescribeLogGroups": "lists",
    "xray:PutTraceSegments": "traces have no ARN",
    "ssmmessages:CreateControlChannel": "channels have no ARN",
    "ssmmessages:CreateDataChannel": "channels have no ARN",
    "ssmmessages:OpenControlChannel": "channels have no ARN",
    "ssmmessages:OpenDataChannel": "channels have no ARN",
    "xray:PutTelemetryRecords": "traces have no ARN",
    "xray:GetSamplingRules": "lists",
    "xray:GetSamplingTargets": "lists",
    "cloudwatch:PutMetricData": "metrics have no ARN",
    "ecs:DescribeTaskDefinition": "takes no resource",
    "ecs:DeregisterTaskDefinition": "takes no resource",
    "ecs:ListTaskDefinitions": "lists",
    "ecr-public:GetAuthorizationToken": "signs in to the whole registry",
    "sts:GetCallerIdentity": "has no resource",
    "iam:ListAccountAliases": "lists",
    "s3:ListAllMyBuckets": "lists",
    "application-autoscaling:DescribeScalableTargets": "lists",
    "application-autoscaling:DescribeScalingPolicies": "lists",
    "iam:ListRoles": "lists",
    "kms:CreateKey": "what it makes has no ARN yet",
    "kms:ListAliases": "lists",
    "logs:DeleteResourcePolicy": "belongs to the account's log service, not to a group",
    "scheduler:ListSchedules": "lists",
    "states:ValidateStateMachineDefinition": "takes a definition, not a machine",
}
"""Actions that take no resource in IAM's service authorization reference, with the reason."""

_SCOPED_BY: Final[Mapping[str, str]] = {
    "ecs:StopTask": "ecs:cluster",
    "ecs:DescribeTasks": "ecs:cluster",
    "ecs:ListTasks": "ecs:cluster",
}
"""Actions on things that exist only later; `*` is fine where this condition key confines it."""


@rule(
    "iam-least-privilege",
    *HOLDERS,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Name the actions and the resources; `*` as resource only for actions that take none",
    url=f"{_IAM_GUIDE}/best-practices.html",
    frameworks=("FSBP IAM.1", "FSBP IAM.21"),
)
def iam_least_privilege(holder: Resource, view: View) -> Iterator[Problem]:
    """No statement allows `*` or a whole service; `*` as a resource only where the action takes no other."""
    for document in _all(holder):
        try:
            allowed = [one for one in document.statements if one.allows]
        except Undecided as undecided:
            yield Problem(message="", property=undecided.path, undecided=True)
            continue
        except MalformedError:
            continue
        grants = document.path not in ATTACHED.get(holder.type, ())
        for one in allowed:
            if one.not_actions:
                yield Problem(message="a statement allows all but some actions (NotAction)", property=document.path)
            if wide := [action for action in one.actions if action.partition(":")[2] in ("", "*")]:
                yield Problem(message=f"a statement allows {', '.join(wide)}", property=document.path)
            elif grants and "*" in one.resources and (loose := [a for a in one.actions if not _unscoped(a, one)]):
                yield Problem(
                    message=f"a statement allows {', '.join(loose)} on every resource", property=document.path
                )


def _unscoped(action: str, one: Statement) -> bool:
    service, _, name = action.partition(":")
    if service == "ec2" and name.startswith("Describe"):
        return True
    return action in UNSCOPED or _SCOPED_BY.get(action, "-").lower() in one.condition_keys()


_PASSED_TO: Final = "iam:passedtoservice"


@rule(
    "passrole-scoped",
    *IDENTITY,
    severity=Severity.CRITICAL,
    fix="Name the roles of this stack that may be passed, with the condition iam:PassedToService",
    url=f"{_IAM_GUIDE}/id_roles_use_passrole.html",
    settings=("environments",),
    tags=("graph",),
)
def passrole_scoped(holder: Resource, view: View) -> Iterator[Problem]:
    """iam:PassRole names roles of this stack and the service that they may be passed to."""
    roles = [*_names(view.graph.of_type(kinds.ROLE)), *_deployed_elsewhere(view)]
    for document in documents(holder, IDENTITY):
        try:
            passing = [one for one in document.statements if one.allows and _passes(one)]
        except MalformedError:
            continue
        for one in passing:
            for resource in one.resources:
                if not any(fnmatchcase(name, resource.rpartition("/")[2]) for name in roles):
                    yield Problem(message="PassRole names a role that is not the stack's", property=document.path)
                elif resource.rpartition("/")[2].strip("*") == "":
                    yield Problem(message="PassRole names every role", property=document.path)
            if _PASSED_TO not in one.condition_keys():
                yield Problem(message="PassRole does not say to which service", property=document.path)


def _passes(one: Statement) -> bool:
    return one.covers_action("iam:PassRole")


def _deployed_elsewhere(view: View) -> Iterator[str]:
    """How the roles of an environment are named; what deploys environments, a stack without one, passes theirs."""
    if not view.graph.of_type(kinds.CLUSTER):
        yield from (f"role-any-{environment}" for environment in view.settings.environments)


def _names(roles: list[Resource]) -> Iterator[str]:
    for role in roles:
        yield str(value(role, "name", role.name))


_CONSUMERS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    kinds.TASK_DEFINITION: (
        ("executionRoleArn", "ecs-tasks.amazonaws.com"),
        ("taskRoleArn", "ecs-tasks.amazonaws.com"),
    ),
    kinds.EVENT_TARGET: (("roleArn", "events.amazonaws.com"),),
    kinds.SCHEDULE: (("target.roleArn", "scheduler.amazonaws.com"),),
    kinds.STATE_MACHINE: (("roleArn", "states.amazonaws.com"),),
    kinds.BUILD_PROJECT: (("serviceRole", "codebuild.amazonaws.com"),),
    kinds.PIPELINE: (("roleArn", "codepipeline.amazonaws.com"),),
    kinds.FLOW_LOG: (("iamRoleArn", "vpc-flow-logs.amazonaws.com"),),
    kinds.FUNCTION: (("role", "lambda.amazonaws.com"),),
}


@rule(
    "role-trusts-its-consumer",
    *_CONSUMERS,
    severity=Severity.CRITICAL,
    fix="Name the service that uses the role as the Service principal of its trust policy",
    url=f"{_IAM_GUIDE}/id_roles_create_for-service.html",
    tags=("graph",),
)
def role_trusts_its_consumer(consumer: Resource, view: View) -> Iterator[Problem]:
    """A role that a task, rule, schedule, state machine or build uses trusts that service, or it fails at run time."""
    for path, service in _CONSUMERS[consumer.type]:
        for role in _roles(view.graph, consumer, path):
            trust = gather(documents(role, ATTACHED))
            if not trust.admit(service, "sts:AssumeRole"):
                yield Problem(
                    message=f"does not trust {service}, and {consumer.name} uses it",
                    property="assumeRolePolicy",
                    resource=role,
                )


def _roles(graph: Graph, consumer: Resource, path: str) -> list[Resource]:
    """The roles of the stack that stand at `path`; for nested paths by value first, because edges are per top level."""
    match read(consumer, path):
        case Known(role) if "." in path and (named := graph.named(role, kinds.ROLE)):
            return named
    return graph.resolve(consumer, path, kinds.ROLE)


_PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
_LOG: Final = ("logs:CreateLogStream", "logs:PutLogEvents")


@rule(
    "execution-role-sufficient",
    kinds.TASK_DEFINITION,
    severity=Severity.CRITICAL,
    fix="Grant the execution role exactly that; without it the task stops before its container starts",
    url=f"{_ECS_GUIDE}/task_execution_IAM_role.html",
    tags=("graph",),
)
def execution_role_sufficient(definition: Resource, view: View) -> Iterator[Problem]:
    """The execution role may pull the image, write the log and read the secrets that the task definition names."""
    graph = view.graph
    roles = graph.resolve(definition, "executionRoleArn", kinds.ROLE)
    repositories = graph.targets(definition, "containerDefinitions", kinds.REPOSITORY)
    needs: list[tuple[str, tuple[str, ...]]] = [("ecr:GetAuthorizationToken", ())]
    needs += [(action, (_name(repository),)) for repository in repositories for action in _PULL]
    unknown: Undecided | None = None
    try:
        needs += [need for container in containers(definition) for need in _needs(graph, container, repositories)]
    except Undecided as undecided:
        unknown = undecided
    for role in roles:
        grants = role_grants(graph, role)
        lacking = sorted({action for action, named in needs if not grants.allow(action, *named)})
        if lacking:
            yield Problem(message=f"{role.name} does not allow {', '.join(lacking)}", property="executionRoleArn")
    if unknown is not None:
        raise unknown


def _name(resource: Resource) -> str:
    return str(value(resource, "name", resource.name))


def _needs(
    graph: Graph, container: Mapping[str, Any], repositories: list[Resource]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Actions, and the names they are needed on, for one container."""
    fields = dict(container)
    image = str(value(fields, "image", ""))
    if not repositories and ".dkr.ecr." in image:
        name = image.partition("/")[2].partition("@")[0].partition(":")[0]
        yield from ((action, (name,)) for action in _PULL)
    if value(fields, "logConfiguration.logDriver") == "awslogs":
        group = str(value(fields, "logConfiguration.options.awslogs-group", ""))
        yield from ((action, (group,)) for action in _LOG)
    for secret in fields.get("secrets", ()):
        source = str(secret.get("valueFrom", ""))
        in_secrets_manager = ":secretsmanager:" in source
        arn = ":".join(source.split(":")[:7]) if in_secrets_manager else source
        stores = graph.named(arn, kinds.SECRET, kinds.PARAMETER)
        # ECS takes a parameter's name as well, and a role is granted its ARN
        names = dict.fromkeys((arn, *(name for one in stores for name in identities(one))))
        yield ("secretsmanager:GetSecretValue" if in_secrets_manager else "ssm:GetParameters", tuple(names))
        for stored in stores:
            if isinstance(read(stored, kinds.KEY_PROPERTY[stored.type]), Known | Unknown):
                yield "kms:Decrypt", ()
