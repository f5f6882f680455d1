"""The languages that requests carry: policies, patterns, schedules, state machines."""
