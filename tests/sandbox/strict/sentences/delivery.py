"""CodeBuild and CodePipeline: the sentences of their references that their models do not say."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.delivery import _BUILD, _CREATE_PIPELINE, _PROJECT, _SOURCE, _pipeline, _stage

_CONNECTION: Final = f"arn:aws:codeconnections:us-east-1:{ACCOUNT}:connection/11111111-2222-3333-4444-555555555555"
_SECRET: Final = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:registry-AbCdEf"
_ARM: Final = {"type": "ARM_CONTAINER", "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0"}


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


PROJECTS: Final = [
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
                {"type": "EFS", "location": "fs-1.efs.us-east-1.amazonaws.com:/", "mountPoint": "/m", "identifier": "m"}
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
]


def _action(category: str, provider: str, owner: str = "AWS", **members: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": owner, "provider": provider, "version": "1"}
    return {"name": f"{category}Action", "actionTypeId": kind, **members}


def _built(**members: Any) -> dict[str, Any]:
    """A pipeline whose second stage is a build with these members."""
    (action,) = _BUILD["actions"]
    changed = {name: value for name, value in {**action, **members}.items() if value is not ABSENT}
    return _pipeline(_SOURCE, {"name": "Build", "actions": [changed]})


def _second_action(action: dict[str, Any], **stage: Any) -> dict[str, Any]:
    return _pipeline(_SOURCE, {"name": "Second", "actions": [action], **stage})


def _sourced(provider: str, **configuration: str) -> dict[str, Any]:
    action = _action("Source", provider, outputArtifacts=[{"name": "code"}], configuration=configuration)
    return {"name": "Source", "actions": [action]}


_CODE: Final = [{"name": "code"}]
_CONNECTED: Final = _sourced(
    "CodeStarSourceConnection", ConnectionArn=_CONNECTION, FullRepositoryId="an/example", BranchName="main"
)
_TRIGGER: Final = {
    "providerType": "CodeStarSourceConnection",
    "gitConfiguration": {"sourceActionName": "SourceAction", "push": [{"branches": {"includes": ["main"]}}]},
}


def _triggered(*triggers: dict[str, Any], source: dict[str, Any] = _CONNECTED) -> dict[str, Any]:
    return _pipeline(source, _BUILD, pipelineType="V2", triggers=list(triggers))


def _many_stages(count: int) -> dict[str, Any]:
    gates = [{"name": f"Gate{n}", "actions": [_action("Approval", "Manual")]} for n in range(count - 2)]
    return _pipeline(_SOURCE, _BUILD, *gates)


PIPELINES: Final = [
    request(
        "CreatePipeline",
        lambda a: {
            "pipeline": {
                **_CREATE_PIPELINE[1](a)["pipeline"],
                "pipelineType": "V2",
                "stages": [_CONNECTED, _BUILD],
                "triggers": [_TRIGGER],
                "variables": [{"name": "revision", "defaultValue": "main"}],
            }
        },
        two_triggers={"pipeline": {"triggers": [_TRIGGER, _TRIGGER]}},
        tags_and_branches={
            "pipeline": {
                "triggers": [
                    {
                        **_TRIGGER,
                        "gitConfiguration": {
                            "sourceActionName": "SourceAction",
                            "push": [{"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}],
                        },
                    }
                ]
            }
        },
        of_bucket=_triggered(_TRIGGER, source=_sourced("S3", S3Bucket="bucket", S3ObjectKey="code.zip")),
        variable_twice={"pipeline": {"variables": [{"name": "x"}, {"name": "x"}]}},
        variable={"pipeline": {"variables": [{"name": "a variable"}]}},
        empty_default={"pipeline": {"variables": [{"name": "x", "defaultValue": ""}]}},
        connection={"pipeline": {"stages": [_sourced("CodeStarSourceConnection", BranchName="main"), _BUILD]}},
        connection_arn={
            "pipeline": {
                "stages": [
                    _sourced(
                        "CodeStarSourceConnection",
                        ConnectionArn="connection",
                        FullRepositoryId="an/example",
                        BranchName="main",
                    ),
                    _BUILD,
                ]
            }
        },
        repository={
            "pipeline": {
                "stages": [
                    _sourced(
                        "CodeStarSourceConnection",
                        ConnectionArn=_CONNECTION,
                        FullRepositoryId="example",
                        BranchName="main",
                    ),
                    _BUILD,
                ]
            }
        },
    ),
    request(
        "CreatePipeline",
        _CREATE_PIPELINE[1],
        no_project=_built(configuration={}),
        unknown_key=_built(configuration={"ProjectName": "p", "Project": "p"}),
        provider=_built(actionTypeId={"category": "Build", "owner": "AWS", "provider": "CodeBuilder", "version": "1"}),
        version=_built(actionTypeId={"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "2"}),
        wrong_category=_built(
            actionTypeId={"category": "Deploy", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
        ),
        timeout=_built(timeoutInMinutes=10),
        namespace_twice=_pipeline(
            {**_SOURCE, "actions": [{**_SOURCE["actions"][0], "namespace": "n"}]},
            {**_BUILD, "actions": [{**_BUILD["actions"][0], "namespace": "n"}]},
        ),
        bucket_key=_pipeline(_sourced("S3", S3Bucket="bucket"), _BUILD),
        same_order=_pipeline(
            _SOURCE,
            {
                "name": "Build",
                "actions": [
                    {
                        **_BUILD["actions"][0],
                        "name": "One",
                        "outputArtifacts": [{"name": "built"}],
                    },
                    {**_BUILD["actions"][0], "name": "Two", "inputArtifacts": [{"name": "built"}]},
                ],
            },
        ),
        six_inputs=_pipeline(
            {
                "name": "Source",
                "actions": [
                    {**_SOURCE["actions"][0], "name": f"S{n}", "outputArtifacts": [{"name": f"a{n}"}]} for n in range(6)
                ],
            },
            _stage("Build", "Build", inputArtifacts=[{"name": f"a{n}"} for n in range(6)]),
        ),
        two_inputs=_built(
            inputArtifacts=[{"name": "code"}, {"name": "code"}],
        ),
        deploy=_second_action(_action("Deploy", "S3", configuration={"BucketName": "b", "Extract": "true"})),
        deploy_bucket=_second_action(_action("Deploy", "S3", inputArtifacts=_CODE, configuration={"Extract": "true"})),
        machine=_second_action(_action("Invoke", "StepFunctions", configuration={})),
        function=_second_action(_action("Invoke", "Lambda", configuration={})),
        stack=_second_action(_action("Deploy", "CloudFormation", configuration={"StackName": "s"})),
        cluster=_second_action(_action("Deploy", "ECS", inputArtifacts=_CODE, configuration={"ClusterName": "c"})),
        elsewhere=_built(region="eu-west-1"),
        stores_elsewhere=lambda a: {
            "pipeline": {
                "artifactStore": ABSENT,
                "artifactStores": {"eu-west-1": {"type": "S3", "location": a.bucket}},
            }
        },
        key_kind={"pipeline": {"artifactStore": {"encryptionKey": {"id": "k", "type": "AES"}}}},
        many=_many_stages(51),
        rollback=_pipeline(_SOURCE, {**_BUILD, "onFailure": {"result": "ROLLBACK"}}),
        rollback_source=_pipeline(
            {**_SOURCE, "onFailure": {"result": "ROLLBACK"}}, _BUILD, pipelineType="V2", executionMode="SUPERSEDED"
        ),
        condition=_pipeline(_SOURCE, {**_BUILD, "beforeEntry": {"conditions": [{"result": "FAIL", "rules": []}]}}),
        foreign_role={"pipeline": {"roleArn": "arn:aws:iam::210987654321:role/codepipeline"}},
        action_role=_built(roleArn="deployer"),
        no_bucket={"pipeline": {"artifactStore": {"location": ""}}},
        upper_bucket={"pipeline": {"artifactStore": {"location": "Bucket_Of_Ours"}}},
        custom_data=_second_action(_action("Approval", "Manual", configuration={"CustomData": "d" * 1001})),
        topic=_second_action(_action("Approval", "Manual", configuration={"NotificationArn": "topic"})),
        environment=_built(configuration={"ProjectName": "p", "EnvironmentVariables": "A=1"}),
        primary=_built(inputArtifacts=_CODE, configuration={"ProjectName": "p", "PrimarySource": "other"}),
        long_value=_built(configuration={"ProjectName": "p" * 50001}),
    ),
    request(
        "UpdatePipeline",
        lambda a: {"pipeline": {**_CREATE_PIPELINE[1](a)["pipeline"], "name": a.new_pipeline()}},
        ghost={"pipeline": {"name": "ghost"}},
        one=_pipeline(_SOURCE),
    ),
]
