"""What is accounted for of each type: a module for each subject, a table for each type."""

from collections.abc import Mapping
from typing import Final

from ..rows import Table
from . import (
    access,
    compute,
    delivery,
    messages,
    network,
    observation,
    provider,
    repositories,
    resolver,
    scaling,
    storage,
    workflow,
)

SUBJECTS: Final[Mapping[str, tuple[Table, ...]]] = {
    "network": (*network.TABLES, *resolver.TABLES),
    "storage": (*storage.TABLES, *repositories.TABLES),
    "compute": (*compute.TABLES, *scaling.TABLES),
    "access": (*access.TABLES, *provider.TABLES),
    "messages": messages.TABLES,
    "workflow": workflow.TABLES,
    "observation": observation.TABLES,
    "delivery": delivery.TABLES,
}
"""Tables by subject."""

BY_TYPE: Final[Mapping[str, Table]] = {table.type: table for tables in SUBJECTS.values() for table in tables}
"""The table of each type; a type without one is no part of this platform."""
