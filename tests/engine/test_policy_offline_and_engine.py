"""Both evaluations of the policy pack agree: `pulumi preview --policy-pack` on the engine, and the offline evaluation.

Each committed stack is compared as it is, and dev once more in a copy that is broken on purpose, so that there is much
to compare.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.conftest import Engine

BREAKAGES = {
    "components/job/service.py": [("desired_count=0", "desired_count=1"), ('"rollback": True', '"rollback": False')],
    "components/networking.py": [("private_dns_enabled=True", "private_dns_enabled=False")],
    "components/registry.py": [('image_scanning_configuration={"scan_on_push": True},', "")],
    "components/shared/bucket.py": [("restrict_public_buckets=True", "restrict_public_buckets=False")],
    "components/data.py": [("eventbridge=True", "eventbridge=False")],
    "components/encryption.py": [("enable_key_rotation=True", "enable_key_rotation=False")],
}
"""What the broken copy says instead of what the program says."""

EXPECTED = {
    "bucket-blocks-public",
    "ecr-scan-on-push",
    "endpoint-dns-works",
    "key-rotation-and-principals",
    "s3-event-rule-has-eventbridge",
    "service-circuit-breaker",
    "services-start-empty",
    # the rows that account for the properties that the rules above are about
    "access-properties",
    "compute-properties",
    "network-properties",
    "storage-properties",
}
"""Rules that must notice, by name."""

Violations = set[tuple[str, str, str, str]]
"""Rule, finding id, level and logical name of each violation."""

OFFLINE = """
import json, sys
from pathlib import Path
from batchctl import project
from batchctl.preview.recording import record
from policy.rules import evaluate
here = project.load(Path.cwd())
file = here.stack(sys.argv[1])
made = record(
    here.root, project=here.name, stack=file.name, config=file.config, secret_keys=file.secret_keys, mode="unknown"
)
found = [f for f in evaluate(made.graph(here.name)) if f.verdict in ("fail", "crash")]
print(json.dumps([[f.rule, f.id, f.level, f.resource] for f in found]))
"""
"""Run in a process of its own: the program's modules are the copy's."""


def in_engine(engine: Engine, stack: str) -> Violations:
    """What the engine's event stream says of a preview with the pack."""
    done = engine.run(
        "preview",
        *("--stack", stack, "--policy-pack", "policy", "--json"),
        check=False,
        PULUMI_ENABLE_STREAMING_JSON_PREVIEW="1",
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert any("summaryEvent" in event for event in events) or done.returncode, done.stderr
    violations: Violations = set()
    for event in (event["policyEvent"] for event in events if "policyEvent" in event):
        identity = re.search(r"\[([0-9a-f]{8})\]\s*$", event["message"])
        assert identity, f"the engine shows something that is no finding: {event}"
        violations.add((event["policyName"], identity[1], event["enforcementLevel"], _name(event["resourceUrn"])))
    return violations


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def offline(engine: Engine, stack: str) -> Violations:
    """What the offline evaluation of the same checkout says with values unknown."""

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, stack],
        cwd=engine.directory,
        env={**engine.environment, "PYTHONPATH": str(engine.directory)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {(rule, identity, level, name) for rule, identity, level, name in json.loads(done.stdout)}


def _initialised(engine: Engine, stack: str) -> None:
    listed = json.loads(engine.run("stack", "ls", "--json").stdout)
    if stack not in {entry["name"] for entry in listed}:
        engine.run("stack", "init", stack)


@pytest.fixture
def broken(engine: Engine, tmp_path: Path) -> Engine:
    """The engine in a copy of the checkout that is broken in seven places."""
    copy = tmp_path / "broken"
    shutil.copytree(engine.directory, copy, symlinks=True)
    for name, changes in BREAKAGES.items():
        path = copy / name
        source = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in source, f"{name} no longer holds {old!r}: break something else"
            source = source.replace(old, new)
        path.write_text(source, encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    return replace(engine, directory=copy, environment={**engine.environment, "PULUMI_BACKEND_URL": state.as_uri()})


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_preview_of_the_program_says_the_same_through_both_doors(engine: Engine, tmp_path: Path, stack: str) -> None:
    fresh = replace(engine, environment={**engine.environment, "PULUMI_BACKEND_URL": tmp_path.as_uri()})
    _initialised(fresh, stack)
    violations = in_engine(fresh, stack)
    assert violations == offline(fresh, stack)
    assert {level for _, _, level, _ in violations} <= {"advisory"}, "the program breaks a mandatory rule"


def test_a_broken_program_is_told_the_same_through_both_doors(broken: Engine) -> None:
    _initialised(broken, "dev")
    violations = in_engine(broken, "dev")
    assert {rule for rule, _, level, _ in violations if level == "mandatory"} == EXPECTED
    assert violations == offline(broken, "dev")
