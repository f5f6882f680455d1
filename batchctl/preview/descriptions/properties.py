"""Single properties as sentences: schedules, alarms, how long data is kept; any other as its path with both values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchctl.preview.changes import MISSING, OPTIONS, Change
from batchctl.preview.snapshot import Snapshot
from policy.rules import Resource, kinds

from .line import Concern, arrow, code, dotted, short, variable

_ALARM: Final = frozenset(
    {"threshold", "comparisonOperator", "evaluationPeriods", "datapointsToAlarm", "period", "statistic"}
)
_SIGNS: Final[Mapping[str, str]] = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}
_ACTIONS: Final = frozenset({"alarmActions", "okActions", "insufficientDataActions"})
_SCHEDULE: Final = frozenset({"scheduleExpression", "scheduleExpressionTimezone", "flexibleTimeWindow"})


def describe(
    before: Resource, after: Resource, prop: str, changes: list[Change], base: Snapshot, head: Snapshot
) -> Iterator[tuple[Concern, str]]:
    """A line for what differs in the property `prop`; nothing where only its plain values say more."""
    if before.type == kinds.ALARM and prop in _ALARM:
        if _alarm(before) != _alarm(after):
            concern = Concern.PROTECTION if _alarms_later(before, after) else Concern.OTHER
            yield concern, f"alarms when {_alarm(after)} (before: {_alarm(before)})"
    elif before.type == kinds.ALARM and prop in _ACTIONS:
        yield from _notified(before, after, prop)
    elif prop in _SCHEDULE:
        if _schedule(before) != _schedule(after):
            yield Concern.UNKNOWN, f"runs at {_schedule(after)} (before: {_schedule(before)})"
    elif before.type == kinds.LOG_GROUP and prop == "retentionInDays":
        yield _retention("log events are", before.props.get(prop), after.props.get(prop))
    elif before.type == kinds.QUEUE and prop == "messageRetentionSeconds":
        yield _retention("messages are", before.props.get(prop), after.props.get(prop), "seconds")


def generic(change: Change) -> str:
    """A change as its path with both values."""
    path = dotted(change.path[1:] if change.top == OPTIONS else change.path)
    name = str(change.path[-1]) if change.path else ""
    label = f"option {code(path)}" if change.top == OPTIONS else code(path)
    return f"{label}: {arrow(masked(name, change.before), masked(name, change.after))}"


def masked(name: str, value: Any) -> Any:
    """`value` with what is named like a secret hidden."""
    if isinstance(value, Mapping):
        return {key: masked(str(key), member) for key, member in value.items()}
    return variable(name, value)


def _alarm(alarm: Resource) -> str:
    props = alarm.props
    sign = _SIGNS.get(str(props.get("comparisonOperator")), str(props.get("comparisonOperator")))
    looked_at = props.get("evaluationPeriods")
    periods = f"{props.get('datapointsToAlarm') or looked_at} of {looked_at} periods"
    length = f" of {props['period']} s" if props.get("period") else ""
    what = " ".join(str(props[key]) for key in ("statistic", "metricName") if props.get(key)) or _expression(props)
    return code(f"{what} {sign} {props.get('threshold')} for {periods}{length}")


def _expression(alarm: Mapping[str, Any]) -> str:
    """What an alarm on metrics that are calculated with looks at: by its label, else as the expression."""
    queries = alarm.get("metricQueries") or []
    looked_at: Mapping[str, Any] = next((query for query in queries if query.get("returnData")), {})
    return str(looked_at.get("label") or looked_at.get("expression") or "its expression")


def _alarms_later(before: Resource, after: Resource) -> bool:
    """Whether the alarm needs more to go off, as far as its threshold and periods say."""
    old, new = before.props, after.props
    if old.get("comparisonOperator") != new.get("comparisonOperator"):
        return True
    upward = str(new.get("comparisonOperator")).startswith("Greater")
    earlier, later = old.get("threshold") or 0, new.get("threshold") or 0
    longer = any(
        (new.get(key) or 0) > (old.get(key) or 0) for key in ("evaluationPeriods", "datapointsToAlarm", "period")
    )
    return longer or (later > earlier if upward else later < earlier)


def _notified(before: Resource, after: Resource, prop: str) -> Iterator[tuple[Concern, str]]:
    earlier, later = (set(map(str, side.props.get(prop) or [])) for side in (before, after))
    when = {"alarmActions": "on alarm", "okActions": "when it is over"}.get(prop, "without data")
    yield from ((Concern.OTHER, f"{when} it now notifies {code(short(one))}") for one in sorted(later - earlier))
    yield from (
        (Concern.PROTECTION, f"{when} it no longer notifies {code(short(one))}") for one in sorted(earlier - later)
    )


def _schedule(resource: Resource) -> str:
    zone = resource.props.get("scheduleExpressionTimezone") or "UTC"
    window = resource.props.get("flexibleTimeWindow") or {}
    spread = f", within {window['maximumWindowInMinutes']} minutes" if window.get("maximumWindowInMinutes") else ""
    return f"{code(resource.props.get('scheduleExpression', MISSING))} {zone}{spread}"


def _retention(what: str, before: Any, after: Any, unit: str = "days") -> tuple[Concern, str]:
    def days(value: Any) -> str:
        if unit == "seconds" and value and value % 86_400 == 0:
            return f"{value // 86_400} days"
        return f"{value} {unit.removesuffix('s') if value == 1 else unit}" if value else "for ever"

    shorter = bool(after) and (not before or after < before)
    text = f"{what} kept {days(after)} (before: {days(before)})"
    return (Concern.DATA, f"{text}: older ones are deleted") if shorter else (Concern.OTHER, text)
