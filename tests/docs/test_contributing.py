"""CONTRIBUTING.md names the files that a change touches: they exist, and for a job option they are enough."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .repository import ROOT, files

ROWS = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
SHOW = """
import json, sys
from pathlib import Path
from batchctl import project as projects
from batchctl.preview.recording import record
project = projects.load(Path.cwd())
config = {**project.stack("dev").config, "batch-platform:jobs": json.loads(sys.argv[1])}
graph = record(Path.cwd(), project=project.name, stack="dev", config=config, mode="resolved").graph(project.name)
print(json.dumps({r.name: json.loads(r.props["containerDefinitions"]) for r in graph.resources
                  if r.type == "aws:ecs/taskDefinition:TaskDefinition"}))
"""


@pytest.mark.parametrize(("file", "symbol"), ROWS)
def test_the_files_and_what_is_named_in_them_exist(file: str, symbol: str) -> None:
    assert symbol in (ROOT / file).read_text()


def test_each_kind_of_change_lists_files() -> None:
    sections = re.split(r"^## ", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.MULTILINE)[1:-1]
    assert len(sections) == 5 and all("\n| `" in section for section in sections)


def test_a_job_option_takes_the_files_that_are_listed(tmp_path: Path) -> None:
    """`stopTimeout`, which no job has today, in a copy: settings, container, generated document."""
    for name in files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    jobs = tmp_path / "settings/jobs.py"
    field = '    stop_timeout: int = Field(default=120, ge=30, le=120, examples=[60])\n    """Seconds to stop in."""\n'
    head, next_field, rest = jobs.read_text().partition("    ephemeral_storage: int")
    assert next_field
    jobs.write_text(f"{head}{field}{next_field}{rest}")
    container = tmp_path / "components/job/container.py"
    before = '"stopTimeout": STOP_TIMEOUT_SECONDS'
    assert before in container.read_text()
    container.write_text(container.read_text().replace(before, '"stopTimeout": job_settings.stop_timeout'))

    definitions = _run(tmp_path, "-c", SHOW, json.dumps({"risk-calculation": {"stopTimeout": 60}}))
    timeouts = {name: one["stopTimeout"] for name, (one, *_) in json.loads(definitions).items()}
    assert [timeout for name, timeout in timeouts.items() if "risk-calculation" in name] == [60]
    assert {timeout for name, timeout in timeouts.items() if "risk-calculation" not in name} == {120}
    _run(tmp_path, "-m", "batchctl.cli", "docs", "settings")
    assert (
        "| `stopTimeout` | `120` | ≥ 30; ≤ 120; e.g. `60` | Seconds to stop in. |"
        in (tmp_path / "docs/settings.md").read_text()
    )


def _run(folder: Path, *arguments: Any) -> str:
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
