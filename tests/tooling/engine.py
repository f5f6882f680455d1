"""The Pulumi CLI, for stories that go from an empty account to deployed stacks."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

SECONDS = 900


def pulumi(*arguments: str, folder: Path, variables: Mapping[str, str]) -> str:
    """What `pulumi ARGUMENTS` prints in `folder` with the environment `variables`; fails with it when it fails."""
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"pulumi {' '.join(arguments)}\n{done.stdout}"
    return done.stdout
