"""What AWS demands of metrics, alarms, dashboards, logs and budgets."""
