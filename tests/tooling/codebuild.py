"""A small CodeBuild: runs a buildspec's commands as CodeBuild does, on this machine.

One shell for all commands, `sh` unless the buildspec says `env.shell`; the variables CodeBuild sets, artifacts and
exported variables. It brings no machine: a command that is not there (docker) must be given as a shim by the test.
Source: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (version 0.2: one shell for all
commands; a failing command ends its phase, and no later phase but post_build runs).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
_SECTIONS = {"version", "env", "phases", "artifacts"}
_SECONDS = 900


@dataclass(frozen=True)
class Build:
    """What a build did."""

    exit_code: int
    log: str
    exported: Mapping[str, str]
    artifacts: list[str]
    """Paths of the files it would hand on; those that exist."""


def read(buildspec: Path) -> dict[str, Any]:
    """The buildspec; fails on a key that this runner would silently leave out."""
    spec: dict[str, Any] = yaml.safe_load(buildspec.read_text())
    assert set(spec) <= _SECTIONS, f"{buildspec.name}: the runner does not know {set(spec) - _SECTIONS}"
    assert spec["version"] == 0.2, "only version 0.2 runs all commands in one shell"
    assert set(spec["phases"]) <= set(PHASES)
    return spec


def commands(spec: Mapping[str, Any], *, skip: tuple[str, ...] = ()) -> list[str]:
    """Every command in the order of the phases, but those that contain one of `skip`."""
    every = [command for phase in PHASES for command in (spec["phases"].get(phase) or {}).get("commands", [])]
    return [command for command in every if not any(text in command for text in skip)]


def run(
    buildspec: Path, *, cwd: Path, variables: Mapping[str, str], scratch: Path, skip: tuple[str, ...] = ()
) -> Build:
    """Runs the build in `cwd`; `skip` names commands left out, by a text in them, because the machine is set up
    already."""
    spec = read(buildspec)
    exported = list((spec.get("env") or {}).get("exported-variables", []))
    dump = scratch / "exported.json"
    lines = ["set -e", *commands(spec, skip=skip), "set +e"]
    code = "import json, os, sys; p = sys.argv.pop(); json.dump({k: os.environ[k] for k in sys.argv[1:]}, open(p, 'w'))"
    lines.append(f'python3 -c "{code}" {" ".join(exported)} {dump}' if exported else "true")
    done = subprocess.run(
        [(spec.get("env") or {}).get("shell", "sh"), "-c", "\n".join(lines)],
        cwd=cwd,
        env=dict(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    files = (spec.get("artifacts") or {}).get("files", [])
    return Build(
        done.returncode,
        done.stdout,
        json.loads(dump.read_text()) if dump.exists() else {},
        [file for file in files if (cwd / file).exists()],
    )
