"""What every layer stands on, where tasks are placed, and what is to be watched: values that travel together.

Owns: frozen groups of values that travel from layer to layer through the composition root.
Refuses: resources and decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from conventions.naming import Names


@dataclass(frozen=True, kw_only=True)
class Foundation:
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


@dataclass(frozen=True, kw_only=True)
class TaskPlace:
    """Where tasks run."""

    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    capacity_providers: pulumi.Resource
    """The cluster's association with Fargate's capacity providers, which services depend on."""
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Watchable:
    """What of a layer can fail without anybody noticing, by purpose and by the name that its metrics carry."""

    machines: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    """Event rules that start something."""
    schedule_groups: Mapping[str, str] = field(default_factory=dict)
    letter_queues: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[Watchable]) -> Watchable:
        """All of `parts` as one."""
        listed = list(parts)

        def joined(attribute: str) -> dict[str, str]:
            return {purpose: name for part in listed for purpose, name in getattr(part, attribute).items()}

        return cls(
            machines=joined("machines"),
            rules=joined("rules"),
            schedule_groups=joined("schedule_groups"),
            letter_queues=joined("letter_queues"),
        )
