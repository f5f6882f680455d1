"""The settings of an account's stack: which platform stack lives here, and which account deploys it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import Field

from conventions import naming
from settings import configuration
from settings.base import Section
from settings.errors import Problem
from settings.platform import Tags
from tooling.delivery.delivery_settings import AccountId, StackName, parse_sections


class Access(Section):
    """Who deploys what into this account."""

    tooling_account: AccountId = Field(examples=["123456789012"])
    """Account of the tooling stack, whose steps take the roles."""
    stack: StackName = Field(examples=["prod"])
    """The platform's stack that lives in this account; by default this stack's own name."""
    tooling_suffix: str = Field(default="tooling", pattern=rf"^{naming.SUFFIX_PATTERN}$", examples=["tooling"])
    """`platform.environment` of the tooling stack: the end of the names of its roles, and of the roles here."""
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/.+$",
        examples=["arn:aws:iam::222222222222:policy/delivery-boundary"],
    )
    """ARN of the permissions boundary, in this account, of these roles and of every role that they may create."""
    state_bucket: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", examples=["pulumi-state-222222222222-us-east-1"]
    )
    """Bucket of Pulumi's state in this account; not set: the one that `tooling/scripts/bootstrap_state.py` makes."""
    state_key_alias: str = Field(
        default="alias/pulumi-state", pattern=r"^alias/[A-Za-z0-9/_-]+$", examples=["alias/pulumi-state"]
    )
    """Alias of the KMS key of the state and its secrets."""


class Account(Section):
    """Everything that an account's stack file may say."""

    access: Access
    tags: Tags = Tags()


def load() -> tuple[Account, str]:
    """The stack's settings and region; raises SettingsError with every problem."""
    raw, region, problems = configuration()
    return parse_account(raw, stack=pulumi.get_stack(), problems=problems), region


def parse_account(raw: Mapping[str, Any], *, stack: str, problems: list[Problem] | None = None) -> Account:
    """Settings out of the stack's sections; raises SettingsError with every problem of every section."""
    return parse_sections(Account, raw, stack=stack, defaults={"access": {"stack": stack}}, problems=problems)
