"""A page about what differs in one stack, as a verdict with lines in a reader's order, and how it is shown."""

from .page import MARKS, Page, Verdict, as_json, page, worst

__all__ = ["MARKS", "Page", "Verdict", "as_json", "page", "worst"]
