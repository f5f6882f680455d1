"""Fixtures that every folder of tests may use."""

from tests.programs import program, with_settings

__all__ = ["program", "with_settings"]
