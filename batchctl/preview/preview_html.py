"""`batchctl preview --html`: the parts of each stack as a picture, what changes, what the pack says, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchctl import html
from batchctl.costs import CostTable, readable

from .render import grouped, short_type
from .report import Node, StackReport


@dataclass(frozen=True)
class Changes:
    """What a stack changes against another revision."""

    verdict: str
    lines: Sequence[tuple[str, str]]
    """What each is about, and its text as Markdown."""


def page(reports: Sequence[StackReport], changes: Mapping[str, Changes], *, base: str, not_compared: str) -> str:
    """The page as one HTML document; a stack without `changes` was `not_compared`, for that reason."""
    return html.render(
        "preview.html",
        stacks=[_stack(report, changes.get(report.stack)) for report in reports],
        base=base,
        not_compared=not_compared,
    )


def _stack(report: StackReport, changes: Changes | None) -> dict[str, Any]:
    total = report.tree.total
    return {
        "name": report.stack,
        "verdict": f"{len(report.failed)} mandatory rules fail" if report.failed else "The policy pack passes",
        "failed": report.failed,
        "resources": total,
        "idle": f"{report.idle.total:.2f}",
        "run": f"{report.run.total:.2f}",
        "changes_verdict": changes.verdict if changes else "",
        "changes": None
        if changes is None
        else [{"concern": concern, "parts": list(parts(text))} for concern, text in changes.lines],
        "parts": list(_parts(report.tree, total)),
        "bills": [
            ("Idle, a month", _rows(report.idle)),
            ("One nightly run", _rows(report.run)),
        ],
    }


def _parts(node: Node, total: int, depth: int = 0) -> Iterator[dict[str, Any]]:
    """A row for each component, those inside it below it."""
    types = [f"{short_type(kind)}{f' x{count}' if count > 1 else ''}" for kind, count in sorted(node.resources.items())]
    yield {
        "name": node.name,
        "type": short_type(node.type),
        "depth": depth,
        "total": node.total,
        "share": round(node.total / max(total, 1) * 100, 2),
        "words": ", ".join(types),
    }
    for child in node.components:
        yield from _parts(child, total, depth + 1)


def _rows(table: CostTable) -> list[dict[str, str]]:
    rows = [
        {"what": what, "quantity": readable(quantity), "unit": unit, "usd": f"{usd:.2f}"}
        for what, quantity, unit, usd in grouped(table)
    ]
    return [*rows, {"what": "total", "quantity": "", "unit": "", "usd": f"{table.total:.2f}"}]


def parts(markdown: str) -> Iterator[tuple[bool, str]]:
    """The stretches of a line of Markdown, and whether each is code."""
    for number, text in enumerate(markdown.split("`")):
        if text:
            yield number % 2 == 1, text
