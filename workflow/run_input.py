"""From an execution's input to the run it asks for, as JSONata.

Everything is computed from the input alone, without calling a service, so that the reconciler can compute the same
from the input of a run that has ended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .asl import text

DATE: Final = r"20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
DAY: Final = "'[Y0001]-[M01]-[D01]'"
"""JSONata picture of a business date."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, kw_only=True)
class ManifestLocation:
    """Where manifests lie, and in whose time a schedule's day begins."""

    bucket: str
    prefix: str
    suffix: str
    timezone: str


def run_of_input(manifest_location: ManifestLocation, execution: str, input_: str) -> str:
    """JSONata: the `run` that an execution's input asks for; it never raises, whatever the input is.

    `execution` is JSONata for an object with Id, Name and StartTime.
    """
    prefix, suffix = manifest_location.prefix, manifest_location.suffix
    day = local_date("$in", manifest_location.timezone)
    pattern = f"/^{_regex(prefix)}({DATE})\\/{_regex(suffix)}$/"
    return f"""(
        $in := {input_};
        $key := $type($in.manifest.key) = 'string' ? $in.manifest.key :
            $type($in.business_date) = 'string' ? {text(prefix)} & $in.business_date & {text("/" + suffix)} :
            $type($in.scheduled) = 'string' ? {text(prefix)} & {day} & {text("/" + suffix)} : '';
        $in_key := $match($key, {pattern}).groups[0];
        $given := $match($type($in.business_date) = 'string' ? $in.business_date : '', /^{DATE}$/).match;
        {{
            'id': $type($in.resume.run_id) = 'string' ? $in.resume.run_id : {execution}.Name,
            'execution_arn': {execution}.Id,
            'started_at': {execution}.StartTime,
            'bucket': {text(manifest_location.bucket)},
            'key': $key,
            'version': $type($in.manifest.version) = 'string' ? $in.manifest.version : '',
            'business_date': $exists($in.business_date) ? ($exists($given) ? $given : '')
                : $exists($in_key) ? $in_key : '',
            'rerun': $in.rerun = true,
            'resumes': $type($in.resume.run_id) = 'string',
            'stage': '',
            'origin': $type($in.origin) = 'string' ? $in.origin : 'operator'
        }}
    )"""


def local_date(input_: str, timezone: str) -> str:
    """JSONata: the date in `timezone` when it was `local` ("08:30") there, at the UTC moment `scheduled`.

    Scheduler gives the moment in UTC and JSONata knows no time zones. But the schedule fires at a known local time, so
    the offset follows from the two up to whole days, and of those the one nearest to the zone's usual offset is it,
    daylight saving time or not.
    """
    usual = datetime(2026, 1, 1, tzinfo=ZoneInfo(timezone)).utcoffset() or timedelta()
    half, base = DAY_MS // 2, int(usual.total_seconds()) * 1000
    return f"""(
        $at := $toMillis({input_}.scheduled);
        $minutes := $number($substring({input_}.local, 0, 2)) * 60 + $number($substring({input_}.local, 3, 2));
        $beyond := ($minutes * 60000 - $at % {DAY_MS} - {base} + {2 * DAY_MS + half}) % {DAY_MS};
        $fromMillis($at + $beyond - {half} + {base}, {DAY})
    )"""


def _regex(literal: str) -> str:
    return re.escape(literal).replace("/", "\\/")
