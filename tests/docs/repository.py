"""The repository as its documents see it: tracked files, headings, and the prose inside Python files."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


_GENERATED = re.compile(r"(^|/)(\.(?!github|ci/|git)|__pycache__|demo-output|[\w.-]+\.egg-info)")


@cache
def files() -> frozenset[str]:
    """Tracked and new files, relative to the root; ignored ones are not part of the repository.

    Where there is no git (CodeBuild gets an archive), everything outside of hidden and generated folders.
    """
    if not (ROOT / ".git").exists():
        names = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return frozenset(name.as_posix() for name in names if not _GENERATED.search(name.as_posix()))
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(name for name in listed.stdout.splitlines() if (ROOT / name).is_file())


def python_files(*packages: str) -> list[str]:
    """Python files on top of the repository and in `packages`; without any, all of them."""
    return sorted(
        name
        for name in files()
        if name.endswith(".py") and (not packages or name.partition("/")[0] in packages or name in packages)
    )


@cache
def anchors(document: str) -> frozenset[str]:
    """The anchors of a Markdown file's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text(), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def prose(name: str) -> str:
    """What a person reads in a file: a Python file's docstrings and comments, any other file as a whole."""
    source = (ROOT / name).read_text()
    return "\n".join(_docstrings_and_comments(source)) if name.endswith(".py") else source


def _docstrings_and_comments(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
