"""What risk-calculation writes and report-generation reads.

Owns: the result document of a shard, the file of its profit-and-loss vector, and the tail measures of such a vector.
Refuses to own: how scenarios come about (risk-calculation) and how a report looks (report-generation). Either job can
be replaced while it keeps to this package.

Money is counted in whole ten-thousandths of a US dollar ("units"). Sums of integers do not depend on their order, which
is why a portfolio's result is the same, to the last bit, however its trades are cut into shards.
"""

UNITS_PER_USD = 10_000
"""Units in a US dollar."""
EXACT_LIMIT = 2**53
"""Up to here every integer is a double, and so every partial sum of the Monte Carlo is exact."""
