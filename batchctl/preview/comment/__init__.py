"""The comment on a pull request: what it changes in every stack, and what the engine plans for the deployed ones."""

from .reading import StackPreview, pages, read
from .text import LONGEST, MARKER, Comment, render

__all__ = ["LONGEST", "MARKER", "Comment", "StackPreview", "pages", "read", "render"]
