"""The pack as a pack: a crash silences nothing, remediations keep secrets, exemptions are recorded, both runs agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime import proto

from batchctl.policy.mutants.matrix import ROOT, STACKS, base
from batchctl.preview.recording import MODES, Mode
from policy import pack
from policy.rules import ALL_RULES, Finding, Kind, Resource, Rule, Verdict, View, evaluate, kinds
from policy.rules.rule import Problem
from tests.policy.servicer import StartedPack, violations

SECRET_KEY, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def one(kind: str, **props: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::p::{kind}::one", type=kind, name="one", props=props)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_says_what_the_offline_evaluation_says(stack: str, mode: Mode) -> None:
    graph = base(stack, mode)
    offline = {(f.rule, f.id) for f in evaluate(graph) if f.verdict in (Verdict.FAIL, Verdict.CRASH)}
    assert violations(StartedPack().all(graph)) == offline


def test_the_stacks_outputs_are_read_although_the_engine_analyzes_it_without_them() -> None:
    graph = base("dev", "resolved")
    started = StartedPack()
    started.servicer.Analyze(StartedPack.request(replace(graph.root, props={})), None)
    assert "stack-outputs-complete" not in {answer.rule for answer in started.stack(graph)}


def test_a_crashing_rule_is_named_and_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(resource: Resource, view: View) -> Iterator[Problem]:
        yield from ()
        raise KeyError("s3cret")

    rules = tuple(replace(r, check=crash) if r.name == "required-tags" else r for r in ALL_RULES)
    monkeypatch.setattr("policy.rules.ALL_RULES", rules)
    answers = StartedPack(policies=pack.policies()).resource(one(kinds.REPOSITORY, forceDelete=True))
    by_rule = {answer.rule: answer.message for answer in answers}
    assert "rule required-tags crashed with KeyError" in by_rule["required-tags"]
    assert "s3cret" not in by_rule["required-tags"], "an exception's text may hold a secret"
    assert "ecr-scan-on-push" in by_rule


def test_a_resource_rule_that_asks_for_the_stack_is_a_crash() -> None:
    def nosy(resource: Resource, view: View) -> Iterator[Problem]:
        yield Problem(message=str(len(view.graph)), property="x")

    rule = replace(next(r for r in ALL_RULES if r.kind is Kind.RESOURCE), check=nosy)
    assert {f.verdict for f in evaluate(base("dev", "resolved"), {}, rules=(rule,))} == {Verdict.CRASH}


def remediated(name: str, resource: Resource, secret: str = "", **settings: Any) -> dict[str, Any]:
    """The inputs that the engine gets back from one rule's remediation; {} when it changed nothing."""
    pack_under_test = StartedPack({name: {"enforcementLevel": "remediate", **settings}})
    request = StartedPack.request(resource)
    if secret:
        request.properties.update({secret: {SECRET_KEY: SECRET, "value": "s3cret"}})
    response = pack_under_test.servicer.Remediate(
        proto.AnalyzeRequest(type=request.type, properties=request.properties, urn=request.urn, name=request.name), None
    )
    assert len(response.remediations) <= 1
    return json_format.MessageToDict(response.remediations[0].properties) if response.remediations else {}


