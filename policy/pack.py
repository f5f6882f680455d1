"""The rules as CrossGuard policies: the engine's untyped arguments are translated once for each resource.

A stack policy is shown outputs, in which at preview everything that the provider may compute is unknown, set or not.
The inputs that the same resource was checked with are kept, so that both kinds of rule, and the offline evaluation,
judge the same values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

if TYPE_CHECKING or __package__:
    from . import rules
else:  # the engine runs this folder itself, in which case it is no package
    import rules

NAME: Final = "batch-platform"
_INTERNAL: Final = "__defaults"


def plain(value: Any) -> Any:
    """A value behind the engine's proxies as plain data, with `UNKNOWN` where reading it raises."""
    if isinstance(value, Mapping):
        return {key: _at(value, key) for key in value if key != _INTERNAL}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_at(value, i) for i in range(len(value))]
    return value


def _at(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return rules.UNKNOWN


def _options(args: ResourceValidationArgs | PolicyResource) -> rules.Options:
    return rules.Options(
        protect=bool(args.opts.protect),
        ignore_changes=tuple(args.opts.ignore_changes),
        delete_before_replace=bool(args.opts.delete_before_replace),
        provider=args.provider.urn if args.provider else None,
    )


def _default_tags(args: ResourceValidationArgs | PolicyResource) -> dict[str, Any]:
    """Tags that the resource's provider adds; provider settings that are objects travel as JSON text."""
    names = plain(args.provider.props).get("defaultTags") if args.provider else None
    if isinstance(names, str):
        names = json.loads(names)
    tags = names.get("tags") if isinstance(names, Mapping) else None
    return {"tagsAll": dict(tags)} if isinstance(tags, Mapping) else {}


def _checked(args: ResourceValidationArgs) -> rules.Resource:
    """The resource that a resource policy is shown: its inputs."""
    return rules.Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        props={**plain(args.props), **_default_tags(args)},
        parent=args.opts.parent,
        options=_options(args),
        custom=args.provider is not None,
    )


def _registered(args: PolicyResource, inputs: Mapping[str, Any] | None) -> rules.Resource:
    """The resource that a stack policy is shown: its edges, and its inputs where they are known."""
    outputs = plain(args.props)
    if inputs is None:
        props = outputs
    else:
        computed = {key: result for key, result in outputs.items() if key in rules.IDENTIFYING}
        props = {**computed, **inputs}
    return rules.Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        props=props,
        parent=args.parent.urn if args.parent else None,
        dependencies=tuple(other.urn for other in args.dependencies),
        property_dependencies={
            prop: tuple(other.urn for other in others) for prop, others in args.property_dependencies.items()
        },
        options=_options(args),
        custom=args.provider is not None,
    )


def deployed(urn: str) -> tuple[str, str]:
    """Stack and project of a URN. The engine names neither in a pack's environment: `pulumi.get_stack()` is wrong."""
    stack, project = urn.split("::")[:2]
    return stack.removeprefix("urn:pulumi:"), project


