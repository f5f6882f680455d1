"""What CodePipeline demands of pipelines: stages, stores, artifacts, triggers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_GUIDE: Final = "https://docs.aws.amazon.com/codepipeline/latest/userguide/"
_PIPELINE: Final = f"{_GUIDE}reference-pipeline-structure.html"
_MOST_STAGES: Final = 50
_CONDITIONS: Final = ("beforeEntry", "onFailure", "onSuccess")

rules = Rules("codepipeline")


def _is_v2(pipeline: Mapping[str, Any]) -> bool:
    return bool(pipeline.get("pipelineType", "V1") == "V2")


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html",
    code="InvalidStructureException",
)
def stores_and_mode(call: Call, _: Account) -> Iterator[str]:
    """A pipeline has an artifact store or stores by region; only the type V2 queues its executions or runs them beside
    each other.
    """
    pipeline = call.parameters["pipeline"]
    if bool(pipeline.get("artifactStore")) == bool(pipeline.get("artifactStores")):
        yield "Pipeline must have exactly one of artifactStore and artifactStores"
    if pipeline.get("executionMode", "SUPERSEDED") != "SUPERSEDED" and not _is_v2(pipeline):
        yield f"Execution mode {pipeline['executionMode']} is supported only for pipelines of type V2"


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=_PIPELINE,
    code="InvalidStructureException",
)
def structure(call: Call, _: Account) -> Iterator[str]:
    """A pipeline has 2 to 50 stages with names of their own, sources in the first alone, and artifacts that an earlier
    action makes.
    """
    stages = call.parameters["pipeline"].get("stages", [])
    names = [stage["name"] for stage in stages]
    if len(stages) < 2 or len(set(names)) != len(names):
        yield "Pipeline should have at least two stages, each with a name of its own"
        return
    if len(stages) > _MOST_STAGES:
        yield f"Pipeline should have at most {_MOST_STAGES} stages"
    for position, stage in enumerate(stages):
        actions = stage.get("actions", [])
        if not actions or len({action["name"] for action in actions}) != len(actions):
            yield f"Stage {stage['name']} must have actions, each with a name of its own"
        if any((action["actionTypeId"]["category"] == "Source") != (position == 0) for action in actions):
            yield f"Pipeline should start with a stage that only contains source actions: {stage['name']}"
    yield from _artifact_faults(stages)


def _artifact_faults(stages: list[dict[str, Any]]) -> Iterator[str]:
    """Artifacts that nothing makes before they are taken, and those that are made twice; actions with the same order in
    a stage run beside each other.
    """
    produced: set[str] = set()
    for stage in stages:
        ordered = sorted(stage.get("actions", []), key=_order)
        for _number, beside in itertools.groupby(ordered, key=_order):
            outputs: list[str] = []
            for action in beside:
                for artifact in action.get("inputArtifacts", []):
                    if artifact["name"] not in produced:
                        yield (
                            f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not declared as "
                            "Output Artifact Bundle in any of the preceding actions"
                        )
                outputs += [artifact["name"] for artifact in action.get("outputArtifacts", [])]
            if produced & set(outputs) or len(set(outputs)) != len(outputs):
                yield f"Output Artifact Bundle name must be unique within the pipeline: {outputs}"
            produced |= set(outputs)


def _order(action: dict[str, Any]) -> int:
    return int(action.get("runOrder", 1))


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=f"{_GUIDE}how-to-custom-role.html",
    code="InvalidStructureException",
)
def pipeline_role(call: Call, account: Account) -> Iterator[str]:
    """A pipeline's role lets CodePipeline assume it."""
    role = call.parameters["pipeline"]["roleArn"]
    if not account.trusts(role, "codepipeline.amazonaws.com"):
        yield f"CodePipeline is not authorized to perform AssumeRole on role {role}"


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=f"{_GUIDE}pipeline-types-planning.html",
    code="InvalidStructureException",
)
def triggers(call: Call, _: Account) -> Iterator[str]:
    """Triggers and variables are for pipelines of the type V2, each variable once; a trigger names a source action that
    has a connection, and has it for itself; what is pushed is chosen by tags, or by branches and then by files.
    """
    pipeline = call.parameters["pipeline"]
    pipeline_triggers = pipeline.get("triggers", [])
    variables = [variable["name"] for variable in pipeline.get("variables", [])]
    if (pipeline_triggers or variables) and not _is_v2(pipeline):
        yield "Triggers and variables are supported only for pipelines of type V2"
    if len(set(variables)) != len(variables):
        yield f"Variable names must be unique within the pipeline: {variables}"
    sources = {
        action["name"]
        for stage in pipeline.get("stages", [])[:1]
        for action in stage.get("actions", [])
        if action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    }
    configured = [trigger.get("gitConfiguration", {}) for trigger in pipeline_triggers]
    names = [configuration.get("sourceActionName") for configuration in configured]
    if set(names) - sources or len(set(names)) != len(names):
        yield "A trigger's sourceActionName must be a source action of the pipeline with a connection, once"
    for push in [push for configuration in configured for push in configuration.get("push", [])]:
        if ("tags" in push) == ("branches" in push) or ("filePaths" in push and "branches" not in push):
            yield "A push filter must have tags, or branches with or without file paths"


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=f"{_GUIDE}pipeline-types-planning.html",
    code="InvalidStructureException",
)
def conditions(call: Call, _: Account) -> Iterator[str]:
    """What happens before, after and on failure of a stage is said in pipelines of the type V2 only, and the first
    stage is not rolled back.
    """
    pipeline = call.parameters["pipeline"]
    stages = pipeline.get("stages", [])
    if not _is_v2(pipeline) and any(set(_CONDITIONS) & set(stage) for stage in stages):
        yield "Stage conditions are supported only for pipelines of type V2"
    if stages and stages[0].get("onFailure", {}).get("result") == "ROLLBACK":
        yield "The source stage cannot be rolled back"


@rules.add(
    "CreatePipeline",
    "UpdatePipeline",
    source="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html",
    code="InvalidStructureException",
)
def regions(call: Call, _: Account) -> Iterator[str]:
    """Stores by region have the pipeline's own region and that of each action elsewhere."""
    pipeline = call.parameters["pipeline"]
    actions = [action for stage in pipeline.get("stages", []) for action in stage.get("actions", [])]
    needed = {call.region, *(action["region"] for action in actions if action.get("region"))}
    stores = set(pipeline.get("artifactStores") or {call.region: None})
    if needed - stores:
        yield f"There must be an artifact store for each of the regions {sorted(needed)}"
