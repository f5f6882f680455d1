"""Validates one section, and turns pydantic's errors into problems that a person can act on."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from conventions import naming

from .errors import Problem

Model = TypeVar("Model", bound=BaseModel)


def read_section(
    model: type[Model],
    section: Any,
    path: str,
    problems: list[Problem],
    *,
    key: str | None = None,
) -> Model | None:
    """`section` as a `model`, or None after its problems were added to `problems`; `key` is a job's name."""
    if key is not None and not (re.fullmatch(naming.JOB_PATTERN, key) and len(key) <= naming.JOB_LENGTH):
        problems.append(
            Problem(
                path=path,
                value=key,
                reason=f"a job's name has at most {naming.JOB_LENGTH} lower-case letters, digits and single hyphens",
                example="risk-calculation",
            )
        )
    try:
        return model.model_validate(section)
    except ValidationError as error:
        problems += [_problem(model, path, details) for details in error.errors(include_url=False)]
        return None


def with_dotted_keys(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The sections, with the value of each key such as `workflow.deadline.time` put where it belongs."""
    sections = {key: value for key, value in raw.items() if "." not in key}
    for key in sorted(raw.keys() - sections.keys()):
        section, *path = key.split(".")
        value = raw[key]
        for depth in range(len(path), 0, -1):
            holder = _at(sections.get(section), path[: depth - 1])
            value = {**(holder if isinstance(holder, Mapping) else {}), path[depth - 1]: value}
        sections[section] = value
    return sections


def _at(section: Any, path: Sequence[str]) -> Any:
    for part in path:
        section = section.get(part) if isinstance(section, Mapping) else None
    return section


def _problem(model: type[BaseModel], path: str, details: Any) -> Problem:
    context = details.get("ctx") or {}
    location = [*details["loc"], *([context["field"]] if "field" in context else [])]
    value = details["input"]
    if "field" in context and isinstance(value, Mapping):
        value = value.get(context["field"], None)
    if details["type"] == "missing":
        value = None
    owner, field_example = _owner(model, location)
    if details["type"] == "extra_forbidden" and owner is not None:
        names = ", ".join(sorted(_aliases(owner)))
        return Problem(
            path=_dotted(path, location),
            value=value,
            reason="no such setting",
            example=names,
            fix="remove it, or correct its name",
        )
    example = context.get("example") or (field_example or "see docs/settings.md")
    reason = details["msg"][:1].lower() + details["msg"][1:] if "field" not in context else details["msg"]
    return Problem(path=_dotted(path, location), value=value, reason=reason, example=str(example))


def _dotted(path: str, location: Sequence[Any]) -> str:
    return path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _aliases(model: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _owner(model: type[BaseModel], location: Sequence[Any]) -> tuple[type[BaseModel] | None, str]:
    """The section that the last part of `location` belongs to, and a valid line for it; empty: none is known."""
    owner: type[BaseModel] | None = model
    example = ""
    for part in location:
        if owner is None or not isinstance(part, str):
            continue
        name = _aliases(owner).get(part)
        if name is None:
            break
        field = owner.model_fields[name]
        example = f"{part}: {_yaml(field, field.examples[0])}" if field.examples else ""
        deeper = _nested(field.annotation)
        if deeper is not None and part is not location[-1]:
            owner = deeper
    return owner, example


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `FanOut | None` or `tuple[DataAccess, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(
        (model for part in typing.get_args(annotation) if (model := _nested(part))),
        None,
    )


def _yaml(field: FieldInfo, example: Any) -> str:
    """`example` as it stands in a stack file: quoted where YAML would otherwise read a number or a list."""
    if not isinstance(example, str):
        return yaml.safe_dump(example, default_flow_style=True, width=float("inf")).removesuffix("...\n").strip()
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    try:
        TypeAdapter(annotation).validate_python(yaml.safe_load(example))
    except (ValidationError, yaml.YAMLError):
        return json.dumps(example)
    return example
