"""The workflows as data: jobs, steps, and the repository variables that they read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.tooling.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: Path) -> dict[str, Any]:
    """A workflow."""
    workflow: dict[str, Any] = yaml.safe_load(path.read_text())
    return workflow


def variables_read(stacks: Iterable[str]) -> set[str]:
    """Repository variables that the workflows read; those whose name ends in the stack, for each of `stacks`."""
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    by_stack = re.findall(r"vars\[format\('([A-Z_]+)\{0\}', (?:matrix|inputs)\.stack\)\]", text)
    return {*re.findall(r"vars\.([A-Z_]+)", text), *(f"{name}{stack.upper()}" for name in by_stack for stack in stacks)}
