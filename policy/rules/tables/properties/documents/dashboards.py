"""A dashboard's widgets, as rows."""

from __future__ import annotations

import re
from typing import Any, Final

from ....graph import UNKNOWN, kinds
from ....graph.location import location_of
from ...rows import DOCUMENT, Context, Row, between, exactly, free, holds, is_here, maybe, row, text


def _metrics(value: Any, at: Context) -> bool:
    from ...metrics import PUBLISHED

    for one in value:
        if one is UNKNOWN or not isinstance(one, list):
            return one is UNKNOWN
        names = [part for part in one if isinstance(part, str)]
        if any(part is UNKNOWN for part in one):
            continue
        namespace, metric, pairs = names[0] if names else "", names[1] if len(names) > 1 else "", names[2:]
        if namespace.startswith("Batch/"):
            if namespace != f"Batch/{at.settings.suffix}" or metric != "LogErrors" or pairs:
                return False
        elif (
            frozenset(pairs[::2]) not in PUBLISHED.get(namespace, {}).get(metric, ())
            or len(pairs) % 2
            or any(
                at.settings.suffix not in name
                or not is_here(name, at.graph)
                or not at.graph.named(name, *at.graph.types)
                for name in pairs[1::2]
            )
        ):
            return False
    return bool(value)


def _of_own_groups(value: Any, at: Context) -> bool:
    return all(at.graph.named(name, kinds.LOG_GROUP) for name in re.findall(r"SOURCE '([^']+)'", str(value)))


_W: Final = "dashboardBody.widgets[]."


DASHBOARD: Final[tuple[Row, ...]] = (
    row(
        "dashboardBody",
        DOCUMENT,
        "CloudWatch takes JSON",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    ),
    row(_W + "type", exactly("metric", "log", "text"), "the widgets that this platform shows"),
    *(row(_W + name, between(low, 24), "the grid is 24 wide") for name, low in (("x", 0), ("width", 1))),
    row(_W + "y", between(0, 1000), "rows"),
    row(_W + "height", between(1, 1000), "rows"),
    maybe(_W + "properties.title", free(), "for people"),
    row(
        _W + "properties.region",
        holds("the stack's Region", lambda value, at: value == location_of(at.graph).region),
        "a graph of another Region is empty",
        when=(_W + "type", ("metric", "log")),
    ),
    maybe(_W + "properties.view", exactly("timeSeries", "table", "singleValue"), "CloudWatch refuses others"),
    maybe(_W + "properties.stacked", free(bool), "for people"),
    maybe(_W + "properties.period", between(60, 86400), "seconds"),
    maybe(
        _W + "properties.query",
        text(r"(?s)(SOURCE '[^']+' \| )+\S.*", "a query over log groups"),
        "CloudWatch refuses others",
    ),
    maybe(
        _W + "properties.query",
        holds("a query over log groups of this stack", _of_own_groups),
        "a table of nothing is read as calm",
    ),
    maybe(_W + "properties.markdown", free(), "for people"),
    row(_W + "properties.metrics", free(list), "a graph shows something", when=(_W + "type", "metric")),
    row(_W + "properties.query", free(), "a table shows something", when=(_W + "type", "log")),
    maybe(
        _W + "properties.metrics",
        holds("metrics that AWS or this stack publishes, with their dimensions", _metrics),
        "a graph of nothing is read as calm",
    ),
    maybe(_W + "properties.metrics[][]", free((str, dict)), "judged as a whole"),
    maybe(_W + "properties.annotations", free(dict), "for people"),
    maybe(_W + "properties.yAxis", free(dict), "for people"),
)
