"""The first job of the night: from the client's trade files to partitions that risk can trust.

Nothing is written before every promise of the manifest is verified.
"""
