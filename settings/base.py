"""The base of every section (frozen, camelCase in the stack file, unknown keys refused), and how a check refuses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A group of settings; each field's `examples` holds a valid value for error messages and docs."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


def refused(field: str, reason: str, example: str) -> PydanticCustomError:
    """The refusal of `field` (as in the stack file) with a valid `example` of it."""
    return PydanticCustomError("refused", "{reason}", {"field": field, "reason": reason, "example": example})
