"""The job that is run in parallel: the trades of a shard valued in every scenario.

Which trades are good is decided by data-ingestion, what the shards add up to by report-generation.
"""
