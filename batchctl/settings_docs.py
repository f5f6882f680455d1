"""docs/settings.md, made from the settings' models; each field's own docstring is its description."""

from __future__ import annotations

import re
import typing
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.jobs import Job
from settings.models import Settings

_HEAD = """# Settings

Made from `settings/` by `batchctl docs settings`; do not edit. Each section is one key of a stack file,
`batch-platform:<section>`.
A value that cannot be used is refused before the first resource, with all others of its kind at once.

A key with dots is one setting and counts more than its section:
`pulumi config set batch-platform:network.cidr 10.1.0.0/16`. A default job goes with `null` in its place,
`batch-platform:jobs: {report-generation: null}`, and out of `workflow.order`. What a later change replaces in a living
stack, `batchctl diff` says before (docs/changes/pull-requests.md); `platform.environment` is in every name and replaces
everything: make a new stack instead.
"""


def page() -> str:
    """The page as it should be."""
    lines = [_HEAD]
    for name, field in Settings.model_fields.items():
        if name == "jobs":
            lines += _section("jobs.&lt;name&gt;", Job)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            lines += _section(name, field.annotation)
    return "\n".join(lines)


def _section(path: str, model: type[BaseModel]) -> list[str]:
    lines = [f"## {path}", "", " ".join((model.__doc__ or "").split()), ""]
    lines += ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        if inner := nested_model(field.annotation):
            nested.append((f"{path}.{key}", inner))
        lines.append(f"| `{key}` | {_default(field)} | {_allowed(field)} | {_text(field.description)} |")
    lines.append("")
    for inner_path, inner in nested:
        lines += _section(inner_path, inner)
    return lines


def nested_model(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, however it is wrapped; None without one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in typing.get_args(annotation) if (model := nested_model(part))), None)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if isinstance(field.default, BaseModel):
        return "see below"
    if field.default is None:
        return "not set"
    if isinstance(field.default, tuple):
        return f"`{list(map(str, field.default))}`" if field.default else "empty"
    return f"`{field.default}`" if field.default != {} else "empty"


def _allowed(field: FieldInfo) -> str:
    limits = []
    for item in field.metadata:
        for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"), ("max_length", "length ≤")):
            if (limit := getattr(item, attribute, None)) is not None:
                limits.append(f"{sign} {limit}")
        if pattern := getattr(item, "pattern", None):
            limits.append(f"`{pattern}`".replace("|", "\\|"))
    if values := _literals(field.annotation):
        limits.append(", ".join(f"`{value}`" for value in values))
    example = next(iter(field.examples or []), None)
    if example is not None:
        limits.append(f"e.g. `{example}`".replace("|", "\\|"))
    return "; ".join(limits)


def _literals(annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    return [value for part in typing.get_args(annotation) for value in _literals(part)]


def _text(description: str | None) -> str:
    text = " ".join((description or "").split()).replace("|", "\\|")
    return re.sub(r"docs/(aws-facts\.md#[\w-]+)", r"[AWS facts](\1)", text)
