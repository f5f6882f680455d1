"""What a refusal offers as valid is valid: pasted into the stack file, it is accepted."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

import settings
from settings import SettingsError, parse
from settings.jobs import Job
from settings.models import Settings
from settings.reading import read_section

WRONG = object()
"""No field takes it."""


def fields(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel], str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if field.examples:
            yield f"{path}.{field.alias or name}", model, field.alias or name, field
        for inner in models(field.annotation):
            yield from fields(inner, f"{path}.{field.alias or name}")


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from models(part)


EVERY = [
    *(
        entry
        for name, field in Settings.model_fields.items()
        if name != "jobs"
        for m in models(field.annotation)
        for entry in fields(m, name)
    ),
    *fields(Job, "jobs.x"),
]


@pytest.mark.parametrize(("path", "model", "key", "field"), EVERY, ids=[entry[0] for entry in EVERY])
def test_the_valid_line_is_valid(path: str, model: type[BaseModel], key: str, field: FieldInfo) -> None:
    problems: list[settings.Problem] = []
    read_section(model, {key: WRONG}, path, problems)
    (problem,) = [one for one in problems if one.path.endswith(f".{key}")][:1]
    line = yaml.safe_load(problem.example)
    assert set(line) == {key}, problem.example
    annotation: Any = typing.Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    TypeAdapter(annotation).validate_python(line[key])


def test_a_number_that_must_be_a_text_is_shown_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        parse({"tags": {"prNumber": 42}}, stack="dev")
    assert 'valid: prNumber: "42"' in str(refused.value)
