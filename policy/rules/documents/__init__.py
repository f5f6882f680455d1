"""The JSON that resources keep: who may do what, what runs, what is listened to."""

from .policies import (
    ATTACHED,
    HOLDERS,
    IDENTITY,
    Document,
    Grants,
    MalformedError,
    Statement,
    documents,
    gather,
    parse,
    resource_grants,
    role_grants,
    statements,
)

__all__ = [
    "ATTACHED",
    "HOLDERS",
    "IDENTITY",
    "Document",
    "Grants",
    "MalformedError",
    "Statement",
    "documents",
    "gather",
    "parse",
    "resource_grants",
    "role_grants",
    "statements",
]
