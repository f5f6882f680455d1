"""The tooling stack as recorded without a cloud: order of the stages, who may do what, the policy pack's say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from batchctl.preview.recording import MODES, Mode
from policy.rules import Graph
from settings import SettingsError
from tests.tooling import codebuild
from tests.tooling.conftest import JOBS, ROOT
from tests.tooling.stack.layouts import NAMES, REPOSITORY, failing, of, props, recorded
from tooling.delivery import step_rights, step_role, steps
from tooling.delivery.delivery_settings import Delivery, jobs_of, parse_tooling
from tooling.delivery.steps import Step

PIPELINE = "aws:codepipeline/pipeline:Pipeline"
ROLE = "aws:iam/role:Role"
PROJECT = "aws:codebuild/project:Project"
STEPS = [*steps.release_steps(Delivery(), ["X86_64"]), *steps.rescan_steps(Delivery())]
STAGES = ["Source", "Build", "Scan", *("PreviewDev", "UpDev", "VerifyDev")]
STAGES += ["PreviewProd", "ApproveProd", "UpProd", "VerifyProd"]


def pipeline(graph: Graph) -> Any:
    return props(of(graph, PIPELINE)["delivery"])


class TestPolicyPack:
    @pytest.mark.parametrize("mode", MODES)
    def test_the_stack_holds_every_mandatory_rule(self, mode: Mode) -> None:
        assert failing(recorded(mode)) == set()

    def test_without_an_approval_it_fails(self) -> None:
        assert failing(recorded(approve=[])) == {"prod-pipeline-has-approval"}

    def test_with_a_placeholder_source_it_fails(self) -> None:
        graph = recorded()
        original = of(graph, PIPELINE)["delivery"]
        broken = replace(
            original, props=json.loads(json.dumps(props(original)).replace(REPOSITORY, "your-org/your-repo"))
        )
        others = [resource for resource in graph.resources if resource is not original]
        assert "pipeline-source-is-real" in failing(
            Graph([*others, broken], project=graph.project, stack=graph.stack, outputs=graph.outputs)
        )

    def test_settings_refuse_a_placeholder_before_that(self) -> None:
        with pytest.raises(SettingsError, match="looks like a placeholder"):
            parse_tooling({"delivery": {"repository": "your-org/your-repo"}}, stack="tooling")


class TestStages:
    def test_they_come_in_this_order(self) -> None:
        assert [stage["name"] for stage in pipeline(recorded())["stages"]] == STAGES

    def test_it_is_v2_and_starts_by_branch_and_path(self) -> None:
        recording = pipeline(recorded())
        assert recording["pipelineType"] == "V2"
        (trigger,) = recording["triggers"]
        (push,) = trigger["gitConfiguration"]["pushes"]
        assert push["branches"]["includes"] == ["main"]
        assert "docs/**" in push["filePaths"]["excludes"]
        assert recording["stages"][0]["actions"][0]["configuration"]["DetectChanges"] == "false", (
            "or it would start twice"
        )

    def test_the_approval_shows_the_preview_of_the_same_stack(self) -> None:
        stage = pipeline(recorded())["stages"][STAGES.index("ApproveProd")]
        configuration = stage["actions"][0]["configuration"]
        assert configuration["ExternalEntityLink"].endswith("#{PreviewProd.PREVIEW_KEY}")
        assert "#{PreviewProd.PREVIEW_SUMMARY}" in configuration["CustomData"]
        assert "#{Source.CommitId}" in configuration["CustomData"]
        assert configuration["NotificationArn"]
        exported = codebuild.read(ROOT / "tooling" / "buildspecs" / "preview.yml")["env"]["exported-variables"]
        assert exported == ["PREVIEW_KEY", "PREVIEW_SUMMARY"]

    def test_every_stack_gets_the_release_of_the_same_execution(self) -> None:
        actions = {a["name"]: a for stage in pipeline(recorded())["stages"] for a in stage["actions"]}
        assert actions["Images"]["outputArtifacts"] == ["release"]
        for name in ("Scan", "PreviewDev", "UpDev", "PreviewProd", "UpProd"):
            assert "release" in actions[name]["inputArtifacts"], name

    def test_images_are_built_only_after_the_checks(self) -> None:
        build = pipeline(recorded())["stages"][STAGES.index("Build")]
        order = {action["name"]: action["runOrder"] for action in build["actions"]}
        assert order["Checks"] < order["Images"]


class TestConnection:
    def test_an_existing_one_is_used_and_none_is_made(self) -> None:
        arn = "arn:aws:codeconnections:us-east-1:123456789012:connection/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"
        graph = recorded(connection=arn)
        assert not [r for r in graph.resources if r.type.endswith(":Connection")]

    def test_without_one_it_is_made_for_the_provider(self) -> None:
        (connection,) = [r for r in recorded(provider="GitLab").resources if r.type.endswith(":Connection")]
        assert props(connection)["providerType"] == "GitLab"

    def test_without_a_repository_there_is_no_pipeline_but_images_can_be_built(self) -> None:
        graph = recorded(repository=None)
        assert not of(graph, PIPELINE)
        assert len(of(graph, "aws:ecr/repository:Repository")) == len(JOBS)


class TestBuilds:
    def test_each_has_an_own_role_an_own_encrypted_log_group_and_ends(self) -> None:
        graph = recorded()
        builds = of(graph, PROJECT)
        assert set(builds) == {f"delivery-{step.name}" for step in STEPS}
        groups = {
            props(group)["name"]: props(group) for group in of(graph, "aws:cloudwatch/logGroup:LogGroup").values()
        }
        for build in builds.values():
            group = groups[props(build)["logsConfig"]["cloudwatchLogs"]["groupName"]]
            assert group["kmsKeyId"] and group["retentionInDays"] == 30
            assert props(build)["encryptionKey"]
        assert len({str(props(build)["serviceRole"]) for build in builds.values()}) == len(builds)

    def test_only_the_one_that_runs_docker_is_privileged(self) -> None:
        builds = of(recorded(), PROJECT)
        assert [n for n, b in builds.items() if props(b)["environment"]["privilegedMode"]] == ["delivery-images"]

    def test_a_role_serves_its_own_build_only(self) -> None:
        for name, role in of(recorded(), ROLE).items():
            trust = json.loads(props(role)["assumeRolePolicy"])["Statement"][0]
            if trust["Principal"]["Service"] == "codebuild.amazonaws.com":
                step = name.removeprefix("delivery-").removesuffix("-role")
                assert trust["Condition"]["ArnLike"]["aws:SourceArn"].endswith(f":project/build-{step}-tooling")

    @pytest.mark.parametrize("kind", ["checks", "images", "scan", "preview", "up", "verify", "rescan"])
    def test_every_variable_a_buildspec_reads_is_given(self, kind: str) -> None:
        text = "\n".join(codebuild.commands(codebuild.read(ROOT / "tooling" / "buildspecs" / f"{kind}.yml")))
        optional = set(re.findall(r"\$\{([A-Za-z0-9_]+):\+", text))
        exported = set(re.findall(r"export ([A-Z_]+)=", text))
        read = set(re.findall(r"\$\{?([A-Za-z0-9_]+)", text)) - exported - optional
        build = next(b for n, b in of(recorded(), PROJECT).items() if n.startswith(f"delivery-{kind}"))
        project = {item["name"] for item in props(build)["environment"]["environmentVariables"]}
        pipelines = of(recorded(), PIPELINE).values()
        actions = [a for one in pipelines for stage in props(one)["stages"] for a in stage["actions"]]
        action = next(a for a in actions if a["name"].startswith(kind.capitalize()))
        execution = {item["name"] for item in json.loads(action["configuration"]["EnvironmentVariables"])}
        artifacts = {f"CODEBUILD_SRC_DIR_{name}" for name in action["inputArtifacts"][1:]}
        assert read <= project | execution | artifacts


def statements(step: Step) -> list[dict[str, Any]]:
    return step_rights.of_step(step, NAMES, Delivery(), [NAMES.name("repository", job) for job in JOBS])


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


class TestPermissions:
    def test_the_step_that_deploys_dev_reaches_nothing_of_prod(self) -> None:
        theirs = [
            "arn:aws:s3:::bucket-output-123456789012-prod",
            "arn:aws:dynamodb:us-east-1:123456789012:table/table-ledger-prod",
            "arn:aws:iam::123456789012:role/role-data-ingestion-task-prod",
            "arn:aws:states:us-east-1:123456789012:stateMachine:statemachine-nightly-prod",
            "arn:aws:ecr:us-east-1:123456789012:repository/repository-data-ingestion-prod",
            "arn:aws:s3:::pulumi-state-123456789012-us-east-1/.pulumi/stacks/batch-platform/prod.json",
        ]
        for statement in statements(Step(kind="up", stack="dev")):
            patterns = [r for r in listed(statement["Resource"]) if r != "*"]
            reached = [arn for arn in theirs for pattern in patterns if fnmatchcase(arn, pattern)]
            assert not reached, statement["Sid"]

    @pytest.mark.parametrize("kind", ["checks", "images", "scan", "preview", "verify"])
    def test_no_other_step_can_make_a_role_or_pass_one(self, kind: str) -> None:
        step = Step(kind=kind, stack="dev" if kind in ("preview", "verify") else "")  # type: ignore[arg-type]
        actions = {action for statement in statements(step) for action in listed(statement["Action"])}
        assert not {a for a in actions if a.startswith("iam:") and not a.startswith(("iam:Get", "iam:List"))}

    @pytest.mark.parametrize("kind", ["preview", "verify"])
    def test_looking_does_not_write_the_state(self, kind: str) -> None:
        step = Step(kind=kind, stack="prod")  # type: ignore[arg-type]
        actions = {action for statement in statements(step) for action in listed(statement["Action"])}
        assert not actions & {"s3:PutObject", "s3:DeleteObject", "kms:Encrypt"}

    def test_no_action_is_a_whole_service(self) -> None:
        for step in STEPS:
            for statement in statements(step):
                assert not [a for a in listed(statement["Action"]) if a.endswith(":*") or a == "*"], statement["Sid"]

    def test_no_policy_is_longer_than_iam_takes(self) -> None:
        graph = recorded()
        for policy in of(graph, "aws:iam/policy:Policy").values():
            assert len(re.sub(r"\s", "", props(policy)["policy"])) <= step_role.MANAGED_POLICY_CHARACTERS
        attached = of(graph, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        for step in STEPS:
            held = [name for name in attached if name.startswith(f"delivery-{step.name}-attached-")]
            assert len(held) <= 10, "IAM attaches at most ten managed policies to a role"

    def test_the_boundary_is_on_every_role(self) -> None:
        boundary = "arn:aws:iam::123456789012:policy/delivery-boundary"
        roles = of(recorded(permissionsBoundary=boundary), ROLE)
        assert roles and {props(role).get("permissionsBoundary") for role in roles.values()} == {boundary}


class TestSettings:
    def test_jobs_are_those_of_the_stack_files(self) -> None:
        assert set(jobs_of(("dev", "prod"), ROOT)) == set(JOBS)

    def test_a_stack_without_a_file_is_refused_with_the_way_out(self) -> None:
        with pytest.raises(SettingsError, match=r"there is no Pulumi\.qa\.yaml"):
            jobs_of(("dev", "qa"), ROOT)

    @pytest.mark.parametrize(
        ("delivery", "message"),
        [
            ({"repository": "no-slash"}, "delivery.repository"),
            ({"approve": ["live"]}, "live is not among stacks"),
            ({"stacks": ["dev", "dev"]}, "a stack twice"),
            ({"connection": "arn:aws:iam::1:role/x"}, "delivery.connection"),
            ({"scan": {"tolerated": "SEVERE"}}, "delivery.scan.tolerated"),
            ({"approvers": ["nobody"]}, "delivery.approvers"),
            ({"repo": "a/b"}, "no such setting"),
        ],
    )
    def test_a_bad_value_names_its_field_and_a_valid_one(self, delivery: dict[str, Any], message: str) -> None:
        with pytest.raises(SettingsError) as refused:
            parse_tooling({"delivery": delivery}, stack="tooling")
        assert message in str(refused.value)
        assert "valid: " in str(refused.value)
