"""Pages as Markdown for a pull request and as text for a terminal; never longer than a comment may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from batchctl.preview.words import Concern, Line

from .page import MARKS, Page, Verdict

_CUTS: Final = ((200, 400), (60, 60), (25, 15), (10, 0), (3, 0))
"""Lines a concern and lines a component; tried in turn until the text is short enough."""
_COLOURS: Final = {
    Verdict.SAME: "green",
    Verdict.SAFE: "green",
    Verdict.EYES: "bold yellow",
    Verdict.DESTROYS: "bold red",
}
_CONCERN_COLOURS: Final = {
    Concern.DESTROYED: "bold red",
    Concern.ACCESS: "yellow",
    Concern.REACH: "yellow",
    Concern.PROTECTION: "yellow",
    Concern.REPLACED: "red",
    Concern.DATA: "magenta",
    Concern.UNKNOWN: "yellow",
    Concern.COST: "cyan",
    Concern.OTHER: "dim",
}


def to_markdown(page: Page, longest: int) -> list[str]:
    """The page as lines of Markdown of at most `longest` characters."""
    made: list[str] = []
    for concern_lines, component_lines in _CUTS:
        made = list(_markdown(page, concern_lines, component_lines))
        if sum(len(line) + 1 for line in made) <= longest:
            return made
    kept: list[str] = []
    for line in made:
        if sum(len(one) + 1 for one in kept) + len(line) > longest - 60:
            return [*kept, "", "… (cut: the whole is in `batchctl diff`)", ""]
        kept.append(line)
    return kept


def _markdown(page: Page, concern_lines: int, component_lines: int) -> Iterator[str]:
    title = f"{MARKS[page.verdict]} {page.verdict.value}"
    if page.verdict is Verdict.SAME:
        yield f"{title}: this stack does not differ."
        yield ""
        return
    yield f"**{title}**: {page.summary}"
    yield ""
    for name in page.stale:
        yield f"- ⛔ `platform.acknowledge` names `{name}`, of which this change deletes nothing: take it out"
    for concern in list(Concern)[:-1]:
        found = page.of(concern)
        if found:
            yield f"**{concern.value}**"
            yield ""
            yield from (f"- {_text(page, line)}" for line in found[:concern_lines])
            if len(found) > concern_lines:
                yield f"- … and {len(found) - concern_lines} more: `batchctl diff` shows all"
            yield ""
    if not component_lines:
        yield f"{len(page.of(Concern.OTHER))} other changes are left out here: `batchctl diff` shows them."
        yield ""
        return
    for component, lines in _by_component(page).items():
        yield f"<details><summary>{component}: {len(lines)} other change{'s' * (len(lines) > 1)}</summary>"
        yield ""
        yield from (f"- {_text(page, line)}" for line in lines[:component_lines])
        if len(lines) > component_lines:
            yield f"- … and {len(lines) - component_lines} more: `batchctl diff` shows all"
        yield ""
        yield "</details>"
        yield ""


def _by_component(page: Page) -> dict[str, list[Line]]:
    grouped: dict[str, list[Line]] = defaultdict(list)
    for line in page.of(Concern.OTHER):
        grouped[page.component(line)].append(line)
    return grouped


def _text(page: Page, line: Line) -> str:
    label = page.label(line)
    return f"{label}: {line.text}" if label else line.text


def to_terminal(console: Console, pages: list[Page]) -> None:
    """Prints the pages in colour."""
    for page in pages:
        colour = _COLOURS[page.verdict]
        tree = Tree(f"[bold]{page.stack}[/]: [{colour}]{page.verdict.value}[/] {escape(page.summary.replace('`', ''))}")
        for name in page.stale:
            tree.add(f"[bold red]platform.acknowledge names {escape(name)}, of which this change deletes nothing[/]")
        for concern in list(Concern)[:-1]:
            if found := page.of(concern):
                branch = tree.add(f"[{_CONCERN_COLOURS[concern]}]{concern.value}[/]")
                for line in found:
                    branch.add(escape(_text(page, line).replace("`", "")))
        for component, lines in _by_component(page).items():
            branch = tree.add(f"[bold]{escape(component)}[/]")
            for line in lines:
                branch.add(escape(_text(page, line).replace("`", "")))
        console.print(tree)
