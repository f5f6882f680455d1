"""Events, schedules, messages and state machines."""
