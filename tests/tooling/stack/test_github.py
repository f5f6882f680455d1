"""GitHub's roles: who may assume which, by an evaluator that nobody here wrote; each does what its step does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from policy.rules import Graph, evaluate
from sandbox.permissions.evaluator import Evaluator, Policy, Request
from settings import SettingsError
from tests.tooling.stack.layouts import NAMES, REPOSITORY, failing, of, props, recorded
from tooling.delivery import github, step_rights
from tooling.delivery.delivery_settings import Delivery, GitHub, parse_tooling
from tooling.delivery.steps import Step

ROLE = "aws:iam/role:Role"
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ACCOUNT = "123456789012"
MAIN = "refs/heads/main"
ONLY_GITHUB: dict[str, Any] = {"github": {"repository": REPOSITORY}}
STACKS = ("dev", "prod")

Claims = dict[str, str]


def tokens() -> dict[str, Claims]:
    """Tokens as GitHub would sign them, by what the job runs for.

    Source: https://docs.github.com/en/actions/reference/security/oidc
    """
    claims_of_all = {"aud": "sts.amazonaws.com", "repository": REPOSITORY}
    subject = f"repo:{REPOSITORY}"
    right = {
        "pull request": {**claims_of_all, "sub": f"{subject}:pull_request", "ref": "refs/pull/7/merge"},
        "push to main": {**claims_of_all, "sub": f"{subject}:ref:{MAIN}", "ref": MAIN},
        "dev on main": {**claims_of_all, "sub": f"{subject}:environment:dev", "ref": MAIN},
        "prod on main": {**claims_of_all, "sub": f"{subject}:environment:prod", "ref": MAIN},
    }
    branch = "refs/heads/mine"
    wrong = {
        "push to another branch": {**claims_of_all, "sub": f"{subject}:ref:{branch}", "ref": branch},
        "a branch whose name begins alike": {**claims_of_all, "sub": f"{subject}:ref:{MAIN}-2", "ref": f"{MAIN}-2"},
        "a tag called main": {**claims_of_all, "sub": f"{subject}:ref:refs/tags/main", "ref": "refs/tags/main"},
        "prod on another branch": {**claims_of_all, "sub": f"{subject}:environment:prod", "ref": branch},
        "prod of a pull request": {**claims_of_all, "sub": f"{subject}:environment:prod", "ref": "refs/pull/7/merge"},
        "another environment": {**claims_of_all, "sub": f"{subject}:environment:qa", "ref": MAIN},
    }
    others = {
        f"{what}, {whose}": {**claims, "sub": claims["sub"].replace(REPOSITORY, other), "repository": other}
        for (what, claims), (whose, other) in product(
            right.items(),
            {
                "another owner": "evil/batch-platform",
                "another repository": "market-risk/other",
                "a repository whose name begins alike": f"{REPOSITORY}-2",
            }.items(),
        )
    }
    audience = {f"{what}, for somebody else": {**claims, "aud": "https://evil"} for what, claims in right.items()}
    return {**right, **wrong, **others, **audience}


ALLOWED: Mapping[str, set[str]] = {
    "pull request": {"preview-dev", "preview-prod"},
    "push to main": {"images", "scan", "rescan-dev", "rescan-prod"},
    "dev on main": {"up-dev", "verify-dev"},
    "prod on main": {"up-prod", "verify-prod"},
}
"""Steps by what the job runs for; every other token assumes nothing."""


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    evaluating = Evaluator()
    yield evaluating
    evaluating.close()


def assumes(evaluator: Evaluator, trust: str, claims: Claims) -> bool:
    """Whether a trust policy lets a token with these claims in.

    The evaluator does not know GitHub's claims; tags of a principal, which it compares alike, stand for them.
    """
    caller = f"arn:aws:iam::{ACCOUNT}:role/token"
    document = re.sub(rf"{re.escape(github.ISSUER)}:(?=[a-z_]+\")", "aws:PrincipalTag/", trust)
    document = re.sub(r'\{"Federated": "[^"]+"\}', json.dumps({"AWS": caller}), document)
    request = Request(
        principal=caller,
        action="sts:AssumeRole",
        resource=f"arn:aws:iam::{ACCOUNT}:role/role-github-tooling",
        account=ACCOUNT,
        context=tuple((f"aws:PrincipalTag/{claim}", value) for claim, value in sorted(claims.items())),
        resource_policy=Policy("trust", document.replace("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole")),
    )
    return evaluator.decide(request).allowed


def trusts(graph: Graph) -> dict[str, str]:
    """Trust policy of each of GitHub's roles, by step."""
    return {
        name.removeprefix("github-").removesuffix("-role"): props(role)["assumeRolePolicy"]
        for name, role in of(graph, ROLE).items()
        if name.startswith("github-")
    }


