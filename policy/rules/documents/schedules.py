"""Schedule expressions of EventBridge and its Scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

_FIELDS: Final = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
    ("day of the week", 1, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ("year", 1970, 2199, ()),
)


def fault(expression: str) -> str | None:  # noqa: PLR0911 - one return a kind of fault
    """What is wrong with an expression; None if it is one."""
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", expression):
        count = int(match[1])
        return None if count >= 1 and (count == 1) != bool(match[3]) else "a rate is rate(1 hour) or rate(2 hours)"
    if match := re.fullmatch(r"at\((.*)\)", expression):
        try:
            datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            return "a time is at(2026-11-21T08:30:00)"
        return None
    match = re.fullmatch(r"cron\((.*)\)", expression)
    if not match:
        return "an expression is cron(…), rate(…) or at(…)"
    fields = match[1].split()
    if len(fields) != len(_FIELDS):
        return "a cron expression has six fields"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of the two days is ?"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if text != "?" and not all(_part(part, low, high, list(words), name) for part in text.split(",")):
            return f"{text} is no {name}"
    return None


def _part(text: str, low: int, high: int, words: list[str], name: str) -> bool:
    base, _, step = text.partition("/")
    if step and not (step.isdigit() and int(step) >= 1):
        return False
    if base == "*" or (base in ("L", "LW") and name == "day of the month") or (base == "L" and words):
        return True
    if name == "day of the week" and (match := re.fullmatch(r"(\w+)#([1-5])", base)):
        base = match[1]
    if name == "day of the month" and base.endswith("W"):
        base = base[:-1]
    numbers = [_number(one, words, name) for one in base.split("-", 1)]
    return all(one is not None and low <= one <= high for one in numbers)


def _number(text: str, words: list[str], name: str) -> int | None:
    if text.isdigit():
        return int(text)
    return words.index(text.upper()) + 1 if text.upper() in words else None


def weekdays(expression: str) -> frozenset[int]:
    """The days of the week (1: Sunday) on which a cron expression of every month and year comes; none for others."""
    match = re.fullmatch(r"cron\((.*)\)", expression)
    fields = match[1].split() if match and fault(expression) is None else []
    if not fields or fields[3] != "*" or fields[5] != "*":
        return frozenset()
    if "*" in (fields[2], fields[4]):
        return frozenset(range(1, 8))
    days: set[int] = set()
    words = list(_FIELDS[4][3])
    for part in fields[4].split(",") if fields[4] != "?" else ():
        first, _, last = part.partition("-")
        begin, end = _number(first, words, ""), _number(last or first, words, "")
        days |= set(range(begin, end + 1)) if begin and end else set()
    return frozenset(days)
