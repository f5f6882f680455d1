"""What follows from the changes, as lines: data that goes, what is replaced with what hangs on it, and the cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from batchctl import costs
from batchctl.costs import prices
from batchctl.errors import OperatorError
from batchctl.preview import replacement
from batchctl.preview.changes import Comparison
from batchctl.preview.descriptions import Concern, Line
from batchctl.preview.descriptions.line import code
from batchctl.preview.render import short_type
from policy.rules import Graph, Resource, kinds

MONTHLY_THRESHOLD: Final = 1.0
"""USD a month from which the idle cost of a kind of resource needs a reader."""
HOURLY_THRESHOLD: Final = 0.01
"""USD an hour from which the cost of a job's task needs a reader."""
_STOPS: Final = (kinds.VPC, kinds.SUBNET, kinds.ENDPOINT, kinds.SECURITY_GROUP, kinds.CLUSTER)
"""Types without which no task starts."""
_INSTEAD: Final = {
    kinds.VPC: "leave `network.cidr` as it is, or deploy a second stack with the new range and move over to it",
    kinds.SUBNET: "add a subnet beside it instead of changing this one",
    kinds.CLUSTER: "deploy a second stack and move over to it",
}


def loss(lost: replacement.Loss) -> Line:
    """The line about a resource whose data goes."""
    how = "replaced" if lost.replaced else "removed"
    would = f"is {how}" if lost.certain else f"may be {how} (the provider decides by the value)"
    way_on = (
        "Acknowledged in `platform.acknowledge`."
        if lost.acknowledged
        else f"To go on all the same: `platform: {{acknowledge: [{lost.resource.name}]}}` in the stack file."
    )
    keep = "leave the property as it is" if lost.replaced else "keep the resource"
    protected = " It is protected: Pulumi refuses this until `platform.teardown: true` was deployed."
    refused = protected if lost.resource.options.protect else ""
    text = f"{would}: {lost.data.lost}.{refused} Instead: {lost.data.instead}, or {keep}. {way_on}"
    return Line(Concern.DESTROYED, text, lost.resource.urn)


def replaced(replacements: list[replacement.Replacement]) -> list[Line]:
    """A line for each resource that its own changes replace, with what goes with it."""
    unusual = [one for one in replacements if not one.routine]
    return [_replaced(root, unusual) for root in unusual if root.because_of is None]


def _replaced(root: replacement.Replacement, unusual: list[replacement.Replacement]) -> Line:
    with_it = _with(root.resource, unusual)
    counted = sorted(Counter(one.type for one in with_it).items())
    names = ", ".join(f"{short_type(kind)}{f' ×{count}' if count > 1 else ''}" for kind, count in counted)
    tail = f"; with it what hangs on it: {names}" if with_it else ""
    stops = any(one.type in _STOPS for one in (root.resource, *with_it))
    pause = ". No task can start until `pulumi up` has finished" if stops else ""
    instead = f". Instead: {_INSTEAD[root.resource.type]}" if root.resource.type in _INSTEAD else ""
    would = "is deleted and made anew" if root.certain else "may be deleted and made anew"
    causes = ", ".join(code(prop) for prop in root.properties)
    return Line(Concern.REPLACED, f"{would} because of {causes}{tail}{pause}{instead}", root.resource.urn)


def _with(root: Resource, unusual: list[replacement.Replacement]) -> list[Resource]:
    within, grew = {root.urn}, True
    while grew:
        more = {one.resource.urn for one in unusual if one.because_of and one.because_of.urn in within} - within
        within, grew = within | more, bool(more)
    return [one.resource for one in unusual if one.resource.urn in within - {root.urn}]


def costs_over_threshold(comparison: Comparison, table: prices.Prices) -> Iterator[Line]:
    """A line for each kind of idle cost, and each job's task, that costs more or less than the threshold."""
    try:
        yield from _differing(comparison, table, _monthly, MONTHLY_THRESHOLD, "a month")
        yield from _differing(comparison, table, _hourly, HOURLY_THRESHOLD, "an hour")
    except OperatorError as error:
        yield Line(Concern.COST, f"not known: {error}", "")


def _differing(
    comparison: Comparison,
    table: prices.Prices,
    amounts: Callable[[Graph, prices.Prices], dict[str, float]],
    threshold: float,
    unit: str,
) -> Iterator[Line]:
    before, after = (amounts(side.graph, table) for side in (comparison.base, comparison.head))
    for what in sorted({*before, *after}):
        old, new = before.get(what, 0.0), after.get(what, 0.0)
        if abs(new - old) >= threshold:
            digits = 2 if unit == "a month" else 4
            text = f"{what}: ${old:,.{digits}f} → ${new:,.{digits}f} {unit} ({new - old:+,.{digits}f})"
            yield Line(Concern.COST, text, "")


def _monthly(graph: Graph, table: prices.Prices) -> dict[str, float]:
    rows: dict[str, float] = defaultdict(float)
    for row in costs.idle_cost(graph, table).rows:
        rows[row.what] += row.usd
    return rows


def _hourly(graph: Graph, table: prices.Prices) -> dict[str, float]:
    return {f"one task of {one.name}": costs.task_hour(one, table) for one in graph.of_type(kinds.TASK_DEFINITION)}
