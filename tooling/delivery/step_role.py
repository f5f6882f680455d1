"""The role that something of the delivery runs with: who may assume it, and what it may do.

A role holds 10,240 characters of inline policy, which deploying a stack exceeds: its statements are in managed
policies, what belongs to the role alone is inline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from conventions import iam
from conventions.naming import Names

MANAGED_POLICY_CHARACTERS: Final = 6144
"""The longest managed policy IAM takes, white space not counted.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


@dataclass(frozen=True, kw_only=True)
class StepRoleArgs:
    """Inputs of `StepRole`."""

    names: Names
    purpose: str
    """In the role's name: `up-dev`, `github-up-dev`."""
    description: str
    trust: pulumi.Input[str]
    """Trust policy as JSON."""
    inline: pulumi.Input[str] | None = None
    """Inline policy as JSON."""
    statements: Sequence[iam.Statement] = ()
    """What managed policies allow."""
    permissions_boundary: str | None = None


class StepRole(pulumi.ComponentResource):
    """A role with its policies."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    usable_arn: pulumi.Output[str]
    """Known when every policy is in place: for whatever starts at once with the role."""

    def __init__(self, name: str, args: StepRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:delivery:StepRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            name=args.names.name("role", args.purpose),
            description=args.description,
            assume_role_policy=args.trust,
            permissions_boundary=args.permissions_boundary,
            opts=child,
        )
        policies: list[pulumi.Output[str]] = []
        if args.inline is not None:
            inline = aws.iam.RolePolicy(f"{name}-policy", name="step", role=role.name, policy=args.inline, opts=child)
            policies.append(inline.id)
        for number, chunk in enumerate(chunks(args.statements), start=1):
            policy = aws.iam.Policy(
                f"{name}-managed-{number}",
                name=args.names.name("policy", f"{args.purpose}-{number}"),
                description=f"What the role for {args.purpose} may do, part {number}",
                policy=iam.document(*chunk),
                opts=child,
            )
            attachment = aws.iam.RolePolicyAttachment(
                f"{name}-attached-{number}", role=role.name, policy_arn=policy.arn, opts=child
            )
            policies.append(attachment.id)
        self.name, self.arn = role.name, role.arn
        self.usable_arn = pulumi.Output.all(role.arn, *policies).apply(lambda outputs: str(outputs[0]))
        self.register_outputs({"arn": self.arn})


def chunks(statements: Sequence[iam.Statement]) -> Iterator[list[iam.Statement]]:
    """`statements` in as few managed policies as their order allows."""
    chunk: list[iam.Statement] = []
    for statement in statements:
        if chunk and len(iam.document(*chunk, statement)) > MANAGED_POLICY_CHARACTERS:
            yield chunk
            chunk = []
        chunk.append(statement)
    if chunk:
        yield chunk
