"""`batchctl verify`: what is really deployed, asked of AWS and not of Pulumi.

Owns: the checks of the test areas FR-T1 to FR-T12, of the network and of the data stores, and their report.
Refuses: changing anything (`clients.py` lets no other call through), repairing (that is `pulumi up`) and judging the
program or its preview (`policy/`, `batchctl preview`).
"""

from __future__ import annotations

from . import compute, housekeeping, identity, network, storage, watching
from .model import Check, Deployment, Outcome, Report
from .registry import AREAS, run

__all__ = ["AREAS", "MODULES", "Check", "Deployment", "Outcome", "Report", "run"]

MODULES = (compute, storage, identity, watching, housekeeping, network)
"""Importing them registers their checks."""
