"""The gate's verdicts for people: lines for a build's log, and a page in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from .scan_rules import RULINGS, RuledFinding, Rules, Ruling, Verdict

_TITLES: Final[dict[Ruling, str]] = {
    "stops": "Stops the image",
    "in grace": "Passes for now: in its days of grace",
    "no fix": "Passes: no fix has been published",
    "exempt": "Passes: somebody answers for it",
    "tolerated": "Passes: tolerated",
}


def describe(verdict: Verdict, rules: Rules) -> str:
    """The verdict in lines for a build's log; what is tolerated is only counted."""
    counted = f"{len(verdict.rulings)} findings, {rules.tolerated} tolerated"
    lines = [f"{'pass' if verdict.passes else 'FAIL'}  {verdict.image}: {counted}"]
    for ruling in RULINGS:
        if ruling != "tolerated":
            lines += [f"      {ruling}: {_line(one)}" for one in verdict.of(ruling)]
    return "\n".join(lines)


def _line(one: RuledFinding) -> str:
    finding = one.finding
    return f"{finding.name} {finding.severity} {finding.package}: {one.why}"


def page(title: str, verdicts: Sequence[Verdict], rules: Rules, now: datetime | None = None) -> str:
    """A page about all images: the verdict first, then what to do, then every finding."""
    stopped = [verdict for verdict in verdicts if not verdict.passes]
    time = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    grace = ", ".join(f"{severity} {days} days" for severity, days in sorted(rules.grace_days.items())) or "none"
    lines = [
        f"# {'⛔' if stopped else '✅'} {title}",
        "",
        f"{time}. Tolerated up to {rules.tolerated}; grace: {grace}; findings without a fix "
        f"{'pass' if rules.fixable_only else 'count'}.",
        "",
        "| image | " + " | ".join(RULINGS) + " |",
        "|---|" + "---:|" * len(RULINGS),
        *(
            f"| {'✅' if verdict.passes else '⛔'} `{verdict.repository}`<br>`{verdict.digest}` | "
            + " | ".join(str(len(verdict.of(ruling))) for ruling in RULINGS)
            + " |"
            for verdict in verdicts
        ),
    ]
    if stopped:
        lines += [
            "",
            "What to do: renew the base image (`python3 tooling/scripts/renew_base.py`) or the package; or add "
            "an exemption with owner and end to tooling/buildspecs/scan-exemptions.yml.",
        ]
    for ruling in RULINGS:
        rows = [(verdict, one) for verdict in verdicts for one in verdict.of(ruling)]
        if rows:
            lines += ["", f"## {_TITLES[ruling]} ({len(rows)})", "", *_table(rows)]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[tuple[Verdict, RuledFinding]]) -> list[str]:
    lines = ["| finding | severity | package | image | why |", "|---|---|---|---|---|"]
    for verdict, one in rows:
        cells = (one.finding.name, one.finding.severity, one.finding.package, verdict.repository, one.why)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") or " " for cell in cells) + " |")
    return lines
