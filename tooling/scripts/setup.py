"""Makes .venv with exactly what is locked: `python tooling/scripts/setup.py run|dev`.

Owns: the choice between uv (when it is on PATH) and plain venv + pip, and the check of the Python version.
Needs nothing but Python's standard library: it runs before anything is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
GROUPS = ("run", "dev")


def main(group: str) -> None:
    """Brings .venv to what `group` needs; "run" is what users need, "dev" adds the tests."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Python {'.'.join(map(str, OLDEST))} or later is needed, this is {found}: make PYTHON=python3.12 …")
    print(f"setting up .venv ({group}), once: about a minute", flush=True)
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    requirements = ROOT / "requirements" / f"{group}.txt"
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "-q", "--python", str(python), "--compile-bytecode"]
    else:
        # a no-op where pip is there already; an environment that uv made has none
        subprocess.run([str(python), "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
        install = [str(python), "-m", "pip", "install", "-q", "--no-deps"]
    subprocess.run([*install, "--require-hashes", "-r", str(requirements)], check=True)
    subprocess.run([*without_compile(install), "--no-deps", "-e", str(ROOT)], check=True)
    if group == "dev":
        members = [str(path.parent) for path in sorted((ROOT / "jobs").glob("*/pyproject.toml"))]
        editable = [part for member in members for part in ("-e", member)]
        if editable:
            subprocess.run([*without_compile(install), "--no-deps", *editable], check=True)
    # where bytecode is not written on import, every start would compile the whole aws SDK again
    site = subprocess.run(
        [str(python), "-c", "import pulumi_aws; print(pulumi_aws.__path__[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    subprocess.run([str(python), "-m", "compileall", "-q", "-j", "0", str(Path(site).parent)], check=False)


def without_compile(install: list[str]) -> list[str]:
    """The same command for the repository's own code, which changes."""
    return [part for part in install if part != "--compile-bytecode"]


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in GROUPS:
        sys.exit(f"usage: setup.py {'|'.join(GROUPS)}")
    main(sys.argv[1])
