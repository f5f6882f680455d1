"""The pipeline as data: which steps there are, in which order, and what each one's build needs.

The same list makes the builds, their roles and the pipeline, so that none can be forgotten or ordered differently.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
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

Kind = Literal["checks", "images", "scan", "preview", "up", "verify", "rescan"]
Architecture = Literal["X86_64", "ARM64"]

SOURCE, RELEASE, ARM_RELEASE = "source", "release", "release_arm64"
"""Artifacts: the commit as a folder, and `release.json` with the digest of each job's image; the third one holds only
those for ARM64, where there are both."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One CodeBuild project and its action in the pipeline."""

    kind: Kind
    stack: str = ""
    """The stack it works on; empty: none."""
    architecture: Architecture = "X86_64"
    """Of the machine that it runs on: an image is built on the architecture that it is for."""
    builds: Literal["all", "first", "rest"] = "all"
    """Which images an images step builds: all of them; those of its architecture, to be completed by another images
    step; or the rest that such a step has left."""

    @property
    def name(self) -> str:
        """Purpose in the names of the project, its role and its log group."""
        part = self.architecture.lower() if self.builds == "first" else self.stack
        return f"{self.kind}-{part}" if part else self.kind

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
        if self.kind == "images" and self.builds == "rest":
            return (SOURCE, ARM_RELEASE)
        return (SOURCE, RELEASE) if self.kind in ("scan", "preview", "up") else (SOURCE,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Artifacts that the build hands on."""
        return ((ARM_RELEASE if self.builds == "first" else RELEASE),) if self.kind == "images" else ()


def image_steps(architectures: Collection[Architecture]) -> list[Step]:
    """The steps that build the images, one for each architecture; the last one hands on the whole release."""
    if set(architectures) == {"X86_64", "ARM64"}:
        return [Step(kind="images", architecture="ARM64", builds="first"), Step(kind="images", builds="rest")]
    return [Step(kind="images", architecture=next(iter(architectures), "X86_64"))]


def release_steps(
    delivery: tooling.delivery.delivery_settings.Delivery, architectures: Collection[Architecture]
) -> list[Step]:
    """The steps of the pipeline that deploys, in their order."""
    return [
        Step(kind="checks"),
        *image_steps(architectures),
        Step(kind="scan"),
        *(Step(kind=kind, stack=stack) for stack in delivery.stacks for kind in ("preview", "up", "verify")),
    ]


def rescan_steps(delivery: tooling.delivery.delivery_settings.Delivery) -> list[Step]:
    """The steps that scan again what the stacks run."""
    return [Step(kind="rescan", stack=stack) for stack in delivery.stacks] if delivery.scan.rescan else []


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the stages are connected to."""

    projects: Mapping[str, pulumi.Input[str]]
    """CodeBuild project's name by the name of its step."""
    connection: pulumi.Input[str]
    topic: pulumi.Input[str]
    preview_link: str
    """Address in the console that a preview's object key is appended to."""


def release_stages(
    delivery: tooling.delivery.delivery_settings.Delivery, architectures: Collection[Architecture], wiring: Wiring
) -> list[Stage]:
    """The stages of the pipeline that deploys."""
    stages = [_source(delivery, wiring.connection)]
    builds = [Step(kind="checks"), *image_steps(architectures)]
    stages.append(_stage("Build", [_build(step, wiring, order) for order, step in enumerate(builds, start=1)]))
    stages.append(_stage("Scan", [_build(Step(kind="scan"), wiring)]))
    for stack in delivery.stacks:
        title = stack.capitalize()
        stages.append(_stage(f"Preview{title}", [_build(Step(kind="preview", stack=stack), wiring)]))
        if stack in delivery.approve:
            stages.append(_stage(f"Approve{title}", [_approval(stack, wiring)]))
        stages.append(_stage(f"Up{title}", [_build(Step(kind="up", stack=stack), wiring)]))
        stages.append(_stage(f"Verify{title}", [_build(Step(kind="verify", stack=stack), wiring)]))
    return stages


def rescan_stages(delivery: tooling.delivery.delivery_settings.Delivery, wiring: Wiring) -> list[Stage]:
    """The stages of the pipeline that scans again what runs; the stacks side by side."""
    scans = [_build(step, wiring) for step in rescan_steps(delivery)]
    return [_source(delivery, wiring.connection), _stage("Rescan", scans)]


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


def _build(step: Step, wiring: Wiring, order: int = 1) -> Action:
    variables = [
        {"name": "COMMIT", "value": "#{Source.CommitId}", "type": "PLAINTEXT"},
        {"name": "EXECUTION", "value": "#{codepipeline.PipelineExecutionId}", "type": "PLAINTEXT"},
    ]
    configuration = {"ProjectName": wiring.projects[step.name], "EnvironmentVariables": json.dumps(variables)}
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
    if step.outputs:
        action["output_artifacts"] = list(step.outputs)
    if step.kind == "preview":
        action["namespace"] = step.title
    return action


def _approval(stack: str, wiring: Wiring) -> Action:
    preview = Step(kind="preview", stack=stack).title
    return {
        "name": f"Approve{stack.capitalize()}",
        "category": "Approval",
        "owner": "AWS",
        "provider": "Manual",
        "version": "1",
        "configuration": {
            "NotificationArn": wiring.topic,
            "ExternalEntityLink": wiring.preview_link + f"#{{{preview}.PREVIEW_KEY}}",
            "CustomData": f"Commit #{{Source.CommitId}} to {stack}: #{{{preview}.PREVIEW_SUMMARY}}. "
            "The link shows the whole preview; approving runs pulumi up with the digests of this execution.",
        },
    }
