"""Seeds for the rules of ECR, CodeBuild and CodePipeline."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.conftest import Strict, policy
from tests.sandbox.strict.seeds import ABSENT, Seed, seed


def _lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"lifecyclePolicyText": json.dumps({"rules": rules})}


def _expire(priority: int = 1, **selection: Any) -> dict[str, Any]:
    base = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}
    chosen = {name: value for name, value in {**base, **selection}.items() if value is not ABSENT}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


_REPOSITORY = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage"}


_PROJECT = (
    "CreateProject",
    lambda a: {
        "name": a.name(),
        "source": {"type": "GITHUB", "location": "https://github.com/an/example"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": a.codebuild_role,
    },
)


_FROM_BUCKET = ("S3", {"S3Bucket": "bucket", "S3ObjectKey": "code.zip"})


_BY_PROJECT = ("CodeBuild", {"ProjectName": "project"})


def _stage(name: str, category: str = "Source", **members: Any) -> dict[str, Any]:
    provider, configuration = _FROM_BUCKET if category == "Source" else _BY_PROJECT
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    action = {"name": f"{name}Action", "actionTypeId": kind, "configuration": configuration, **members}
    return {"name": name, "actions": [action]}


_SOURCE = _stage("Source", outputArtifacts=[{"name": "code"}])


_BUILD = _stage("Build", "Build", inputArtifacts=[{"name": "code"}])


def _pipeline(*stages: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"pipeline": {"stages": list(stages), **members}}


_CREATE_PIPELINE = (
    "CreatePipeline",
    lambda a: {
        "pipeline": {
            "name": a.name(),
            "roleArn": a.codepipeline_role,
            "artifactStore": {"type": "S3", "location": a.bucket},
            "stages": [_SOURCE, _BUILD],
        }
    },
)


_TRIGGER = {"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "SourceAction"}}


def _manifest(digit: str) -> str:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    return json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "config": {"digest": f"sha256:{digit * 64}"}, "layers": []}
    )


def _repository(account: Strict) -> str:
    name = account.name()
    account.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    account.client("ecr").put_image(repositoryName=name, imageManifest=_manifest("a"), imageTag="v1")
    return name


def _patterns(*patterns: str) -> dict[str, Any]:
    selection = {"tagStatus": "tagged", "tagPatternList": list(patterns), "countType": "imageCountMoreThan"}
    rule = {"rulePriority": 1, "selection": {**selection, "countNumber": 5}, "action": {"type": "expire"}}
    return {"lifecyclePolicyText": json.dumps({"rules": [rule]})}


SEEDS: Final[list[Seed]] = [
    seed(
        "ecr.lifecycle_policy",
        "PutLifecyclePolicy",
        {"repositoryName": "repository", **_lifecycle(_expire())},
        {"lifecyclePolicyText": "no json, and long enough to be a policy " * 3},
        _lifecycle(_expire(), _expire()),
        _lifecycle(_expire(countType="sinceImagePushed")),
        _lifecycle(_expire(tagStatus="tagged")),
        _lifecycle(_expire(tagStatus="some")),
        _lifecycle(_expire(countNumber=0)),
        _lifecycle(_expire(), _expire(2, tagStatus="untagged")),
    ),
    seed(
        "ecr.repository_policy",
        "SetRepositoryPolicy",
        {"repositoryName": "repository", "policyText": policy(_REPOSITORY)},
        {"policyText": "{"},
        {"policyText": policy({**_REPOSITORY, "Action": "s3:GetObject"})},
        {"policyText": policy({"Effect": "Allow", "Action": "ecr:BatchGetImage"})},
    ),
    seed(
        "ecr.repository_key",
        "CreateRepository",
        lambda a: {"repositoryName": a.name(), "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": a.key}},
        {"encryptionConfiguration": {"encryptionType": "AES256"}},
        {"encryptionConfiguration": {"kmsKey": "arn:aws:kms:us-east-1:123456789012:key/none"}},
    ),
    seed(
        "codebuild.project_source",
        *_PROJECT,
        {"source": {"type": "CODEPIPELINE"}},
        {"artifacts": {"type": "CODEPIPELINE"}},
        {"source": {"location": ABSENT}},
        {"source": {"type": "NO_SOURCE"}},
        {"artifacts": {"type": "S3"}},
    ),
    seed("codebuild.project_role", *_PROJECT, lambda a: {"serviceRole": a.events_role}),
    seed(
        "codepipeline.structure",
        *_CREATE_PIPELINE,
        _pipeline(_SOURCE),
        _pipeline(_SOURCE, _SOURCE),
        _pipeline(_BUILD, _SOURCE),
        _pipeline(_SOURCE, _stage("Build", "Build", inputArtifacts=[{"name": "other"}])),
        _pipeline(_SOURCE, {**_BUILD, "actions": []}),
        _pipeline(_SOURCE, _stage("Build", "Build", outputArtifacts=[{"name": "code"}])),
    ),
    seed("codepipeline.pipeline_role", *_CREATE_PIPELINE, lambda a: {"pipeline": {"roleArn": a.events_role}}),
    seed(
        "codepipeline.triggers",
        *_CREATE_PIPELINE,
        {"pipeline": {"triggers": [_TRIGGER]}},
        {"pipeline": {"variables": [{"name": "v"}]}},
        {
            "pipeline": {
                "pipelineType": "V2",
                "triggers": [{**_TRIGGER, "gitConfiguration": {"sourceActionName": "BuildAction"}}],
            }
        },
    ),
    seed(
        "ecr.immutable_tag",
        "PutImage",
        lambda a: {"repositoryName": _repository(a), "imageManifest": _manifest("b"), "imageTag": "v2"},
        {"imageTag": "v1"},
    ),
    seed(
        "ecr.scan_frequency",
        "PutRegistryScanningConfiguration",
        {"scanType": "BASIC", "rules": []},
        {
            "rules": [
                {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
            ]
        },
    ),
    seed(
        "ecr.lifecycle_policy",
        "PutLifecyclePolicy",
        lambda a: {"repositoryName": _repository(a), **_patterns("v*", "*a*b*c*")},
        _patterns("*a*b*c*d*"),
    ),
]
