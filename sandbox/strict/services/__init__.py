"""What AWS demands of events, schedules, messages and state machines."""
