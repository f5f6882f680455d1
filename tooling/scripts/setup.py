"""Makes .venv with exactly what uv.lock says: `python tooling/scripts/setup.py run|dev`.

Needs nothing but Python's standard library and its `venv`: it puts a pinned uv into .venv itself, by pip and with its
hash checked (tooling/scripts/uv.txt), and lets that install the locked packages with theirs. Packages come from the
index that pip is configured for (pip.conf or PIP_*), unless UV_* variables name another.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
"""Python versions that uv.lock is made for."""
GROUPS = {"run": (), "dev": ("--group", "dev")}
"""Arguments of `uv export`: "run" is what users and deployments need, "dev" adds tests, linters and jobs."""
HEARTBEAT_SECONDS = 4.0
"""Longest silence."""
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
"""pip's settings that uv does not read, and the variables that tell uv the same."""


def main(group: str) -> None:
    """Brings .venv to what `group` needs; exits with one message when that fails."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        supported = f"{'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
        current = ".".join(map(str, version))
        sys.exit(f"Python {supported} is needed, this is {current}. Name another: make PYTHON=python3.12 …")
    began = time.monotonic()
    python = VENV / "bin" / "python"
    with step(f"{VENV.name}: an environment of Python {'.'.join(map(str, version))}"):
        if not python.exists() or created_in(VENV) not in (VENV, None):
            run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        # `pulumi new` copies a folder's files, and takes this link to a folder for one of them
        (VENV / "lib64").unlink(missing_ok=True)
    uv = str(VENV / "bin" / "uv")
    with step("uv, the package installer, as tooling/scripts/uv.txt pins it"):
        pinned = str(ROOT / "tooling" / "scripts" / "uv.txt")
        if not has_pip(python):
            run([str(python), "-m", "ensurepip"])
        run([str(python), "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", pinned])
        variables = uv_variables(run([str(python), "-m", "pip", "config", "list"]))
    locked = VENV / f"locked-{group}.txt"
    with step(f"{group}: packages, as uv.lock pins them"):
        export = [uv, "export", "-q", "--frozen", "--no-emit-workspace", "--no-header", "--no-annotate", *GROUPS[group]]
        run([*export, "--output-file", str(locked)], variables)
        install = [uv, "pip", "install", "-q", "--python", str(python)]
        run([*install, "--compile-bytecode", "--require-hashes", "-r", str(locked)], variables)
    with step("this repository's own packages"):
        members = sorted((ROOT / "jobs").glob("*/pyproject.toml")) if group == "dev" else []
        folders = [ROOT, *(path.parent for path in members)]
        run([*install, "--no-deps", *(part for folder in folders for part in ("-e", str(folder)))], variables)
    print(f"set up in {time.monotonic() - began:.0f} s", flush=True)


def run(command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    """What a command prints; its failure ends the script with its output."""
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"\n`{' '.join(command)}` failed:\n{(done.stderr or done.stdout).strip()}\n\nIs the package index "
            "reachable? Another one: PIP_INDEX_URL, or index-url in pip.conf. A broken .venv: `make clean`, then again."
        )
    return done.stdout


def created_in(environment: Path) -> Path | None:
    """The folder that a virtual environment was made in, as it says itself; a copy starts the programs of that folder.

    None where it does not say so: Python does since 3.11, uv does not.
    """
    try:
        settings = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    commands = [line.partition("=")[2] for line in settings.splitlines() if line.startswith("command =")]
    return Path(commands[0].split()[-1]) if commands else None


def has_pip(python: Path) -> bool:
    """Whether the environment has pip; one that uv made has none."""
    return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def uv_variables(pip_settings: str) -> dict[str, str]:
    """The environment for uv, given what `pip config list` prints: where pip looks for packages, uv looks too."""
    settings = dict(line.split("=", 1) for line in pip_settings.splitlines() if "=" in line)
    variables = dict(os.environ)
    for setting, variable in PIP_TO_UV.items():
        for scope in (":env:", "install", "site", "user", "global"):
            if value := settings.get(f"{scope}.{setting}"):
                variables.setdefault(variable, " ".join(str(ast.literal_eval(value)).split()))
    return variables


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is being done, and every few seconds that it still is."""
    began, over = time.monotonic(), threading.Event()

    def heartbeat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            print(f"  … {time.monotonic() - began:.0f} s", flush=True)

    print(what, flush=True)
    thread = threading.Thread(target=heartbeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in GROUPS:
        sys.exit(f"usage: setup.py {'|'.join(GROUPS)}")
    main(sys.argv[1])
