"""Executions of state machines."""
