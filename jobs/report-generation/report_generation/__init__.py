"""The last job of the night: one report from all shards, and the marker that says so.

Owns: completeness of the results, the portfolio's measures, the PDF and the JSON, the success marker.
Refuses to own: any number that is not a sum or a rank of what risk-calculation wrote.
"""
