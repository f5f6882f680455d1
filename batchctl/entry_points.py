"""The names of the project and its stacks, and the check that every entry point names the same.

Nothing fails by itself when a deploy command points at another program than the one that was tested: so Makefile, CI
scripts, workflows, buildspecs and the pipeline's settings are read for what they name, each `batchctl` command
included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from typer.core import TyperGroup

from tooling.delivery import steps
from tooling.delivery.delivery_settings import Delivery

PROJECT: Final = "batch-platform"
TOOLING: Final = "batch-platform-tooling"
STACKS: Final = ("dev", "prod")
"""Every stack that an entry point may name; each has a committed file."""
PROGRAMS: Final = {".": None, "tooling": TOOLING, "tooling/account": "batch-platform-account"}
"""Folder of each Pulumi program to its project's name; None: `pulumi new` gave it one of its own."""

_ENTRY_POINTS: Final = (
    "Makefile",
    ".ci/run",
    "tooling/scripts/*.sh",
    "tooling/buildspecs/*.yml",
    ".github/workflows/*.yml",
)
_OTHER_TOOLS: Final = re.compile(
    r"\b(aws cloudformation|sam deploy|serverless deploy|cdk (?:deploy|synth)|(?:terraform|tofu) (?:apply|plan))\b"
)
_STACK: Final = re.compile(
    r"(?:--stack[= ]|pulumi\b[^\n]*\s-s |stack (?:select|init|rm) )\s*([^\s\"';|&)]+|\"[^\"]*\")"
)
_FOLDER: Final = re.compile(r"pulumi\b[^\n]*?(?:--cwd[= ]|\s-C )\s*([^\s\"';|&)]+|\"[^\"]*\")")
_MODULE: Final = re.compile(r"python3? -m (batchctl[\w.]*|policy[\w.]*|components[\w.]*|settings[\w.]*)")
_COMMAND: Final = re.compile(r"(?:\.venv/bin/|\$\(BIN\)/)batchctl((?: [a-z][a-z-]*)*)(?: |$)", re.MULTILINE)
_SCRIPT: Final = re.compile(r"(?:^|[\s./])(tooling/scripts/[\w.-]+\.(?:py|sh))(?![\w.])", re.MULTILINE)
_PACK: Final = re.compile(r"--policy-pack[= ]([^\s\"']+)")


@dataclass(frozen=True)
class Problem:
    """An entry point that names something other than this program."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


def problems(root: Path, commands: object) -> list[Problem]:
    """What is wrong with the entry points of the checkout at `root`; empty: they all name this program.

    `commands` is the whole command line as click has it, so that unknown sub-commands are noticed.
    """
    problems = [*_projects(root), *_stack_files(root), *_pipeline(root)]
    for pattern in _ENTRY_POINTS:
        for path in sorted(root.glob(pattern)):
            problems += _named_in(root, path)
            problems += _unknown_commands(str(path.relative_to(root)), path.read_text(), commands)
    return problems


def _projects(root: Path) -> Iterator[Problem]:
    for folder, name in PROGRAMS.items():
        file = f"{folder}/Pulumi.yaml".removeprefix("./")
        described = _yaml(root / file)
        if name and described.get("name") != name:
            yield Problem(file, f"the project is called {described.get('name')!r}, not {name!r}")
        if not (root / folder / str(described.get("main", ".")) / "__main__.py").is_file():
            yield Problem(file, f"its program {described.get('main', '.')}/__main__.py does not exist")


def _stack_files(root: Path) -> Iterator[Problem]:
    there = {path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml")}
    for stack in sorted(set(STACKS) - there):
        yield Problem(f"Pulumi.{stack}.yaml", "does not exist, but batchctl/entry_points.py names the stack")
    for stack in sorted(there - set(STACKS)):
        yield Problem(
            f"Pulumi.{stack}.yaml", f"no entry point deploys it: add {stack!r} to STACKS in batchctl/entry_points.py"
        )


def _pipeline(root: Path) -> Iterator[Problem]:
    file = "tooling/Pulumi.tooling.yaml"
    config = _yaml(root / file).get("config") or {}
    stacks_setting = (config.get(f"{PROJECT}:delivery") or {}).get("stacks")
    stacks = tuple(stacks_setting) if stacks_setting else Delivery().stacks
    for stack in sorted(set(stacks) - set(STACKS)):
        yield Problem(file, f"the pipeline deploys {stack!r}, which has no Pulumi.{stack}.yaml")
    expected = {
        step.buildspec for step in (*steps.release_steps(Delivery(), ["X86_64"]), *steps.rescan_steps(Delivery()))
    }
    there = {
        f"tooling/buildspecs/{path.name}"
        for path in (root / "tooling" / "buildspecs").glob("*.yml")
        if "phases" in _yaml(path)
    }
    yield from (
        Problem(missing, "a step of the pipeline runs it, but it does not exist")
        for missing in sorted(expected - there)
    )
    yield from (Problem(unused, "no step of the pipeline runs it") for unused in sorted(there - expected))


def _named_in(root: Path, path: Path) -> Iterator[Problem]:
    file, text = str(path.relative_to(root)), _without_comments(path.read_text())
    yield from (Problem(file, f"uses another tool: {tool}") for tool in _OTHER_TOOLS.findall(text))
    stacks = [*_STACK.findall(text), *(_stacks_in(_yaml(path)) if path.suffix == ".yml" else ())]
    for name in stacks:
        stack = name.strip('"')
        if stack not in (*STACKS, "tooling") and not stack.startswith("$"):
            yield Problem(file, f"names the stack {stack!r}, which has no Pulumi.{stack}.yaml")
    for name in _FOLDER.findall(text):
        if name.strip('"').rstrip("/") not in PROGRAMS:
            yield Problem(file, f"runs pulumi in {name!r}, which is none of this repository's programs")
    for module in _MODULE.findall(text):
        if not (root / (module.replace(".", "/") + ".py")).is_file() and not (root / module.replace(".", "/")).is_dir():
            yield Problem(file, f"runs python -m {module}, which does not exist")
    for script in _SCRIPT.findall(text):
        if not (root / script).is_file():
            yield Problem(file, f"runs {script}, which does not exist")
    for pack in _PACK.findall(text):
        if not (root / pack / "PulumiPolicy.yaml").is_file():
            yield Problem(file, f"names the policy pack {pack!r}, which does not exist")


def _unknown_commands(file: str, text: str, batchctl: object) -> Iterator[Problem]:
    for words in _COMMAND.findall(_without_comments(text)):
        command: object = batchctl
        for word in words.split():
            if not isinstance(command, TyperGroup):
                break
            if word not in command.commands:
                yield Problem(file, f"runs `batchctl{words}`, but there is no command {word!r}")
                break
            command = command.commands[word]


def _stacks_in(document: Any) -> Iterator[str]:
    """Values of a workflow's `stack:` keys: inputs of a called workflow, and matrices."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "stack" and isinstance(value, str):
                yield value
            elif key == "stack" and isinstance(value, list):
                yield from map(str, value)
            else:
                yield from _stacks_in(value)
    elif isinstance(document, list):
        for item in document:
            yield from _stacks_in(item)


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _yaml(path: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError:
        return {}
