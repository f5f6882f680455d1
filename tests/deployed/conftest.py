"""Any stack that is up, in AWS or in an emulated account.

BATCH_OUTPUTS=FILE names the stack's outputs (`pulumi stack output --json --stack dev > FILE`); credentials, region and
AWS_ENDPOINT_URL are boto3's own business. Without BATCH_OUTPUTS every test here is skipped, and says so; with
BATCH_REQUIRE_OUTPUTS=1 that is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchctl import project as projects
from batchctl.verify import Report
from batchctl.verify import command as verifying


@pytest.fixture(scope="session")
def report() -> Report:
    """The one report that every test here looks at; read-only."""
    file = os.environ.get("BATCH_OUTPUTS")
    if not file:
        why = (
            "DEPLOYED RESOURCES WERE NOT TESTED: set BATCH_OUTPUTS to a file written by `pulumi stack output --json` "
            "(docs/verification.md)"
        )
        if os.environ.get("BATCH_REQUIRE_OUTPUTS"):
            pytest.fail(why)
        pytest.skip(why)
    return verifying.verify(None, Path(file), projects.find())
