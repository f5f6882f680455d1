"""The first job of the night: from the client's trade files to partitions that risk can trust.

Owns: the manifest's verification, the declared trade schema, the quarantine, the shards.
Refuses to own: what a trade is worth or risks. Nothing is written before every promise of the manifest is verified.
"""
