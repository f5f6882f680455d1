"""The house stays one a person can walk through: small modules, small functions, small folders, plain docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
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


NO_NAMES = frozenset(
    {
        *("asked", "asking", "doors", "found", "given", "heard", "kept", "known", "letters", "made", "own", "place"),
        *("said", "seen", "shown", "taken", "told", "wanted", "watch"),
    }
)
"""Words that say what happened to a value, or whose it is, and not what it is."""
TERMS = {("policy/rules/graph/resources.py", "Known"): "Pulumi's values are known or unknown"}
"""Where such a word is the field's own term, and why."""


def test_a_name_says_what_it_names() -> None:
    bound = {(name, word): line for name in python_files() for line, word in _no_names(_source(name))}
    wrong = [
        f"{name}:{line}: `{word}` does not say what it is; name it so: expected, output, response, rows, requested"
        for (name, word), line in sorted(bound.items())
        if (name, word) not in TERMS
    ]
    assert not wrong, "\n".join(wrong)
    assert set(TERMS) <= set(bound), "a term that nothing is called any more"


def test_whatever_binds_a_name_is_read() -> None:
    source = """
import os as kept
class Shown: seen: int
class _Other:
    def told(self, given, *asked, known=1, **wanted):
        self._made = own = [said for said in given]
        with given as heard: pass
        try: pass
        except OSError as taken: pass
        match given:
            case [place, *watch]: pass
            case {**letters}: pass
        return (doors := 1)
FOUND = 1
"""
    assert {word.strip("_").lower() for _, word in _no_names(source)} == NO_NAMES - {"asking"}


def _no_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of whatever in `source` is bound to one of the words, with or without underscores and capitals."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                pass
            case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                pass
            case _:
                continue
        if name.strip("_").lower() in NO_NAMES:
            yield node.lineno, name
