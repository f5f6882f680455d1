"""Frozen groups of values that travel from layer to layer: the stack's context, task network, and failure sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi

from conventions.naming import Names, Reference

if TYPE_CHECKING:
    from settings.platform import CustomerKeyUse


@dataclass(frozen=True, kw_only=True)
class StackContext:
    """Names, keys and the two settings that concern every layer."""

    names: Names
    data_key_arn: pulumi.Input[str]
    """KMS key of buckets, ledger and images."""
    logs_key_arn: pulumi.Input[str]
    """KMS key of log groups."""
    messages_key_arn: pulumi.Input[str]
    """KMS key of topics and queues."""
    log_retention_days: int
    teardown: bool
    """Whether `destroy` may delete buckets and repositories that hold something."""
    customer_keys: Sequence[CustomerKeyUse] = ()
    """What the data key encrypts besides buckets, ledger and images."""


@dataclass(frozen=True, kw_only=True)
class TaskNetwork:
    """Where tasks run."""

    cluster: Reference
    cluster_name: pulumi.Input[str]
    """As the cluster reports it: whoever uses it waits for the cluster."""
    cluster_arn: pulumi.Input[str]
    capacity_providers: pulumi.Resource
    """The cluster's association with Fargate's capacity providers, which services depend on."""
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class FailureSources:
    """What of a layer can fail without anybody noticing, by purpose and by the name that its metrics carry."""

    state_machines: Mapping[str, Reference] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    """Event rules that start something."""
    schedule_groups: Mapping[str, str] = field(default_factory=dict)
    dead_letter_queues: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[FailureSources]) -> FailureSources:
        """All of `parts` as one."""
        listed = list(parts)

        def joined(attribute: str) -> dict[str, Any]:
            return {purpose: name for part in listed for purpose, name in getattr(part, attribute).items()}

        return cls(
            state_machines=joined("state_machines"),
            rules=joined("rules"),
            schedule_groups=joined("schedule_groups"),
            dead_letter_queues=joined("dead_letter_queues"),
        )
