"""prowler on the deployed prod stack: what it finds is answered in docs/security.md.

Findings on the account itself are its owner's, and are answered as such.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.conftest import Deployed
from tests.security import answers, scanners


@pytest.mark.parametrize("deployed", ["prod"], indirect=True)
def test_prowler(deployed: Deployed, tmp_path: Path) -> None:
    with answers.skipped_where_not_installable():
        findings, passed = scanners.prowler(tmp_path, deployed.engine.account.environment())
    assert passed > 50, "it does not see what it should"
    answers.hold("prowler", findings)
