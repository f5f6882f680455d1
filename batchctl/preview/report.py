"""What a stack would be, judged and priced without a cloud.

Owns: recording a stack in both modes, evaluating the policy pack on both, adding cost and outputs: one report a stack.
Refuses: showing the report (`render.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchctl.program import recorded, stack_settings
from batchctl.project import Project
from policy.rules import Finding, evaluate
from policy.rules.reading import Graph

from . import cost, prices
from .recording import MODES, Mode, Recording
from .snapshot import Snapshot, of_recording

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
    idle: cost.CostTable
    run: cost.CostTable
    nat: cost.CostTable
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
        findings[mode] = evaluate(graphs[mode], policy_config(recordings[mode]))
    progress(f"{stack}: pricing")
    table = price_table or prices.load_prices(None)
    config = stack_settings(stack_file)
    return StackReport(
        stack=stack,
        tree=tree(graphs["resolved"], stack),
        findings=findings,
        idle=cost.idle_cost(graphs["resolved"], table),
        run=cost.run_cost(config, table),
        nat=cost.nat_alternative(graphs["resolved"], table),
        outputs=recordings["resolved"].outputs,
        graph=graphs["resolved"],
        snapshot=of_recording(recordings["resolved"], project.name, config.platform.acknowledge),
    )


def policy_config(recording: Recording) -> dict[str, Any]:
    """The pack's settings that follow from the stack: the environment suffix."""
    return {"all": {"suffix": str(recording.outputs.get("environment") or recording.stack)}}


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