@dataclass
class Session:
    """What the policies of a deployment share: each resource translated once, findings for the rules run last."""

    inputs: dict[str, rules.Resource] = field(default_factory=dict)
    findings: dict[str, dict[str, list[rules.Finding]]] = field(default_factory=dict)
    """By rule and by what it was run on: a resource's URN, or nothing for the whole stack."""
    exemptions: dict[str, tuple[rules.Exemption, ...]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    _settings: dict[str, rules.Settings] = field(default_factory=dict)
    _asked: dict[str, set[str]] = field(default_factory=dict)
    _graph: rules.Graph | None = None

    def resource(self, rule: str, args: ResourceValidationArgs) -> rules.Resource:
        """The resource, translated when the first rule asks for it and again when a rule asks a second time."""
        with self.lock:
            if args.urn not in self.inputs or rule in self._asked[args.urn]:
                self.inputs[args.urn] = _checked(args)
                self._asked[args.urn] = set()
            self._asked[args.urn].add(rule)
            return self.inputs[args.urn]

    def graph(self, rule: str, args: StackValidationArgs) -> rules.Graph:
        """The stack, translated likewise."""
        with self.lock:
            asked = self._asked.setdefault("", set())
            if self._graph is None or rule in asked:
                asked.clear()
                stack, project = deployed(args.resources[0].urn) if args.resources else ("", "")
                self._graph = rules.Graph(
                    (
                        _registered(one, self.inputs[one.urn].props if one.urn in self.inputs else None)
                        for one in args.resources
                    ),
                    project=project,
                    stack=stack,
                )
            asked.add(rule)
            return self._graph

    def settings(self, rule: rules.Rule, config: Mapping[str, Any], stack: str) -> rules.Settings:
        """The rule's settings; its exemptions are kept for all to see. The engine configures a pack once."""
        with self.lock:
            if rule.name not in self._settings:
                names = plain(config)
                self.exemptions[rule.name] = rules.exemptions_of(rule.name, names)
                self._settings[rule.name] = rules.from_config(names, stack)
            return self._settings[rule.name]

    def judged(self, rule: rules.Rule, key: str, value: list[rules.Finding]) -> list[rules.Finding]:
        """The findings with exemptions applied, kept for the rules that run last."""
        exempted = list(rules.exempted(value, self.exemptions[rule.name], date.today()))
        self.findings.setdefault(rule.name, {})[key] = exempted
        return exempted

    @property
    def all_findings(self) -> tuple[rules.Finding, ...]:
        """Everything found so far, in the order of the rules."""
        by_rule = [self.findings.get(rule.name, {}) for rule in rules.ALL_RULES]
        return tuple(finding for by_key in by_rule for result in by_key.values() for finding in result)


def text(finding: rules.Finding) -> str:
    """A finding as the engine shows it; the id is what an exemption names."""
    return f"{finding.message} [{finding.id}]"


_REPORTED: Final = (rules.Verdict.FAIL, rules.Verdict.CRASH)


def _resource_policy(rule: rules.Rule, session: Session) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        settings = session.settings(rule, args.get_config(), deployed(args.urn)[0])
        if not rule.about(args.resource_type):
            return
        resource = session.resource(rule.name, args)
        result = session.judged(rule, args.urn, list(rules.run(rule, resource, rules.View(settings=settings))))
        for finding in result:
            if finding.verdict in _REPORTED:
                report(text(finding), None)
        exempt = [finding.message for finding in result if finding.verdict is rules.Verdict.EXEMPT]
        if exempt and len(exempt) == len(result):
            args.not_applicable("; ".join(exempt))

    def remediate(args: ResourceValidationArgs) -> Any:
        if rule.remedy is None or not rule.about(args.resource_type):
            return None
        settings = session.settings(rule, args.get_config(), deployed(args.urn)[0])
        props: Any = args.props
        # in place, and the same object back: a copy would lose which values are secret
        return props if rule.remedy(props, rules.normal_token(args.resource_type), settings) else None

    return ResourceValidationPolicy(validate=validate, remediate=remediate if rule.remedy else None, **_metadata(rule))


def _stack_policy(rule: rules.Rule, session: Session) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        graph = session.graph(rule.name, args)
        view = rules.View(
            settings=session.settings(rule, args.get_config(), graph.stack),
            stack=graph,
            findings=session.all_findings if rule.last else (),
            exemptions=tuple(e for names in session.exemptions.values() for e in names) if rule.last else (),
        )
        matching = [finding for subject in rules.subjects(rule, graph) for finding in rules.run(rule, subject, view)]
        for finding in session.judged(rule, "", matching):
            if finding.verdict in _REPORTED:
                report(text(finding), finding.urn)

    return StackValidationPolicy(validate=validate, **_metadata(rule))


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


def policies(session: Session | None = None) -> list[Policy]:
    """One policy for each rule; those that run last come last."""
    shared = session or Session()
    ordered = sorted(rules.ALL_RULES, key=lambda rule: rule.last)
    return [
        _resource_policy(rule, shared) if rule.kind is rules.Kind.RESOURCE else _stack_policy(rule, shared)
        for rule in ordered
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
