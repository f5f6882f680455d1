"""The house stays one a person can walk through: small modules, small functions, small folders, plain docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import PurePosixPath

import pytest

from .repository import ROOT, files, python_files

MODULE_LINES, FUNCTION_LINES, FOLDER_FILES = 300, 60, 15


@pytest.mark.parametrize("name", python_files())
def test_a_module_can_be_read_in_a_sitting(name: str) -> None:
    source = (ROOT / name).read_text()
    assert len(source.splitlines()) <= MODULE_LINES
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {node.name: lines for node in functions if (lines := _lines(node)) > _limit(node)}
    assert not long


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without decorators; `end_lineno` is there for whatever was parsed from text."""
    return (function.end_lineno or 0) - function.lineno + 1


def _limit(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """A component's constructor lists its resources one after the other, and may be longer."""
    return 80 if function.name == "__init__" else FUNCTION_LINES


@pytest.mark.parametrize("name", python_files())
def test_a_docstring_is_plain_sentences(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / name).read_text())) or ""
    assert not re.search(r"^(Owns|Refuses|Why here): ", docstring, re.MULTILINE)


def test_a_folder_is_a_subject() -> None:
    """Without `__init__.py`, which says what a folder offers. On top stand what tools look for there."""
    counted = Counter(
        PurePosixPath(name).parent.as_posix() for name in files() if "/" in name and not name.endswith("/__init__.py")
    )
    assert {folder: number for folder, number in counted.items() if number > FOLDER_FILES} == {}
