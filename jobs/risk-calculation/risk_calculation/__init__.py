"""The second job of the night: what the portfolio may lose.

Owns: the scenarios, the valuation of trades in them, the result of a shard.
Refuses to own: which trades are good (data-ingestion) and what a portfolio of shards adds up to (report-generation).
"""
