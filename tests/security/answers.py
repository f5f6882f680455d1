"""A scanner's finding on our own resources is answered in docs/security.md, and no answer is without a finding."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from tests.programs import ROOT
from tests.security.scanners import Finding, NotInstallableError

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (checkov|parliament|prowler) \| `([\w-]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def of(scanner: str) -> dict[tuple[str, str], str]:
    """Check and pattern of resources to the reason, as docs/security.md has them."""
    rows = ROW.findall(PAGE.read_text())
    return {
        (check, pattern): reason
        for name, check, patterns, reason in rows
        if name == scanner
        for pattern in re.findall(r"`([^`]+)`", patterns)
    }


def hold(scanner: str, findings: Iterable[Finding]) -> None:
    """Fails for a finding without an answer, and for an answer without a finding."""
    answered, expected = set(), of(scanner)
    unanswered = []
    for finding in sorted(set(findings)):
        matching = {
            (check, pattern)
            for check, pattern in expected
            if check == finding.check and fnmatch.fnmatchcase(finding.resource, pattern)
        }
        answered |= matching
        if not matching:
            unanswered.append(finding)
    assert not unanswered, f"fix these, or answer them in docs/security.md: {unanswered}"
    assert not expected.keys() - answered, f"no longer found: {expected.keys() - answered}"


@contextmanager
def skipped_where_not_installable() -> Iterator[None]:
    """Skips the test, loudly, where the scanner that it runs cannot be brought."""
    try:
        yield
    except NotInstallableError as error:
        pytest.skip(f"THE SCANNER DID NOT RUN: {error}")
