"""Requests to CodeBuild."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict
from tests.sandbox.strict.delivery.seeds import _PROJECT
from tests.sandbox.strict.requests import ABSENT, Request, request

_SECRET: Final = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:registry-AbCdEf"


def _environment(**members: Any) -> dict[str, Any]:
    return {"environment": members}


def _cached(kind: str, **members: Any) -> dict[str, Any]:
    return {"cache": {"type": kind, **members}}


def _second(kind: str = "GITHUB", **members: Any) -> dict[str, Any]:
    source = {"type": kind, "location": "https://github.com/a/second", "sourceIdentifier": "second", **members}
    return {"secondarySources": [{name: value for name, value in source.items() if value is not ABSENT}]}


def _in_vpc(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        network = {"vpcId": a.vpc, "subnets": [a.subnet], "securityGroupIds": [a.group]}
        return {"vpcConfig": {**network, **{name: a.ids.get(value, value) for name, value in members.items()}}}

    return change


REQUESTS: Final[dict[str, list[Request]]] = {
    "codebuild": [
        request(
            "CreateProject",
            _PROJECT[1],
            name={"name": "a project"},
            short={"name": "p"},
            timeout={"timeoutInMinutes": 4},
            queued={"queuedTimeoutInMinutes": 481},
            source={"source": {"type": "FTP"}},
            no_location={"source": {"type": "GITHUB", "location": ABSENT}},
            artifacts={"artifacts": {"type": "CODEPIPELINE"}},
            no_bucket={"artifacts": {"type": "S3"}},
            compute={"environment": {"computeType": "TINY"}},
            kind={"environment": {"type": "SOLARIS"}},
            no_image={"environment": {"image": ABSENT}},
            variable={"environment": {"environmentVariables": [{"name": "x", "value": "y", "type": "FILE"}]}},
            network={"vpcConfig": {"vpcId": "vpc-1"}},
            role={"serviceRole": NO_ROLE},
            no_role={"serviceRole": ABSENT},
            taken=lambda a: {"name": a.new_project()},
            reserved={"tags": [{"key": "aws:x", "value": "v"}]},
            log_group={"logsConfig": {"cloudWatchLogs": {"status": "SOMETIMES"}}},
        ),
        request(
            "StartBuild",
            lambda a: {"projectName": a.new_project()},
            none={"projectName": "ghost"},
            timeout={"timeoutInMinutesOverride": 3},
        ),
        request(
            "CreateProject",
            lambda a: {**_PROJECT[1](a), **_in_vpc()(a)},
            subnets=lambda a: {"vpcConfig": {"subnets": [a.other_subnet]}},
            groups=lambda a: {"vpcConfig": {"securityGroupIds": [a.other_group]}},
            ghost_subnet={"vpcConfig": {"subnets": ["subnet-00000000"]}},
            ghost_vpc={"vpcConfig": {"vpcId": "vpc-00000000"}},
            no_vpc={"vpcConfig": {"vpcId": ABSENT}},
            no_groups={"vpcConfig": {"securityGroupIds": []}},
            many_groups=lambda a: {"vpcConfig": {"securityGroupIds": [a.group] * 6}},
        ),
        request(
            "CreateProject",
            _PROJECT[1],
            github={"source": {"location": "https://example.org/an/example"}},
            ssh={"source": {"location": "git@github.com:an/example.git"}},
            bitbucket={"source": {"type": "BITBUCKET", "location": "https://github.com/an/example"}},
            codecommit={"source": {"type": "CODECOMMIT", "location": "repository"}},
            archive={"source": {"type": "S3", "location": "bucket"}},
            status={"source": {"type": "S3", "location": "bucket/source.zip", "reportBuildStatus": True}},
            depth={"source": {"gitCloneDepth": -1}},
            auth={"source": {"auth": {"type": "CODECONNECTIONS"}}},
            secret_auth={"source": {"auth": {"type": "SECRETS_MANAGER"}}},
            spec={"source": {"type": "NO_SOURCE", "location": ABSENT}},
            badge={"source": {"type": "S3", "location": "bucket/source.zip"}, "badgeEnabled": True},
            second_without_name=_second(sourceIdentifier=ABSENT),
            second_name=_second(sourceIdentifier="a-b"),
            second_of_pipeline=_second("CODEPIPELINE"),
            second_twice={"secondarySources": _second()["secondarySources"] * 2},
            version_of_none={"secondarySourceVersions": [{"sourceIdentifier": "other", "sourceVersion": "main"}]},
            second_artifact={"secondaryArtifacts": [{"type": "S3", "location": "b", "name": "n"}]},
            second_artifact_of_pipeline={
                "secondaryArtifacts": [{"type": "CODEPIPELINE", "artifactIdentifier": "a"}],
            },
            plain_artifact={"artifacts": {"encryptionDisabled": True}},
            packaging={"artifacts": {"type": "S3", "location": "b", "name": "n", "packaging": "TAR"}},
            cache_place=_cached("S3"),
            cache_modes=_cached("LOCAL"),
            cache_mode=_cached("LOCAL", modes=["LOCAL_IMAGE_CACHE"]),
            modes_of_bucket=_cached("S3", location="bucket/prefix", modes=["LOCAL_SOURCE_CACHE"]),
            layers=_cached("LOCAL", modes=["LOCAL_DOCKER_LAYER_CACHE"]),
            lambda_size=_environment(computeType="BUILD_LAMBDA_1GB"),
            size_of_lambda=_environment(type="LINUX_LAMBDA_CONTAINER"),
            graphics=_environment(type="LINUX_GPU_CONTAINER", computeType="BUILD_GENERAL1_MEDIUM"),
            attributes=_environment(computeType="ATTRIBUTE_BASED_COMPUTE"),
            privileged=_environment(type="LINUX_LAMBDA_CONTAINER", computeType="BUILD_LAMBDA_1GB", privilegedMode=True),
            windows=_environment(type="WINDOWS_SERVER_2019_CONTAINER", computeType="BUILD_GENERAL1_SMALL"),
            curated=_environment(image="aws/codebuild/standard:7.0", imagePullCredentialsType="SERVICE_ROLE"),
            credential=_environment(
                registryCredential={"credential": _SECRET, "credentialProvider": "SECRETS_MANAGER"},
                imagePullCredentialsType="CODEBUILD",
            ),
            provider=_environment(
                registryCredential={"credential": _SECRET, "credentialProvider": "VAULT"},
                imagePullCredentialsType="SERVICE_ROLE",
            ),
            certificate=_environment(certificate="certificate.pem"),
            variable=_environment(environmentVariables=[{"name": "", "value": "1"}]),
            logs={"logsConfig": {"s3Logs": {"status": "ENABLED"}}},
            logs_place={"logsConfig": {"s3Logs": {"status": "ENABLED", "location": "arn:aws:sqs:us-east-1:1:q"}}},
            key={"encryptionKey": "a key"},
            concurrent={"concurrentBuildLimit": 0},
            retries={"autoRetryLimit": -1},
            files={
                "fileSystemLocations": [
                    {
                        "type": "EFS",
                        "location": "fs-1.efs.us-east-1.amazonaws.com:/",
                        "mountPoint": "/m",
                        "identifier": "m",
                    }
                ]
            },
            timeout={"timeoutInMinutes": 2161},
            queued={"queuedTimeoutInMinutes": 4},
            foreign_role={"serviceRole": "arn:aws:iam::210987654321:role/codebuild"},
        ),
        request(
            "StartBuild",
            lambda a: {"projectName": a.new_project()},
            depth={"gitCloneDepthOverride": -1},
            compute={"computeTypeOverride": "BUILD_LAMBDA_1GB"},
            queued={"queuedTimeoutInMinutesOverride": 4},
            kind={"sourceTypeOverride": "FTP"},
            variable={"environmentVariablesOverride": [{"name": "A", "value": "1", "type": "FILE"}]},
        ),
    ],
}
