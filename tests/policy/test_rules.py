"""Each rule, four ways, through the SDK's own servicer and its unknown-checking proxy: on a stack that complies, on one
that is broken, on a resource that it is not about, and on a subject of which nothing is known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from batchctl.policy.mutants.matrix import base
from batchctl.policy.mutants.model import Mutant, first
from batchctl.policy.mutants.operators import with_resources
from batchctl.policy.mutants.table import MUTANTS
from policy import pack
from policy.rules import ALL_RULES, UNKNOWN, Graph, Kind, Resource, Rule, Verdict, evaluate, kinds, subjects
from tests.policy.servicer import Answer, StartedPack

BY_NAME = {rule.name: rule for rule in ALL_RULES}
ONE_A_RULE = {mutant.rule: mutant for mutant in reversed(MUTANTS)}
ABOUT_THE_PACK = ("exemptions-are-current", "undecided-rules-reported")
"""These judge what the other rules said; `test_exemptions.py` has their cases."""

JUDGED = [rule for rule in ALL_RULES if rule.name not in ABOUT_THE_PACK]


def ask(rule: Rule, graph: Graph, only: Iterable[Resource] | None = None) -> list[Answer]:
    """What the pack, with this rule alone, says of a stack: of these resources, or of the whole stack."""
    pack_under_test = StartedPack(policies=[policy for policy in pack.policies() if policy.name == rule.name])
    if rule.kind is Kind.STACK:
        return pack_under_test.stack(graph)
    return [answer for one in (graph if only is None else only) for answer in pack_under_test.resource(one)]


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.name)
def test_compliant(rule: Rule) -> None:
    graph = base("dev", "resolved")
    assert list(subjects(rule, graph)) or rule.name == "no-eip-or-nat", "the stack has a subject of the rule"
    assert ask(rule, graph, subjects(rule, graph)) == []


@pytest.mark.parametrize("mode", ["unknown", "resolved"])
@pytest.mark.parametrize("rule", [r for r in JUDGED if not ONE_A_RULE[r.name].config], ids=lambda rule: rule.name)
def test_broken(rule: Rule, mode: str) -> None:
    """The pack says exactly what the offline evaluation says of the first mutant of each rule."""
    mutant = ONE_A_RULE[rule.name]
    broken = _broken(mutant, base("dev", "unknown" if mode == "unknown" else "resolved"))
    offline = evaluate(broken, {}, rules=(rule,))
    failed = {(f.rule, f.id, f.urn) for f in offline if f.verdict is Verdict.FAIL}
    assert {(a.rule, a.id, a.urn) for a in ask(rule, broken, subjects(rule, broken))} == failed
    assert failed or (mode == "unknown" and any(f.verdict is Verdict.UNDECIDED for f in offline))


def _broken(mutant: Mutant, graph: Graph) -> Graph:
    return mutant.do(graph, first(graph, mutant.kind, mutant.name))


IRRELEVANT = Resource(
    urn="urn:pulumi:dev::p::random:index/randomPet:RandomPet::pet",
    type="random:index/randomPet:RandomPet",
    name="pet",
    props={"length": UNKNOWN, "tags": {}, "policy": "{"},
)


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.name)
def test_irrelevant(rule: Rule) -> None:
    if rule.name == "types-accounted-for":
        pytest.skip("every type that is not accounted for is its subject")
    graph = Graph([IRRELEVANT], project="p", stack="dev", outputs={})
    assert evaluate(graph, {}, rules=(rule,)) == []
    assert ask(rule, graph) == []


BY_EXISTENCE = {
    "subnets-have-route-table": "judges edges only",
    "one-notification-per-bucket": "judges edges only",
    "no-eip-or-nat": "judges types only",
    "endpoint-cost-budget": "counts edges where the list of subnets is unknown",
    "autoscaled-service-ignores-count": "judges options and edges",
    "types-accounted-for": "judges types only",
    "companions-present": "judges existence and edges",
    "resources-are-used": "judges edges, and names where there are none",
    "alarms-watch-what-fails": "judges existence and edges",
    "order-is-kept": "judges edges only",
    "options-accounted-for": "judges options only",
    "creation-time-is-kept": "judges options, and whether a tag is there",
    "references-resolve": "judges texts, of which an unknown value is none; edges lead to resources of the stack",
    "statements-are-sound": "judges known documents; iam-policy-version is undecided about the others",
    "trust-is-tied": "judges known documents; iam-policy-version is undecided about the others",
    "tags-are-accepted": "judges known tags; required-tags is undecided about the others",
    "state-machines-are-sound": "judges known definitions; workflow-properties is undecided about the others",
    "state-machines-call-accounted-for": "judges known definitions",
    "failures-are-handled": "judges known definitions",
    "pipeline-starts-its-builds": "judges edges and known documents; iam-policy-version is undecided about the others",
    "keys-are-kept-with-data": "judges options, edges, and what is said of keeping",
}
"""Rules that need no value, with the reason."""

SUBJECTS = {
    "delivery-properties": kinds.PIPELINE,
    "grants-accounted-for": kinds.ROLE_POLICY,
    "resource-policies-accounted-for": kinds.TOPIC_POLICY,
    "no-eip-or-nat": kinds.EIP,
    "no-foreign-infrastructure": kinds.SUBNET,
    "no-retain-or-protect": kinds.LOG_GROUP,
    "required-tags": kinds.BUCKET,
    "endpoint-group-admits-tasks": kinds.ENDPOINT,
    "stack-outputs-complete": kinds.VPC,
    "bucket-and-queue-encryption": kinds.BUCKET_ENCRYPTION,
    "ecr-lifecycle-policy": kinds.REPOSITORY_LIFECYCLE,
    "bucket-tls-only": kinds.BUCKET_POLICY,
    "bucket-blocks-public": kinds.BUCKET_PUBLIC_ACCESS,
    "s3-event-rule-has-eventbridge": kinds.BUCKET_NOTIFICATION,
    "execution-role-sufficient": kinds.ROLE_POLICY,
    "sync-task-managed-rule": kinds.STATE_MACHINE,
    "event-target-can-run-task": kinds.ROLE_POLICY,
    "role-trusts-its-consumer": kinds.ROLE,
    "log-key-grants-logs": kinds.KEY,
    "fargate-task-shape": kinds.TASK_DEFINITION,
    "topic-key-grants-publishers": kinds.KEY,
    "dlq-accepts-sender": kinds.QUEUE_POLICY,
    "storage-and-logs-bounded": kinds.LOG_GROUP,
    "gateway-on-task-routes": kinds.ENDPOINT,
    "private-tasks-have-endpoints": kinds.ENDPOINT,
}
"""The type whose values the rule needs, where that is not the type of its subjects."""


@pytest.mark.parametrize("rule", [r for r in JUDGED if r.name not in BY_EXISTENCE], ids=lambda rule: rule.name)
def test_unknown(rule: Rule) -> None:
    """A rule of which every value is unknown fails or is undecided; it never passes, and it never crashes."""
    graph = base("dev", "resolved")
    subject = SUBJECTS.get(rule.name, rule.types[0] if rule.types else "")
    blank = {
        one.urn: replace(
            one,
            props=dict.fromkeys([*one.props, *_OPTIONAL.get(rule.name, ())], UNKNOWN),
            property_dependencies={},
        )
        for one in graph
        if one.type == subject
    }
    assert blank
    outputs = {"vpcId": UNKNOWN} if rule.name == "stack-outputs-complete" else None
    unknown = with_resources(graph, (blank.get(one.urn, one) for one in graph), outputs)
    verdicts = {finding.verdict for finding in evaluate(unknown, {}, rules=(rule,))}
    assert verdicts & {Verdict.UNDECIDED, Verdict.FAIL}
    assert Verdict.CRASH not in verdicts
    assert all("crashed" not in answer.message for answer in ask(rule, unknown, blank.values()))


_OPTIONAL = {
    "routes-stay-inside": ("routes",),
    "no-retain-or-protect": ("skipDestroy",),
    "fargate-no-placement": ("orderedPlacementStrategies",),
    "grace-period-needs-health-check": ("healthCheckGracePeriodSeconds",),
    "security-group-rules-unmixed": ("ingress",),
}
"""Properties that the committed program never sets and the rule is about."""


INVENTORY = """
access-properties alarm-metric-exists alarms-watch-what-fails autoscaled-service-ignores-count
autoscaling-respects-zero-start bucket-and-queue-encryption bucket-blocks-public bucket-tls-only companions-present
compute-properties creation-time-is-kept delivery-properties dlq-accepts-sender ecr-lifecycle-policy ecr-scan-on-push
endpoint-cost-budget endpoint-dns-works endpoint-group-admits-tasks environment-suffix-in-names
event-target-can-run-task execution-role-sufficient exemptions-are-current failures-are-handled
fargate-cpu-memory-pair fargate-no-placement fargate-task-shape gateway-on-task-routes grace-period-needs-health-check
grants-accounted-for iam-least-privilege iam-policy-version image-reference-pinned key-rotation-and-principals
log-groups-use-cmk log-key-grants-logs log-retention-value-valid messages-need-tls messages-properties
name-fits-service network-acls-let-tasks-through network-properties no-eip-or-nat no-foreign-infrastructure
no-public-address no-retain-or-protect nothing-reaches-in observation-properties one-notification-per-bucket
options-accounted-for order-is-kept passrole-scoped pipeline-source-is-real pipeline-starts-its-builds
keys-are-kept-with-data private-tasks-have-endpoints
prod-pipeline-has-approval references-resolve required-tags resource-policies-accounted-for resources-are-used
role-trusts-its-consumer routes-stay-inside s3-event-rule-has-eventbridge security-group-rules-unmixed
security-groups-documented service-circuit-breaker services-start-empty stack-outputs-complete
state-machines-are-sound state-machines-call-accounted-for statements-are-sound storage-and-logs-bounded
storage-properties stores-empty-on-destroy subnet-ranges-are-apart subnets-have-route-table sync-task-managed-rule
tags-are-accepted task-hardening tasks-can-go-out tasks-reach-endpoints-only topic-key-grants-publishers trust-is-tied
types-accounted-for undecided-rules-reported values-are-accepted workflow-logging workflow-properties
"""
"""Every rule: one that gets lost is noticed."""


def test_names_are_unique_and_written_alike() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert sorted(names) == sorted(INVENTORY.split()), "a rule that is new or gone is written down here"
    for rule in ALL_RULES:
        assert rule.description.endswith("."), rule.name
        assert rule.url.startswith("https://"), rule.name
        assert not rule.fix.endswith("."), rule.name


def test_every_level_is_stated() -> None:
    """A configuration without a level would demote a mandatory rule to advice."""
    config = pack.initial_config()
    assert set(config) == set(BY_NAME)
    for name, settings in config.items():
        assert settings["enforcementLevel"].value == BY_NAME[name].level.value


def test_a_task_definition_may_keep_its_revisions_and_nothing_else() -> None:
    (rule,) = [one for one in ALL_RULES if one.name == "no-retain-or-protect"]
    graph = base("dev", "resolved")

    def failing(kind: str, prop: str) -> set[str]:
        changed = [replace(one, props={**one.props, prop: True}) if one.type == kind else one for one in graph]
        report = evaluate(with_resources(graph, changed, None), {}, rules=(rule,))
        return {finding.verdict.name for finding in report} - {"PASS"}

    assert failing(kinds.TASK_DEFINITION, "skipDestroy") == set()
    assert failing(kinds.LOG_GROUP, "skipDestroy") == {"FAIL"}
    assert failing(kinds.TABLE, "deletionProtectionEnabled") == {"FAIL"}
