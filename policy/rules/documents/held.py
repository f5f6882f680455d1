"""The statements of a document, as far as they can be read."""

from __future__ import annotations

from collections.abc import Sequence

from .policies import Document, MalformedError, Statement


def statements_of(document: Document) -> Sequence[Statement]:
    """The statements of a document; none while it is unknown or cannot be read."""
    try:
        return () if document.text is None else document.statements
    except MalformedError:
        return ()


def allowing(document: Document) -> list[Statement]:
    """The statements of a document that allow."""
    return [one for one in statements_of(document) if one.allows]
