"""Imports run one way: the contracts in pyproject.toml hold, and what they leave to be said by hand."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .repository import ROOT, python_files

SHIPPED = (
    "conventions",
    "settings",
    "workflow",
    "components",
    "tooling",
    "policy",
    "batchctl",
    "outputs.py",
    "__main__.py",
)


def _imports(name: str, *, at_run_time: bool = False) -> Iterator[str]:
    """Modules that a file imports, in full; at run time: without those for type checking only."""
    package = name.split("/")[:-1]
    nodes = list(ast.walk(ast.parse((ROOT / name).read_text())))
    if at_run_time:
        for_types = [node for node in nodes if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
        hidden = {inner for node in for_types for inner in ast.walk(node)}
        nodes = [node for node in nodes if node not in hidden]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_under_a_contract() -> None:
    covered = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    packages = {name.partition("/")[0] for name in python_files() if name.endswith("/__init__.py")}
    assert packages - set(covered) == {"benchmarks", "jobs"}, "jobs are installed packages, benchmarks import anything"


def test_nothing_shipped_imports_what_stands_for_aws() -> None:
    """These are development dependencies."""
    imported = {name: {module.partition(".")[0] for module in _imports(name)} for name in python_files(*SHIPPED)}
    assert [name for name, modules in imported.items() if modules & {"sandbox", "moto", "benchmarks"}] == []


def test_components_need_settings_for_types_only() -> None:
    imported = {name: _imports(name, at_run_time=True) for name in python_files("components")}
    packages = {name: {module.partition(".")[0] for module in modules} for name, modules in imported.items()}
    assert [name for name, imports in packages.items() if "settings" in imports] == []


def test_underscored_modules_stay_in_their_package() -> None:
    outside = [
        f"{name} imports {module}" for name in python_files() for module in _imports(name) if _leaves(name, module)
    ]
    assert outside == []


def _leaves(name: str, module: str) -> bool:
    """Whether `module` has an underscored part that is a module of a package that file `name` is not in."""
    parts = module.split(".")
    for depth, part in enumerate(parts):
        file = ROOT.joinpath(*parts[: depth + 1])
        is_own = file.with_suffix(".py").exists() or file.is_dir()
        if part.startswith("_") and not part.startswith("__") and is_own and name.split("/")[:depth] != parts[:depth]:
            return True
    return False
