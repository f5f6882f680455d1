"""dev and prod in accounts of their own: what crosses from the tooling account, and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from policy.rules import ALL_RULES, Graph
from sandbox.permissions.evaluator import Evaluator, Policy, Request
from settings import SettingsError
from tests.programs import ROOT
from tests.tooling.stack.layouts import NAMES, REPOSITORY, failing, of, props, recorded, recorded_account
from tooling.account.account_settings import parse_account
from tooling.account.stack_access import KINDS
from tooling.delivery import step_rights
from tooling.delivery.delivery_settings import Delivery, parse_tooling
from tooling.delivery.steps import Kind, Step

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
TOOLING = "999999999999"
HERE = "123456789012"
ACCOUNTS = {"dev": "111111111111", "prod": "222222222222"}
IN_ONE = Delivery(repository=REPOSITORY)
APART = Delivery(repository=REPOSITORY, accounts=ACCOUNTS)


def actions(statements: list[dict[str, Any]]) -> set[str]:
    """The actions that statements allow."""
    return {action for s in statements for action in listed(s["Action"])}


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(graph: Graph, beginning: str) -> list[dict[str, Any]]:
    """The statements of the managed policies whose logical name begins so."""
    documents = [props(policy)["policy"] for name, policy in of(graph, POLICY).items() if name.startswith(beginning)]
    return [statement for document in documents for statement in json.loads(document)["Statement"]]


class TestTheToolingAccount:
    def test_it_has_no_right_in_another_account_but_to_take_the_steps_role(self) -> None:
        everything = statements(recorded(accounts=ACCOUNTS), "")
        foreign = [s for s in everything if any(a in json.dumps(s["Resource"]) for a in ACCOUNTS.values())]
        assert len(foreign) == len(ACCOUNTS) * len(KINDS)
        assert actions(foreign) == {"sts:AssumeRole"}

    @pytest.mark.parametrize("stack", ["dev", "prod"])
    def test_each_step_takes_the_role_of_its_own_name_and_stack(self, stack: str) -> None:
        for kind in KINDS:
            statements = step_rights.of_step(Step(kind=kind, stack=stack), NAMES, APART, [])
            (takes,) = [s for s in statements if s["Action"] == "sts:AssumeRole"]
            assert takes["Resource"] == f"arn:aws:iam::{ACCOUNTS[stack]}:role/role-{kind}-{stack}-tooling"

    def test_it_can_change_nothing_of_a_stack(self) -> None:
        assert actions(statements(recorded(accounts=ACCOUNTS), "delivery-up-prod")) == {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
            "sts:AssumeRole",
        }

    def test_each_build_knows_its_account_and_its_state(self) -> None:
        projects = of(recorded(accounts={"prod": ACCOUNTS["prod"]}), "aws:codebuild/project:Project")

        def variables(step: str) -> dict[str, str]:
            variables = props(projects[f"delivery-{step}"])["environment"]["environmentVariables"]
            return {item["name"]: item["value"] for item in variables}

        assert variables("up-prod")["STACK_ROLE_ARN"] == "arn:aws:iam::222222222222:role/role-up-prod-tooling"
        assert "pulumi-state-222222222222-us-east-1" in variables("up-prod")["PULUMI_BACKEND_URL"]
        assert variables("up-dev")["STACK_ROLE_ARN"] == "", "one account stays possible"
        assert f"pulumi-state-{HERE}-us-east-1" in variables("up-dev")["PULUMI_BACKEND_URL"]


class TestTheStacksAccount:
    @pytest.mark.parametrize("kind", KINDS)
    def test_its_roles_do_to_the_stack_what_the_steps_do_in_one_account(self, kind: Kind) -> None:
        step = Step(kind=kind, stack="prod")
        in_one, apart = (step_rights.of_step(step, NAMES, delivery, ["r"]) for delivery in (IN_ONE, APART))
        to_the_stack = [statement for statement in in_one if statement not in apart]
        assert to_the_stack
        assert statements(recorded_account(), f"access-{kind}-prod") == to_the_stack

    def test_no_role_can_change_itself_or_its_like(self) -> None:
        """A deploy role makes roles called `role-*-prod`; these are called `role-…-tooling`."""
        graph = recorded_account()
        names = [props(role)["name"] for role in of(graph, ROLE).values()]
        assert len(names) == len(KINDS) and all(name.endswith("-tooling") for name in names)
        reached = [r for s in statements(graph, "access-") for r in listed(s["Resource"]) if ":role/" in r]
        assert reached and all(r.endswith(("-prod", "aws-service-role/*")) for r in reached)

    def test_the_policy_pack_finds_nothing(self) -> None:
        assert failing(recorded_account("unknown")) == failing(recorded_account("resolved")) == set()

    def test_the_boundary_is_on_the_roles_and_on_what_they_make(self) -> None:
        boundary = "arn:aws:iam::222222222222:policy/delivery-boundary"
        graph = recorded_account(access=json.dumps({"permissionsBoundary": boundary}))
        assert {props(role)["permissionsBoundary"] for role in of(graph, ROLE).values()} == {boundary}
        (makes,) = [s for s in statements(graph, "access-up") if "iam:CreateRole" in s["Action"]]
        assert makes["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}

    def test_the_output_says_what_to_do_next(self) -> None:
        outputs = recorded_account().outputs
        assert outputs is not None
        assert f"delivery.accounts.prod {HERE} --stack tooling" in outputs["nextStep"]


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    evaluating = Evaluator()
    yield evaluating
    evaluating.close()


class TestWhoTakesTheRoles:
    """By an evaluator that nobody here wrote: which roles of which account each trust policy lets in."""

    CALLERS = (
        *(f"arn:aws:iam::{TOOLING}:role/role-{kind}-{stack}-tooling" for kind in KINDS for stack in ("dev", "prod")),
        *(f"arn:aws:iam::{TOOLING}:role/role-github-{kind}-prod-tooling" for kind in KINDS),
        f"arn:aws:iam::{TOOLING}:role/role-images-tooling",
        f"arn:aws:iam::{TOOLING}:role/administrator",
        "arn:aws:iam::111111111111:role/role-up-prod-tooling",
    )

    @pytest.mark.parametrize("kind", KINDS)
    def test_only_the_same_step_of_the_tooling_account(self, kind: str, evaluator: Evaluator) -> None:
        trust = props(of(recorded_account(), ROLE)[f"access-{kind}-prod-role"])["assumeRolePolicy"]
        let_in = {caller for caller in self.CALLERS if self.may_assume(evaluator, caller, trust)}
        assert let_in == {f"arn:aws:iam::{TOOLING}:role/role-{prefix}{kind}-prod-tooling" for prefix in ("", "github-")}

    @staticmethod
    def may_assume(evaluator: Evaluator, caller: str, trust: str) -> bool:
        """Whether a caller whose own account allows it everything may take the role."""
        everything = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        request = Request(
            principal=caller,
            action="sts:AssumeRole",
            resource=f"arn:aws:iam::{HERE}:role/role-any-prod-tooling",
            account=HERE,
            context=(("aws:PrincipalArn", caller),),
            identity=(Policy("everything", everything),),
            resource_policy=Policy("trust", trust),
        )
        return evaluator.decide(request).allowed


class TestSettings:
    @pytest.mark.parametrize(
        ("section", "says"),
        [
            ({}, "access.toolingAccount"),
            ({"toolingAccount": "1"}, "access.toolingAccount"),
            ({"toolingAccount": TOOLING, "stack": "x-dev"}, "access.stack"),
            ({"toolingAccount": TOOLING, "bucket": "b"}, "no such setting"),
        ],
    )
    def test_a_bad_value_names_its_field_and_a_valid_one(self, section: dict[str, Any], says: str) -> None:
        with pytest.raises(SettingsError) as refused:
            parse_account({"access": section}, stack="prod")
        assert says in str(refused.value)
        assert "valid: " in str(refused.value)

    def test_the_tooling_account_itself_is_refused(self) -> None:
        with pytest.raises(Exception, match="is this very account"):
            recorded_account(access=json.dumps({"toolingAccount": HERE}))

    def test_numbers_are_taken_as_pulumi_config_set_writes_them(self) -> None:
        tooling = parse_tooling({"delivery": {"accounts": {"prod": 222222222222}}}, stack="tooling")
        assert tooling.delivery.accounts == {"prod": "222222222222"}

    @pytest.mark.parametrize("account", [1, "12345", "account"])
    def test_what_is_no_account_is_refused(self, account: object) -> None:
        with pytest.raises(SettingsError, match=r"delivery\.accounts\.prod"):
            parse_tooling({"delivery": {"accounts": {"prod": account}}}, stack="tooling")

    def test_the_pack_is_told_the_tooling_stacks_name_for_every_rule_that_asks(self) -> None:
        """Its stacks are called after their environments, its resources after the tooling stack."""
        config = json.loads((ROOT / "tooling" / "account" / "policy-config.json").read_text())
        assert config == {rule.name: {"suffix": "tooling"} for rule in ALL_RULES if "suffix" in rule.settings}
