"""Mutants: stacks that are broken in one place on purpose, to see which rules notice."""
