"""The comment on a pull request: what it changes in every stack, from two documents of `batchctl preview --json`.

Each document holds the recording of its side, and the two are compared property by property (`changes.py`); where the
base is too old to have one, resources are counted by component and type. An offline preview knows what there would be,
not what is deployed: that shows in `pulumi preview`. Whoever posts the comment runs none of the branch's code
(.github/workflows/pull-request.yml).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batchctl.errors import OperatorError

from .changes import compare
from .page import MARKS, Page, Verdict, page
from .page_markdown import to_markdown
from .snapshot import Snapshot, from_document

MARKER: Final = "<!-- batch-platform-preview -->"
"""First line of the comment; the workflow finds its earlier comment by it and rewrites that one."""
HALF_A_CENT: Final = 0.005
LONGEST: Final = 65_000
"""Characters; GitHub refuses a comment of more than 65,536."""

Components = Mapping[str, Counter[str]]
"""Path of a component (`jobs / data-ingestion`) to its resources by type."""


@dataclass(frozen=True)
class Stack:
    """One stack of a preview, as far as a comparison needs it."""

    name: str
    ok: bool
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


def pages(head: Mapping[str, Stack], base: Mapping[str, Stack]) -> dict[str, Page]:
    """A page for each stack that is recorded on both sides."""
    return {
        name: page(compare(before, stack.snapshot))
        for name, stack in head.items()
        if stack.snapshot is not None and name in base and (before := base[name].snapshot) is not None
    }


def read(path: Path | None) -> dict[str, Stack]:
    """The stacks in a document of `batchctl preview --json`; none without one. Raises OperatorError for another
    file."""
    if path is None:
        return {}
    try:
        document = json.loads(path.read_text())
        return {entry["stack"]: _stack(entry) for entry in document["stacks"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        kind = type(error).__name__
        raise OperatorError(f"{path} is no output of `batchctl preview --json` ({kind}: {error}).") from error


def _stack(entry: Mapping[str, Any]) -> Stack:
    failing: dict[str, Mapping[str, str]] = {}
    advice: dict[str, Mapping[str, str]] = {}
    for findings in entry["findings"].values():
        for finding in findings:
            if finding["verdict"] in ("fail", "crash"):
                kept = failing if finding["level"] == "mandatory" else advice
                kept[f"{finding['rule']} {finding['resource']}"] = finding
    rows: Counter[str] = Counter()
    for row in entry["cost"]["idle"]["rows"]:
        rows[row["what"]] += row["usd"]
    return Stack(
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


def render(head: Mapping[str, Stack], base: Mapping[str, Stack], *, commit: str = "", note: str = "") -> str:
    """The comment; `note` says why there is no base, when there is none."""
    compared = pages(head, base)
    lines = [MARKER, f"## Infrastructure preview: {_verdict(head, compared)}", "", *_summary(head, base), ""]
    if note:
        lines += [f"> {note}", ""]
    what = f"Offline preview of {commit[:12]}" if commit else "Offline preview"
    footer = [
        f"<sub>{what}: the program run without a cloud, judged by the policy pack, priced. Deployed state is not "
        "looked at; `pulumi preview` does that where an AWS role is set.</sub>",
        "",
    ]
    names = [*head, *(gone for gone in base if gone not in head)]
    room = (LONGEST - sum(len(line) + 1 for line in (*lines, *footer))) * 4 // 5 // max(len(names), 1)
    for name in names:
        lines += _section(name, head.get(name), base.get(name), compared.get(name), room)
    pictures = [line for name, stack in head.items() for line in _picture(stack, base.get(name))]
    whole = "\n".join([*lines, *pictures, *footer])
    if len(whole) <= LONGEST:
        return whole
    short = "\n".join([*lines, *footer])
    return short if len(short) <= LONGEST else short[: LONGEST - 40].rpartition("\n")[0] + "\n\n… (cut: too long)\n"


def _verdict(head: Mapping[str, Stack], compared: Mapping[str, Page]) -> str:
    """The line that a reader reads first: what is worst over all stacks."""
    parts = []
    worst = max((one.verdict for one in compared.values()), key=list(Verdict).index, default=None)
    if worst is not None:
        where = [name for name, one in compared.items() if one.verdict == worst]
        parts.append(f"{MARKS[worst]} {worst.value}{'' if worst is Verdict.SAME else ' in ' + ', '.join(where)}")
    failing = [name for name, stack in head.items() if not stack.ok]
    broken = f"❌ mandatory policy rules fail in {', '.join(failing)}"
    return "; ".join([*parts, broken if failing else "✅ all mandatory policy rules hold"])


def _summary(head: Mapping[str, Stack], base: Mapping[str, Stack]) -> list[str]:
    lines = ["| stack | resources | policy | idle, a month | a nightly run |", "|---|---:|---|---:|---:|"]
    for name, stack in head.items():
        before = base.get(name)
        policy = f"**{len(stack.failing)} failing**" if stack.failing else "holds"
        policy += f", {len(stack.advice)} advisory" if stack.advice else ""
        changed = _change(stack.resources, before.resources if before else None, "{:+d}")
        costs = f"{_usd(stack, before, 'idle')} | {_usd(stack, before, 'run')}"
        lines.append(f"| {name} | {stack.resources}{changed} | {policy} | {costs} |")
    return lines


def _usd(stack: Stack, before: Stack | None, name: str) -> str:
    now = round(stack.costs[name], 2)
    then = round(before.costs[name], 2) if before else None
    return f"${now:,.2f}{_change(now, then, '{:+,.2f}')}"


def _change(now: float, then: float | None, form: str) -> str:
    if then is None or now == then:
        return ""
    return f" ({form.format(now - then)})"


def _section(name: str, stack: Stack | None, before: Stack | None, compared: Page | None, room: int) -> list[str]:
    if stack is None:
        return [f"### {name}", "", "This stack's file is gone: `pulumi destroy` it before merging.", ""]
    lines = [f"### {name}", ""]
    if before is None:
        lines += [f"New here: {stack.resources} resources in {len(stack.components)} components.", ""]
    elif compared is not None:
        lines += to_markdown(compared, room)
        lines += _cost_changes(stack.rows, before.rows)
    else:
        lines += ["> The base has no recording: resources are counted, changes of properties are not shown.", ""]
        changed = list(tree_changes(stack.components, before.components))
        lines += ["```diff", *changed, "```", ""] if changed else ["No resource is added or removed.", ""]
        lines += _cost_changes(stack.rows, before.rows)
    return lines + _findings(stack, before)


def tree_changes(now: Components, then: Components) -> Iterator[str]:
    """Lines of a diff: each component that changes, with the types that it has more or fewer of."""
    none: Counter[str] = Counter()
    for path in sorted({*now, *then}):
        after, earlier = now.get(path, none), then.get(path, none)
        more, fewer = after - earlier, earlier - after
        if not more and not fewer:
            continue
        sign = "+" if path not in then else "-" if path not in now else " "
        yield f"{sign} {path}"
        yield from (f"-   {_counted(kind, count)}" for kind, count in sorted(fewer.items()))
        yield from (f"+   {_counted(kind, count)}" for kind, count in sorted(more.items()))


def _counted(kind: str, count: int) -> str:
    return f"{kind} x{count}" if count > 1 else kind


def _cost_changes(now: Mapping[str, float], then: Mapping[str, float]) -> list[str]:
    rows = []
    for what in sorted({*now, *then}):
        before, after = then.get(what, 0.0), now.get(what, 0.0)
        if abs(after - before) >= HALF_A_CENT:
            rows.append(f"| {what} | {before:,.2f} | {after:,.2f} | {after - before:+,.2f} |")
    return ["| idle cost, USD a month | before | now | change |", "|---|---:|---:|---:|", *rows, ""] if rows else []


def _findings(stack: Stack, before: Stack | None) -> list[str]:
    known = before.failing if before else {}
    lines = []
    for key, finding in stack.failing.items():
        mark = "**new** " if before is not None and key not in known else ""
        lines.append(f"- ❌ {mark}`{finding['rule']}` on `{finding['resource']}`: {finding['message']}")
    lines += [f"- ✅ fixed: `{f['rule']}` on `{f['resource']}`" for key, f in known.items() if key not in stack.failing]
    advised = before.advice if before else {}
    fresh = [f for key, f in stack.advice.items() if key not in advised]
    lines += [f"- advice: `{f['rule']}` on `{f['resource']}`: {f['message']}" for f in fresh]
    return [*lines, ""] if lines else []


def _picture(stack: Stack, before: Stack | None) -> list[str]:
    """The components as a Mermaid graph; those that are new stand out."""
    old = _names(before.tree) if before else None
    drawn = ["graph LR", "  classDef new stroke:#2da44e,stroke-width:3px"]
    drawn.append(f'  n0["{stack.name}<br/>{stack.resources} resources"]')
    count = 0

    def draw(node: Mapping[str, Any], identity: str) -> None:
        nonlocal count
        for child in node["components"]:
            count += 1
            name = f"n{count}"
            mark = ":::new" if old is not None and (child["type"], child["name"]) not in old else ""
            drawn.append(f'  {identity} --> {name}["{child["name"]}<br/>{child["type"]}, {child["total"]}"]{mark}')
            draw(child, name)

    draw(stack.tree, "n0")
    summary = f"<details><summary>Components of {stack.name}</summary>"
    return [summary, "", "```mermaid", *drawn, "```", "", "</details>", ""]


def _names(node: Mapping[str, Any]) -> set[tuple[str, str]]:
    names = {(node["type"], node["name"])}
    for child in node["components"]:
        names |= _names(child)
    return names
