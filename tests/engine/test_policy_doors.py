"""Both doors to the policy pack say the same: `pulumi preview --policy-pack` on the engine, and `batchctl preview` offline.

A copy of the program is broken on purpose, so that there is something to compare; a stack that passes is compared too.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from batchctl import project as projects
from batchctl.recording import record
from policy.rules import Verdict, evaluate
from tests.engine.conftest import Engine

ROOT = Path(__file__).resolve().parent.parent.parent

BREAKAGES = {
    "components/job.py": [("desired_count=0", "desired_count=1"), ('"rollback": True', '"rollback": False')],
    "components/networking.py": [("private_dns_enabled=True", "private_dns_enabled=False")],
    "components/registry.py": [('image_scanning_configuration={"scan_on_push": True},', "")],
    "components/_bucket.py": [("restrict_public_buckets=True", "restrict_public_buckets=False")],
    "components/data.py": [("eventbridge=True", "eventbridge=False")],
    "components/encryption.py": [("enable_key_rotation=True", "enable_key_rotation=False")],
}
"""What the broken copy says instead; each must still be there to be broken."""


def in_engine(engine: Engine, stack: str) -> set[tuple[str, str, str]]:
    """Rule, finding id and level of every violation that the engine reports for a preview of `stack`."""
    done = engine.run("preview", "--stack", stack, "--policy-pack", "policy", "--json", check=False)
    found: set[tuple[str, str, str]] = set()
    for event in _policy_events(done.stdout):
        identity = re.search(r"\[([0-9a-f]{8})\]\s*$", event["message"])
        assert identity, event
        found.add((event["policyName"], identity[1], event["enforcementLevel"]))
    return found


def _policy_events(output: str) -> list[dict[str, Any]]:
    return [event["policyEvent"] for line in output.splitlines() if "policyEvent" in (event := json.loads(line))]


def offline(root: Path, stack: str) -> set[tuple[str, str, str]]:
    """The same of an offline evaluation with values unknown."""
    project = projects.load(root)
    file = project.stack(stack)
    recording = record(
        root, project=project.name, stack=stack, config=file.config, secret_keys=file.secret_keys, mode="unknown"
    )
    return {
        (finding.rule, finding.id, finding.level.value)
        for finding in evaluate(recording.graph(project.name))
        if finding.verdict in (Verdict.FAIL, Verdict.CRASH)
    }
