"""Builds, pipelines and image repositories."""
