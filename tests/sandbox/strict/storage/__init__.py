"""Buckets, objects and tables."""
