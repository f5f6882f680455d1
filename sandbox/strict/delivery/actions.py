"""What CodePipeline demands of actions: their type, configuration and artifacts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_GUIDE: Final = "https://docs.aws.amazon.com/codepipeline/latest/userguide/"
_API: Final = "https://docs.aws.amazon.com/codepipeline/latest/APIReference/"
_ANY: Final = (0, 100)
_PIPELINE: Final = ("CreatePipeline", "UpdatePipeline")


@dataclass(frozen=True)
class ActionType:
    """What CodePipeline documents of an action of AWS's own."""

    required: tuple[str, ...] = ()
    """Keys that its configuration has."""
    optional: tuple[str, ...] | None = None
    """Keys that it may have; None where no list is kept here."""
    inputs: tuple[int, int] = _ANY
    """The least and most artifacts that it takes."""
    outputs: tuple[int, int] = _ANY
    """The least and most artifacts that it makes."""


_BUILD: Final = ActionType(
    ("ProjectName",),
    ("PrimarySource", "BatchEnabled", "BuildspecOverride", "CombineArtifacts", "EnvironmentVariables"),
    (1, 5),
    (0, 5),
)
_SOURCED: Final = ((0, 0), (1, 1))
ACTION_TYPES: Final[dict[tuple[str, str], ActionType]] = {
    ("Source", "S3"): ActionType(
        ("S3Bucket", "S3ObjectKey"), ("PollForSourceChanges", "AllowOverrideForS3ObjectKey"), *_SOURCED
    ),
    ("Source", "CodeStarSourceConnection"): ActionType(
        ("ConnectionArn", "FullRepositoryId", "BranchName"), ("OutputArtifactFormat", "DetectChanges"), *_SOURCED
    ),
    ("Source", "CodeCommit"): ActionType(
        ("RepositoryName", "BranchName"), ("PollForSourceChanges", "OutputArtifactFormat"), *_SOURCED
    ),
    ("Source", "ECR"): ActionType(("RepositoryName",), ("ImageTag",), *_SOURCED),
    ("Build", "CodeBuild"): _BUILD,
    ("Build", "ECRBuildAndPublish"): ActionType(("ECRRepositoryName",)),
    ("Test", "CodeBuild"): _BUILD,
    ("Test", "DeviceFarm"): ActionType(inputs=(1, 1), outputs=(0, 0)),
    ("Compute", "Commands"): ActionType(),
    ("Approval", "Manual"): ActionType((), ("NotificationArn", "CustomData", "ExternalEntityLink"), (0, 0), (0, 0)),
    ("Deploy", "S3"): ActionType(
        ("BucketName", "Extract"),
        ("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl"),
        (1, 1),
        (0, 0),
    ),
    ("Deploy", "CloudFormation"): ActionType(("ActionMode", "StackName"), None, (0, 10), (0, 1)),
    ("Deploy", "ECS"): ActionType(("ClusterName", "ServiceName"), ("FileName", "DeploymentTimeout"), (1, 1), (0, 0)),
    ("Deploy", "CodeDeploy"): ActionType(("ApplicationName", "DeploymentGroupName"), (), (1, 1), (0, 0)),
    ("Invoke", "Lambda"): ActionType(("FunctionName",), ("UserParameters",), (0, 5), (0, 5)),
    ("Invoke", "StepFunctions"): ActionType(
        ("StateMachineArn",), ("ExecutionNamePrefix", "InputType", "Input"), (0, 1), (0, 1)
    ),
    **{
        kind: ActionType()
        for kind in (
            ("Deploy", "AppConfig"),
            ("Deploy", "CloudFormationStackInstances"),
            ("Deploy", "CloudFormationStackSet"),
            ("Deploy", "CodeDeployToECS"),
            ("Deploy", "EC2"),
            ("Deploy", "EKS"),
            ("Deploy", "ElasticBeanstalk"),
            ("Deploy", "Lambda"),
            ("Deploy", "OpsWorks"),
            ("Deploy", "ServiceCatalog"),
            ("Invoke", "CodePipeline"),
            ("Invoke", "InspectorScan"),
        )
    },
}
"""Category and provider of the actions whose owner is AWS."""

rules = Rules("codepipeline")


