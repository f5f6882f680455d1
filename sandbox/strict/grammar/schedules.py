"""Schedule expressions of EventBridge and EventBridge Scheduler.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from datetime import datetime

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, []),
)
"""Minutes, hours, day of the month, month, day of the week, year: least, greatest, names of the values."""


def is_rate(expression: str) -> bool:
    """`rate(5 minutes)`: a positive whole number, its unit in the singular only for 1."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", expression)
    return match is not None and int(match[1]) > 0 and (int(match[1]) == 1) == (not match[3])


def is_cron(expression: str) -> bool:
    """`cron(0 22 ? * MON-FRI *)`: six fields, one of the two days a question mark, and only one."""
    match = re.fullmatch(r"cron\((.+)\)", expression)
    fields = match[1].split() if match else []
    if len(fields) != len(_FIELDS) or (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(_is_field(text, position) for position, text in enumerate(fields))


def is_at(expression: str) -> bool:
    """`at(2026-11-21T22:00:00)`, of Scheduler alone."""
    match = re.fullmatch(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)", expression)
    try:
        return match is not None and bool(datetime.fromisoformat(match[1]))
    except ValueError:
        return False


def _is_field(text: str, position: int) -> bool:
    if text == "?":
        return position in (2, 4)
    if position == 2 and re.fullmatch(r"L(W|-\d{1,2})?|([1-9]|[12]\d|3[01])W", text):
        return True
    if position == 4 and re.fullmatch(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])|L", text):
        return True
    return all(_is_part(part, position) for part in text.split(","))


def _is_part(text: str, position: int) -> bool:
    least, greatest, names = _FIELDS[position]
    span, slash, step = text.partition("/")
    if slash and not (step.isdigit() and 0 < int(step) <= greatest):
        return False
    if span == "*":
        return True
    ends = span.split("-")
    if len(ends) > 2:
        return False
    return all((end.isdigit() and least <= int(end) <= greatest) or end.upper() in names for end in ends)
