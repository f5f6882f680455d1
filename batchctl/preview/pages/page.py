"""One page about a stack: a verdict, then what differs in the order in which a reader needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from batchctl.costs import prices
from batchctl.errors import DATA_LOSS, OK, PROBLEM, USAGE
from batchctl.preview import replacement
from batchctl.preview.changes import Comparison
from batchctl.preview.descriptions import Concern, Line, lines
from batchctl.preview.descriptions.line import code
from batchctl.preview.render import short_type
from policy.rules import Resource

from . import consequences


class Verdict(StrEnum):
    """What a reader must do."""

    SAME = "no change"
    SAFE = "safe"
    REVIEW = "needs review"
    DESTROYS = "destroys data"


MARKS: Final = {Verdict.SAME: "✅", Verdict.SAFE: "✅", Verdict.REVIEW: "⚠️", Verdict.DESTROYS: "⛔"}


@dataclass(frozen=True)
class Page:
    """What differs in one stack."""

    comparison: Comparison
    verdict: Verdict
    summary: str
    """The verdict's reason in a few words."""
    lines: tuple[Line, ...]
    losses: tuple[replacement.Loss, ...]
    stale: tuple[str, ...]
    """Acknowledgements that acknowledge nothing."""
    code: int
    """Exit code of the check."""

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.comparison.stack

    def of(self, concern: Concern) -> list[Line]:
        """The lines about one concern."""
        return [line for line in self.lines if line.concern == concern]

    def resource(self, line: Line) -> Resource | None:
        """The resource of a line, on the later side where there is one; None for the stack itself."""
        return self.comparison.head.graph.get(line.urn) or self.comparison.base.graph.get(line.urn)

    def label(self, line: Line) -> str:
        """The resource of a line, with its type: `sqs.Queue `orders``."""
        resource = self.resource(line)
        return f"{short_type(resource.type)} {code(resource.name)}" if resource else ""

    def component(self, line: Line) -> str:
        """The outermost component of the line's resource; "the stack itself" for what is in none."""
        for snapshot in (self.comparison.head, self.comparison.base):
            if snapshot.graph.get(line.urn):
                names = snapshot.label(line.urn).split(" / ")
                return names[0] if len(names) > 1 else "the stack itself"
        return "the stack itself"


def page(comparison: Comparison, price_table: prices.Prices | None = None) -> Page:
    """The page about `comparison`."""
    losses = tuple(sorted(replacement.losses(comparison), key=lambda loss: loss.resource.urn))
    stale = tuple(replacement.stale_acknowledgements(comparison))
    replacements = replacement.replacements(comparison)
    everything = [
        *map(consequences.loss, losses),
        *_explained(lines(comparison), replacements, losses),
        *consequences.replaced(replacements),
        *consequences.costs_over_threshold(comparison, price_table or prices.load_prices(None)),
    ]
    order = list(Concern)
    everything.sort(key=lambda line: (order.index(line.concern), line.urn))  # not as registered, which varies
    concerns = [concern for concern in order[:-1] if any(line.concern == concern for line in everything)]
    unacknowledged = [loss for loss in losses if not loss.acknowledged]
    if losses:
        verdict = Verdict.DESTROYS
        summary = _data(unacknowledged or list(losses)) + (", not" * bool(unacknowledged)) + " acknowledged"
    elif concerns or stale:
        verdict = Verdict.REVIEW
        summary = ", ".join(concern.value.lower() for concern in concerns) or "stale acknowledgement"
        summary += "; nothing that is replaced holds data" if Concern.REPLACED in concerns else ""
    else:
        verdict = Verdict.SAFE if comparison else Verdict.SAME
        summary = counted(comparison) if comparison else ""
    exit_code = DATA_LOSS if unacknowledged else USAGE if stale else PROBLEM if comparison else OK
    return Page(comparison, verdict, summary, tuple(everything), losses, stale, exit_code)


def _data(losses: list[replacement.Loss]) -> str:
    names = ", ".join(code(loss.resource.name) for loss in losses[:3])
    return f"data in {names}" + (f" and {len(losses) - 3} more" if len(losses) > 3 else "")


def _explained(
    unexplained: list[Line], replacements: list[replacement.Replacement], losses: tuple[replacement.Loss, ...]
) -> Iterator[Line]:
    """What is shown as replaced or lost, with its reason, is not shown as not known as well."""
    lost = {one.resource.urn for one in losses}
    reasons = {one.resource.urn: set(one.properties) for one in replacements if not one.routine}
    for line in unexplained:
        tops = {str(path[0]) for path in line.paths if path}
        has_reason = tops <= reasons.get(line.urn, set()) if tops else line.urn in lost
        explained = line.concern is Concern.UNKNOWN and has_reason
        yield replace(line, concern=Concern.OTHER) if explained else line


def counted(comparison: Comparison) -> str:
    """How many resources differ."""
    added, removed = (sum(resource.custom for resource in side) for side in (comparison.added, comparison.removed))
    changed = sum(one.after.custom for one in comparison.changed)
    parts = [
        f"{count} {word}" for count, word in ((added, "added"), (removed, "removed"), (changed, "changed")) if count
    ]
    return ", ".join(parts) or "only components or outputs differ"


def as_json(pages: list[Page]) -> dict[str, Any]:
    """The pages as plain values; the form that `batchctl diff --json` promises (docs/changes/pull-requests.md)."""
    return {
        "code": worst(pages),
        "stacks": [
            {
                "stack": one.stack,
                "verdict": one.verdict.value,
                "summary": one.summary,
                "code": one.code,
                "staleAcknowledgements": list(one.stale),
                "lines": [
                    {"concern": line.concern.value, "resource": line.urn, "text": line.text} for line in one.lines
                ],
            }
            for one in pages
        ],
    }


def worst(pages: list[Page]) -> int:
    """The exit code for all stacks together."""
    return max((one.code for one in pages), default=OK)
