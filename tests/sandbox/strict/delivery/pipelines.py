"""Requests to CodePipeline."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE
from tests.sandbox.strict.delivery.seeds import (
    _BUILD,
    _CREATE_PIPELINE,
    _SOURCE,
    _pipeline,
    _stage,
)
from tests.sandbox.strict.requests import ABSENT, Request, request

_CONNECTION: Final = f"arn:aws:codeconnections:us-east-1:{ACCOUNT}:connection/11111111-2222-3333-4444-555555555555"


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


REQUESTS: Final[dict[str, list[Request]]] = {
    "codepipeline": [
        request(
            "CreatePipeline",
            _CREATE_PIPELINE[1],
            one=_pipeline(_SOURCE),
            names=_pipeline(_SOURCE, {**_BUILD, "name": "Source"}),
            late_source=_pipeline(_SOURCE, _BUILD, _stage("Again", outputArtifacts=[{"name": "x"}])),
            no_source=_pipeline(_BUILD, _SOURCE),
            unknown=_pipeline(_SOURCE, _stage("Build", "Build", inputArtifacts=[{"name": "none"}])),
            empty=_pipeline(_SOURCE, {"name": "Build", "actions": []}),
            category=_pipeline(_SOURCE, _stage("Build", "Bake")),
            owner=_pipeline(
                _SOURCE,
                {
                    "name": "B",
                    "actions": [
                        {
                            "name": "b",
                            "actionTypeId": {
                                "category": "Build",
                                "owner": "Us",
                                "provider": "CodeBuild",
                                "version": "1",
                            },
                        }
                    ],
                },
            ),
            name={"pipeline": {"name": "a pipeline"}},
            role={"pipeline": {"roleArn": NO_ROLE}},
            no_store={"pipeline": {"artifactStore": ABSENT}},
            two_stores=lambda a: {"pipeline": {"artifactStores": {"us-east-1": {"type": "S3", "location": a.bucket}}}},
            store={"pipeline": {"artifactStore": {"type": "EBS"}}},
            kind={"pipeline": {"pipelineType": "V3"}},
            mode={"pipeline": {"executionMode": "QUEUED", "pipelineType": "V1"}},
            variables={"pipeline": {"pipelineType": "V1", "variables": [{"name": "x"}]}},
            order=_pipeline(_SOURCE, _stage("Build", "Build", runOrder=1000, inputArtifacts=[{"name": "code"}])),
            artifact=_pipeline(_stage("Source", outputArtifacts=[{"name": "a b"}]), _BUILD),
            twice=_pipeline(
                _SOURCE, _stage("Build", "Build", inputArtifacts=[{"name": "code"}], outputArtifacts=[{"name": "code"}])
            ),
            stage_name=_pipeline(_SOURCE, {**_BUILD, "name": "a stage"}),
            approval=_pipeline(
                _SOURCE,
                {
                    "name": "Gate",
                    "actions": [
                        {
                            "name": "gate",
                            "actionTypeId": {
                                "category": "Approval",
                                "owner": "AWS",
                                "provider": "Manual",
                                "version": "1",
                            },
                            "inputArtifacts": [{"name": "code"}],
                        }
                    ],
                },
            ),
            taken=lambda a: {"pipeline": {"name": a.new_pipeline()}},
        ),
        request("StartPipelineExecution", lambda a: {"name": a.new_pipeline()}, none={"name": "ghost"}),
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
            provider=_built(
                actionTypeId={"category": "Build", "owner": "AWS", "provider": "CodeBuilder", "version": "1"}
            ),
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
                        {**_SOURCE["actions"][0], "name": f"S{n}", "outputArtifacts": [{"name": f"a{n}"}]}
                        for n in range(6)
                    ],
                },
                _stage("Build", "Build", inputArtifacts=[{"name": f"a{n}"} for n in range(6)]),
            ),
            two_inputs=_built(
                inputArtifacts=[{"name": "code"}, {"name": "code"}],
            ),
            deploy=_second_action(_action("Deploy", "S3", configuration={"BucketName": "b", "Extract": "true"})),
            deploy_bucket=_second_action(
                _action("Deploy", "S3", inputArtifacts=_CODE, configuration={"Extract": "true"})
            ),
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
    ],
}
