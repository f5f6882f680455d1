"""The Pulumi CLI, for stories that go from an empty account to deployed stacks."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 900


def pulumi(*arguments: str, folder: Path, variables: Mapping[str, str]) -> str:
    """What `pulumi ARGUMENTS` prints in `folder` with the environment `variables`; fails with it when it fails."""
    command = ["pulumi", *arguments, "--non-interactive"]
    return printed(command, f"pulumi {' '.join(arguments)}", folder=folder, variables=variables)


def printed(command: Sequence[str], name: str, *, folder: Path, variables: Mapping[str, str]) -> str:
    """What a command prints; a failure shows it after the command's `name`."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{name}\n{done.stdout}"
    return done.stdout
