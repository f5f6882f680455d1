"""Roles for GitHub's workflows: assumed with the token that GitHub signs for a job, so that no key is stored anywhere.

A role does what the pipeline's step of the same kind does. Its trust names the repository and what the job runs for: a
pull request, the branch, or the branch and an environment (docs/adr/delivery/github-roles.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import iam

from . import step_rights
from .build_environment import shared_variables
from .step_role import StepRole, StepRoleArgs
from .steps import Architecture, Step

if TYPE_CHECKING:
    import tooling.delivery.delivery_settings

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
PREFIX: Final = "github"
"""How the purposes of the roles begin; the pipeline's step of the same kind has the name without it."""


@dataclass(frozen=True, kw_only=True)
class GitHubAccessArgs:
    """Inputs of `GitHubAccess`."""

    context: StackContext
    settings: tooling.delivery.delivery_settings.Delivery
    repositories: Mapping[str, str]
    """Name of each job's release repository in this stack."""
    architectures: Collection[Architecture]
    """What the jobs' images are for."""

    def __post_init__(self) -> None:
        if not self.settings.github.repository:
            raise ValueError("delivery.github.repository must be set: roles without it would trust all of GitHub")


class GitHubAccess(pulumi.ComponentResource):
    """The OIDC provider, unless there is one, and a role for each thing that a workflow does."""

    provider_arn: str
    role_arns: dict[str, pulumi.Output[str]]
    """By step: `preview-dev`, `images`, `up-dev`, …"""
    variables: dict[str, pulumi.Input[str]]
    """The repository variables that the workflows read."""

    def __init__(self, name: str, args: GitHubAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:delivery:GitHubAccess", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.provider_arn = args.settings.github.provider or args.context.names.arn(
            "iam", f"oidc-provider/{ISSUER}", region=""
        )
        provider = None if args.settings.github.provider else self._identity_provider()
        self.role_arns = {step.name: self._role(step, provider) for step in github_steps(args.settings)}
        self.variables = self._variables()
        self.register_outputs({"provider_arn": self.provider_arn})

    def _identity_provider(self) -> pulumi.Resource:
        # no thumbprint: IAM checks GitHub's certificate against its own library of authorities
        return aws.iam.OpenIdConnectProvider(
            f"{self._name}-provider", url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], opts=self._child
        )

    def _role(self, step: Step, provider: pulumi.Resource | None) -> pulumi.Output[str]:
        args, names = self._args, self._args.context.names
        role = StepRole(
            f"{self._name}-{step.name}",
            StepRoleArgs(
                names=names,
                purpose=f"{PREFIX}-{step.name}",
                description=f"GitHub's workflows run {step.name} with this role",
                trust=trust(self.provider_arn, trusted(step, args.settings)),
                statements=step_rights.of_step(step, names, args.settings, sorted(args.repositories.values())),
                permissions_boundary=args.settings.permissions_boundary,
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[provider] if provider else []),
        )
        return role.arn

    def _variables(self) -> dict[str, pulumi.Input[str]]:
        args, names = self._args, self._args.context.names
        variables: dict[str, pulumi.Input[str]] = {"AWS_REGION": names.region}
        if args.settings.github_deploys:
            variables |= shared_variables(names, args.settings)
            variables["RELEASE_ARCHITECTURES"] = " ".join(sorted(args.architectures))
        for step in github_steps(args.settings):
            variables[role_variable(step)] = self.role_arns[step.name]
            if step.kind == "preview":
                backend = step_rights.stack_backend(step, names, args.settings)
                variables[f"PULUMI_BACKEND_URL_{step.stack.upper()}"] = backend.url(names.region)
            if role := step_rights.stack_role(step, names, args.settings):
                variables[f"STACK_{step.kind.upper()}_ROLE_ARN_{step.stack.upper()}"] = role
            if step.kind == "up" and (environment := args.settings.github.environments.get(step.stack)):
                variables[f"ENVIRONMENT_{step.stack.upper()}"] = environment
        return variables


def github_steps(delivery: tooling.delivery.delivery_settings.Delivery) -> list[Step]:
    """What GitHub's workflows do: preview each stack, and where they deploy, the rest."""
    previews = [Step(kind="preview", stack=stack) for stack in delivery.stacks]
    if not delivery.github_deploys:
        return previews
    others = [Step(kind=kind, stack=stack) for stack in delivery.stacks for kind in ("up", "verify", "rescan")]
    return [*previews, Step(kind="images"), Step(kind="scan"), *others]


def role_variable(step: Step) -> str:
    """Name of the repository variable that holds the ARN of the step's role."""
    return "_".join(part.upper() for part in ("AWS", step.kind, "ROLE_ARN", step.stack) if part)


def trusted(step: Step, delivery: tooling.delivery.delivery_settings.Delivery) -> dict[str, str]:
    """What GitHub's token for the job must say, claim by claim.

    Source: https://docs.github.com/en/actions/reference/security/oidc (subjects) and docs/aws-facts.md#claims-of-github
    """
    github = delivery.github
    subject = github.subject or f"repo:{github.repository}"
    claims = {"aud": AUDIENCE, "repository": str(github.repository)}
    branch = f"refs/heads/{delivery.branch}"
    match step.kind:
        case "preview":
            return {**claims, "sub": f"{subject}:pull_request"}
        case "up" | "verify":
            # the subject of a job with an environment does not say the branch
            environment = github.environments.get(step.stack, step.stack)
            return {**claims, "sub": f"{subject}:environment:{environment}", "ref": branch}
        case _:
            return {**claims, "sub": f"{subject}:ref:{branch}"}


def trust(provider_arn: str, claims: Mapping[str, str]) -> str:
    """The trust policy for tokens of the provider with exactly these claims."""
    return iam.document(
        {
            "Sid": "AssumedByGitHub",
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{ISSUER}:{claim}": value for claim, value in sorted(claims.items())}},
        }
    )


def commands(repository: str, variables: Mapping[str, str]) -> list[str]:
    """Commands of GitHub's own client that set the variables."""
    return [f"gh variable set {name} --repo {repository} --body '{value}'" for name, value in sorted(variables.items())]
