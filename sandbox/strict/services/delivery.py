"""What ECR, CodeBuild and CodePipeline demand of repositories, projects and pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rules, of_free_document

_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/"
_BUILD = "https://docs.aws.amazon.com/codebuild/latest/APIReference/"
_PIPELINE = "https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html"

_MOST_WILDCARDS = 4

ecr = Rules("ecr")
codebuild = Rules("codebuild")
codepipeline = Rules("codepipeline")
_ARTIFACTS = {
    ("Approval", "Manual"): ((0, 0), (0, 0)),
    ("Source", "S3"): ((0, 0), (1, 1)),
    ("Source", "CodeStarSourceConnection"): ((0, 0), (1, 1)),
    ("Build", "CodeBuild"): ((1, 5), (0, 5)),
    ("Test", "CodeBuild"): ((1, 5), (0, 5)),
}
"""Category and provider of an action to the least and most artifacts that it takes and makes."""


@ecr.add(
    "PutLifecyclePolicy",
    "StartLifecyclePolicyPreview",
    source=f"{_ECR}userguide/lifecycle_policy_parameters.html",
    code="InvalidParameterException",
)
@of_free_document("Lifecycle policy validation failure: a value is of a wrong type")
def lifecycle_policy(call: Call, _: Account) -> Iterator[str]:
    """A lifecycle policy is JSON with rules: a priority each, a selection with its count, prefixes or patterns for
    tagged images, an action.
    """
    try:
        document = json.loads(call.parameters.get("lifecyclePolicyText", ""))
        listed = document["rules"]
        priorities = [rule["rulePriority"] for rule in listed]
        selections = [(rule["selection"], rule["action"]["type"]) for rule in listed]
    except (ValueError, KeyError, TypeError):
        yield (
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy "
            "validation failure'"
        )
        return
    if not listed or len(set(priorities)) != len(priorities):
        yield "Lifecycle policy validation failure: rules must exist, and each rulePriority must be unique"
    for selection, action in selections:
        yield from _selection(selection, action)
    anything = [rule for rule in listed if rule["selection"].get("tagStatus") == "any"]
    if anything and anything[0]["rulePriority"] != max(priorities):
        yield "Lifecycle policy validation failure: a rule with tagStatus any must have the highest rulePriority"


def _selection(selection: Mapping[str, Any], action: str) -> Iterator[str]:
    failed = "Lifecycle policy validation failure:"
    status = selection.get("tagStatus")
    narrowed = [member for member in ("tagPrefixList", "tagPatternList") if selection.get(member)]
    if status not in ("tagged", "untagged", "any") or (status == "tagged") != (len(narrowed) == 1):
        yield f"{failed} tagStatus must be tagged (with one of tagPrefixList and tagPatternList), untagged or any"
    for pattern in selection.get("tagPatternList", []):
        if pattern.count("*") > _MOST_WILDCARDS:
            yield f"{failed} a tag pattern can have at most {_MOST_WILDCARDS} wildcards: {pattern}"
    count = selection.get("countType")
    if count not in ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"):
        yield f"{failed} countType {count} is not known"
    if (count == "imageCountMoreThan") == ("countUnit" in selection):
        yield f"{failed} countUnit must be days with a time, and absent with a count"
    number = selection.get("countNumber")
    if not isinstance(number, int) or number < 1 or action not in ("expire", "transition"):
        yield f"{failed} countNumber must be a positive integer and the action's type expire or transition"


@ecr.add(
    "SetRepositoryPolicy",
    source=f"{_ECR}userguide/repository-policies.html",
    code="InvalidParameterException",
)
def repository_policy(call: Call, account: Account) -> Iterator[str]:
    """A repository's policy names principals that exist and actions of ECR."""
    kind = Kind(
        principal=True, resource_optional=True, action_prefixes=("ecr",), principal_exists=account.principal_exists
    )
    for fault in faults(call.parameters["policyText"], kind):
        yield (
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided: "
            f"{fault}'"
        )


