"""`batchctl verify` of a stack in the emulated account."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from batchctl import project as projects
from batchctl.verify import Report
from batchctl.verify import command as verifying
from tests.engine.conftest import Deployed


@dataclass(frozen=True)
class Verified:
    """A stack that is up, and how to verify it."""

    deployed: Deployed
    outputs: Path

    def report(self) -> Report:
        """What verification answers now."""
        return verifying.verify(None, self.outputs, projects.load(self.deployed.engine.directory))


def verified(deployed: Deployed, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Verified:
    """The stack, with boto3 led to the emulated account as it would be to AWS: by the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)  # a profile of whoever runs the tests
    for name, value in deployed.engine.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    file = folder / "outputs.json"
    file.write_text(json.dumps(deployed.outputs), encoding="utf-8")
    return Verified(deployed, file)
