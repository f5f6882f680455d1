"""What ECR demands of repositories: lifecycle policies, permissions, keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rules, of_free_document

_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/"
_MOST_WILDCARDS = 4

rules = Rules("ecr")


@rules.add(
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
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 1 for number in priorities):
        yield "Lifecycle policy validation failure: rulePriority must be a positive integer"
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
    if any(pattern.count("*") > _MOST_WILDCARDS for pattern in selection.get("tagPatternList") or []):
        yield f"{failed} a tag pattern has at most {_MOST_WILDCARDS} wildcards"
    count = selection.get("countType")
    if count not in ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"):
        yield f"{failed} countType {count} is not known"
    if (count == "imageCountMoreThan") == ("countUnit" in selection):
        yield f"{failed} countUnit must be days with a time, and absent with a count"
    number = selection.get("countNumber")
    if not isinstance(number, int) or number < 1 or action not in ("expire", "transition"):
        yield f"{failed} countNumber must be a positive integer and the action's type expire or transition"


@rules.add(
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


@rules.add(
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


@rules.add(
    "PutRegistryScanningConfiguration",
    source=f"{_ECR}APIReference/API_PutRegistryScanningConfiguration.html",
    code="InvalidParameterException",
)
def scan_frequency(call: Call, _: Account) -> Iterator[str]:
    """Basic scans are on push; continuous ones are of enhanced scanning."""
    for rule in call.parameters.get("rules", []):
        if call.parameters.get("scanType", "BASIC") == "BASIC" and rule.get("scanFrequency") == "CONTINUOUS_SCAN":
            yield "Invalid parameter at 'rules': CONTINUOUS_SCAN is not supported with the scan type BASIC"


@rules.add(
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
