"""The roles that the tooling account's steps take in the account of a stack.

Each has the name of the step's role in the tooling account and what the step does to the stack, and trusts nobody but
that role: the pipeline's or, where GitHub deploys, GitHub's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi

from conventions import iam
from conventions.naming import Names
from tooling.delivery import github, step_rights
from tooling.delivery.step_role import StepRole, StepRoleArgs
from tooling.delivery.steps import Kind, Step

if TYPE_CHECKING:
    import tooling.account.account_settings

KINDS: Final[tuple[Kind, ...]] = ("preview", "up", "verify", "rescan")
"""Steps that work on a stack."""


@dataclass(frozen=True, kw_only=True)
class StackAccessArgs:
    """Inputs of `StackAccess`."""

    names: Names
    """Names of the tooling stack's suffix in this account."""
    settings: tooling.account.account_settings.Access

    def __post_init__(self) -> None:
        if self.settings.tooling_account == self.names.account:
            raise ValueError(
                f"access.toolingAccount is this very account ({self.names.account}): a stack in the tooling account "
                f"needs no roles of this kind. Are the credentials those of the stack's account?"
            )


class StackAccess(pulumi.ComponentResource):
    """One role for each step that works on the stack."""

    role_arns: dict[str, pulumi.Output[str]]
    """By step: `preview-prod`, `up-prod`, …"""

    def __init__(self, name: str, args: StackAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:account:StackAccess", name, None, opts)
        access, names = args.settings, args.names
        stack = Names(suffix=access.stack, account=names.account, region=names.region)
        state = step_rights.backend(names, access.state_bucket, access.state_key_alias)
        self.role_arns = {}
        for kind in KINDS:
            step = Step(kind=kind, stack=access.stack)
            role = StepRole(
                f"{name}-{step.name}",
                StepRoleArgs(
                    names=names,
                    purpose=step.name,
                    description=f"Account {access.tooling_account} runs {step.name} with this role",
                    trust=trust(step, names, access.tooling_account),
                    statements=step_rights.in_stack(step, stack, state, access.permissions_boundary),
                    permissions_boundary=access.permissions_boundary,
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.role_arns[step.name] = role.arn
        self.register_outputs({"role_arns": self.role_arns})


def trust(step: Step, names: Names, tooling_account: str) -> str:
    """A trust policy for the roles of the same step in the tooling account.

    The account is the principal and the roles are a condition, because IAM takes no principal that does not exist yet.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    there = Names(suffix=names.suffix, account=tooling_account, region=names.region)
    callers = [there.role_arn(step.name), there.role_arn(f"{github.PREFIX}-{step.name}")]
    return iam.document(
        {
            "Sid": "AssumedByToolingAccount",
            "Effect": "Allow",
            "Principal": {"AWS": there.arn("iam", "root", region="")},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": callers}},
        }
    )
