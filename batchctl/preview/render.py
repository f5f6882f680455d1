"""How a preview is shown: terminal, JSON, Markdown with a Mermaid picture of the components."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from batchctl.costs import CostTable, network_only, readable
from policy.rules import UNKNOWN

from .report import Node, StackReport
from .snapshot import to_document

MODE_TITLES = {"unknown": "as at a first preview", "resolved": "as after `up`"}


def short_type(token: str) -> str:
    """`aws:ec2/vpc:Vpc` as `ec2.Vpc`."""
    parts = token.split(":")
    return f"{parts[1].partition('/')[0]}.{parts[-1]}" if len(parts) == 3 else token


def as_json(reports: Sequence[StackReport]) -> dict[str, Any]:
    """The reports as plain values; the form that `batchctl preview --json` promises (docs/batchctl.md)."""
    return {"ok": not any(report.failed for report in reports), "stacks": [_stack_json(report) for report in reports]}


def _stack_json(report: StackReport) -> dict[str, Any]:
    return {
        "stack": report.stack,
        "ok": not report.failed,
        "resources": report.tree.total,
        "tree": _node_json(report.tree),
        "findings": {mode: [asdict(finding) for finding in findings] for mode, findings in report.findings.items()},
        "cost": {
            name: {
                "total": float(table.total),
                "rows": [{**asdict(row), "usd": float(row.usd)} for row in table.rows],
            }
            for name, table in (("idle", report.idle), ("run", report.run), ("nat", report.nat))
        },
        "outputs": _without_unknown(report.outputs),
        "recording": to_document(report.snapshot),
    }


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "type": node.type,
        "total": node.total,
        "resources": dict(sorted(node.resources.items())),
        "components": [_node_json(child) for child in node.components],
    }


def _without_unknown(value: Any) -> Any:
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {key: _without_unknown(item) for key, item in sorted(value.items())}
    return [_without_unknown(item) for item in value] if isinstance(value, list) else value


def to_terminal(console: Console, reports: Sequence[StackReport], *, refused: int = 0, outputs: bool = False) -> None:
    """Prints what was decided, then each stack, then what to do next; `refused` stacks could not be previewed."""
    _print_decision(console, reports, refused)
    for report in reports:
        _print_stack(console, report, outputs=outputs)
    _print_next(console, reports, refused, outputs=outputs)


def _print_decision(console: Console, reports: Sequence[StackReport], refused: int) -> None:
    for report in reports:
        verdict = (
            f"[bold red]{len(report.failed)} mandatory findings[/]"
            if report.failed
            else "[bold green]every mandatory rule holds[/]"
        )
        console.print(
            f"[bold]{report.stack}[/]: {verdict}; {report.tree.total} resources, {_usd(report.idle.total)} a month "
            f"idle, {_usd(report.run.total)} a nightly run",
            highlight=False,
        )
    if refused:
        console.print(f"[bold red]{refused} refused[/]: the message is at the end")
    console.print()


def _print_next(console: Console, reports: Sequence[StackReport], refused: int, *, outputs: bool) -> None:
    failing = [report.stack for report in reports if report.failed]
    if failing or refused:
        what = (
            f"Next: fix what is marked fail in {', '.join(failing)}" if failing else "Next: fix what is refused below"
        )
        console.print(f"{what}, then `make preview` again. `pulumi up` would refuse the same.", highlight=False)
        return
    names = [report.stack for report in reports]
    hint = "" if outputs else " Outputs: `.venv/bin/batchctl preview --outputs`."
    console.print(
        f"Next: `.venv/bin/batchctl doctor --preflight --stack {names[0]}` asks your AWS account whether `pulumi up` "
        f"would succeed; docs/operations.md goes on from there.{hint}",
        highlight=False,
    )


def _print_stack(console: Console, report: StackReport, *, outputs: bool) -> None:
    console.rule(f"[bold]stack {report.stack}")
    console.print(_rich_tree(report.tree))
    console.print()
    _print_verdicts(console, report)
    console.print(_cost_table(f"Idle, a month ({report.stack})", report.idle))
    console.print(_cost_table(f"One nightly run ({report.stack})", report.run))
    console.print(
        f"The network's share of the idle month is {_usd(network_only(report.idle))}; with NAT gateways and their "
        f"addresses in the same zones it would be {_usd(report.nat.total)}, with one for all "
        f"{_usd(report.one_nat.total)}, and the data through them."
    )
    console.print(report.run_time)
    console.print()
    if outputs:
        console.print(_outputs_table(report))
        console.print()


def _outputs_table(report: StackReport) -> Table:
    table = Table(title="Outputs", title_justify="left", box=None, pad_edge=False)
    table.add_column("output", no_wrap=True)
    table.add_column("value, invented where AWS decides", overflow="fold")
    for name, value in sorted(report.outputs.items()):
        if name != "platform":
            table.add_row(name, _summary(value))
    return table


def _summary(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in sorted(value.items()))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rich_tree(node: Node) -> Tree:
    tree = Tree(f"[bold]{node.name}[/] [dim]{short_type(node.type)}[/] {node.total} resources")

    def grow(branch: Tree, inner: Node) -> None:
        for child in inner.components:
            grow(branch.add(f"{child.name} [dim]{short_type(child.type)}[/] {child.total}"), child)
        if inner.resources:
            branch.add("[dim]" + ", ".join(_counted(inner)) + "[/]")

    grow(tree, node)
    return tree


def _counted(node: Node) -> list[str]:
    return [f"{short_type(kind)}{f' x{count}' if count > 1 else ''}" for kind, count in sorted(node.resources.items())]


def _print_verdicts(console: Console, report: StackReport) -> None:
    for mode, findings in report.findings.items():
        failing = [f for f in findings if f.verdict in ("fail", "crash") and f.level == "mandatory"]
        advice = [
            f
            for f in findings
            if f.verdict in ("fail", "crash") and f.level != "mandatory" and f.rule != "undecided-rules-reported"
        ]
        undecided = [f for f in findings if f.verdict == "undecided"]
        colour = "red" if failing else "green"
        console.print(
            f"policy, {MODE_TITLES[mode]}: [{colour}]{len(failing)} failing[/], {len(advice)} advisory, "
            f"{len(undecided)} undecided until values are known"
        )
        for finding in [*failing, *advice]:
            label = "[red]fail[/]" if finding in failing else "[yellow]advice[/]"
            console.print(f"  {label} [bold]{finding.rule}[/] {finding.resource}: ", end="")
            console.print(finding.message, markup=False, highlight=False)
        if undecided:
            rules = Counter(finding.rule for finding in undecided)
            counts = ", ".join(f"{rule} ({count})" for rule, count in sorted(rules.items()))
            console.print(f"  [dim]undecided: {counts}[/]", highlight=False)
    console.print()


def _usd(amount: Any) -> str:
    return f"${float(amount):,.2f}"


def _cost_table(title: str, costs: CostTable) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_footer=True)
    table.add_column("what", footer="total")
    table.add_column("quantity", justify="right")
    table.add_column("unit")
    table.add_column("USD", justify="right", footer=_usd(costs.total))
    for what, quantity, unit, usd in grouped(costs):
        table.add_row(what, readable(quantity), unit, _usd(usd))
    return table


def grouped(costs: CostTable) -> list[tuple[str, float, str, float]]:
    """Rows of the same kind summed, the dearest first."""
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for row in costs.rows:
        quantity, usd = sums.get((row.what, row.unit), (0.0, 0.0))
        sums[row.what, row.unit] = (quantity + float(row.quantity), usd + float(row.usd))
    rows = [(what, quantity, unit, usd) for (what, unit), (quantity, usd) in sums.items()]
    return sorted(rows, key=lambda row: (-row[3], row[0]))


def to_markdown(reports: Sequence[StackReport]) -> str:
    """The reports for a pull request comment, with a Mermaid picture of the components."""
    lines: list[str] = []
    for report in reports:
        verdict = f"**{len(report.failed)} failing**" if report.failed else "all mandatory rules hold"
        lines += [
            f"## {report.stack}: {report.tree.total} resources, {verdict}",
            "",
            f"Idle {_usd(report.idle.total)} a month, {_usd(report.run.total)} a nightly run "
            f"(the network's share of the idle month {_usd(network_only(report.idle))}, with NAT gateways in the same "
            f"zones {_usd(report.nat.total)}). {report.run_time}",
            "",
        ]
        for mode, findings in report.findings.items():
            failing = [f for f in findings if f.verdict in ("fail", "crash") and f.rule != "undecided-rules-reported"]
            undecided = sum(f.verdict == "undecided" for f in findings)
            lines.append(f"- policy, {MODE_TITLES[mode]}: {len(failing)} findings, {undecided} undecided")
            lines += [f"  - `{f.rule}` ({f.level}) on `{f.resource}`: {f.message}" for f in failing]
        lines += ["", "```mermaid", *_mermaid(report.tree), "```", ""]
        lines += [
            "<details><summary>Cost by kind</summary>",
            "",
            "| what | quantity | unit | USD |",
            "|---|---:|---|---:|",
        ]
        lines += [f"| {what} | {readable(n)} | {unit} | {usd:,.2f} |" for what, n, unit, usd in grouped(report.idle)]
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def _mermaid(tree: Node) -> list[str]:
    lines = ["graph LR", f'  n0["{tree.name}<br/>{tree.total} resources"]']
    count = 0

    def draw(node: Node, identity: str) -> None:
        nonlocal count
        for child in node.components:
            count += 1
            name = f"n{count}"
            lines.append(f'  {identity} --> {name}["{child.name}<br/>{short_type(child.type)}, {child.total}"]')
            draw(child, name)

    draw(tree, "n0")
    return lines
