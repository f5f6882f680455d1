"""`batchctl verify`: what is really deployed, by asking AWS and not Pulumi.

The checks cover the test areas FR-T1 to FR-T12, the network and the data stores. Nothing is changed or repaired:
`clients.py` lets no call through that does not read.
"""

from __future__ import annotations

from . import compute, housekeeping, identity, monitoring, network, storage
from .model import Check, Deployment, Outcome, Report
from .registry import AREAS, run

__all__ = ["AREAS", "MODULES", "Check", "Deployment", "Outcome", "Report", "run"]

MODULES = (compute, storage, identity, monitoring, housekeeping, network)
"""Importing them registers their checks."""
