"""The rules as CrossGuard policies: names, levels, settings, descriptions and remediations.

The rules themselves are run by `servicer.py`, which reads each resource once instead of once for each policy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
)

if TYPE_CHECKING or __package__:
    from . import engine_messages, rules
else:  # the engine runs this folder itself, in which case it is no package
    import engine_messages
    import rules

NAME: Final = "batch-platform"


def _run_by_the_servicer(*_: object) -> NoReturn:
    raise RuntimeError("the rules are run by policy/servicer.py: start the pack by policy/__main__.py")


def _remediation(rule: rules.Rule) -> Any:
    def remediate(args: ResourceValidationArgs) -> Any:
        if rule.remedy is None or not rule.about(args.resource_type):
            return None
        settings = rules.from_config(args.get_config() or {}, engine_messages.deployed(args.urn)[0])
        props: Any = args.props
        # in place, and the same object back: a copy would lose which values are secret
        return props if rule.remedy(props, rules.normal_token(args.resource_type), settings) else None

    return remediate if rule.remedy else None


def _metadata(rule: rules.Rule) -> dict[str, Any]:
    framework = None
    if rule.frameworks:
        name, _, reference = rule.frameworks[0].partition(" ")
        framework = PolicyComplianceFramework(name=name, version="", reference=reference, specification=rule.url)
    return {
        "name": rule.name,
        "description": rule.description,
        "enforcement_level": EnforcementLevel(rule.level.value),
        "config_schema": PolicyConfigSchema(properties=rules.schema(rule.settings)),
        "display_name": rule.name.replace("-", " ").capitalize(),
        "severity": Severity(rule.severity.value),
        "framework": framework,
        "tags": [*rule.tags, *rule.frameworks],
        "remediation_steps": rule.fix,
        "url": rule.url,
    }


def policies() -> list[Policy]:
    """One policy for each rule; those that run last come last."""
    return [
        ResourceValidationPolicy(validate=_run_by_the_servicer, remediate=_remediation(rule), **_metadata(rule))
        if rule.kind is rules.Kind.RESOURCE
        else StackValidationPolicy(validate=_run_by_the_servicer, **_metadata(rule))
        for rule in sorted(rules.ALL_RULES, key=lambda rule: rule.last)
    ]


def initial_config() -> dict[str, Any]:
    """The committed settings with every rule's level stated: a setting without a level would demote its rule."""
    committed = rules.committed()
    return {
        rule.name: {
            **committed.get(rule.name, {}),
            "enforcementLevel": EnforcementLevel(
                committed.get(rule.name, {}).get("enforcementLevel", rule.level.value)
            ),
        }
        for rule in rules.ALL_RULES
    }


ARGUMENTS: Final[dict[str, Any]] = {
    "name": NAME,
    "policies": policies(),
    "enforcement_level": EnforcementLevel.MANDATORY,
    "initial_config": initial_config(),
    "description": "What a nightly batch platform on ECS Fargate must hold, checked before anything exists",
    "display_name": "Batch platform",
    "provider": "aws",
    "tags": ["ecs", "fargate", "batch"],
    "repository": os.environ.get("GITHUB_REPOSITORY", NAME),
}
"""What `PolicyPack` is called with."""
