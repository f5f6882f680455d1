"""Which schedules of other systems are the nightly run's: once a day at a fixed time, Monday to Friday."""

from __future__ import annotations

import re

_WEEKDAYS = ("1-5", "MON-FRI")
_AWS_WEEKDAYS = ("2-6", "MON-FRI")
"""EventBridge counts Sunday as 1."""


def weekday_time(schedule: str) -> str | None:
    """`HH:MM` of a schedule that fires once on every weekday and on no other day; None for any other.

    Takes cron's five fields, and EventBridge's six as `cron(…)`:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    aws = re.fullmatch(r"cron\((.+)\)", schedule.strip())
    fields = (aws[1] if aws else schedule).upper().split()
    if aws:
        if len(fields) != 6 or fields[5] != "*":
            return None
        minute, hour, day, month, weekday = fields[:5]
        every, weekdays = ("?", "*"), _AWS_WEEKDAYS
    else:
        if len(fields) != 5:
            return None
        minute, hour, day, month, weekday = fields
        every, weekdays = ("*", "*"), _WEEKDAYS
    if day not in every or month != "*" or weekday not in weekdays or not (minute + hour).isdigit():
        return None
    if int(hour) > 23 or int(minute) > 59:
        return None
    return f"{int(hour):02}:{int(minute):02}"
