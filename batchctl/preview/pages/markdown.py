"""Pages as Markdown for a pull request and as text for a terminal; never longer than a comment may be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from batchctl.preview.descriptions import Concern, Line
from batchctl.preview.descriptions.line import code
from batchctl.preview.render import short_type

from .page import MARKS, Page, Verdict

WHOLE: Final = 10**9
"""Characters, and lines: no limit."""
_CUTS: Final = ((200, 400), (60, 60), (25, 15), (10, 0), (3, 0))
"""Lines a concern and lines a component; tried in turn until the text is short enough."""
_MANY: Final = 10
"""Number of resources with the same change from which on it is listed once."""
_COLOURS: Final = {
    Verdict.SAME: "green",
    Verdict.SAFE: "green",
    Verdict.REVIEW: "bold yellow",
    Verdict.DESTROYS: "bold red",
}
_CONCERN_COLOURS: Final = {
    Concern.DESTROYED: "bold red",
    Concern.ACCESS: "yellow",
    Concern.NETWORK: "yellow",
    Concern.PROTECTION: "yellow",
    Concern.REPLACED: "red",
    Concern.DATA: "magenta",
    Concern.UNKNOWN: "yellow",
    Concern.COST: "cyan",
    Concern.OTHER: "dim",
}


def to_markdown(page: Page, longest: int) -> list[str]:
    """The page as lines of Markdown of at most `longest` characters."""
    if longest >= WHOLE:
        return list(_markdown(page, WHOLE, WHOLE))
    shortest: list[str] = []
    for concern_lines, component_lines in _CUTS:
        shortest = list(_markdown(page, concern_lines, component_lines))
        if sum(len(line) + 1 for line in shortest) <= longest:
            return shortest
    fitting: list[str] = []
    for line in shortest:
        if sum(len(one) + 1 for one in fitting) + len(line) > longest - 60:
            return [*fitting, "", "… (cut: the whole is in `batchctl diff`)", ""]
        fitting.append(line)
    return fitting


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
        if texts := grouped(page, page.of(concern)):
            yield f"**{concern.value}**"
            yield ""
            yield from _bullets(texts, concern_lines)
            yield ""
    if not component_lines:
        yield from _most_frequent(page)
        return
    for component, lines in _by_component(page).items():
        yield f"<details><summary>{component}: {len(lines)} other change{'s' * (len(lines) > 1)}</summary>"
        yield ""
        yield from _bullets(grouped(page, lines), component_lines)
        yield ""
        yield "</details>"
        yield ""


def _most_frequent(page: Page) -> Iterator[str]:
    """What is the same of many resources, and how much else is left out."""
    texts = Counter(line.text for line in page.of(Concern.OTHER))
    frequent = {text: count for text, count in texts.most_common(3) if count >= _MANY}
    yield from (f"- {count} resources: {text}" for text, count in frequent.items())
    if left_out := texts.total() - sum(frequent.values()):
        yield f"{'- ' if frequent else ''}{left_out} other changes are left out here: `batchctl diff` shows them."
    yield ""


def _bullets(texts: list[str], most: int) -> Iterator[str]:
    yield from (f"- {text}" for text in texts[:most])
    if len(texts) > most:
        yield f"- … and {len(texts) - most} more: `batchctl diff` shows all"


def _by_component(page: Page) -> dict[str, list[Line]]:
    by_component: dict[str, list[Line]] = defaultdict(list)
    for line in page.of(Concern.OTHER):
        by_component[page.component(line)].append(line)
    return by_component


def grouped(page: Page, lines: list[Line]) -> list[str]:
    """The lines as text; what is the same for several resources of a type is listed once, with all their names."""
    names: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        resource = page.resource(line)
        kind = short_type(resource.type) if resource else ""
        names.setdefault((kind, line.text), []).append(code(resource.name) if resource else "")
    return [f"{kind} {', '.join(named)}: {text}" if kind else text for (kind, text), named in names.items()]


def to_terminal(console: Console, pages: list[Page]) -> None:
    """Prints the pages in colour."""
    for page in pages:
        colour = _COLOURS[page.verdict]
        tree = Tree(f"[bold]{page.stack}[/]: [{colour}]{page.verdict.value}[/] {escape(page.summary.replace('`', ''))}")
        for name in page.stale:
            tree.add(f"[bold red]platform.acknowledge names {escape(name)}, of which this change deletes nothing[/]")
        for concern in list(Concern)[:-1]:
            if texts := grouped(page, page.of(concern)):
                branch = tree.add(f"[{_CONCERN_COLOURS[concern]}]{concern.value}[/]")
                for text in texts:
                    branch.add(escape(text.replace("`", "")))
        for component, lines in _by_component(page).items():
            branch = tree.add(f"[bold]{escape(component)}[/]")
            for text in grouped(page, lines):
                branch.add(escape(text.replace("`", "")))
        console.print(tree)
