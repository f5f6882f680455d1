"""A private copy of this checkout, so that no test and no benchmark writes into committed files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "demo-output", "*.log")


def copy_checkout(folder: Path) -> Path:
    """Copies the checkout to `folder`, which must not exist, with this Python as its `.venv`."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (folder / ".venv").symlink_to(sys.prefix)
    return folder
