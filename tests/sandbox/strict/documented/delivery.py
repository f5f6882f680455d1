"""CodeBuild and CodePipeline, each operation's page in its API reference."""

from __future__ import annotations

from tests.sandbox.strict.conftest import NO_ROLE
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.delivery import _BUILD, _CREATE_PIPELINE, _PROJECT, _SOURCE, _pipeline, _stage

REQUESTS_CODEBUILD = [
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
]
REQUESTS_CODEPIPELINE = [
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
                        "actionTypeId": {"category": "Build", "owner": "Us", "provider": "CodeBuild", "version": "1"},
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
                        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
                        "inputArtifacts": [{"name": "code"}],
                    }
                ],
            },
        ),
        taken=lambda a: {"pipeline": {"name": a.new_pipeline()}},
    ),
    request("StartPipelineExecution", lambda a: {"name": a.new_pipeline()}, none={"name": "ghost"}),
]
