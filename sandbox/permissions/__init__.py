"""Evaluates who may do what in the emulated account, as AWS does."""

from sandbox.permissions.authorization import Authorization, Verdict
from sandbox.permissions.middleware import with_permissions
from sandbox.permissions.principals import Principal
from sandbox.permissions.record import Record

__all__ = ["Authorization", "Principal", "Record", "Verdict", "with_permissions"]
