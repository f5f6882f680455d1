"""Documents of `batchctl preview --json`, as far as the comment needs them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchctl.errors import OperatorError
from batchctl.preview.changes import compare
from batchctl.preview.pages import Page, page
from batchctl.preview.snapshot import Snapshot, from_document

Components = Mapping[str, Counter[str]]
"""Path of a component (`jobs / data-ingestion`) to its resources by type."""


@dataclass(frozen=True)
class StackPreview:
    """One stack of a preview."""

    name: str
    ok: bool
    """Whether every mandatory rule holds."""
    resources: int
    components: Components
    failing: Mapping[str, Mapping[str, str]]
    """Findings of mandatory rules by their id: rule, resource, message."""
    advice: Mapping[str, Mapping[str, str]]
    costs: Mapping[str, float]
    """USD by name: `idle` a month, `run` a night."""
    rows: Mapping[str, float] = field(default_factory=dict)
    """USD a month by kind of the idle cost."""
    tree: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    """What the program registered; None in a document of an earlier version."""


def pages(head: Mapping[str, StackPreview], base: Mapping[str, StackPreview]) -> dict[str, Page]:
    """A page for each stack that is recorded on both sides."""
    return {
        name: page(compare(before, stack.snapshot))
        for name, stack in head.items()
        if stack.snapshot is not None and name in base and (before := base[name].snapshot) is not None
    }


def read(path: Path | None) -> dict[str, StackPreview]:
    """The stacks in a document of `batchctl preview --json`; none without one.

    Raises OperatorError for another file.
    """
    if path is None:
        return {}
    try:
        document = json.loads(path.read_text())
        return {entry["stack"]: _stack(entry) for entry in document["stacks"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        kind = type(error).__name__
        raise OperatorError(f"{path} is no output of `batchctl preview --json` ({kind}: {error}).") from error


def _stack(entry: Mapping[str, Any]) -> StackPreview:
    failing: dict[str, Mapping[str, str]] = {}
    advice: dict[str, Mapping[str, str]] = {}
    for findings in entry["findings"].values():
        for finding in findings:
            if finding["verdict"] in ("fail", "crash"):
                by_level = failing if finding["level"] == "mandatory" else advice
                by_level[f"{finding['rule']} {finding['resource']}"] = finding
    rows: Counter[str] = Counter()
    for row in entry["cost"]["idle"]["rows"]:
        rows[row["what"]] += row["usd"]
    return StackPreview(
        name=entry["stack"],
        ok=entry["ok"],
        resources=entry["resources"],
        components=dict(_components(entry["tree"], ())),
        failing=failing,
        advice=advice,
        costs={name: table["total"] for name, table in entry["cost"].items()},
        rows=rows,
        tree=entry["tree"],
        snapshot=from_document(entry["recording"]) if "recording" in entry else None,
    )


def _components(node: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Counter[str]]]:
    """Each component that holds resources, by its path under the stack."""
    if node["resources"]:
        yield " / ".join(above) or "(the stack itself)", Counter(node["resources"])
    for child in node["components"]:
        yield from _components(child, (*above, child["name"]))
