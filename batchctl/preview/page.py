"""One page about a stack: a verdict, then what differs in the order in which a reader needs it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from batchctl.errors import OperatorError
from policy.rules import Graph, Resource, kinds

from . import cost, prices, replacement
from .changes import Comparison
from .render import short_type
from .words import Concern, Line, lines
from .words.line import code

NO_CHANGE, CHANGES, USAGE, DESTROYS = 0, 1, 2, 3
"""Exit codes: nothing differs; something does; an acknowledgement is stale; data is deleted without one."""
COST_THRESHOLD: Final = 1.0
"""USD a month from which a kind of cost needs a reader."""
_STOPS: Final = (kinds.VPC, kinds.SUBNET, kinds.ENDPOINT, kinds.SECURITY_GROUP, kinds.CLUSTER, kinds.SERVICE)
_INSTEAD: Final = {
    kinds.VPC: "leave `network.cidr` as it is, or deploy a second stack with the new range and move over to it",
    kinds.SUBNET: "add a subnet beside it instead of changing this one",
    kinds.CLUSTER: "deploy a second stack and move over to it",
}


class Verdict(StrEnum):
    """What a reader must do."""

    SAME = "no change"
    SAFE = "safe"
    EYES = "needs eyes"
    DESTROYS = "destroys data"


MARKS: Final = {Verdict.SAME: "✅", Verdict.SAFE: "✅", Verdict.EYES: "⚠️", Verdict.DESTROYS: "⛔"}


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

    def label(self, line: Line) -> str:
        """The resource of a line, with its type: `sqs.Queue `orders``."""
        found = self.comparison.head.graph.get(line.urn) or self.comparison.base.graph.get(line.urn)
        return f"{short_type(found.type)} {code(found.name)}" if found else ""

    def component(self, line: Line) -> str:
        """The outermost component of the line's resource; "the stack" for what is in none."""
        for snapshot in (self.comparison.head, self.comparison.base):
            if snapshot.graph.get(line.urn):
                names = snapshot.label(line.urn).split(" / ")
                return names[0] if len(names) > 1 else "the stack itself"
        return "the stack itself"


def page(comparison: Comparison, price_table: prices.Prices | None = None) -> Page:
    """The page about `comparison`."""
    losses = tuple(replacement.losses(comparison))
    stale = tuple(replacement.stale_acknowledgements(comparison))
    told = [
        *(_loss(loss) for loss in losses),
        *lines(comparison),
        *_replaced(comparison),
        *_costs(comparison, price_table or prices.load_prices(None)),
    ]
    order = list(Concern)
    told.sort(key=lambda line: order.index(line.concern))
    concerns = {line.concern for line in told} - {Concern.OTHER}
    unacknowledged = [loss for loss in losses if not loss.acknowledged]
    if losses:
        verdict = Verdict.DESTROYS
        names = ", ".join(code(loss.resource.name) for loss in (unacknowledged or losses)[:3])
        more = f" and {len(unacknowledged or losses) - 3} more" if len(unacknowledged or losses) > 3 else ""
        summary = f"data in {names}{more}, {'not acknowledged' if unacknowledged else 'acknowledged'}"
    elif concerns or stale:
        verdict = Verdict.EYES
        summary = (
            ", ".join(concern.value.lower() for concern in order if concern in concerns) or "stale acknowledgement"
        )
        summary += "; nothing that is replaced holds data" if Concern.REPLACED in concerns else ""
    else:
        verdict = Verdict.SAFE if comparison else Verdict.SAME
        summary = counted(comparison) if comparison else ""
    exit_code = DESTROYS if unacknowledged else USAGE if stale else CHANGES if comparison else NO_CHANGE
    return Page(comparison, verdict, summary, tuple(told), losses, stale, exit_code)


def counted(comparison: Comparison) -> str:
    """How many resources differ."""
    added, removed = (sum(resource.custom for resource in side) for side in (comparison.added, comparison.removed))
    changed = sum(one.after.custom for one in comparison.changed)
    parts = [
        f"{count} {word}" for count, word in ((added, "added"), (removed, "removed"), (changed, "changed")) if count
    ]
    return ", ".join(parts) or "only components or outputs differ"


def _loss(loss: replacement.Loss) -> Line:
    how = "replaced" if loss.replaced else "removed"
    would = f"is {how}" if loss.certain else f"may be {how} (the provider decides by the value)"
    asked = (
        "Acknowledged in `platform.acknowledge`."
        if loss.acknowledged
        else f"To go on all the same: `platform: {{acknowledge: [{loss.resource.name}]}}` in the stack file."
    )
    return Line(
        Concern.DESTROYED, f"{would}: {loss.data.lost}. Instead: {loss.data.instead}. {asked}", loss.resource.urn
    )


def _replaced(comparison: Comparison) -> list[Line]:
    """A line for each resource that its own changes replace, with what goes with it."""
    found = [one for one in replacement.replacements(comparison) if not one.routine]
    roots = [one for one in found if one.because_of is None]
    made = []
    for root in roots:
        with_it = _with(root.resource, found)
        named = ", ".join(
            f"{short_type(kind)} ×{count}" for kind, count in Counter(one.type for one in with_it).items()
        )
        tail = f"; with it what hangs on it: {named}" if with_it else ""
        stops = any(one.type in _STOPS for one in (root.resource, *with_it))
        pause = ". No task can start until `pulumi up` has finished" if stops else ""
        instead = f". Instead: {_INSTEAD[root.resource.type]}" if root.resource.type in _INSTEAD else ""
        would = "is deleted and made anew" if root.certain else "may be deleted and made anew"
        causes = ", ".join(code(prop) for prop in root.properties)
        made.append(Line(Concern.REPLACED, f"{would} because of {causes}{tail}{pause}{instead}", root.resource.urn))
    return made


def _with(root: Resource, found: list[replacement.Replacement]) -> list[Resource]:
    within, grew = {root.urn}, True
    while grew:
        more = {one.resource.urn for one in found if one.because_of and one.because_of.urn in within} - within
        within, grew = within | more, bool(more)
    return [one.resource for one in found if one.resource.urn in within - {root.urn}]


def _costs(comparison: Comparison, table: prices.Prices) -> list[Line]:
    def by_kind(graph: Graph) -> dict[str, float]:
        rows: dict[str, float] = defaultdict(float)
        for row in cost.idle_cost(graph, table).rows:
            rows[row.what] += float(row.usd)
        return rows

    try:
        before, after = by_kind(comparison.base.graph), by_kind(comparison.head.graph)
    except OperatorError as error:
        return [Line(Concern.COST, f"not known: {error}", "")]
    return [
        Line(
            Concern.COST,
            f"{what}: ${before[what]:,.2f} → ${after[what]:,.2f} a month ({after[what] - before[what]:+,.2f})",
            "",
        )
        for what in sorted({*before, *after})
        if abs(after[what] - before[what]) >= COST_THRESHOLD
    ]


def as_json(pages: list[Page]) -> dict[str, Any]:
    """The pages as plain values; the form that `batchctl diff --json` promises (docs/pull-requests.md)."""
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
    return max((one.code for one in pages), default=NO_CHANGE)
