"""`batchctl verify`: what is really deployed, asked of AWS and not of Pulumi.

The checks cover the test areas FR-T1 to FR-T12, the network and the data stores. Nothing is changed or repaired:
`clients.py` lets no call through that does not read.
"""

from __future__ import annotations

from . import compute, housekeeping, identity, network, storage, watching
from .model import Check, Deployment, Outcome, Report
from .registry import AREAS, run

__all__ = ["AREAS", "MODULES", "Check", "Deployment", "Outcome", "Report", "run"]

MODULES = (compute, storage, identity, watching, housekeeping, network)
"""Importing them registers their checks."""
