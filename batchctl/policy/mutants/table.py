"""All mutants: each breaks one thing, and names the rule that must notice and the resource it must name."""

from __future__ import annotations

from .access import ENCRYPTION, IDENTITY
from .accounted import ACCOUNTED
from .compute import COMPUTE
from .delivery import DELIVERY
from .events import EVENTS
from .governance import GOVERNANCE, NAMING, PACK
from .model import (
    Mutant,
)
from .network import ENDPOINTS, NETWORK, REACH
from .options import OPTIONS
from .reviewed import REVIEWED
from .storage import STORAGE

MUTANTS: tuple[Mutant, ...] = (
    *GOVERNANCE,
    *NETWORK,
    *REACH,
    *ENDPOINTS,
    *IDENTITY,
    *ENCRYPTION,
    *STORAGE,
    *COMPUTE,
    *EVENTS,
    *DELIVERY,
    *NAMING,
    *ACCOUNTED,
    *OPTIONS,
    *REVIEWED,
    *PACK,
)
"""Every mutant; labels are unique."""
