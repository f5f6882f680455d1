"""The components of a stack as a Mermaid graph, with what changes marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from batchctl.preview.changes import Comparison
from batchctl.preview.descriptions import Concern
from batchctl.preview.pages import Page
from batchctl.preview.render import short_type
from batchctl.preview.snapshot import Snapshot
from policy.rules import Resource

CLASSES: Final[Mapping[str, str]] = {
    "removed": "stroke:#cf222e,stroke-width:3px,stroke-dasharray:5 5",
    "added": "stroke:#2da44e,stroke-width:3px",
    "review": "stroke:#cf222e,stroke-width:3px",
    "changed": "stroke:#bf8700,stroke-width:3px",
}
"""How a component is drawn, by what happens in it; the first that applies."""
LEGEND: Final = "green: new; red: something in it needs review; yellow: something in it differs; red and dashed: gone"


def picture(page: Page) -> list[str]:
    """The components of both sides as Markdown, folded."""
    comparison = page.comparison
    marks = dict(_marks(page))
    drawn = ["graph LR", *(f"  classDef {name} {style}" for name, style in CLASSES.items())]
    drawn.append(f'  n0["{comparison.stack}"]')
    numbers = {"": "n0"}
    for side, component in _components(comparison):
        number = numbers[component.urn] = f"n{len(numbers)}"
        above = numbers.get(component.parent or "", "n0")
        mark = f":::{marks[component.urn]}" if component.urn in marks else ""
        count = sum(resource.parent == component.urn and resource.custom for resource in side.graph.resources)
        label = f"{component.name}<br/>{short_type(component.type)}" + (f", {count}" if count else "")
        drawn.append(f'  {above} --> {number}["{label}"]{mark}')
    summary = f"<details><summary>Components of {comparison.stack}</summary>"
    return [summary, "", "```mermaid", *drawn, "```", "", LEGEND, "", "</details>", ""]


def _components(comparison: Comparison) -> Iterator[tuple[Snapshot, Resource]]:
    """Every component, those that are gone last, each after the one that it is in."""
    for resource in comparison.head.graph.resources:
        if not resource.custom:
            yield comparison.head, resource
    for resource in comparison.removed:
        if not resource.custom:
            yield comparison.base, resource


def _marks(page: Page) -> Iterator[tuple[str, str]]:
    """The class of each component in which something differs."""
    comparison = page.comparison
    happens: dict[str, set[str]] = {}
    for name, resources in (("added", comparison.added), ("removed", comparison.removed)):
        for resource in resources:
            if not resource.custom:
                happens.setdefault(resource.urn, set()).add(name)
    for line in page.lines:
        one = comparison.head.graph.get(line.urn) or comparison.base.graph.get(line.urn)
        if one is not None:
            urn = (one.parent or "") if one.custom else one.urn
            happens.setdefault(urn, set()).add("changed" if line.concern is Concern.OTHER else "review")
    for urn, names in happens.items():
        yield urn, next(name for name in CLASSES if name in names)