class TestTrust:
    @pytest.mark.parametrize(("what", "claims"), tokens().items(), ids=tokens())
    def test_a_token_assumes_exactly_these_roles(self, what: str, claims: Claims, evaluator: Evaluator) -> None:
        every = trusts(recorded(repository=None, **ONLY_GITHUB))
        assert {step for step, trust in every.items() if assumes(evaluator, trust, claims)} == ALLOWED.get(what, set())

    def test_subjects_with_numbers_are_a_setting(self, evaluator: Evaluator) -> None:
        subject = "repo:market-risk@123/batch-platform@456"
        every = trusts(recorded(repository=None, github={"repository": REPOSITORY, "subject": subject}))
        old, new = (
            {**tokens()["pull request"], "sub": f"{begin}:pull_request"} for begin in (f"repo:{REPOSITORY}", subject)
        )
        assert assumes(evaluator, every["preview-prod"], new)
        assert not assumes(evaluator, every["preview-prod"], old)

    def test_another_name_of_an_environment_is_a_setting(self, evaluator: Evaluator) -> None:
        every = trusts(recorded(repository=None, github={"repository": REPOSITORY, "environments": {"prod": "live"}}))
        claims = tokens()["prod on main"]
        assert not assumes(evaluator, every["up-prod"], claims)
        assert assumes(evaluator, every["up-prod"], {**claims, "sub": f"repo:{REPOSITORY}:environment:live"})

    def test_the_branch_is_the_deliverys(self, evaluator: Evaluator) -> None:
        every = trusts(recorded(repository=None, branch="release", **ONLY_GITHUB))
        assert not assumes(evaluator, every["images"], tokens()["push to main"])


class TestRights:
    @pytest.mark.parametrize(("delivery", "elsewhere"), [({}, False), ({"accounts": {"prod": "2" * 12}}, True)])
    def test_a_role_does_exactly_what_the_pipelines_step_does(self, delivery: dict[str, Any], elsewhere: bool) -> None:
        graph = recorded(github={"repository": REPOSITORY, "deploys": True}, **delivery)
        policies = {name: props(policy)["policy"] for name, policy in of(graph, "aws:iam/policy:Policy").items()}
        compared = 0
        for name, document in policies.items():
            if name.startswith("github-"):
                assert document == policies[f"delivery-{name.removeprefix('github-')}"]
                compared += 1
        assert compared > 10 if not elsewhere else compared >= 8

    def test_a_pull_request_reaches_no_artifact_and_writes_nothing(self) -> None:
        step = Step(kind="preview", stack="prod")
        inline = [name for name in of(recorded(**ONLY_GITHUB), "aws:iam/rolePolicy:RolePolicy") if "github" in name]
        assert not inline, "the artifacts are in the inline policy of the pipeline's roles"
        statements = step_rights.of_step(step, NAMES, Delivery(), [])
        writing = [a for s in statements for a in _listed(s["Action"]) if re.search(r":(Put|Delete|Create|Update)", a)]
        assert writing == []

    def test_the_boundary_is_on_each(self) -> None:
        boundary = f"arn:aws:iam::{ACCOUNT}:policy/delivery-boundary"
        graph = recorded(repository=None, permissionsBoundary=boundary, **ONLY_GITHUB)
        roles = [role for name, role in of(graph, ROLE).items() if name.startswith("github-")]
        assert len(roles) == 10
        assert {props(role)["permissionsBoundary"] for role in roles} == {boundary}