@ecr.add(
    "PutImage",
    source=f"{_ECR}APIReference/API_PutImage.html#API_PutImage_Errors",
    code="ImageTagAlreadyExistsException",
)
def immutable_tag(call: Call, account: Account) -> Iterator[str]:
    """A tag in a repository of immutable tags stays with its image."""
    repository = account.backend("ecr").repositories.get(call.parameters["repositoryName"])
    if repository is None or repository.image_tag_mutability != "IMMUTABLE":
        return
    for image in repository.images:
        other = image.image_manifest != call.parameters["imageManifest"]
        if other and call.parameters.get("imageTag") in image.image_tags:
            yield (
                f"The image tag '{call.parameters['imageTag']}' already exists in the '{repository.name}' repository "
                "and cannot be overwritten because the tag is immutable."
            )


@ecr.add(
    "PutRegistryScanningConfiguration",
    source=f"{_ECR}APIReference/API_PutRegistryScanningConfiguration.html",
    code="InvalidParameterException",
)
def scan_frequency(call: Call, _: Account) -> Iterator[str]:
    """Basic scans are on push; continuous ones are of enhanced scanning."""
    for rule in call.parameters.get("rules", []):
        if call.parameters.get("scanType", "BASIC") == "BASIC" and rule.get("scanFrequency") == "CONTINUOUS_SCAN":
            yield "Invalid parameter at 'rules': CONTINUOUS_SCAN is not supported with the scan type BASIC"


@ecr.add(
    "CreateRepository",
    source=f"{_ECR}APIReference/API_EncryptionConfiguration.html",
    code="InvalidParameterException",
)
def repository_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a repository is given with the type KMS, and exists."""
    encryption = call.parameters.get("encryptionConfiguration", {})
    key = encryption.get("kmsKey")
    if key and encryption.get("encryptionType") == "AES256":
        yield (
            "Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: 'kmsKey must not be set "
            "with AES256'"
        )
    if key and not account.has_key(key):
        yield (
            f"Invalid parameter at 'kmsKey' failed to satisfy constraint: 'the key {key} does not exist or is not "
            "enabled'"
        )


@codebuild.add(
    "CreateProject",
    "UpdateProject",
    source=f"{_BUILD}API_ProjectSource.html",
    code="InvalidInputException",
)
def project_source(call: Call, _: Account) -> Iterator[str]:
    """Source and artifacts are both the pipeline's or neither; a source that is elsewhere has its location."""
    source, artifacts = call.parameters.get("source"), call.parameters.get("artifacts")
    if source and artifacts and (source.get("type") == "CODEPIPELINE") != (artifacts.get("type") == "CODEPIPELINE"):
        yield "Invalid artifacts: artifact type CODEPIPELINE should be specified for both source and artifacts"
    if source and source.get("type") == "NO_SOURCE" and not source.get("buildspec"):
        yield "Invalid buildspec: one is required for a project without a source"
    if source and source.get("type") not in ("CODEPIPELINE", "NO_SOURCE") and not source.get("location"):
        yield "Invalid project source: location must be specified"
    if artifacts and artifacts.get("type") == "S3" and not artifacts.get("location"):
        yield "Invalid artifacts: location must be specified"


@codebuild.add(
    "CreateProject",
    "UpdateProject",
    source=f"{_BUILD}API_CreateProject.html#CodeBuild-CreateProject-request-serviceRole",
    code="InvalidInputException",
)
def project_role(call: Call, account: Account) -> Iterator[str]:
    """A project's role lets CodeBuild assume it."""
    role = call.parameters.get("serviceRole")
    if role and not account.trusts(role if role.startswith("arn:") else f"arn:::::{role}", "codebuild.amazonaws.com"):
        yield f"CodeBuild is not authorized to perform: sts:AssumeRole on service role {role}."


@codebuild.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_VpcConfig.html", code="InvalidInputException")
def project_network(call: Call, _: Account) -> Iterator[str]:
    """A project in a VPC has its subnets and security groups."""
    network = call.parameters.get("vpcConfig") or {}
    if network.get("vpcId") and not (network.get("subnets") and network.get("securityGroupIds")):
        yield "Invalid vpc config: subnets and security group ids are required with a vpc id"


