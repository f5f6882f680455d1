"""The rules, a module for each subject. A module that is here is imported, and what it decorates with `@rule` runs."""