class TestLayouts:
    def test_without_a_pipeline_there_is_none_of_it_and_the_workflows_can_do_everything(self) -> None:
        graph = recorded(repository=None, **ONLY_GITHUB)
        kinds = {resource.type.split(":")[1].partition("/")[0] for resource in graph.resources if resource.custom}
        assert kinds == {"kms", "ecr", "s3", "iam"}
        assert set(trusts(graph)) == set().union(*ALLOWED.values())
        assert len(of(graph, "aws:kms/key:Key")) == 1, "a key without users is paid for and watched for nothing"

    def test_with_a_pipeline_github_only_previews(self) -> None:
        assert set(trusts(recorded(**ONLY_GITHUB))) == ALLOWED["pull request"]

    def test_both_may_deploy_where_somebody_says_so(self) -> None:
        graph = recorded(github={"repository": REPOSITORY, "deploys": True})
        assert set(trusts(graph)) == set().union(*ALLOWED.values())

    def test_an_existing_provider_is_used_and_none_is_made(self) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
        graph = recorded(repository=None, github={"repository": REPOSITORY, "provider": arn})
        assert not of(graph, PROVIDER)
        assert all(f'"Federated": "{arn}"' in trust for trust in trusts(graph).values())
        (role,) = of(recorded(repository=None, **ONLY_GITHUB), PROVIDER).values()
        assert props(role)["url"] == "https://token.actions.githubusercontent.com"

    def test_without_a_repository_no_role_trusts_github(self) -> None:
        assert not trusts(recorded())


class TestPolicyPack:
    """A trust that is opened by hand is a finding."""

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (('"StringEquals"', '"StringLike"'), "not by StringEquals alone"),
            ((f"repo:{REPOSITORY}:environment:prod", f"repo:{REPOSITORY}:*"), "does not name one whole sub"),
            (('"token.actions.githubusercontent.com:ref"', '"aws:RequestedRegion"'), "from every branch"),
            (("sts.amazonaws.com", "anybody"), "does not name one whole aud"),
            (("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"), "trusts with sts:AssumeRole"),
            (("oidc-provider/token.actions", "oidc-provider/evil"), "somebody else than GitHub"),
        ],
    )
    def test_each_way_is_noticed(self, change: tuple[str, str], says: str) -> None:
        graph = recorded(repository=None, **ONLY_GITHUB)
        role = of(graph, ROLE)["github-up-prod-role"]
        opened = replace(
            role, props={**role.props, "assumeRolePolicy": props(role)["assumeRolePolicy"].replace(*change)}
        )
        others = [resource for resource in graph.resources if resource is not role]
        broken = Graph([*others, opened], project=graph.project, stack=graph.stack, outputs=graph.outputs)
        denied = [
            f for f in evaluate(broken, {"suffix": "tooling"}) if f.rule == "trust-is-tied" and f.verdict == "fail"
        ]
        assert any(says in finding.message for finding in denied), [finding.message for finding in denied]

    def test_each_layout_is_clean_without_an_exemption(self) -> None:
        for layout in ({}, ONLY_GITHUB, {"repository": None, **ONLY_GITHUB}, {"repository": None}):
            for mode in ("unknown", "resolved"):
                assert failing(recorded(mode, **layout)) == set(), layout


class TestVariables:
    def test_the_output_names_every_variable_that_the_workflows_read(self) -> None:
        from tests.tooling.workflows.reading import variables_read

        graph = recorded(repository=None, accounts=dict(zip(STACKS, ("1" * 12, "2" * 12), strict=True)), **ONLY_GITHUB)
        assert graph.outputs is not None
        variables = graph.outputs["githubVariables"]
        optional = {f"ENVIRONMENT_{stack.upper()}" for stack in STACKS}
        assert variables_read(STACKS) - optional == set(variables)

    def test_the_commands_set_them(self) -> None:
        commands = github.commands(REPOSITORY, {"AWS_REGION": "us-east-1"})
        assert commands == [f"gh variable set AWS_REGION --repo {REPOSITORY} --body 'us-east-1'"]


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"repository": "no-slash"}, "delivery.github.repository"),
        ({"repository": "a/b", "subject": "repo:a/b:*"}, "delivery.github.subject"),
        ({"repository": "a/b", "provider": "arn:aws:iam::1:role/x"}, "delivery.github.provider"),
        ({"repository": "a/b", "environments": {"qa": "qa"}}, "qa is not among stacks"),
    ],
)
def test_a_bad_value_names_its_field_and_a_valid_one(section: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_tooling({"delivery": {"github": section}}, stack="tooling")
    assert says in str(refused.value)
    assert "valid: " in str(refused.value)


def test_roles_without_a_repository_are_refused() -> None:
    assert GitHub().repository is None
    assert not Delivery().github_deploys


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
