"""Changes that no rule needs to refuse, by type, property and kind, each with the reason."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .generator import Generated

HARMLESS: Final[tuple[tuple[str, str, str, str], ...]] = ()
"""Type (its part after the colon), property, kind (with the slip after a slash), reason; all but the reason globs."""


def reason(mutant: Generated) -> str | None:
    """Why nobody needs to notice the mutant; None if somebody must."""
    kind = f"{mutant.kind}/{mutant.slip}"
    for types, path, kinds, why in HARMLESS:
        if (
            fnmatchcase(mutant.type.rpartition(":")[2], types)
            and fnmatchcase(mutant.path, path)
            and fnmatchcase(kind, kinds)
        ):
            return why
    return None
