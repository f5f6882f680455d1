"""Settings of the rules: each value that a team may set differently, with its default and its JSON schema.

Each rule names the fields that it reads, so that CrossGuard shows and validates exactly those for it.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cache
from typing import Any


def _setting(default: Any, description: str) -> Any:
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the rules; the defaults are what this platform needs."""

    suffix: str = _setting("", "environment suffix that names end with; empty: the stack's name")
    guarded_suffixes: tuple[str, ...] = _setting(
        ("prod",), "suffixes of stacks whose stores may refuse to be emptied and whose deployments need an approval"
    )
    environments: tuple[str, ...] = _setting(
        ("dev", "qa", "staging", "prod"), "suffixes of environments, of which a stack may name only its own"
    )
    required_tags: tuple[str, ...] = _setting(
        ("Repository", "CommitAuthor", "PRNumber", "Team", "CreatedAt"), "tags that every taggable resource carries"
    )
    tag_values: tuple[str, ...] = _setting(
        (), "Name=value pairs that the remediation of required-tags fills in where the tag is missing"
    )
    images_published: tuple[str, ...] = _setting((), "names of services whose image exists, so they may start above 0")
    ecs_endpoint: bool = _setting(False, "whether tasks need the ecs endpoints (Regions opened after 2023-12-23)")
    allow_nat: bool = _setting(False, "whether elastic IPs and NAT gateways are allowed")
    endpoint_budget: float = _setting(100.0, "USD a month that interface endpoints may cost altogether")
    endpoint_hour: float = _setting(0.01, "USD an hour that one interface endpoint costs in one zone")
    max_retention_days: int = _setting(400, "days that a log group may keep events")
    custom_namespaces: tuple[str, ...] = _setting((), "metric namespaces that containers themselves write to")

    def for_stack(self, stack: str) -> Settings:
        """These settings with the suffix filled in from the stack's name where none is set."""
        return self if self.suffix else replace(self, suffix=stack)

    @property
    def guarded(self) -> bool:
        """Whether this stack's stores may refuse to be emptied."""
        return self.suffix in self.guarded_suffixes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A finding that a team has decided to live with, for a reason and for a time."""

    rule: str
    name: str = "*"
    """Glob over logical names."""
    finding: str = ""
    """Id of the one finding that is meant; empty: all of the rule's on the named resources."""
    reason: str = ""
    owner: str = ""
    expires: str = ""
    """ISO date, the last day on which the exemption holds."""

    @property
    def last_day(self) -> date | None:
        """`expires` as a date; None when it is not one."""
        try:
            return date.fromisoformat(self.expires)
        except ValueError:
            return None


EXEMPTION_SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "findings to live with; each needs a reason, an owner and a last day, and is itself checked",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["reason", "owner", "expires"],
        "properties": {
            "name": {"type": "string", "description": "glob over logical names of resources"},
            "finding": {"type": "string", "description": "id of the one finding meant, as shown in its message"},
            "reason": {"type": "string", "minLength": 20},
            "owner": {"type": "string", "minLength": 2},
            "expires": {"type": "string", "description": "ISO date, at most a year ahead"},
        },
    },
}


@cache
def json_name(name: str) -> str:
    """A field's name as configuration files write it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@cache
def _json_types() -> Mapping[str, dict[str, Any]]:
    hints = typing.get_type_hints(Settings)
    schemas: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        tuple: {"type": "array", "items": {"type": "string"}},
    }
    return {name: schemas[typing.get_origin(hint) or hint] for name, hint in hints.items()}


def schema(names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """JSON schema properties of these fields and of the exemptions, as a rule's configuration offers them."""
    fields_by_name = {f.name: f for f in fields(Settings)}
    built: dict[str, dict[str, Any]] = {"exemptions": EXEMPTION_SCHEMA}
    for name in names:
        result = fields_by_name[name].default
        built[json_name(name)] = {
            **_json_types()[name],
            "description": fields_by_name[name].metadata["description"],
            "default": list(result) if isinstance(result, tuple) else result,
        }
    return built


def from_config(config: Mapping[str, Any], stack: str) -> Settings:
    """Settings from one rule's configuration; what it does not name keeps its default."""
    names: dict[str, Any] = {
        f.name: tuple(config[name]) if isinstance(f.default, tuple) else config[name]
        for f in fields(Settings)
        if (name := json_name(f.name)) in config
    }
    return Settings(**names).for_stack(stack)


def exemptions_of(rule: str, config: Mapping[str, Any]) -> tuple[Exemption, ...]:
    """The exemptions in one rule's configuration; `exemptions-are-current` checks them; unknown members are dropped."""
    members = {f.name for f in fields(Exemption)} - {"rule"}
    return tuple(
        Exemption(rule=rule, **{key: str(entry[key]) for key in members if key in entry})
        for entry in config.get("exemptions", ())
    )
