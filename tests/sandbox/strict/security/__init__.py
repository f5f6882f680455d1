"""Roles, keys, secrets and parameters."""
