"""What the delivery costs: a release through the pipeline, from the recorded tooling stack.

The free minutes of CodePipeline and CodeBuild are left out, as all free tiers are.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.rules import Graph, Resource
from policy.rules.graph import kinds
from tooling.delivery.build_environment import SMALL

from .prices import Prices
from .table import CostTable, priced


@dataclass(frozen=True, kw_only=True)
class ReleaseAssumptions:
    """What a release is taken to be."""

    checks_minutes: float = 45
    """Minutes of the step that runs `.ci/run` (docs/measured/suites.md)."""
    step_minutes: float = 6
    """Minutes of every other step."""


def release_cost(tooling: Graph, prices: Prices, assumed: ReleaseAssumptions | None = None) -> CostTable:
    """What one release costs in which each build of the tooling stack runs once."""
    release = assumed or ReleaseAssumptions()
    rows = []
    for project in tooling.of_type(kinds.BUILD_PROJECT):
        minutes = release.checks_minutes if project.name.endswith("-checks") else release.step_minutes
        rows.append(priced(project.name, ("build", _machine(project), minutes), prices))
        rows.append(priced(project.name, ("action of the pipeline", "codepipeline.minute", minutes), prices))
    return CostTable(tuple(rows))


def _machine(project: Resource) -> str:
    """The price's name; an ARM machine is cheaper than what is counted for it."""
    is_small = (project.props.get("environment") or {}).get("computeType") == SMALL
    return "codebuild.small" if is_small else "codebuild.medium"
