"""The command line of a script that makes a file: write it, or with `--check` say whether it is current."""

from __future__ import annotations

import argparse
from pathlib import Path


def write_or_check(file: Path, text: str, *, description: str | None) -> int:
    """The exit code: 0, or with `--check` 1 when the file is missing or out of date; nothing is written then."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(not file.is_file() or file.read_text(encoding="utf-8") != text)
    file.write_text(text, encoding="utf-8")
    return 0
