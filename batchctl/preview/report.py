"""One report per stack: recorded in both modes, checked by the policy pack in both, with cost and outputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchctl import costs
from batchctl.costs import prices
from batchctl.program import recorded, stack_settings
from batchctl.project import Project
from policy.rules import Finding, Graph, evaluate, kinds

from .recording import MODES, Mode, Recording
from .snapshot import Snapshot, of_recording

POLICY_CONFIG = "policy-config.json"
"""Settings and exemptions of a project that has other needs than the platform; the engine reads the same file."""

Progress = Callable[[str], None]


@dataclass
class Node:
    """A component, or the stack, with what lies under it."""

    name: str
    type: str
    resources: Counter[str] = field(default_factory=Counter)
    """Resources directly under it, by type."""
    components: list[Node] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Resources under it at any depth; components do not count."""
        return sum(self.resources.values()) + sum(child.total for child in self.components)


@dataclass(frozen=True)
class StackReport:
    """Everything a preview says of one stack."""

    stack: str
    tree: Node
    findings: Mapping[Mode, list[Finding]]
    idle: costs.CostTable
    run: costs.CostTable
    nat: costs.CostTable
    """NAT gateways in the zones of the endpoints."""
    one_nat: costs.CostTable
    run_time: str
    """How long the night of `run` takes, as a sentence."""
    outputs: Mapping[str, Any]
    graph: Graph
    snapshot: Snapshot

    @property
    def failed(self) -> list[Finding]:
        """Findings of mandatory rules, of both modes, each once."""
        once = {
            finding.id: finding
            for findings in self.findings.values()
            for finding in findings
            if finding.level == "mandatory" and finding.verdict in ("fail", "crash")
        }
        return list(once.values())


def preview(
    project: Project, stack: str, *, price_table: prices.Prices | None = None, progress: Progress = lambda step: None
) -> StackReport:
    """The report for `stack`.

    Raises OperatorError with the program's own message when the settings or the program refuse.
    """
    stack_file = project.stack(stack)
    recordings: dict[Mode, Recording] = {}
    findings: dict[Mode, list[Finding]] = {}
    graphs: dict[Mode, Graph] = {}
    for mode in MODES:
        progress(f"{stack}: running the program, values {mode}")
        recordings[mode] = recorded(project, stack_file, mode)
        graphs[mode] = recordings[mode].graph(project.name)
        progress(f"{stack}: evaluating the policy pack, values {mode}")
        findings[mode] = evaluate(graphs[mode], policy_config(recordings[mode], project))
    progress(f"{stack}: pricing")
    table = price_table or prices.load_prices(None)
    # the tooling stack, which has no cluster, has settings of its own and holds no data of a night
    is_platform = bool(graphs["resolved"].of_type(kinds.CLUSTER))
    config = stack_settings(stack_file) if is_platform else None
    return StackReport(
        stack=stack,
        tree=tree(graphs["resolved"], stack),
        findings=findings,
        idle=costs.idle_cost(graphs["resolved"], table),
        run=costs.run_cost(config, table) if config else costs.CostTable(()),
        nat=costs.nat_alternative(graphs["resolved"], table),
        one_nat=costs.nat_alternative(graphs["resolved"], table, 1),
        run_time=costs.time_summary(config) if config else "",
        outputs=recordings["resolved"].outputs,
        graph=graphs["resolved"],
        snapshot=of_recording(recordings["resolved"], project.name, config.platform.acknowledge if config else ()),
    )


def policy_config(recording: Recording, project: Project) -> dict[str, Any]:
    """The pack's settings: the environment suffix, which follows from the stack, and the project's own file of them."""
    file = project.root / POLICY_CONFIG
    project_settings = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    suffix = str(recording.outputs.get("environment") or recording.stack)
    return {**project_settings, "all": {"suffix": suffix, **project_settings.get("all", {})}}


def tree(graph: Graph, stack: str) -> Node:
    """The components of `graph` with their resources counted by type."""
    root = Node(stack, "pulumi:pulumi:Stack")
    nodes: dict[str, Node] = {}
    for resource in graph.resources:
        if not resource.custom:
            nodes[resource.urn] = Node(resource.name, resource.type)
    for resource in graph.resources:
        above = nodes.get(resource.parent or "", root)
        if resource.urn in nodes:
            above.components.append(nodes[resource.urn])
        else:
            above.resources[resource.type] += 1
    return root
