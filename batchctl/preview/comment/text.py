"""The comment as Markdown, never longer than GitHub takes; the whole goes into a file beside it.

An offline preview knows what there would be, not what is deployed; a plan of the engine (`engine_plan.py`) does.
Whoever posts the comment runs none of the branch's code (.github/workflows/pull-request.yml).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchctl.preview.pages import MARKS, Page, Verdict, markdown

from . import deployed
from .counted import tree_changes
from .engine_plan import EnginePlan
from .picture import picture
from .reading import StackPreview, pages

MARKER: Final = "<!-- batch-platform-preview -->"
"""First line of the comment; the workflow finds its earlier comment by it and rewrites that one."""
HALF_A_CENT: Final = 0.005
LONGEST: Final = 65_000
"""Characters; GitHub refuses a comment of more than 65,536."""
CUT: Final = "\n\n… (cut: the whole is in the artifact `preview-comment`)\n"


@dataclass(frozen=True)
class Comment:
    """What a comment is made of."""

    head: Mapping[str, StackPreview]
    base: Mapping[str, StackPreview]
    plans: Mapping[str, EnginePlan] = field(default_factory=dict)
    """The engine's plans by stack, where a role lets it look at what is deployed."""
    commit: str = ""
    note: str = ""
    """Why there is no base, when there is none."""

    def short(self) -> str:
        """The comment itself, of at most `LONGEST` characters."""
        text = self._text(LONGEST, pictures=True)
        if len(text) > LONGEST:
            text = self._text(LONGEST, pictures=False)
        return text if len(text) <= LONGEST else _cut(text)

    def whole(self) -> str:
        """Everything, however long it is."""
        return self._text(markdown.WHOLE, pictures=True)

    def _text(self, longest: int, *, pictures: bool) -> str:
        compared = pages(self.head, self.base)
        lines = [MARKER, f"## Infrastructure preview: {_verdict(self.head, compared)}", ""]
        lines += [*_summary(self.head, self.base, compared), ""]
        if self.note:
            lines += [f"> {self.note}", ""]
        footer = list(self._footer())
        names = [*self.head, *(gone for gone in self.base if gone not in self.head)]
        different = [name for name in names if not self._is_same(name, compared)]
        room = (longest - sum(len(line) + 1 for line in (*lines, *footer))) * 4 // 5 // max(len(different), 1)
        for name in different:
            lines += self._section(name, compared.get(name), room)
        if pictures:
            lines += [line for name in different if name in compared for line in picture(compared[name])]
        return "\n".join([*lines, *footer])

    def _is_same(self, name: str, compared: Mapping[str, Page]) -> bool:
        """Whether the stack's line in the summary says it all."""
        one = compared.get(name)
        if one is None or one.verdict is not Verdict.SAME or one.stale or name in self.plans:
            return False
        return not _findings(self.head[name], self.base.get(name))

    def _section(self, name: str, page: Page | None, room: int) -> Iterator[str]:
        stack, before = self.head.get(name), self.base.get(name)
        yield f"### {name}"
        yield ""
        if stack is None:
            yield "This stack's file is gone: `pulumi destroy` it before merging."
            yield ""
            return
        if before is None:
            yield f"New here: {stack.resources} resources in {len(stack.components)} components."
            yield ""
        elif page is not None:
            yield from markdown.to_markdown(page, room)
        else:
            yield "> The base has no recording: resources are counted, changes of properties are not shown."
            yield ""
            changed = list(tree_changes(stack.components, before.components))
            yield from ["```diff", *changed, "```", ""] if changed else ["No resource is added or removed.", ""]
        yield from _cost_changes(stack.rows, before.rows) if before else ()
        if page is not None and name in self.plans:
            yield from deployed.markdown(deployed.compare_with_plan(page.comparison, self.plans[name]))
        yield from _findings(stack, before)

    def _footer(self) -> Iterator[str]:
        what = f"Offline preview of {self.commit[:12]}" if self.commit else "Offline preview"
        state = (
            f"The engine looked at what is deployed in {', '.join(self.plans)}."
            if self.plans
            else "Deployed state is not looked at; `pulumi preview` does that where an AWS role is set."
        )
        yield f"<sub>{what}: the program run without a cloud, checked by the policy pack, priced. {state}</sub>"
        yield ""


