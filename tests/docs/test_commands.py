"""The commands and settings that documents name: sub-commands with their options, make targets, modules, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from batchctl.cli import app
from settings import models

from .repository import ROOT, files

DOCUMENTS = sorted(
    name
    for name in files()
    if name.endswith(".md") and name.startswith(("README", "CONTRIBUTING", "docs/"))  # CHANGELOG names what is gone
)
COMMAND = re.compile(r"\bbatchctl ((?:[\w|/.,=$:\"\[\]<>…-]+ ?)+)")
TARGET = re.compile(r"(?:^|`)make ([a-z][\w-]*)", re.MULTILINE)
MODULE = re.compile(r"python3? -m ((?:batchctl|benchmarks|policy|sandbox|tooling)(?:\.\w+)*)(?!\.<)\b")
SETTING = re.compile(r"`(?:batch-platform:)?((?:alerts|data|jobs|network|platform|registry|workflow)(?:\.[\w<>]+)+)`")
ROOT_COMMAND = get_command(app)
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def wrong(words: list[str]) -> str:
    """Why `batchctl` followed by `words` is no command; empty when it is one, or is prose."""
    command = ROOT_COMMAND
    while isinstance(command, TyperGroup) and words and re.match(r"[a-z]", words[0]):
        name = re.split(r"[^a-z-]", words.pop(0))[0]
        if name not in command.commands:
            return f"there is no command {name!r}"
        command = command.commands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {match for word in words for match in re.findall(r"^\[?(--[a-z][a-z-]+)", word)}
    return ", ".join(f"it has no option {option}" for option in sorted(used - options - {"--help"}))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    for written in COMMAND.findall(text):
        reason = wrong(written.split())
        assert not reason, f"{document}: batchctl {written}: {reason}"
    for target in TARGET.findall(text):
        assert target in TARGETS, f"{document}: the Makefile has no target {target}"
    for module in MODULE.findall(text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or path.is_dir(), f"{document}: there is no module {module}"


def test_a_wrong_command_is_noticed() -> None:
    assert wrong(["cost", "--stack", "dev"]) == ""
    assert wrong(["release", "promote", "release.json", "--stack", "prod"]) == ""
    assert wrong(["redrive", "--letters", "JOB"]) == "it has no option --letters"
    assert wrong(["deploy", "--stack", "dev"]) == "there is no command 'deploy'"


def settings(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every setting below `model` by its path in a stack file; a job's or a section's name is `<name>`."""
    for name, field in model.model_fields.items():
        here = f"{path}{field.alias or name}"
        yield here
        for nested in _models(field.annotation):
            middle = "<name>." if "dict" in str(field.annotation).lower() or "Mapping" in str(field.annotation) else ""
            yield from settings(nested, f"{here}.{middle}")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if not name.startswith("docs/adr/")])
def test_settings_exist(document: str) -> None:
    paths = set(settings(models.Settings))
    for named in SETTING.findall((ROOT / document).read_text()):
        assert re.sub(r"^jobs\.[\w-]+", "jobs.<name>", named) in paths | {"jobs.<name>"}, (
            f"{document}: no setting {named}"
        )
