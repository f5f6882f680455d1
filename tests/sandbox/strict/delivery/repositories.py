"""Requests to ECR."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict, policy
from tests.sandbox.strict.requests import ABSENT, Request, request


def _lifecycle_rule(**selection: Any) -> dict[str, Any]:
    base = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5, **selection}
    rule = {
        "rulePriority": 1,
        "selection": {n: v for n, v in base.items() if v is not ABSENT},
        "action": {"type": "expire"},
    }
    return {"lifecyclePolicyText": json.dumps({"rules": [rule]})}


def _lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"lifecyclePolicyText": json.dumps({"rules": list(rules)})}


def _expire(priority: int = 1, **selection: Any) -> dict[str, Any]:
    base = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5}
    chosen = {name: value for name, value in {**base, **selection}.items() if value is not ABSENT}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


def _image(a: Strict) -> dict[str, Any]:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = {"digest": "sha256:" + "a" * 64, "size": 1, "mediaType": kind}
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
    return {"repositoryName": "repository", "imageManifest": json.dumps(manifest), "imageTag": a.name()}


REQUESTS: Final[dict[str, list[Request]]] = {
    "ecr": [
        request(
            "CreateRepository",
            lambda a: {"repositoryName": a.name()},
            upper={"repositoryName": "Repository"},
            dots={"repositoryName": "a..b"},
            short={"repositoryName": "a"},
            taken={"repositoryName": "repository"},
            mutability={"imageTagMutability": "SOMETIMES"},
            encryption={"encryptionConfiguration": {"encryptionType": "SSE"}},
            key={"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "alias/x"}},
            no_key={
                "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "11111111-2222-3333-4444-555555555555"}
            },
            reserved={"tags": [{"Key": "aws:x", "Value": "v"}]},
        ),
        request(
            "PutLifecyclePolicy",
            {"repositoryName": "repository", **_lifecycle_rule()},
            no_json={"lifecyclePolicyText": "{"},
            no_count=_lifecycle_rule(countNumber=ABSENT),
            zero=_lifecycle_rule(countNumber=0),
            unit=_lifecycle_rule(countType="sinceImagePushed"),
            unit_of_number=_lifecycle_rule(countUnit="days"),
            status=_lifecycle_rule(tagStatus="some"),
            no_prefix=_lifecycle_rule(tagStatus="tagged"),
            prefix_of_any=_lifecycle_rule(tagPrefixList=["v"]),
            none={"repositoryName": "ghost"},
            no_rules={"lifecyclePolicyText": '{"rules": []}'},
        ),
        request(
            "SetRepositoryPolicy",
            {
                "repositoryName": "repository",
                "policyText": policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:BatchGetImage"}),
            },
            no_json={"policyText": "{"},
            action={"policyText": policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"})},
            no_principal={"policyText": policy({"Effect": "Allow", "Action": "ecr:BatchGetImage"})},
            none={"repositoryName": "ghost"},
            ghost={
                "policyText": policy({"Effect": "Allow", "Principal": {"AWS": NO_ROLE}, "Action": "ecr:BatchGetImage"})
            },
        ),
        request("DeleteRepository", lambda a: {"repositoryName": a.new_repository()}, none={"repositoryName": "ghost"}),
        request(
            "DescribeImages",
            {"repositoryName": "repository"},
            none={"repositoryName": "ghost"},
            image={"imageIds": [{"imageTag": "ghost"}]},
            digest={"imageIds": [{"imageDigest": "abc"}]},
            page={"maxResults": 1001},
        ),
        request(
            "PutImageTagMutability",
            {"repositoryName": "repository", "imageTagMutability": "IMMUTABLE"},
            value={"imageTagMutability": "NO"},
            none={"repositoryName": "ghost"},
        ),
        request(
            "CreateRepository",
            compute.repository,
            region={
                "encryptionConfiguration": {
                    "encryptionType": "KMS",
                    "kmsKey": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
                }
            },
        ),
        request(
            "PutLifecyclePolicy",
            {"repositoryName": "repository", **_lifecycle(_expire())},
            priority=_lifecycle(_expire(0)),
            word=_lifecycle({**_expire(), "rulePriority": "first"}),
            action=_lifecycle({**_expire(), "action": {"type": "delete"}}),
            fraction=_lifecycle(_expire(countNumber=1.5)),
            weeks=_lifecycle(_expire(countUnit="weeks")),
            both_lists=_lifecycle(_expire(tagStatus="tagged", tagPrefixList=["a"], tagPatternList=["b*"])),
            pattern=_lifecycle(_expire(tagStatus="tagged", tagPatternList=["*a*b*c*d*e*"])),
            two_any=_lifecycle(_expire(1, tagStatus="any"), _expire(2, tagStatus="any")),
            unknown_key=_lifecycle({**_expire(), "filter": {}}),
        ),
        request(
            "CreateRepository",
            compute.repository,
            leading={"repositoryName": "/repository"},
            double={"repositoryName": "a//b"},
            underscore={"repositoryName": "_a"},
            dash={"repositoryName": "a-"},
            long={"repositoryName": "r" * 257},
            exclusion={"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "v*"}]},
        ),
        request("PutImage", _image, tag={"imageTag": "a b"}, manifest={"imageManifest": "{"}),
    ],
}
