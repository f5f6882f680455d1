"""The policy rules: pure functions over a stack's resources."""
