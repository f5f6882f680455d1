"""What the engine talks to: each resource and the stack are read once, and checked by all rules.

The SDK's own servicer reads every resource anew for every policy, the whole stack included: 400 resources cost it more
than two seconds of CPU, ten times as much as the rules. Here only the reading and the loop over the policies are
replaced; configuration, levels, descriptions and remediations are the SDK's. `tests/policy/test_pack.py` holds the
private names that this module relies on.

A stack policy is shown outputs, in which at preview everything that the provider may compute is unknown, set or not.
The inputs that the same resource was checked with are kept, so that both kinds of rule, and the offline evaluation,
check the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy
from pulumi_policy.policy import _PolicyAnalyzerServicer

if TYPE_CHECKING or __package__:
    from . import engine_messages, rules
else:  # the engine runs this folder itself, in which case it is no package
    import engine_messages
    import rules

_REPORTED: Final = (rules.Verdict.FAIL, rules.Verdict.CRASH)


def text(finding: rules.Finding) -> str:
    """A finding as the engine shows it; the id is what an exemption names."""
    return f"{finding.message} [{finding.id}]"


class Servicer(_PolicyAnalyzerServicer):
    """Runs the rules behind the policies that it is started with."""

    def __init__(self, name: str, version: str, policies: list[Policy], *more: Any) -> None:
        super().__init__(name, version, policies, *more)
        self._policies = {policy.name: policy for policy in policies}
        self._lock = Lock()
        self._inputs: dict[str, rules.Resource] = {}
        self._findings: dict[str, list[rules.Finding]] = {}
        """By rule, for the rules that run last."""
        self._exemptions: dict[str, tuple[rules.Exemption, ...]] = {}
        self._settings: dict[tuple[str, str], rules.Settings] = {}
        self._enabled_rules: dict[rules.Kind, list[tuple[rules.Rule, Policy]]] = {}

    def Configure(self, request: proto.ConfigureAnalyzerRequest, context: object) -> object:  # noqa: N802 - gRPC's name
        """Takes the settings, levels and exemptions of each rule."""
        self._settings.clear()
        self._exemptions.clear()
        self._enabled_rules.clear()
        answer: object = super().Configure(request, context)  # type: ignore[no-untyped-call]  # the SDK's has no types
        return answer

    def Analyze(self, request: proto.AnalyzeRequest, context: object) -> proto.AnalyzeResponse:  # noqa: N802
        """What the resource rules find in one resource, before the engine touches it."""
        self._configure_runtime_settings()  # type: ignore[no-untyped-call]  # as above
        response = proto.AnalyzeResponse()
        with self._lock:
            resource = engine_messages.checked(request)
            if resource.type.startswith("aws:"):  # the outputs of the stack and of components are no inputs
                self._inputs[resource.urn] = resource
            for rule, policy in self._enabled(rules.Kind.RESOURCE):
                if rule.about(resource.type):
                    view = rules.View(settings=self._settings_of(rule, engine_messages.deployed(resource.urn)[0]))
                    self._report(response, rule, policy, rules.run(rule, resource, view), on_stack=False)
        return response

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, context: object) -> proto.AnalyzeResponse:  # noqa: N802
        """What the stack rules find, once all resources are registered."""
        self._configure_runtime_settings()  # type: ignore[no-untyped-call]  # as above
        response = proto.AnalyzeResponse()
        with self._lock:
            graph = engine_messages.stack_of(request, self._inputs)
            for rule, policy in self._enabled(rules.Kind.STACK):
                view = rules.View(
                    settings=self._settings_of(rule, graph.stack),
                    stack=graph,
                    findings=self._all_findings() if rule.last else (),
                    exemptions=tuple(e for listed in self._exemptions.values() for e in listed) if rule.last else (),
                )
                findings = (f for subject in rules.subjects(rule, graph) for f in rules.run(rule, subject, view))
                self._report(response, rule, policy, findings, on_stack=True)
            self._findings.clear()
        return response

    def _enabled(self, kind: rules.Kind) -> list[tuple[rules.Rule, Policy]]:
        if kind not in self._enabled_rules:
            self._enabled_rules[kind] = [
                (rule, policy)
                for rule in sorted(rules.ALL_RULES, key=lambda one: one.last)
                if rule.kind is kind
                and (policy := self._policies.get(rule.name)) is not None
                and self._get_enforcement_level(policy) is not EnforcementLevel.DISABLED
            ]
        return self._enabled_rules[kind]

    def _settings_of(self, rule: rules.Rule, stack: str) -> rules.Settings:
        """The rule's settings; its exemptions are kept for all to see."""
        key = (rule.name, stack)
        if key not in self._settings:
            config: Mapping[str, Any] = self._get_policy_config(rule.name) or {}
            self._exemptions[rule.name] = rules.exemptions_of(rule.name, config)
            self._settings[key] = rules.from_config(config, stack)
        return self._settings[key]

    def _report(
        self,
        response: proto.AnalyzeResponse,
        rule: rules.Rule,
        policy: Policy,
        results: Iterable[rules.Finding],
        *,
        on_stack: bool,
    ) -> None:
        findings = list(results)
        if not findings:
            return
        findings = list(rules.exempted(findings, self._exemptions[rule.name], date.today()))
        self._findings.setdefault(rule.name, []).extend(findings)
        level = self._get_enforcement_level(policy)
        if level is EnforcementLevel.REMEDIATE:  # what a remediation left, or could not change
            level = EnforcementLevel.MANDATORY
        report = self._create_report_violation(response, policy.name, policy.description, level, policy.severity)
        for finding in findings:
            if finding.verdict in _REPORTED:
                report(text(finding), finding.urn if on_stack else None)
        exempt = [finding.message for finding in findings if finding.verdict is rules.Verdict.EXEMPT]
        if exempt and len(exempt) == len(findings) and not on_stack:
            reason = "; ".join(exempt)
            response.not_applicable.append(proto.PolicyNotApplicable(policy_name=policy.name, reason=reason))

    def _all_findings(self) -> tuple[rules.Finding, ...]:
        """All findings so far, in the order of the rules."""
        return tuple(finding for rule in rules.ALL_RULES for finding in self._findings.get(rule.name, ()))
