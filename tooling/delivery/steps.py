"""The pipeline as data: which steps there are, in which order, and what each one's build needs.

The same list makes the builds, their roles and the pipeline, so that none can be forgotten or ordered differently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi

if TYPE_CHECKING:
    from pulumi_aws.codepipeline import (
        PipelineStageActionArgsDict as Action,
    )
    from pulumi_aws.codepipeline import (
        PipelineStageArgsDict as Stage,
    )
    from pulumi_aws.codepipeline import (
        PipelineTriggerArgsDict as Trigger,
    )
    from pulumi_aws.codepipeline import (
        PipelineTriggerGitConfigurationPushArgsDict as Push,
    )

    import tooling.delivery.delivery_settings

Kind = Literal["checks", "images", "scan", "preview", "up", "verify"]

SOURCE, RELEASE = "source", "release"
"""Artifacts: the commit as a folder, and `release.json` with the digest of each job's image."""

PREVIEW_FOLDER = "previews"
"""Prefix in the artifact bucket of what `pulumi preview` printed, one object for each execution and stack."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One CodeBuild project and its action in the pipeline."""

    kind: Kind
    stack: str = ""
    """The stack it works on; empty: none."""

    @property
    def name(self) -> str:
        """Purpose in the names of the project, its role and its log group."""
        return f"{self.kind}-{self.stack}" if self.stack else self.kind

    @property
    def title(self) -> str:
        """Name of the action: `UpProd`."""
        return "".join(part.capitalize() for part in self.name.split("-"))

    @property
    def buildspec(self) -> str:
        """Path in the repository."""
        return f"tooling/buildspecs/{self.kind}.yml"

    @property
    def runs_docker(self) -> bool:
        """Whether the build has a Docker daemon, which CodeBuild gives only to privileged builds."""
        return self.kind == "images"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Artifacts the build starts with; the first one is its working folder."""
        return (SOURCE, RELEASE) if self.kind in ("scan", "preview", "up") else (SOURCE,)


def steps(delivery: tooling.delivery.delivery_settings.Delivery) -> list[Step]:
    """Every step, in the order of the pipeline."""
    return [
        Step(kind="checks"),
        Step(kind="images"),
        Step(kind="scan"),
        *(Step(kind=kind, stack=stack) for stack in delivery.stacks for kind in ("preview", "up", "verify")),
    ]


def stages(
    delivery: tooling.delivery.delivery_settings.Delivery,
    *,
    projects: Mapping[str, pulumi.Input[str]],
    connection: pulumi.Input[str],
    topic: pulumi.Input[str],
    preview_link: str,
) -> list[Stage]:
    """The stages; `projects` maps a step's name to its CodeBuild project's name.

    `preview_link` is the address in the console that a preview's object key is appended to.
    """
    stages = [_source(delivery, connection)]
    all_steps = {step.name: step for step in steps(delivery)}
    stages.append(_stage("Build", [_build(all_steps["checks"], projects, 1), _build(all_steps["images"], projects, 2)]))
    stages.append(_stage("Scan", [_build(all_steps["scan"], projects)]))
    for stack in delivery.stacks:
        title = stack.capitalize()
        stages.append(_stage(f"Preview{title}", [_build(all_steps[f"preview-{stack}"], projects)]))
        if stack in delivery.approve:
            stages.append(_stage(f"Approve{title}", [_approval(stack, topic, preview_link)]))
        stages.append(_stage(f"Up{title}", [_build(all_steps[f"up-{stack}"], projects)]))
        stages.append(_stage(f"Verify{title}", [_build(all_steps[f"verify-{stack}"], projects)]))
    return stages


def triggers(delivery: tooling.delivery.delivery_settings.Delivery) -> list[Trigger]:
    """A push to the branch that changes more than the ignored paths starts an execution.

    Source: docs/aws-facts.md#pipeline-triggers
    """
    push: Push = {"branches": {"includes": [delivery.branch]}}
    if delivery.ignored_paths:
        push["file_paths"] = {"excludes": list(delivery.ignored_paths)}
    return [
        {
            "provider_type": "CodeStarSourceConnection",
            "git_configuration": {"source_action_name": "Source", "pushes": [push]},
        }
    ]


def _stage(name: str, actions: Sequence[Action]) -> Stage:
    return {"name": name, "actions": list(actions)}


def _source(delivery: tooling.delivery.delivery_settings.Delivery, connection: pulumi.Input[str]) -> Stage:
    action: Action = {
        "name": "Source",
        "category": "Source",
        "owner": "AWS",
        "provider": "CodeStarSourceConnection",
        "version": "1",
        "namespace": "Source",
        "output_artifacts": [SOURCE],
        "configuration": {
            "ConnectionArn": connection,
            "FullRepositoryId": str(delivery.repository),
            "BranchName": delivery.branch,
            "OutputArtifactFormat": "CODE_ZIP",
            "DetectChanges": "false",
        },
    }
    return _stage("Source", [action])


def _build(step: Step, projects: Mapping[str, pulumi.Input[str]], order: int = 1) -> Action:
    variables = [
        {"name": "COMMIT", "value": "#{Source.CommitId}", "type": "PLAINTEXT"},
        {"name": "EXECUTION", "value": "#{codepipeline.PipelineExecutionId}", "type": "PLAINTEXT"},
    ]
    configuration = {"ProjectName": projects[step.name], "EnvironmentVariables": json.dumps(variables)}
    if len(step.inputs) > 1:
        configuration["PrimarySource"] = SOURCE
    action: Action = {
        "name": step.title,
        "category": "Build",
        "owner": "AWS",
        "provider": "CodeBuild",
        "version": "1",
        "run_order": order,
        "input_artifacts": list(step.inputs),
        "configuration": configuration,
    }
    if step.kind == "images":
        action["output_artifacts"] = [RELEASE]
    if step.kind == "preview":
        action["namespace"] = step.title
    return action


def _approval(stack: str, topic: pulumi.Input[str], preview_link: str) -> Action:
    preview = Step(kind="preview", stack=stack).title
    return {
        "name": f"Approve{stack.capitalize()}",
        "category": "Approval",
        "owner": "AWS",
        "provider": "Manual",
        "version": "1",
        "configuration": {
            "NotificationArn": topic,
            "ExternalEntityLink": preview_link + f"#{{{preview}.PREVIEW_KEY}}",
            "CustomData": f"Commit #{{Source.CommitId}} to {stack}: #{{{preview}.PREVIEW_SUMMARY}}. "
            "The link shows the whole preview; approving runs pulumi up with the digests of this execution.",
        },
    }
