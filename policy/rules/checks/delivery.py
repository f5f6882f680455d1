"""Rules about what deploys and what is logged of it: pipelines, builds, state machines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..documents import role_grants
from ..graph import Resource, Unknown, kinds, members, read, value
from ..rule import Kind, Problem, Severity, View, rule

_CPL_GUIDE: Final = "https://docs.aws.amazon.com/codepipeline/latest/userguide"

_PLACEHOLDER: Final = re.compile(
    r"placeholder|example|change-?me|todo|your[-_]|<.*>|^(owner|org|organization|user)/|/repo(sitory)?$|x{4,}",
    re.IGNORECASE,
)


def _stages(pipeline: Resource) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Name and actions of each stage, actions in the order in which they run; raises Undecided."""
    return [
        (
            str(value(stage, "name", "")),
            sorted(members(stage, "actions"), key=lambda action: int(value(action, "runOrder", 1))),
        )
        for stage in members(pipeline, "stages")
    ]


@rule(
    "pipeline-source-is-real",
    kinds.PIPELINE,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Begin with a source action on the real repository over a real connection, and do something with it after",
    url=f"{_CPL_GUIDE}/connections-github.html",
)
def pipeline_source_is_real(pipeline: Resource, view: View) -> Iterator[Problem]:
    """A pipeline's first stage takes a real source, and at least one stage follows."""
    stages = _stages(pipeline)
    if len(stages) < 2:
        yield Problem(message="has fewer than two stages", property="stages")
    sources = [action for action in (stages[0][1] if stages else []) if value(action, "category") == "Source"]
    if not sources:
        yield Problem(message="its first stage has no source action", property="stages")
    for source in sources:
        for key in ("FullRepositoryId", "ConnectionArn", "RepositoryName", "S3Bucket"):
            result = read(source, f"configuration.{key}")
            if isinstance(result, Unknown):
                continue
            if _PLACEHOLDER.search(str(value(source, f"configuration.{key}", ""))):
                yield Problem(message=f"its source's {key} is a placeholder", property="stages")


@rule(
    "pipeline-starts-its-builds",
    kinds.PIPELINE,
    severity=Severity.CRITICAL,
    fix="Grant the pipeline's role codebuild:StartBuild and codebuild:BatchGetBuilds on each project of its stages",
    url=f"{_CPL_GUIDE}/how-to-custom-role.html",
    tags=("graph",),
)
def pipeline_starts_its_builds(pipeline: Resource, view: View) -> Iterator[Problem]:
    """A pipeline's role may start the builds that its stages name, and see how they end."""
    projects = view.graph.targets(pipeline, "stages", kinds.BUILD_PROJECT)
    for role in view.graph.resolve(pipeline, "roleArn", kinds.ROLE):
        grants = role_grants(view.graph, role)
        for project in projects:
            name = str(value(project, "name", project.name))
            lacking = [action for action in _STARTING if not grants.allow(action, name)]
            if lacking:
                yield Problem(
                    message=f"does not allow {', '.join(lacking)} on {project.name}", property="policy", resource=role
                )


_STARTING: Final = ("codebuild:StartBuild", "codebuild:BatchGetBuilds")
_DEPLOYS: Final = re.compile(r"(^|[-_ ])(up|deploy)", re.IGNORECASE)


@rule(
    "prod-pipeline-has-approval",
    kinds.PIPELINE,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix="Put a manual approval (category Approval) before the first action that deploys to it",
    url=f"{_CPL_GUIDE}/approvals.html",
    settings=("suffix", "guarded_suffixes"),
)
def prod_pipeline_has_approval(pipeline: Resource, view: View) -> Iterator[Problem]:
    """Nothing is deployed to a guarded stack before a person has approved it."""
    approved = False
    for name, actions in _stages(pipeline):
        for action in actions:
            category, title = value(action, "category"), str(value(action, "name", ""))
            if category == "Approval":
                approved = True
            elif not approved and _deploys_guarded(view, f"{name} {title}", str(category)):
                yield Problem(message=f"action {title} of stage {name} deploys without approval", property="stages")


def _deploys_guarded(view: View, title: str, category: str) -> bool:
    """Whether an action deploys to a guarded stack: one that its title names, or the one the pipeline is part of."""
    if any(suffix.lower() in title.lower() for suffix in view.settings.guarded_suffixes):
        return category == "Deploy" or bool(_DEPLOYS.search(title))
    return view.settings.guarded and category == "Deploy"


@rule(
    "workflow-logging",
    kinds.STATE_MACHINE,
    kinds.BUILD_PROJECT,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Log everything to a log group, trace state machines, and build without privileges",
    url="https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    frameworks=("FSBP StepFunctions.1", "FSBP CodeBuild.4"),
)
def workflow_logging(resource: Resource, view: View) -> Iterator[Problem]:
    """State machines log all events and are traced; builds log, and only those that build images are privileged."""
    if resource.type == kinds.STATE_MACHINE:
        if value(resource, "loggingConfiguration.level") != "ALL":
            yield Problem(message="does not log all events", property="loggingConfiguration")
        if value(resource, "tracingConfiguration.enabled") is not True:
            yield Problem(message="is not traced", property="tracingConfiguration")
        return
    if value(resource, "environment.privilegedMode") is True and not _builds_images(resource):
        yield Problem(message="builds with privileges", property="environment.privilegedMode")
    logs = (("cloudwatchLogs", "ENABLED"), ("s3Logs", "DISABLED"))
    if not any(value(resource, f"logsConfig.{kind}.status", default) == "ENABLED" for kind, default in logs):
        yield Problem(message="logs nothing", property="logsConfig")


def _builds_images(project: Resource) -> bool:
    """CodeBuild gives a Docker daemon to privileged builds only; this one's role can push images and nothing else."""
    return bool(value(project, "source.buildspec") == "tooling/buildspecs/images.yml")
