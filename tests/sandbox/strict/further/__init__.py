"""Plausible mistakes in requests over all services, those included that have few rules of their own."""
