"""Pages of one file: a template with the shared style in it, everything that is put in escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from batchctl.errors import OperatorError


@cache
def _templates() -> Environment:
    """Templates of this folder; a name that a template misspells is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> str:
    """The page that a template of this folder makes of `values`."""
    return _templates().get_template(template).render(**values)


def write(file: Path, page: str) -> None:
    """Writes a page; raises OperatorError when the file cannot be written."""
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"--html {file}: {error.strerror}; valid: --html page.html") from error
