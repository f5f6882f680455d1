"""The rules notice what is broken, on the right resource, and nothing that is merely written differently."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batchctl.policy.mutants.matrix import STACKS, base, base_findings, outcome
from batchctl.policy.mutants.model import Mutant, first
from batchctl.policy.mutants.operators import add, edit, swapped, with_resources
from batchctl.policy.mutants.options import EVERY_SETTING
from batchctl.policy.mutants.table import MUTANTS
from batchctl.preview.recording import MODES, Mode
from policy.rules import ALL_RULES, Finding, Graph, Verdict, evaluate, kinds
from tests.programs import record_with


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.label)
def test_is_killed_on_the_right_resource(mutant: Mutant) -> None:
    for stack in mutant.stacks:
        for mode in MODES:
            result = outcome(mutant, stack, mode)
            assert result.killed, f"{stack}, {mode}: {result.verdict}"
            assert result.exact, f"{stack}, {mode}: also {sorted(result.fired)}"


def test_every_rule_is_killed_by_a_mutant() -> None:
    assert {mutant.rule for mutant in MUTANTS} == {rule.name for rule in ALL_RULES}


def test_labels_are_unique() -> None:
    labels = [mutant.label for mutant in MUTANTS]
    assert len(set(labels)) == len(labels)


_FAILING = (Verdict.FAIL, Verdict.CRASH)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_the_program_is_green(stack: str, mode: Mode) -> None:
    """No mandatory rule fails, in either mode; resolved, every rule is decided."""
    result = base_findings(stack, mode)
    failing = {(f.rule, f.resource, f.property) for f in result if f.level == "mandatory" and f.verdict in _FAILING}
    assert failing == set()
    if mode == "resolved":
        assert [f.message for f in result if f.verdict is Verdict.UNDECIDED] == []


@pytest.mark.parametrize("mode", MODES)
def test_every_setting_is_green(mode: Mode) -> None:
    failing = {f.id for f in base_findings(EVERY_SETTING, mode) if f.level == "mandatory" and f.verdict in _FAILING}
    assert failing == set()


@pytest.mark.parametrize("mode", MODES)
def test_a_stack_that_keeps_its_data_may_lock_it_for_everybody(mode: Mode) -> None:
    changes = {"batch-platform:data": {"objectLock": {"days": 400, "mode": "compliance"}}}
    report = evaluate(record_with(changes, "prod", mode))
    assert {f.message for f in report if f.level == "mandatory" and f.verdict in _FAILING} == set()


def _reversed(value: Any) -> Any:
    return list(reversed(value)) if isinstance(value, list) else value


def _lists_reordered(graph: Graph) -> Graph:
    ordered = ("stages", "metricQueries")
    return with_resources(
        graph,
        (
            replace(one, props={key: value if key in ordered else _reversed(value) for key, value in one.props.items()})
            for one in reversed(graph.resources)
        ),
    )


def _statements_reordered(graph: Graph) -> Graph:
    for one in graph.of_type(kinds.ROLE_POLICY, kinds.KEY, kinds.BUCKET_POLICY):
        if isinstance(one.props.get("policy"), str) and len(json.loads(one.props["policy"])["Statement"]) > 1:
            graph = edit("policy", lambda document: document["Statement"].reverse())(graph, one)
    return graph


def _v2_tokens(graph: Graph) -> Graph:
    return with_resources(
        graph,
        (
            replace(one, type=one.type.replace(":Bucket", "V2:Bucket") + "V2", token="")
            if one.type in (kinds.BUCKET, kinds.BUCKET_ENCRYPTION, kinds.BUCKET_LIFECYCLE)
            else one
            for one in graph
        ),
    )


def _unrelated_added(graph: Graph) -> Graph:
    query = {"name": "errors", "queryString": "fields @message | limit 20"}
    return add(kinds.QUERY_DEFINITION, "errors", query)(graph, graph.root)


def _floats(graph: Graph) -> Graph:
    def floated(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: floated(member) for key, member in value.items()}
        if isinstance(value, list):
            return [floated(member) for member in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return with_resources(graph, (replace(one, props=floated(one.props)) for one in graph))


def _inline_group_rules(graph: Graph) -> Graph:
    """The endpoints' group with its rule inline instead of as a resource."""
    group = first(graph, kinds.SECURITY_GROUP, "network-endpoints")
    tasks = first(graph, kinds.SECURITY_GROUP, "network-tasks")
    separate = first(graph, kinds.GROUP_INGRESS)
    inline = {
        "description": separate.props["description"],
        "protocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "securityGroups": [tasks.props["id"]],
    }
    edges = {**group.property_dependencies, "ingress": (tasks.urn,)}
    changed = replace(group, props={**group.props, "ingress": [inline]}, property_dependencies=edges)
    graph = swapped(graph, group, changed)
    return with_resources(graph, (one for one in graph if one.urn != separate.urn))


def _attached_gateway(graph: Graph) -> Graph:
    """The gateway's route tables as association resources instead of in its list."""
    gateway = first(graph, kinds.ENDPOINT, "*-s3")
    tables = graph.targets(gateway, "routeTableIds", kinds.ROUTE_TABLE)
    props = {key: value for key, value in gateway.props.items() if key != "routeTableIds"}
    edges = {prop: urns for prop, urns in gateway.property_dependencies.items() if prop != "routeTableIds"}
    graph = swapped(graph, gateway, replace(gateway, props=props, property_dependencies=edges))
    kind = kinds.ENDPOINT_ROUTE_ASSOCIATION
    for table in tables:
        name = f"s3-{table.name}"
        graph = add(kind, name, {"vpcEndpointId": gateway.props["id"], "routeTableId": table.props["id"]})(graph, table)
        result = graph.of_type(kind)[-1]
        links = {"vpcEndpointId": (gateway.urn,), "routeTableId": (table.urn,)}
        graph = swapped(graph, result, replace(result, property_dependencies=links))
    return graph


def _key_policy_attached(graph: Graph) -> Graph:
    """The logs key's policy as a resource of its own."""
    key = first(graph, kinds.KEY, "keys-logs")
    result = add(kinds.KEY_POLICY, "logs-policy", {"keyId": key.props["id"], "policy": key.props["policy"]})(graph, key)
    policy = result.of_type(kinds.KEY_POLICY)[-1]
    result = swapped(result, policy, replace(policy, property_dependencies={"keyId": (key.urn,)}))
    bare = {name: value for name, value in key.props.items() if name != "policy"}
    return swapped(result, key, replace(key, props=bare))


HARMLESS: tuple[Callable[[Graph], Graph], ...] = (
    _lists_reordered,
    _statements_reordered,
    _v2_tokens,
    _unrelated_added,
    _floats,
    _inline_group_rules,
    _attached_gateway,
    _key_policy_attached,
)


def _failures(value: list[Finding] | tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(f.rule, f.urn.replace("V2", "")) for f in value if f.verdict in (Verdict.FAIL, Verdict.CRASH)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("harmless", HARMLESS, ids=lambda harmless: harmless.__name__.strip("_"))
def test_what_is_only_written_differently_stays_green(harmless: Callable[[Graph], Graph], mode: Mode) -> None:
    graph = base("dev", mode)
    assert _failures(evaluate(harmless(graph), {})) == _failures(base_findings("dev", mode))