REMEDIES: dict[str, tuple[Resource, dict[str, Any]]] = {
    "no-retain-or-protect": (one(kinds.LOG_GROUP, skipDestroy=True), {"skipDestroy": False}),
    "stores-empty-on-destroy": (one(kinds.BUCKET), {"forceDestroy": True}),
    "no-public-address": (one(kinds.SUBNET, mapPublicIpOnLaunch=True), {"mapPublicIpOnLaunch": False}),
    "key-rotation-and-principals": (one(kinds.KEY), {"enableKeyRotation": True}),
    "ecr-scan-on-push": (one(kinds.REPOSITORY), {"imageScanningConfiguration": {"scanOnPush": True}}),
    "services-start-empty": (one(kinds.SERVICE, desiredCount=2), {"desiredCount": 0}),
    "service-circuit-breaker": (
        one(kinds.SERVICE),
        {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    ),
    "fargate-no-placement": (
        one(kinds.SERVICE, orderedPlacementStrategies=[{"type": "spread"}]),
        {"orderedPlacementStrategies": []},
    ),
    "required-tags": (one(kinds.BUCKET, tags={"Team": "risk"}), {"tags": {"Team": "risk", "Repository": "acme/x"}}),
}


def test_every_remedy_has_a_case() -> None:
    assert set(REMEDIES) == {rule.name for rule in ALL_RULES if rule.remedy}


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_mends_and_keeps_secrets_secret(name: str) -> None:
    resource, mended = REMEDIES[name]
    names = {"tagValues": ["Repository=acme/x"]} if name == "required-tags" else {}
    result = remediated(name, resource, secret="description", **names)
    assert result.items() >= mended.items()
    assert result["description"] == {SECRET_KEY: SECRET, "value": "s3cret"}


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_is_off_by_default_and_leaves_other_types_alone(name: str) -> None:
    pack_under_test = StartedPack()
    assert not pack_under_test.servicer.Remediate(StartedPack.request(REMEDIES[name][0]), None).remediations
    assert remediated(name, one("aws:xray/group:Group", filterExpression="x")) == {}


def test_a_resource_that_is_mended_already_is_left_alone() -> None:
    assert remediated("services-start-empty", one(kinds.SERVICE, desiredCount=0)) == {}
    assert remediated("key-rotation-and-principals", one(kinds.KEY, enableKeyRotation=True)) == {}


def test_an_exempt_resource_is_recorded_as_not_applicable() -> None:
    resource = one(kinds.REPOSITORY, tags={})
    (failed,) = (a for a in StartedPack().resource(resource) if a.rule == "ecr-scan-on-push")
    exemption = {"finding": failed.id, "reason": "scanned by the inspector instead", "owner": "sre", "expires": soon()}
    pack_under_test = StartedPack({"ecr-scan-on-push": {"exemptions": [exemption]}})
    response = pack_under_test.servicer.Analyze(StartedPack.request(resource), None)
    assert "ecr-scan-on-push" not in {result.policyName for result in response.diagnostics}
    (record,) = (r for r in response.not_applicable if r.policy_name == "ecr-scan-on-push")
    assert "scanned by the inspector instead (sre, until" in record.reason


def soon() -> str:
    from datetime import date, timedelta

    return (date.today() + timedelta(days=30)).isoformat()


def test_default_tags_of_the_provider_count() -> None:
    resource = one(kinds.BUCKET, forceDestroy=True)
    tags = dict.fromkeys(("Repository", "CommitAuthor", "PRNumber", "Team", "CreatedAt"), "x")
    request = StartedPack.request(resource)
    request.provider.CopyFrom(proto.AnalyzerProviderResource(type="pulumi:providers:aws", urn="u", name="p"))
    request.provider.properties.update({"defaultTags": {"tags": tags}})
    matching = {d.policyName for d in StartedPack().servicer.Analyze(request, None).diagnostics}
    assert "required-tags" not in matching


def test_describes_every_policy_to_the_engine() -> None:
    info = StartedPack().servicer.GetAnalyzerInfo(None, None)
    assert [policy.name for policy in info.policies if not policy.description or not policy.remediation_steps] == []
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    assert levels == {r.name: proto.EnforcementLevel.Value(r.level.upper()) for r in ALL_RULES}
    assert {name: config.enforcementLevel for name, config in info.initialConfig.items()} == levels
    schema = next(p for p in info.policies if p.name == "services-start-empty").configSchema.properties
    assert set(schema) == {"exemptions", "imagesPublished"}


def test_the_pack_starts_as_the_engine_starts_it() -> None:
    """From its own folder, where it is no package; the first line it prints is the port it serves on."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(Path(ROOT) / "policy")],
        cwd=ROOT / "policy",
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert 0 < int(process.stdout.readline()) < 65536
    finally:
        process.kill()
        process.wait(10)


def _rule(name: str) -> Rule:
    return next(rule for rule in ALL_RULES if rule.name == name)


def test_ids_stay_the_same_and_tell_findings_apart() -> None:
    def ids(rule: str) -> list[Finding]:
        return evaluate(base("dev", "unknown"), {"suffix": "qa"}, rules=(_rule(rule),))

    first, second = ids("environment-suffix-in-names"), ids("environment-suffix-in-names")
    assert first == second
    assert len({finding.id for finding in first}) == len(first) > 10
