"""Metrics, alarms, dashboards, logs and budgets."""