def render(
    head: Mapping[str, StackPreview],
    base: Mapping[str, StackPreview],
    *,
    plans: Mapping[str, EnginePlan] | None = None,
    commit: str = "",
    note: str = "",
) -> str:
    """The comment, short enough for GitHub."""
    return Comment(head, base, plans or {}, commit, note).short()


def _cut(text: str) -> str:
    """The text up to a whole line, every block closed."""
    start = text[: LONGEST - len(CUT) - 200].rpartition("\n")[0]
    if start.count("```") % 2:
        start += "\n```"
    return start + "\n\n</details>" * (start.count("<details>") - start.count("</details>")) + CUT


def _verdict(head: Mapping[str, StackPreview], compared: Mapping[str, Page]) -> str:
    """The line that a reader reads first: what is worst over all stacks."""
    parts = []
    worst = max((one.verdict for one in compared.values()), key=list(Verdict).index, default=None)
    if worst is not None:
        where = [name for name, one in compared.items() if one.verdict == worst]
        parts.append(f"{MARKS[worst]} {worst.value}{'' if worst is Verdict.SAME else ' in ' + ', '.join(where)}")
    failing = [name for name, stack in head.items() if not stack.ok]
    broken = f"❌ mandatory policy rules fail in {', '.join(failing)}"
    return "; ".join([*parts, broken if failing else "✅ all mandatory policy rules hold"])


def _summary(
    head: Mapping[str, StackPreview], base: Mapping[str, StackPreview], compared: Mapping[str, Page]
) -> Iterator[str]:
    yield "| stack | change | resources | policy | idle, a month | a nightly run |"
    yield "|---|---|---:|---|---:|---:|"
    for name, stack in head.items():
        before, page = base.get(name), compared.get(name)
        verdict = f"{MARKS[page.verdict]} {page.verdict.value}" if page else "not compared" if before else "new"
        policy = f"**{len(stack.failing)} failing**" if stack.failing else "holds"
        policy += f", {len(stack.advice)} advisory" if stack.advice else ""
        resources = f"{stack.resources}{_change(stack.resources, before.resources if before else None, '{:+d}')}"
        costs = f"{_usd(stack, before, 'idle')} | {_usd(stack, before, 'run')}"
        yield f"| {name} | {verdict} | {resources} | {policy} | {costs} |"


def _usd(stack: StackPreview, before: StackPreview | None, name: str) -> str:
    now = round(stack.costs[name], 2)
    then = round(before.costs[name], 2) if before else None
    return f"${now:,.2f}{_change(now, then, '{:+,.2f}')}"


def _change(now: float, then: float | None, form: str) -> str:
    return "" if then is None or now == then else f" ({form.format(now - then)})"


def _cost_changes(now: Mapping[str, float], then: Mapping[str, float]) -> list[str]:
    """Every kind of idle cost that changes, folded; those over the threshold are in the page itself."""
    rows = []
    for what in sorted({*now, *then}):
        before, after = then.get(what, 0.0), now.get(what, 0.0)
        if abs(after - before) >= HALF_A_CENT:
            rows.append(f"| {what} | {before:,.2f} | {after:,.2f} | {after - before:+,.2f} |")
    if not rows:
        return []
    head = ["| idle cost, USD a month | before | now | change |", "|---|---:|---:|---:|"]
    return ["<details><summary>Cost by kind</summary>", "", *head, *rows, "", "</details>", ""]


def _findings(stack: StackPreview, before: StackPreview | None) -> list[str]:
    failing_before = before.failing if before else {}
    lines = []
    for key, finding in stack.failing.items():
        mark = "**new** " if before is not None and key not in failing_before else ""
        lines.append(f"- ❌ {mark}`{finding['rule']}` on `{finding['resource']}`: {finding['message']}")
    lines += [
        f"- ✅ fixed: `{f['rule']}` on `{f['resource']}`"
        for key, f in failing_before.items()
        if key not in stack.failing
    ]
    advised = before.advice if before else {}
    fresh = [f for key, f in stack.advice.items() if key not in advised]
    lines += [f"- advice: `{f['rule']}` on `{f['resource']}`: {f['message']}" for f in fresh]
    return [*lines, ""] if lines else []