@codepipeline.add(
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
    if pipeline.get("executionMode", "SUPERSEDED") != "SUPERSEDED" and pipeline.get("pipelineType", "V1") != "V2":
        yield f"Execution mode {pipeline['executionMode']} is supported only for pipelines of type V2"


@codepipeline.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=f"{_PIPELINE}#reference-action-artifacts",
    code="InvalidActionDeclarationException",
)
def artifacts(call: Call, _: Account) -> Iterator[str]:
    """An approval takes and makes no artifact, a source takes none and makes one, a build takes one to five."""
    for stage in call.parameters["pipeline"].get("stages", []):
        for action in stage.get("actions", []):
            kind = action["actionTypeId"]
            known = _ARTIFACTS.get((kind["category"], kind["provider"]))
            for member, (least, most) in zip(("inputArtifacts", "outputArtifacts"), known or (), strict=False):
                number = len(action.get(member, []))
                if not least <= number <= most:
                    yield f"Action {action['name']} has {number} {member}, and must have {least} to {most}"


@codepipeline.add(
    "CreatePipeline",
    "UpdatePipeline",
    source=_PIPELINE,
    code="InvalidStructureException",
)
def structure(call: Call, _: Account) -> Iterator[str]:
    """A pipeline has two or more stages with names of their own, sources in the first alone, and artifacts that an
    earlier action makes.
    """
    stages = call.parameters["pipeline"].get("stages", [])
    names = [stage["name"] for stage in stages]
    if len(stages) < 2 or len(set(names)) != len(names):
        yield "Pipeline should have at least two stages, each with a name of its own"
        return
    made: set[str] = set()
    for position, stage in enumerate(stages):
        actions = stage.get("actions", [])
        if not actions or len({action["name"] for action in actions}) != len(actions):
            yield f"Stage {stage['name']} must have actions, each with a name of its own"
        for action in sorted(actions, key=lambda item: item.get("runOrder", 1)):
            if (action["actionTypeId"]["category"] == "Source") != (position == 0):
                yield f"Pipeline should start with a stage that only contains source actions: {stage['name']}"
            for artifact in action.get("inputArtifacts", []):
                if artifact["name"] not in made:
                    yield (
                        f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not declared as "
                        "Output Artifact Bundle in any of the preceding actions"
                    )
            outputs = [artifact["name"] for artifact in action.get("outputArtifacts", [])]
            if made & set(outputs):
                yield f"Output Artifact Bundle name must be unique within the pipeline: {outputs}"
            made |= set(outputs)


@codepipeline.add(
    "CreatePipeline",
    "UpdatePipeline",
    source="https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html",
    code="InvalidStructureException",
)
def pipeline_role(call: Call, account: Account) -> Iterator[str]:
    """A pipeline's role lets CodePipeline assume it."""
    role = call.parameters["pipeline"]["roleArn"]
    if not account.trusts(role, "codepipeline.amazonaws.com"):
        yield f"CodePipeline is not authorized to perform AssumeRole on role {role}"


@codepipeline.add(
    "CreatePipeline",
    "UpdatePipeline",
    source="https://docs.aws.amazon.com/codepipeline/latest/userguide/pipeline-types-planning.html",
    code="InvalidStructureException",
)
def triggers(call: Call, _: Account) -> Iterator[str]:
    """Triggers and variables are for pipelines of the type V2; a trigger names a source action."""
    pipeline = call.parameters["pipeline"]
    given = pipeline.get("triggers", [])
    if (given or pipeline.get("variables")) and pipeline.get("pipelineType", "V1") != "V2":
        yield "Triggers and variables are supported only for pipelines of type V2"
    sources = {action["name"] for stage in pipeline.get("stages", [])[:1] for action in stage.get("actions", [])}
    for trigger in given:
        if trigger.get("gitConfiguration", {}).get("sourceActionName") not in sources:
            yield "A trigger's sourceActionName must be a source action of the pipeline"


RULES = [*ecr.all, *codebuild.all, *codepipeline.all]
