"""What the permissions' suites find on the present state, as data with the reason beside it.

An entry that no longer happens fails its suite, so a fix takes its entry away with it.
"""

from __future__ import annotations

from typing import Final

HARMLESS: Final[dict[tuple[str, str], str]] = {}
"""(role, action) that are denied without harm."""

DENIED: Final[dict[tuple[str, str, str], str]] = {}
"""(role, action, resource) patterns that a step needs and its role lacks."""

UNUSED: Final[dict[tuple[str, str], str]] = {}
"""(role, statement) patterns that no recorded call used."""

REACHED: Final[dict[tuple[str, str, str], str]] = {}
"""(role, action, resource) patterns of prod that dev's roles reach."""

ACCOUNT_WIDE: Final[dict[tuple[str, str], str]] = {}
"""(role, action) patterns that change something, and that no policy can confine to a resource."""
