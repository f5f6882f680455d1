"""When the gate first saw each finding, kept from scan to scan as JSON: repository to finding to day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from batchctl.errors import OperatorError

from . import text_files
from .scan_rules import Finding

History: TypeAlias = dict[str, dict[str, date]]
"""Day by finding by repository."""


def read(location: str) -> History:
    """The history at a path or `s3://bucket/key`; empty when there is none yet.

    Raises OperatorError for a file that is none.
    """
    text = text_files.read(location)
    if text is None:
        return {}
    try:
        return TypeAdapter(History).validate_json(text)
    except ValidationError as error:
        raise OperatorError(
            f"{location} is no history of findings ({error.error_count()} mistakes). Previous versions are in its "
            f"bucket; without it every grace begins anew: `aws s3 rm {location}`."
        ) from error


def write(location: str, history: History) -> None:
    """Keeps the history."""
    days = {
        repository: {name: str(day) for name, day in sorted(dates.items())} for repository, dates in history.items()
    }
    text_files.write(location, json.dumps(days, indent=1, sort_keys=True) + "\n")


def add(history: History, repository: str, findings: Iterable[Finding], today: date) -> None:
    """Notes the findings that are new; a finding that is gone is forgotten, so that its return has a grace again."""
    first_days = history.get(repository, {})
    history[repository] = {finding.name: first_days.get(finding.name, today) for finding in findings}
