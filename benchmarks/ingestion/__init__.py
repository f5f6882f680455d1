"""How fast data-ingestion takes trades in, beside other engines and its own parts: `python -m benchmarks.ingestion`."""

BUSINESS_DATE = "2026-11-20"
FIRST = "first"
"""Folder of the small file that each way takes in before the one that is measured."""
SHARD_SIZE = 100_000
"""Trades a shard."""