def _actions(call: Call) -> Iterator[tuple[Mapping[str, Any], ActionType | None]]:
    """Each action with its type; None for one that others provide, or nobody does."""
    for stage in call.parameters["pipeline"].get("stages", []):
        for action in stage.get("actions", []):
            kind = action["actionTypeId"]
            action_type = ACTION_TYPES.get((kind["category"], kind["provider"])) if kind["owner"] == "AWS" else None
            yield action, action_type


@rules.add(*_PIPELINE, source=f"{_GUIDE}actions-valid-providers.html", code="InvalidActionDeclarationException")
def action_types(call: Call, _: Account) -> Iterator[str]:
    """An action of AWS's is one that CodePipeline has, in the version 1."""
    for action, action_type in _actions(call):
        kind = action["actionTypeId"]
        if kind["owner"] == "AWS" and (action_type is None or kind["version"] != "1"):
            identifier = ", ".join(f"{name}: '{kind[name]}'" for name in ("category", "provider", "owner", "version"))
            yield f"ActionType ({identifier}) in action '{action['name']}' is not available in region {call.region}"


@rules.add(*_PIPELINE, source=f"{_GUIDE}reference-action-artifacts.html", code="InvalidActionDeclarationException")
def artifacts(call: Call, _: Account) -> Iterator[str]:
    """An approval takes and makes no artifact, a source takes none and makes one, a build takes one to five."""
    for action, action_type in _actions(call):
        kind = action_type or ActionType()
        for member, (least, most) in (("inputArtifacts", kind.inputs), ("outputArtifacts", kind.outputs)):
            number = len(action.get(member, []))
            if not least <= number <= most:
                yield f"Action {action['name']} has {number} {member}, and must have {least} to {most}"


@rules.add(*_PIPELINE, source=f"{_GUIDE}action-reference.html", code="InvalidActionDeclarationException")
def configuration(call: Call, _: Account) -> Iterator[str]:
    """The configuration of an action has the keys that its type needs, and none that it does not know."""
    for action, action_type in _actions(call):
        keys = set(action.get("configuration", {}))
        for name in (action_type or ActionType()).required:
            if name not in keys:
                yield f"Action configuration for action '{action['name']}' is missing required configuration '{name}'"
        if action_type is not None and action_type.optional is not None:
            for name in sorted(keys - {*action_type.required, *action_type.optional}):
                yield f"Action configuration for action '{action['name']}' contains unknown configuration '{name}'"


@rules.add(*_PIPELINE, source=f"{_GUIDE}action-reference.html", code="InvalidActionDeclarationException")
def configured_values(call: Call, _: Account) -> Iterator[str]:
    """A connection and a topic are named by their ARNs, a repository by its owner and name; variables are a list in
    JSON; of several artifacts one is the primary source.
    """
    patterns = {
        "ConnectionArn": r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/.+",
        "FullRepositoryId": r"[^/\s]+(/[^/\s]+)+",
        "NotificationArn": r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:.+",
        "StateMachineArn": r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:.+",
    }
    for action, _type in _actions(call):
        values = action.get("configuration", {})
        for name, pattern in patterns.items():
            if name in values and "#{" not in values[name] and not re.fullmatch(pattern, values[name]):
                yield f"Value '{values[name]}' of {name} in action '{action['name']}' is not valid"
        inputs = [artifact["name"] for artifact in action.get("inputArtifacts", [])]
        building = action["actionTypeId"]["provider"] == "CodeBuild"
        if building and values.get("PrimarySource", None if len(inputs) > 1 else (inputs or [None])[0]) not in inputs:
            yield f"PrimarySource of action '{action['name']}' must be one of its input artifacts {inputs}"
        if building and not _is_list(values.get("EnvironmentVariables", "[]")):
            yield f"EnvironmentVariables of action '{action['name']}' must be a list in JSON"


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


@rules.add(*_PIPELINE, source=f"{_API}API_ActionDeclaration.html", code="InvalidActionDeclarationException")
def action_details(call: Call, _: Account) -> Iterator[str]:
    """Only an approval has a time out; an action's namespace is its own in the pipeline."""
    namespaces = [action["namespace"] for action, _type in _actions(call) if action.get("namespace")]
    if len(set(namespaces)) != len(namespaces):
        yield f"Namespaces must be unique within the pipeline: {namespaces}"
    for action, _type in _actions(call):
        if "timeoutInMinutes" in action and action["actionTypeId"]["category"] != "Approval":
            yield f"timeoutInMinutes is available only for approvals, not for action '{action['name']}'"
