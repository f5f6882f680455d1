"""The page that an approval of a release links to: what the release changes in what is deployed."""

from __future__ import annotations

from collections import Counter

from batchctl.preview.pages import Page, markdown

from .deployed import label
from .engine_plan import EnginePlan
from .picture import picture


def text(page: Page, plan: EnginePlan, commit: str = "") -> str:
    """The page as Markdown."""
    release = f"release {commit[:12]}" if commit else "this release"
    lines = [f"# What {release} changes in {page.stack}", "", *markdown.to_markdown(page, markdown.WHOLE)]
    if plan.errors:
        lines += ["**The engine stopped; what it would do beyond is not known**", ""]
        lines += [f"- {' '.join(error.split())}" for error in plan.errors] + [""]
    if plan.drift or plan.gone:
        drifted = sorted({label(one.after) for one in plan.drift} | {label(one) for one in plan.gone})
        lines += [f"Changed outside of Pulumi, and set back by this release: {', '.join(drifted)}.", ""]
    return "\n".join([*lines, *(picture(page) if page.comparison else [])])


def summary(page: Page, plan: EnginePlan) -> str:
    """The verdict in one line of plain text."""
    reason = f": {page.summary}" if page.summary else ""
    counted = Counter(plan.operations.values())
    counts = "".join(f"; {count} to {operation}" for operation, count in sorted(counted.items()))
    stopped = "; the engine stopped, see the page" if plan.errors else ""
    return f"{page.verdict.value}{reason}{counts}{stopped}".replace("`", "")
