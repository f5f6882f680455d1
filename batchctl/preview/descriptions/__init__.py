"""What differs between two snapshots, as sentences: one or more lines for every change, none for anything else."""

from .dispatch import lines
from .line import Concern, Line

__all__ = ["Concern", "Line", "lines"]
