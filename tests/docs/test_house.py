"""The house stays one a person can walk through: small modules, small functions, small folders, plain docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import PurePosixPath

from .repository import ROOT, files, python_files

MODULE_LINES, FUNCTION_LINES, FOLDER_FILES = 300, 60, 15


def test_a_module_can_be_read_in_a_sitting() -> None:
    long = {name: lines for name in python_files() if (lines := len(_source(name).splitlines())) > MODULE_LINES}
    assert long == {}


def test_a_function_can_be_seen_at_once() -> None:
    functions = [
        (f"{name}:{node.name}", node)
        for name in python_files()
        for node in ast.walk(ast.parse(_source(name)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {name: lines for name, node in functions if (lines := _lines(node)) > _limit(node)}
    assert long == {}


def _source(name: str) -> str:
    return (ROOT / name).read_text()


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without decorators; `end_lineno` is there for whatever was parsed from text."""
    return (function.end_lineno or 0) - function.lineno + 1


def _limit(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """A component's constructor lists its resources one after the other, and may be longer."""
    return 80 if function.name == "__init__" else FUNCTION_LINES


def test_a_docstring_is_plain_sentences() -> None:
    docstrings = {name: ast.get_docstring(ast.parse(_source(name))) or "" for name in python_files()}
    forms = re.compile(r"^(Owns|Refuses|Why here): ", re.MULTILINE)
    assert [name for name, docstring in docstrings.items() if forms.search(docstring)] == []


def test_a_folder_is_a_subject() -> None:
    """Without `__init__.py`, which says what a folder offers. On top stand what tools look for there."""
    counted = Counter(
        PurePosixPath(name).parent.as_posix() for name in files() if "/" in name and not name.endswith("/__init__.py")
    )
    assert {folder: number for folder, number in counted.items() if number > FOLDER_FILES} == {}
