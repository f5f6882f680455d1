"""The last job of the night: one report from all shards, and the marker that says so.

Every number in it is a sum or a rank of what risk-calculation wrote.
"""
