"""What is made of metrics and log lines: alarms, scaling, metric filters."""
