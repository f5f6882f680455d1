"""What happens in the account by itself: events, schedules, executions, tasks, metrics, alarms and scaling."""
