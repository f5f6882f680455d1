"""Events and schedules, and their way to targets."""
