"""What is deployed, area by area: the checks themselves are `batchctl verify`'s."""

from __future__ import annotations

import warnings

import pytest

from batchctl.verify import AREAS, Outcome, Report


@pytest.mark.parametrize("area", AREAS)
def test_area(report: Report, area: str) -> None:
    """Nothing in the area fails, and something in it could be asked; what could not is said aloud."""
    checks = [check for check in report.checks if check.area == area]
    failed = [f"{check.resource}: {check.says}; {check.observed}" for check in checks if check.outcome is Outcome.FAIL]
    assert not failed, "\n".join(failed)
    unanswered = [f"{check.resource}: {check.observed}" for check in checks if check.outcome is Outcome.NOT_CHECKABLE]
    assert len(unanswered) < len(checks), "nothing in this area could be checked:\n" + "\n".join(unanswered)
    if unanswered:
        warnings.warn(f"{area}: not checkable:\n" + "\n".join(unanswered), stacklevel=1)
