"""A stack as the rules see it: resources, values that may be unknown, and edges."""

from . import kinds
from .resources import (
    ABSENT,
    UNKNOWN,
    Absent,
    Known,
    Options,
    Reading,
    Resource,
    Undecided,
    Unknown,
    UnknownType,
    has_unknown,
    members,
    normal_token,
    read,
    value,
)
from .stack import IDENTIFYING, STACK, Graph, identities

__all__ = [
    "ABSENT",
    "IDENTIFYING",
    "STACK",
    "UNKNOWN",
    "Absent",
    "Graph",
    "Known",
    "Options",
    "Reading",
    "Resource",
    "Undecided",
    "Unknown",
    "UnknownType",
    "has_unknown",
    "identities",
    "kinds",
    "members",
    "normal_token",
    "read",
    "value",
]
